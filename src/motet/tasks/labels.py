"""Label names: found in the data or declared, in one order, each with a code from 0."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray

from motet.errors import ConfigError, DataError
from motet.tasks.settings import declared_labels

_DIGITS = re.compile(r"(\d+)")
_NUM_SHOWN = 12


def natural_key(text: str) -> tuple[tuple[int, str], ...]:
    """Return a sorting key that orders the numbers inside names by value.

    Examples
    --------
    >>> sorted(["take 10", "take 9"], key=natural_key)
    ['take 9', 'take 10']
    """
    pieces = _DIGITS.split(text)
    return (*((int(piece), piece) if piece.isdecimal() else (-1, piece) for piece in pieces), (-2, text))


def label_text(target: object) -> str:
    """Return the name of a label that may be written as a whole number.

    Raises
    ------
    DataError
        If it is neither text nor a whole number.

    Examples
    --------
    >>> label_text(3.0), label_text("dog")
    ('3', 'dog')
    """
    if isinstance(target, str):
        return target
    if isinstance(target, Integral):
        return str(int(target))
    if isinstance(target, Real) and float(target).is_integer():
        return str(int(float(target)))
    if isinstance(target, frozenset | set):
        held = ", ".join(sorted(map(str, target))) or "nothing"
        raise DataError(
            f"the set {{{held}}} is not a label; a label is text or a whole number: choose multilabel for sets"
        )
    raise DataError(f"{target!r} is not a label; a label is text or a whole number")


def collect_labels(targets: Iterable[object]) -> tuple[str, ...]:
    """Return every label among single labels, in natural order."""
    return tuple(sorted({label_text(target) for target in dict.fromkeys(targets)}, key=natural_key))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The labels of a task and what the data may call them.

    Parameters
    ----------
    task
        The task's name, for messages.
    names
        Label names; the position is the code.
    codes
        Codes by label name and by what the data says.
    """

    task: str
    names: tuple[str, ...]
    codes: Mapping[str, int]

    @classmethod
    def build(
        cls,
        task: str,
        declared: tuple[str, ...] | Mapping[str, str] | None,
        found: tuple[str, ...],
        *,
        last: str | None = None,
    ) -> "Vocabulary":
        """Take the declared labels, or else those found in the data; `last` moves to the end."""
        names = declared_labels(declared) or found
        if last in names:
            names = (*(name for name in names if name != last), last)
        codes = {name: code for code, name in enumerate(names)}
        if isinstance(declared, Mapping):
            codes |= {alias: names.index(name) for alias, name in declared.items()}
        return cls(task, names, codes)

    def shown(self) -> str:
        """Name the labels for messages, the first few of many."""
        return _listed(self.names) or "none"

    def code(self, target: object) -> int:
        """Return the code of a label.

        Raises
        ------
        DataError
            If the label is unknown; the message names the nearest known one.
        """
        if isinstance(target, str) and target in self.codes:
            return self.codes[target]
        try:
            text = label_text(target)
        except DataError as error:
            raise DataError(f"task {self.task!r}: {error}") from None
        if text not in self.codes:
            raise DataError(f"task {self.task!r}: {unknown(text, tuple(self.codes))}")
        return self.codes[text]


def label_weights(given: Mapping[str, float], names: tuple[str, ...]) -> NDArray[np.float64]:
    """Return a weight for every label, 1 where none is given.

    Raises
    ------
    ConfigError
        If a weight is given for an unknown label.
    """
    problems = [unknown(name, names) for name in given if name not in names]
    if problems:
        raise ConfigError(*problems)
    return np.array([given.get(name, 1.0) for name in names])


def unknown(name: str, known: tuple[str, ...]) -> str:
    """Say that a label is unknown, name the nearest one, and how to go on."""
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f" (did you mean {nearest[0]!r}?)" if nearest else ""
    return f"label {name!r} is unknown{hint}; known are {_listed(known)}; correct it or add it to the task's labels"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:_NUM_SHOWN]) + (", ..." if len(names) > _NUM_SHOWN else "")
