"""Dividing rows into parts that resemble each other, while whole units stay together.

A unit is a group (a speaker, a session) or a single row. A stratum is one label of one task, or a fifth of the
rows by a number; a row stands in several strata. Splits, dev rows and limits all come from `allocate`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet.data.table import ABSENT, Coded

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
    if not any(isinstance(value, frozenset) for value in column.values):
        return _categories(column)[0] if column.values else column.codes.astype(np.int64)
    labels, matrix = _labels_of_sets(column)
    numbers = np.bincount(column.codes[column.present], minlength=len(column.values)) @ matrix
    rarest = np.where(matrix, numbers, np.inf).argmin(axis=1)
    rarest[~matrix.any(axis=1)] = len(labels)
    return _gather(rarest, column.codes)


def allocate(
    strata: Strata,
    units: NDArray[np.int64],
    shares: Sequence[float],
    *,
    key: int,
    room: Sequence[int] | None = None,
) -> NDArray[np.int64]:
    """Divide rows into parts of given shares, each stratum likewise, units together.

    Units that are alike (the same number of rows in every stratum) are shuffled and dealt out evenly; what is
    left goes, the largest first, where it brings the parts nearest to their shares in the sum of squares over
    strata: iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011) for whole groups.

    Parameters
    ----------
    units
        Unit of each row, numbered from 0, shape [n].
    shares
        Share of the rows of each part; the sum is 1.
    key
        The key of the random choice among equals.
    room
        The largest number of rows of each part.

    Returns
    -------
    NDArray
        Part of each row, int64 [n].
    """
    counted = _UnitCounts.of(strata, units)
    rng = np.random.Generator(np.random.Philox(key=key))
    part = _deal(counted, np.asarray(shares), rng)
    _place(part, counted, np.asarray(shares), rng, room)
    return part[units]


def take_share(strata: Strata, units: NDArray[np.int64], share: float, *, key: int) -> NDArray[np.bool_]:
    """Choose a share of the rows and leave at least one unit of every stratum behind, where it has any.

    Returns
    -------
    NDArray
        Which rows are taken, bool [n]: none where every unit is the last one of some stratum.
    """
    counted = _UnitCounts.of(strata, units)
    taken = allocate(strata, units, (share, 1 - share), key=key) == 0
    taken_units = np.zeros(counted.num_units, dtype=bool)
    taken_units[units[taken]] = True
    left = counted.units_of_strata(~taken_units)
    for unit in np.flatnonzero(taken_units)[np.argsort(counted.sizes[taken_units], kind="stable")]:
        own = counted.strata_of(unit)
        if (left[own] == 0).any():
            taken_units[unit] = False
            left[own] += 1
    if not taken_units.any():
        _take_one(taken_units, left, counted, share * len(units))
    return taken_units[units]


@dataclass(frozen=True, slots=True, eq=False)
class _UnitCounts:
    """How many rows each unit has in each stratum, as triples sorted by unit; `starts` [units + 1]."""

    starts: NDArray[np.int64]
    strata: NDArray[np.int64]
    counts: NDArray[np.float64]
    sizes: NDArray[np.int64]
    num_strata: int

    @classmethod
    def of(cls, strata: Strata, units: NDArray[np.int64]) -> "_UnitCounts":
        pairs, counts = np.unique(units[strata.rows] * strata.num_strata + strata.strata, return_counts=True)
        sizes = np.bincount(units)
        starts = np.searchsorted(pairs, np.arange(len(sizes) + 1) * strata.num_strata)
        return cls(starts, pairs % strata.num_strata, counts.astype(np.float64), sizes, strata.num_strata)

    @property
    def num_units(self) -> int:
        return len(self.sizes)

    @property
    def units(self) -> NDArray[np.int64]:
        return np.repeat(np.arange(self.num_units), np.diff(self.starts))

    def strata_of(self, unit: int) -> NDArray[np.int64]:
        return self.strata[self.starts[unit] : self.starts[unit + 1]]

    def units_of_strata(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(self.strata[chosen[self.units]], minlength=self.num_strata)

    def signatures(self, rng: np.random.Generator) -> NDArray[np.uint64]:
        """Return a number per unit that is the same for units that are alike."""
        weights = rng.integers(1, 2**63, size=self.num_strata, dtype=np.uint64)
        sums: NDArray[np.uint64] = np.add.reduceat(
            self.counts.astype(np.uint64) * weights[self.strata], self.starts[:-1]
        )
        return sums


def _deal(counted: _UnitCounts, shares: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Deal out units that are alike; return the part of each unit, -1 where the shares leave a remainder."""
    kinds = np.unique(counted.signatures(rng), return_inverse=True)[1]
    order = np.lexsort((rng.random(counted.num_units), kinds))
    numbers = np.bincount(kinds)
    rank = np.arange(counted.num_units) - np.repeat(np.cumsum(numbers) - numbers, numbers)
    ends = np.floor(numbers[:, None] * shares + 1e-9).astype(np.int64).cumsum(axis=1)[kinds[order]]
    part = np.full(counted.num_units, ABSENT, dtype=np.int64)
    part[order] = np.where(rank < ends[:, -1], (rank[:, None] >= ends).sum(axis=1), ABSENT)
    return part


def _place(
    part: NDArray[np.int64],
    counted: _UnitCounts,
    shares: NDArray[np.float64],
    rng: np.random.Generator,
    room: Sequence[int] | None,
) -> None:
    """Place the units that are left, the one that fills most of a stratum first."""
    totals = np.bincount(counted.strata, counted.counts, minlength=counted.num_strata)
    weights = 1 / np.maximum(totals, 1) ** 2
    placed = part[counted.units] != ABSENT
    cells = part[counted.units[placed]] * counted.num_strata + counted.strata[placed]
    flat = np.bincount(cells, counted.counts[placed], minlength=len(shares) * counted.num_strata)
    excess = flat.reshape(len(shares), -1) - shares[:, None] * totals
    filled = np.bincount(part[part != ABSENT], counted.sizes[part != ABSENT], minlength=len(shares))
    limits = np.full(len(shares), np.inf) if room is None else np.asarray(room, dtype=np.float64)
    for unit in _largest_first(np.flatnonzero(part == ABSENT), counted, weights, rng):
        own = slice(counted.starts[unit], counted.starts[unit + 1])
        strata, counts = counted.strata[own], counted.counts[own]
        cost = (2 * excess[:, strata] + counts) @ (weights[strata] * counts)
        cost += 1e-9 * rng.random(len(shares))
        cost[filled + counted.sizes[unit] > limits] = np.inf
        part[unit] = cost.argmin()
        excess[part[unit], strata] += counts
        filled[part[unit]] += counted.sizes[unit]


def _largest_first(
    left: NDArray[np.int64], counted: _UnitCounts, weights: NDArray[np.float64], rng: np.random.Generator
) -> list[int]:
    largest = np.maximum.reduceat(counted.counts**2 * weights[counted.strata], counted.starts[:-1])
    shuffled = rng.permutation(left)
    ordered: list[int] = shuffled[np.argsort(-largest[shuffled], kind="stable")].tolist()
    return ordered


def _take_one(taken: NDArray[np.bool_], left: NDArray[np.int64], counted: _UnitCounts, wanted: float) -> None:
    for unit in np.argsort(np.abs(counted.sizes - wanted), kind="stable"):
        if (left[counted.strata_of(unit)] > 1).all():
            taken[unit] = True
            return


def _categories(column: Coded[Any]) -> list[NDArray[np.int64]]:
    """Return columns of categories [n] of a column, -1 where a row has none."""
    values = column.values
    if any(isinstance(value, frozenset) for value in values):
        _, matrix = _labels_of_sets(column)
        held = np.where(matrix, 0, ABSENT)
        return [_gather(held[:, label], column.codes) for label in range(held.shape[1])]
    if values and _are_numbers(values):
        table = np.asarray([np.atleast_1d(value) for value in values], dtype=np.float64)
        return [_gather(_bins(part, column.codes), column.codes) for part in table.T]
    return [column.codes.astype(np.int64)]


def _are_numbers(values: Sequence[Any]) -> bool:
    if all(isinstance(value, int) for value in values):
        return len(values) > MAX_INTEGER_LABELS
    return all(
        isinstance(value, int | float)
        or (isinstance(value, tuple) and all(isinstance(item, int | float) for item in value))
        for value in values
    )


def _bins(values: NDArray[np.float64], codes: NDArray[np.int32]) -> NDArray[np.int64]:
    rows = values[codes[codes != ABSENT]]
    edges = np.unique(np.quantile(rows, np.linspace(0, 1, NUM_BINS + 1)[1:-1])) if len(rows) else []
    found: NDArray[np.int64] = np.searchsorted(edges, values, side="right").astype(np.int64)
    return found


def _labels_of_sets(column: Coded[Any]) -> tuple[list[str], NDArray[np.bool_]]:
    sets = [value if isinstance(value, frozenset) else frozenset([str(value)]) for value in column.values]
    labels = sorted(frozenset[str]().union(*sets))
    return labels, np.asarray([[label in held for label in labels] for held in sets], dtype=bool)


def _gather(of_values: NDArray[Any], codes: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return what belongs to the value of each row, -1 where the row has none."""
    gathered: NDArray[np.int64] = np.append(of_values, ABSENT)[codes].astype(np.int64)
    return gathered
