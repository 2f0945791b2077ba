"""Which decided event stands for which true one: as many pairs as there can be, no event in two of them.

Two events of one recording can be a pair where their onsets, and their offsets if these are looked at, are near enough.
N true events, M decided ones, P possible pairs.
"""

from dataclasses import dataclass

import numpy as np

from motet.tasks.counting import Flags
from motet.tasks.events.event_list import Codes, EventTable

_REACH = 1e-6
"""Candidates are searched this much wider, in seconds, and then looked at one by one."""
_ROUNDING = 1e-9
"""A distance that equals the collar counts, whatever the rounding of its difference says."""


@dataclass(frozen=True, slots=True)
class Collar:
    """How far a decided event may lie from the true one.

    Parameters
    ----------
    onset_s
        Between the onsets, in seconds.
    offset_share
        Between the offsets: this share of the true event's length, but at least `onset_s`; None looks at no offset.
    """

    onset_s: float
    offset_share: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of events by their numbers in two tables: `truth` [P] and `decided` [P]."""

    truth: Codes
    decided: Codes

    def select(self, chosen: Flags) -> "Pairs":
        """Return some of the pairs."""
        return Pairs(self.truth[chosen], self.decided[chosen])


def possible_pairs(truth: EventTable, decided: EventTable, collar: Collar) -> Pairs:
    """Return all pairs of one recording that are near enough, whatever their classes, by true event."""
    spread = 2.0 + collar.onset_s + max(truth.onsets.max(initial=0.0), decided.onsets.max(initial=0.0))
    line = decided.rows * spread + decided.onsets
    order = np.argsort(line, kind="stable")
    places = truth.rows * spread + truth.onsets
    reach = collar.onset_s + _REACH * max(1.0, spread * truth.num_rows * 1e-6)
    first = np.searchsorted(line[order], places - reach, side="left")
    counts = np.searchsorted(line[order], places + reach, side="right") - first
    numbers = np.repeat(np.arange(len(truth)), counts)
    steps = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
    pairs = Pairs(numbers, order[np.repeat(first, counts) + steps])
    return pairs.select(_near(truth, decided, pairs, collar))


def of_one_class(truth: EventTable, decided: EventTable, pairs: Pairs) -> Pairs:
    """Return the pairs whose classes agree."""
    return pairs.select(truth.codes[pairs.truth] == decided.codes[pairs.decided])


def match(pairs: Pairs, num_truth: int, num_decided: int) -> Pairs:
    """Return as many of the pairs as can be had without an event in two of them.

    Hopcroft and Karp, "An n^(5/2) algorithm for maximum matchings in bipartite graphs", SIAM J. Comput. 2 (1973), as
    SciPy has it.
    """
    if len(pairs.truth) == 0 or (_are_unique(pairs.truth, num_truth) and _are_unique(pairs.decided, num_decided)):
        return pairs
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    ones = np.ones(len(pairs.truth), dtype=np.int8)
    graph = csr_array((ones, (pairs.truth, pairs.decided)), shape=(num_truth, num_decided))
    partner = maximum_bipartite_matching(graph, perm_type="column").astype(np.int64)
    found = np.flatnonzero(partner >= 0)
    return Pairs(found, partner[found])


def substitutions(pairs: Pairs, matched: Pairs, truth: EventTable, decided: EventTable) -> Codes:
    """Return how many events of each recording were found but called otherwise, shape [n].

    Of the events that no match has, each true one takes the first decided one that is near enough and left.
    """
    free_truth, free_decided = np.ones(len(truth), dtype=bool), np.ones(len(decided), dtype=bool)
    free_truth[matched.truth] = False
    free_decided[matched.decided] = False
    left = pairs.select(free_truth[pairs.truth] & free_decided[pairs.decided])
    counts = np.zeros(truth.num_rows, dtype=np.int64)
    order = np.lexsort((left.decided, left.truth))
    for true, other in zip(left.truth[order].tolist(), left.decided[order].tolist(), strict=True):
        if free_truth[true] and free_decided[other]:
            free_truth[true] = free_decided[other] = False
            counts[truth.rows[true]] += 1
    return counts


def _near(truth: EventTable, decided: EventTable, pairs: Pairs, collar: Collar) -> Flags:
    onsets = np.abs(truth.onsets[pairs.truth] - decided.onsets[pairs.decided])
    near: Flags = (onsets <= collar.onset_s + _ROUNDING) & (truth.rows[pairs.truth] == decided.rows[pairs.decided])
    if collar.offset_share is None:
        return near
    lengths = (truth.offsets - truth.onsets)[pairs.truth]
    offsets = np.abs(truth.offsets[pairs.truth] - decided.offsets[pairs.decided])
    return near & (offsets <= np.maximum(collar.onset_s, collar.offset_share * lengths) + _ROUNDING)


def _are_unique(numbers: Codes, limit: int) -> bool:
    return int(np.bincount(numbers, minlength=limit).max(initial=0)) <= 1
