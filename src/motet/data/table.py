"""The examples of a data set as columns, so that many rows cost little memory.

What repeats (targets, groups, folds, partitions) is kept once and numbered; a row costs four bytes for each.
Only the identifier and the recordings of a row are objects of their own.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from motet.errors import DataError
from motet.signals.recording import Recording
from motet.sources.example import Example, Role, is_events
from motet.sources.trace import Trace

V = TypeVar("V", bound=Hashable)

ABSENT = -1
_SHOWN = 5
_TARGETS = (str, int, float, frozenset, tuple, np.number, np.bool_, Trace)


@dataclass(frozen=True, slots=True, eq=False)
class Coded(Generic[V]):
    """A column whose values repeat.

    Parameters
    ----------
    codes
        Positions in `values`, int32 [n]; -1 where the row has none.
    values
        The different values, in the order in which they were met.
    """

    codes: NDArray[np.int32]
    values: tuple[V, ...]

    def __getitem__(self, row: int) -> V | None:
        code = self.codes[row]
        return None if code == ABSENT else self.values[code]

    def __iter__(self) -> Iterator[V | None]:
        return (None if code == ABSENT else self.values[code] for code in self.codes.tolist())

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which rows have a value, shape [n]."""
        held: NDArray[np.bool_] = self.codes != ABSENT
        return held

    def take(self, rows: NDArray[np.int64]) -> "Coded[V]":
        """Return the column for some rows."""
        return Coded(self.codes[rows], self.values)

    def renamed(self, values: Sequence[V]) -> "Coded[V]":
        """Return the column with other values instead, of which some may be equal."""
        numbers = {value: number for number, value in enumerate(dict.fromkeys(values))}
        codes = np.asarray([*(numbers[value] for value in values), ABSENT], dtype=np.int32)
        return Coded(codes[self.codes], tuple(numbers))

    def counts(self) -> dict[V, int]:
        """Return how many rows have each value that occurs."""
        numbers = np.bincount(self.codes[self.present], minlength=len(self.values))
        return {value: int(number) for value, number in zip(self.values, numbers, strict=True) if number}


@dataclass(frozen=True, slots=True, eq=False)
class ExampleTable:
    """All examples of a data set.

    Parameters
    ----------
    ids
        Unique identifiers [n].
    inputs
        Recordings [n] by input name; None where an example lacks the input.
    targets
        Raw targets by task.
    groups, partitions
        As in `Example`.
    folds
        Roles in the publisher's folds, as pairs (fold, role).
    """

    ids: tuple[str, ...]
    inputs: dict[str, tuple[Recording[Any] | None, ...]]
    targets: dict[str, Coded[Any]]
    groups: Coded[str]
    folds: Coded[tuple[tuple[str, Role], ...]]
    partitions: Coded[Role]

    def example(self, row: int) -> Example:
        """Return one row as an example again."""
        inputs = {name: column[row] for name, column in self.inputs.items()}
        targets = {task: column[row] for task, column in self.targets.items()}
        folds = self.folds[row]
        return Example(
            id=self.ids[row],
            inputs={name: recording for name, recording in inputs.items() if recording is not None},
            targets={task: target for task, target in targets.items() if target is not None},
            group=self.groups[row],
            folds=None if folds is None else dict(folds),
            partition=self.partitions[row],
        )


def read_examples(name: str, examples: Iterable[Example]) -> ExampleTable:
    """Read all examples once.

    Parameters
    ----------
    name
        The data set's name, for messages.
    examples
        Of any length, also a generator; nothing is decoded.

    Raises
    ------
    DataError
        If there are none, an identifier comes twice, an example has no recording, or a target is neither a label,
        a frozenset of labels, a number, a tuple of numbers or events nor a trace. All such problems are counted, some
        listed.
    """
    ids: dict[str, None] = {}
    problems: list[str] = []
    inputs: dict[str, list[Recording[Any] | None]] = {}
    targets: defaultdict[str, _Coder[Any]] = defaultdict(_Coder)
    groups, folds, partitions = _Coder[str](), _Coder[tuple[tuple[str, Role], ...]](), _Coder[Role]()
    for example in examples:
        row = len(ids)
        found = list(_problems(example, ids))
        if found:
            problems.extend(f"data set '{name}', example '{example.id}': {problem}" for problem in found)
            continue
        ids[example.id] = None
        for key, recording in example.inputs.items():
            column = inputs.setdefault(key, [])
            column.extend([None] * (row - len(column)))
            column.append(recording)
        for task, target in example.targets.items():
            targets[task].put(row, target.item() if isinstance(target, np.generic) else target)
        if example.group is not None:
            groups.put(row, example.group)
        if example.folds is not None:
            folds.put(row, tuple(example.folds.items()))
        if example.partition is not None:
            partitions.put(row, example.partition)
    _refuse(name, len(ids), problems)
    size = len(ids)
    return ExampleTable(
        tuple(ids),
        {key: tuple(column + [None] * (size - len(column))) for key, column in inputs.items()},
        {task: coder.column(size) for task, coder in targets.items()},
        groups.column(size),
        folds.column(size),
        partitions.column(size),
    )


class _Coder(Generic[V]):
    """Numbers values as they come, row by row. 1, 1.0 and True differ."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[type, V], int] = {}
        self._codes: list[int] = []

    def put(self, row: int, value: V) -> None:
        codes, numbers = self._codes, self._numbers
        if len(codes) < row:
            codes.extend([ABSENT] * (row - len(codes)))
        codes.append(numbers.setdefault((type(value), value), len(numbers)))

    def column(self, size: int) -> Coded[V]:
        codes = np.full(size, ABSENT, dtype=np.int32)
        codes[: len(self._codes)] = self._codes
        return Coded(codes, tuple(value for _, value in self._numbers))


def _problems(example: Example, ids: dict[str, None]) -> Iterator[str]:
    if example.id in ids:
        yield "comes twice, but identifiers are unique in a data set: give every example its own"
    if not isinstance(example.inputs, Mapping) or not isinstance(example.targets, Mapping):
        yield (
            "its inputs and targets are not both mappings by name: write Example(id, {'signal': recording}, "
            "{'sound': label})"
        )
        return
    if not example.inputs:
        yield "has no input, but needs at least one recording: name it, as in {'signal': recording}"
    for name, recording in example.inputs.items():
        if not isinstance(recording, Recording):
            yield (
                f"input '{name}' is of type {type(recording).__name__}, but an input is a motet.Recording: wrap "
                "samples or a path with Recording.of"
            )
    for task, target in example.targets.items():
        if found := _foreign_type(target):
            yield (
                f"target '{task}' is of type {found}, but a target is a label, a frozenset of labels, a number, a "
                "tuple of numbers or events, or a trace: convert it"
            )


def _foreign_type(target: object) -> str | None:
    """Return the type of what is no target."""
    if not isinstance(target, _TARGETS):
        return type(target).__name__
    if isinstance(target, tuple) and not is_events(target):
        foreign = [type(item).__name__ for item in target if not isinstance(item, Real)]
        return f"tuple with {foreign[0]}" if foreign else None
    return None


def _refuse(name: str, size: int, problems: list[str]) -> None:
    if problems:
        more = len(problems) - _SHOWN
        raise DataError(*problems[:_SHOWN], *([f"data set '{name}': and {more} more"] if more > 0 else []))
    if size == 0:
        raise DataError(f"data set '{name}': no example was found: check the path and the pattern of its source")
