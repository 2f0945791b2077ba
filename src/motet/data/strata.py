"""Strata: what the parts of a split should have equal shares of.

A stratum is one label of one task, or a fifth of the rows by a number; a row stands in several strata. Events stand
for the set of their labels; all traces are of one stratum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet.data.table import ABSENT, Coded
from motet.sources.example import are_numbers, is_events, label_set
from motet.sources.trace import Trace

NUM_BINS = 5
MAX_INTEGER_LABELS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Strata:
    """Which rows stand in which strata, as pairs.

    Parameters
    ----------
    rows, strata
        Shape [pairs].
    num_strata
        Strata are numbered from 0; stratum 0 holds every row.
    """

    rows: NDArray[np.int64]
    strata: NDArray[np.int64]
    num_strata: int

    @classmethod
    def of(cls, columns: Sequence[Coded[Any]], num_rows: int | None = None) -> "Strata":
        """Make strata of columns of the same rows: labels, sets of labels, numbers, or any other value.

        Parameters
        ----------
        num_rows
            The number of rows; needed only where there are no columns.
        """
        size = len(columns[0].codes) if num_rows is None else num_rows
        rows, strata, num_strata = [np.arange(size)], [np.zeros(size, dtype=np.int64)], 1
        for column in columns:
            for codes in _categories(column):
                present = np.flatnonzero(codes != ABSENT)
                rows.append(present)
                strata.append(codes[present] + num_strata)
                num_strata += int(codes.max(initial=ABSENT)) + 1
        return cls(np.concatenate(rows), np.concatenate(strata), num_strata)


def classes(column: Coded[Any]) -> NDArray[np.int64]:
    """Return one class per row [n], numbered from 0; -1 without a target.

    A set of labels counts as its rarest label, a number as its fifth of the rows.
    """
    if not _hold_sets(column.values):
        return _categories(column)[0] if column.values else column.codes.astype(np.int64)
    labels, matrix = _labels_of_sets(column)
    numbers = np.bincount(column.codes[column.present], minlength=len(column.values)) @ matrix
    rarest = np.where(matrix, numbers, np.inf).argmin(axis=1)
    rarest[~matrix.any(axis=1)] = len(labels)
    return _gather(rarest, column.codes)


def _categories(column: Coded[Any]) -> list[NDArray[np.int64]]:
    """Return columns of categories [n] of a column, -1 where a row has none."""
    values = column.values
    if any(isinstance(value, Trace) for value in values):
        return [np.where(column.present, 0, ABSENT)]
    if _hold_sets(values):
        _, matrix = _labels_of_sets(column)
        held = np.where(matrix, 0, ABSENT)
        return [_gather(held[:, label], column.codes) for label in range(held.shape[1])]
    if values and _are_numbers(values):
        table = np.asarray([np.atleast_1d(value) for value in values], dtype=np.float64)
        return [_gather(_bins(part, column.codes), column.codes) for part in table.T]
    return [column.codes.astype(np.int64)]


def _hold_sets(values: Sequence[Any]) -> bool:
    return any(isinstance(value, frozenset) or is_events(value) for value in values)


def _are_numbers(values: Sequence[Any]) -> bool:
    if all(isinstance(value, int) for value in values):
        return len(values) > MAX_INTEGER_LABELS
    return are_numbers(values)


def _bins(values: NDArray[np.float64], codes: NDArray[np.int32]) -> NDArray[np.int64]:
    rows = values[codes[codes != ABSENT]]
    if not len(rows):
        return np.zeros(len(values), dtype=np.int64)
    edges = np.unique(np.quantile(rows, np.linspace(0, 1, NUM_BINS + 1)[1:-1]))
    return np.searchsorted(edges, values, side="right").astype(np.int64)


def _labels_of_sets(column: Coded[Any]) -> tuple[list[str], NDArray[np.bool_]]:
    sets = [label_set(value) for value in column.values]
    labels = sorted(frozenset[str]().union(*sets))
    return labels, np.asarray([[label in held for label in labels] for held in sets], dtype=bool)


def _gather(of_values: NDArray[Any], codes: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return what belongs to the value of each row, -1 where the row has none."""
    gathered: NDArray[np.int64] = np.append(of_values, ABSENT)[codes].astype(np.int64)
    return gathered
