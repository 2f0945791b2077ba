"""Counts of events by recording, and the F1 and error rate that follow from their sums.

Axes: n recordings, K classes, R weightings. A weight is how often a recording counts, so that a bootstrap scores all of
its resamples in a few matrix products. Both figures exist over all classes together (micro) and as the plain mean over
the classes that occur (macro); what is undefined is nan. Definitions: Mesaros, Heittola and Virtanen, "Metrics for
polyphonic sound event detection", Applied Sciences 6 (2016), sections 3.1 and 3.2.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from motet.tasks.counting import Flags, Values, mean_defined, ratio
from motet.tasks.events.event_list import Codes, EventTable, count_by
from motet.tasks.events.matching import Collar, match, of_one_class, possible_pairs, substitutions


@dataclass(frozen=True, slots=True, eq=False)
class RowCounts:
    """What was found in every recording: events, or segments of time in which a class is active.

    Parameters
    ----------
    hits, present, decided
        Those that are true and decided, true, and decided; by class, shape [n, K].
    substituted, deleted, inserted
        The errors over all classes, shape [n].
    """

    hits: Values
    present: Values
    decided: Values
    substituted: Values
    deleted: Values
    inserted: Values

    def weighted(self, weights: Values) -> "RowCounts":
        """Return sums over recordings for every column of the weights [n, R]: [K, R] by class, [R] over all."""
        by_class = (counts.T @ weights for counts in (self.hits, self.present, self.decided))
        errors = (counts @ weights for counts in (self.substituted, self.deleted, self.inserted))
        return RowCounts(*by_class, *errors)


def f1(sums: RowCounts) -> Values:
    """Return F1 over all classes together, shape [R]."""
    return ratio(2 * sums.hits.sum(axis=0), (sums.present + sums.decided).sum(axis=0))


def f1_macro(sums: RowCounts) -> Values:
    """Return the mean F1 of the classes that occur, shape [R]."""
    return mean_defined(_where_present(sums, ratio(2 * sums.hits, sums.present + sums.decided)))


def error_rate(sums: RowCounts) -> Values:
    """Return substitutions, deletions and insertions per event that is true, shape [R]."""
    return ratio(sums.substituted + sums.deleted + sums.inserted, sums.present.sum(axis=0))


def error_rate_macro(sums: RowCounts) -> Values:
    """Return the mean over the classes that occur of deletions and insertions per event, shape [R]."""
    return mean_defined(ratio(sums.present + sums.decided - 2 * sums.hits, sums.present))


FIGURES: Mapping[str, Callable[[RowCounts], Values]] = MappingProxyType(
    {"f1": f1, "f1_macro": f1_macro, "error_rate": error_rate, "error_rate_macro": error_rate_macro}
)


def count_events(truth: EventTable, decided: EventTable, num_classes: int, collar: Collar) -> RowCounts:
    """Count events: a decided one is a hit where it is matched to a true one of its class within the collar."""
    pairs = possible_pairs(truth, decided, collar)
    matched = match(of_one_class(truth, decided, pairs), len(truth), len(decided))
    shape = (truth.num_rows, num_classes)
    hits = count_by(truth.rows[matched.truth], truth.codes[matched.truth], shape)
    present, given = truth.count(num_classes), decided.count(num_classes)
    substituted = substitutions(pairs, matched, truth, decided).astype(np.float64)
    found = hits.sum(axis=1) + substituted
    return RowCounts(hits, present, given, substituted, present.sum(axis=1) - found, given.sum(axis=1) - found)


def count_segments(truth: EventTable, decided: EventTable, num_classes: int, resolution_s: float) -> RowCounts:
    """Count segments of time: a class is active in a segment where any part of it lies in an event.

    Within a segment, a class that is missing and one that is wrong are one substitution.
    """
    lasts = [np.ceil(table.offsets / resolution_s).astype(np.int64) for table in (truth, decided)]
    sizes = np.zeros(truth.num_rows, dtype=np.int64)
    for table, last in zip((truth, decided), lasts, strict=True):
        np.maximum.at(sizes, table.rows, last)
    starts = sizes.cumsum() - sizes
    present, given = (
        _active(table, last, starts, int(sizes.sum()), num_classes, resolution_s)
        for table, last in zip((truth, decided), lasts, strict=True)
    )
    hits, num_present, num_given = present & given, present.sum(axis=1), given.sum(axis=1)
    num_hits = hits.sum(axis=1)
    row = np.repeat(np.arange(truth.num_rows), sizes)
    return RowCounts(
        *(_sum_by(row, flags, truth.num_rows) for flags in (hits, present, given)),
        *(
            np.bincount(row, errors, minlength=truth.num_rows)
            for errors in (
                np.minimum(num_present, num_given) - num_hits,
                np.maximum(num_present - num_given, 0),
                np.maximum(num_given - num_present, 0),
            )
        ),
    )


def count_tags(present: Flags, decided: Flags) -> RowCounts:
    """Count the labels that recordings have, [n, K], whenever they are heard."""
    hits = present & decided
    num_hits, num_present, num_decided = (flags.sum(axis=1).astype(np.float64) for flags in (hits, present, decided))
    return RowCounts(
        hits.astype(np.float64),
        present.astype(np.float64),
        decided.astype(np.float64),
        np.minimum(num_present, num_decided) - num_hits,
        np.maximum(num_present - num_decided, 0.0),
        np.maximum(num_decided - num_present, 0.0),
    )


def _active(table: EventTable, last: Codes, starts: Codes, total: int, num_classes: int, resolution_s: float) -> Flags:
    """Return which class is active in which segment, all recordings in turn, shape [segments, K]."""
    first = np.floor(table.onsets / resolution_s).astype(np.int64)
    place = starts[table.rows]
    changes = np.zeros((total + 1, num_classes), dtype=np.int64)
    lasting = last > first
    np.add.at(changes, ((place + first)[lasting], table.codes[lasting]), 1)
    np.add.at(changes, ((place + last)[lasting], table.codes[lasting]), -1)
    active: Flags = changes.cumsum(axis=0)[:total] > 0
    return active


def _sum_by(row: Codes, flags: Flags, num_rows: int) -> Values:
    cells, codes = np.nonzero(flags)
    return count_by(row[cells], codes, (num_rows, flags.shape[1]))


def _where_present(sums: RowCounts, values: Values) -> Values:
    return np.where(sums.present > 0, values, np.nan)
