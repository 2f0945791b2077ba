"""Rows that hold the same recordings: of two extractions of one data set, of two of its tasks, or of one table.

A recording that stands in several rows stands on one side of the split in all of them. Data sets that share some
and have the same split settings are split as one; whatever the settings, a recording on two sides is refused. Within
one data set, rows of several inputs may share one on purpose, such as what all are compared with, and are not joined.

The same recording is the same file (and the same row of it), the same array in memory, or an equal reader in Python.
Spans of one file are told apart where they do not overlap.
"""

import math
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet.data.corpus import Corpus
from motet.data.dataset import DataSet
from motet.data.roles import FoldSplit
from motet.data.table import ABSENT, Coded, ExampleTable
from motet.errors import DataError
from motet.signals.recording import Recording

Integers = NDArray[np.int64]
Span = tuple[float, float]
"""Where a recording begins and ends in its file, in seconds."""


class SharedRecordings:
    """Which rows of a corpus belong together because of the recordings that they share.

    Attributes
    ----------
    torn
        The data sets of which several rows share a recording.
    kin
        For every data set the first one that it shares recordings with, directly or through others; itself where it
        shares none.
    units
        What stays together, numbered [N]: rows with a common recording, and the groups that they stand in.
    """

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        names = list(corpus.data_sets)
        links = list(_links(corpus))
        number = dict(enumerate(names))
        pairs = [(int(a), int(b)) for a, b in corpus.data_set_numbers(np.asarray(links, np.int64).reshape(-1, 2))]
        self.torn = frozenset(number[one] for one, other in pairs if one == other)
        leaders = _connected(len(names), pairs)
        self.kin = {name: number[leaders[position]] for position, name in number.items()}
        own = [
            data_set.units() + first for data_set, first in zip(corpus.data_sets.values(), corpus.edges, strict=False)
        ]
        units = np.concatenate(own)
        self.units = np.asarray(_connected(len(corpus), [(int(units[a]), int(units[b])) for a, b in links]))[units]

    def joined(self, names: Sequence[str]) -> DataSet:
        """Return several data sets as one, called as the first: its groups are what stays together.

        Targets are called DATA_SET.TASK. A unit that the first data set calls a group keeps that name.
        """
        corpus = self._corpus
        sets = [corpus.data_sets[name] for name in names]
        units = np.concatenate([self.units[corpus.rows_of(name)] for name in names])
        called: dict[int, str] = {}
        for unit, group in zip(units.tolist(), (group for own in sets for group in own.groups), strict=True):
            if group is not None:
                called.setdefault(unit, group)
        for unit, id_ in zip(units.tolist(), (id_ for own in sets for id_ in own.ids), strict=True):
            called.setdefault(unit, f"recording of {id_}")
        size = len(units)
        targets, first = {}, 0
        for own in sets:
            for task in dict.fromkeys([*corpus.uses[own.name], *(own.stratify or ())]):
                column = own.targets(task)
                placed = np.full(size, ABSENT, dtype=np.int32)
                placed[first : first + len(own)] = column.codes
                targets[f"{own.name}.{task}"] = Coded(placed, column.values)
            first += len(own)
        held, codes = np.unique(units, return_inverse=True)
        groups = Coded(codes.astype(np.int32), tuple(called[unit] for unit in held.tolist()))
        table = ExampleTable(
            tuple(f"{own.name}: {id_}" for own in sets for id_ in own.ids), {}, targets, groups,
            _after_each_other([own.folds for own in sets]), _after_each_other([own.partitions for own in sets]),
        )  # fmt: skip
        return DataSet(names[0], table, np.arange(size))

    def check(self, fold: FoldSplit) -> None:
        """Look at one fold.

        Raises
        ------
        DataError
            If a recording stands on two sides.
        """
        sides = np.zeros((int(self.units.max()) + 1, 3), dtype=bool)
        for side, rows in enumerate((fold.train, fold.dev, fold.test)):
            sides[self.units[rows], side] = True
        torn = np.flatnonzero(sides.sum(axis=1) > 1)
        if not len(torn):
            return
        found = []
        for role, rows in (("trains", fold.train), ("selects", fold.dev), ("tests", fold.test)):
            for row in rows[self.units[rows] == torn[0]][:1].tolist():
                data_set, local = self._corpus.locate(row)
                found.append(f"{role} in '{data_set.name}' as '{data_set.ids[local]}'")
        more = f" ({len(torn)} such in all)" if len(torn) > 1 else ""
        raise DataError(
            f"fold '{fold.name}': one recording {' and '.join(found)}{more}; a recording stands on one side only: give "
            "both data sets the same split, or leave it out of one"
        )


def _links(corpus: Corpus) -> Iterator[tuple[int, int]]:
    """Yield pairs of rows of the corpus that hold the same recording, or overlapping spans of it."""
    places: defaultdict[Any, list[tuple[float, float, int]]] = defaultdict(list)
    for data_set, first in zip(corpus.data_sets.values(), corpus.edges.tolist(), strict=False):
        for name in data_set.input_names:
            for row, recording in enumerate(data_set.recordings(name), start=first):
                if recording is not None and recording.reader is not None:
                    places[place_of(recording)].append((*span_of(recording), row))
    for spans in places.values():
        if len(spans) == 1:
            continue
        numbers = set(corpus.data_set_numbers(np.asarray([row for *_, row in spans])).tolist())
        one_set = corpus.locate(spans[0][-1])[0] if len(numbers) == 1 else None
        if one_set is None or len(one_set.input_names) == 1:
            yield from (pair for pair in _overlapping(sorted(spans)) if not _again(corpus, *pair))


def _again(corpus: Corpus, one: int, other: int) -> bool:
    """Whether one is the other's row once more, as views have it that repeat rows."""
    (own, first), (its, second) = corpus.locate(one), corpus.locate(other)
    return own is its and bool(own.rows[first] == own.rows[second])


def _overlapping(spans: Sequence[tuple[float, float, int]]) -> Iterator[tuple[int, int]]:
    _, reached, last = spans[0]
    for start_s, end_s, row in spans[1:]:
        if start_s < reached:
            yield last, row
        if end_s >= reached:
            reached, last = end_s, row


def place_of(recording: Recording[Any]) -> Any:
    """Return what is equal for recordings of one file, one array in memory, or one reader in Python."""
    reader = recording.reader
    path = getattr(reader, "path", None) or getattr(reader, "paths", (None,))[0]
    if path is not None:
        folder, name = os.path.split(path)
        return _real(folder), name, getattr(reader, "row", None), getattr(reader, "key", None)
    if hasattr(reader, "values"):
        return id(reader.values)
    try:
        hash(reader)
    except TypeError:
        return id(reader)
    return reader


def span_of(recording: Recording[Any]) -> Span:
    """Return from when to when a recording lasts in its file, in seconds; to infinity where it goes to the end."""
    return recording.start_s, math.inf if recording.end_s is None else recording.end_s


@lru_cache(maxsize=4096)
def _real(folder: str) -> str:
    return os.path.realpath(folder)


def _connected(size: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Return for every number the smallest that it is connected with."""
    parents = list(range(size))

    def root(number: int) -> int:
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        parents[high] = low
    return [root(number) for number in range(size)]


def _after_each_other(columns: Sequence[Coded[Any]]) -> Coded[Any]:
    numbers: dict[Any, int] = {}
    parts = []
    for column in columns:
        own = [numbers.setdefault(value, len(numbers)) for value in column.values]
        parts.append(np.asarray([*own, ABSENT], dtype=np.int32)[column.codes])
    return Coded(np.concatenate(parts), tuple(numbers))


def clusters(kin: Mapping[str, str], settings: Mapping[str, Any]) -> list[list[str]]:
    """Return the data sets that are split as one: kin with equal settings, in their order."""
    found: list[list[str]] = []
    for name in kin:
        own = next((each for each in found if kin[each[0]] == kin[name] and settings[each[0]] == settings[name]), None)
        if own is None:
            found.append([name])
        else:
            own.append(name)
    return found
