"""Label names: found in the data or declared, in one order, each with a code from 0."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real

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
        return str(int(target))
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
        cls, task: str, declared: tuple[str, ...] | Mapping[str, str] | None, found: tuple[str, ...]
    ) -> "Vocabulary":
        """Take the declared labels, or else those found in the data."""
        names = declared_labels(declared) or found
        codes = {name: code for code, name in enumerate(names)}
        if isinstance(declared, Mapping):
            codes |= {alias: names.index(name) for alias, name in declared.items()}
        return cls(task, names, codes)

    def code(self, target: object) -> int:
        """Return the code of a label.

        Raises
        ------
        DataError
            If the label is unknown; the message names the nearest known one.
        """
        known = self.codes.get(target) if isinstance(target, str) else None
        if known is None:
            text = label_text(target)
            known = self.codes.get(text)
            if known is None:
                raise DataError(f"task {self.task!r}: {unknown(text, tuple(self.codes))}")
        return known

    def weights(self, given: Mapping[str, float], option: str) -> list[float]:
        """Return a weight for every label, 1 where none is given.

        Raises
        ------
        ConfigError
            If a weight is given for an unknown label.
        """
        problems = [
            f"task {self.task!r}: {option}: {unknown(name, self.names)}"
            for name in given
            if name not in self.names
        ]
        if problems:
            raise ConfigError(*problems)
        return [float(given.get(name, 1.0)) for name in self.names]


def unknown(name: str, known: tuple[str, ...]) -> str:
    """Say that a label is unknown, name the nearest one, and how to go on."""
    nearest = difflib.get_close_matches(name, known, n=1)
    shown = ", ".join(known[:_NUM_SHOWN]) + (", ..." if len(known) > _NUM_SHOWN else "")
    hint = f" (did you mean {nearest[0]!r}?)" if nearest else ""
    return f"label {name!r} is unknown{hint}; known are {shown}: correct it or add it to the task's labels"
