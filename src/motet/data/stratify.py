"""Dividing rows into parts that resemble each other, while whole units stay together.

A unit is a group (a speaker, a session) or a single row. Splits, dev rows and limits all come from `allocate`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motet.data.strata import Strata
from motet.data.table import ABSENT


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
    left goes, the largest first, where it brings the parts nearest to their shares: the sum over strata of the
    squared difference, relative to the share. This is iterative stratification (Sechidis, Tsoumakas and
    Vlahavas 2011) for whole groups.

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
    """Deal out units that are alike; return the part of each unit, -1 for the remainder.

    Where units differ in size, one more round stays back: small units even out what large ones leave uneven.
    """
    kinds = np.unique(counted.signatures(rng), return_inverse=True)[1]
    order = np.lexsort((rng.random(counted.num_units), kinds))
    numbers = np.bincount(kinds)
    rank = np.arange(counted.num_units) - np.repeat(np.cumsum(numbers) - numbers, numbers)
    dealt = np.floor(numbers[:, None] * shares + 1e-9).astype(np.int64)
    if counted.sizes.min() < counted.sizes.max():
        dealt = np.maximum(dealt - 1, 0)
    ends = dealt.cumsum(axis=1)[kinds[order]]
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
    """Place the units that are left, the one that fills most of its strata first.

    Plain Python: a unit stands in few strata, where lists are several times as fast as arrays.
    """
    left = np.flatnonzero(part == ABSENT)
    weights = _weights(counted, shares)
    order = _largest_first(left, counted, weights, rng)
    excess, free = _standing(part, counted, shares, room)
    chances = (1e-9 * rng.random((len(left), len(shares)))).tolist()
    parts = list(zip(range(len(shares)), excess, (1 / shares).tolist(), strict=True))
    weighted = (weights[counted.strata] * counted.counts).tolist()
    all_terms = list(zip(counted.strata.tolist(), counted.counts.tolist(), weighted, strict=True))
    starts, sizes = counted.starts.tolist(), counted.sizes.tolist()
    for unit, chance in zip(order, chances, strict=True):
        terms, size = all_terms[starts[unit] : starts[unit + 1]], sizes[unit]
        costs = [
            sum([(2 * standing[stratum] + count) * weight for stratum, count, weight in terms]) * inverse_share
            + (chance[number] if size <= free[number] else math.inf)
            for number, standing, inverse_share in parts
        ]
        chosen = costs.index(min(costs))
        part[unit] = chosen
        free[chosen] -= size
        for stratum, count, _ in terms:
            excess[chosen][stratum] += count


def _weights(counted: _UnitCounts, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weight of each stratum: strata count alike, however large.

    One that is too small to have a row in the smallest part does not count, or all of it would always go to the
    largest. Between equal parts it does: there its rows are best kept apart.
    """
    totals = np.bincount(counted.strata, counted.counts, minlength=counted.num_strata)
    weights = 1 / np.maximum(totals, 1) ** 2
    if shares.min() < shares.max():
        weights[totals * shares.min() < 1] = 0
    return weights


def _standing(
    part: NDArray[np.int64], counted: _UnitCounts, shares: NDArray[np.float64], room: Sequence[int] | None
) -> tuple[list[list[float]], list[float]]:
    """Return by how much each part exceeds its share of each stratum, and the rows that it still has room for."""
    totals = np.bincount(counted.strata, counted.counts, minlength=counted.num_strata)
    placed = part[counted.units] != ABSENT
    cells = part[counted.units[placed]] * counted.num_strata + counted.strata[placed]
    flat = np.bincount(cells, counted.counts[placed], minlength=len(shares) * counted.num_strata)
    filled = np.bincount(part[part != ABSENT], counted.sizes[part != ABSENT], minlength=len(shares))
    limits = np.full(len(shares), np.inf) if room is None else np.asarray(room, dtype=np.float64)
    excess = flat.reshape(len(shares), -1) - shares[:, None] * totals
    return excess.tolist(), (limits - filled).tolist()


def _largest_first(
    left: NDArray[np.int64], counted: _UnitCounts, weights: NDArray[np.float64], rng: np.random.Generator
) -> list[int]:
    filled = np.add.reduceat(counted.counts**2 * weights[counted.strata], counted.starts[:-1])
    shuffled = rng.permutation(left)
    ordered: list[int] = shuffled[np.argsort(-filled[shuffled], kind="stable")].tolist()
    return ordered


def _take_one(taken: NDArray[np.bool_], left: NDArray[np.int64], counted: _UnitCounts, wanted: float) -> None:
    for unit in np.argsort(np.abs(counted.sizes - wanted), kind="stable"):
        if (left[counted.strata_of(unit)] > 1).all():
            taken[unit] = True
            return
