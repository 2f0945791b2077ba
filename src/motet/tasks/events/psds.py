"""The polyphonic sound detection score: the area under hits against false alarms, over all thresholds.

Bilen et al., "A framework for the robust evaluation of sound event detection", ICASSP 2020: detections are judged by
how much of them lies in true events (detection tolerance), true events by how much of them is detected (ground truth
intersection), and false alarms that lie in events of another class are cross-triggers. Axes: n recordings, P operating
points (thresholds), K classes, R weightings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motet.tasks.counting import Values, mean_defined, ratio
from motet.tasks.events.event_list import Codes, EventTable, count_by

_SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class PsdsRules:
    """What counts as found, and what a false alarm costs; the symbols of the paper stand in brackets.

    Parameters
    ----------
    detection
        The share of a detection that must lie in true events of its class (DTC).
    ground_truth
        The share of a true event that such detections must cover (GTC).
    cross_trigger
        The share of a false alarm from which it is a cross-trigger of another class (CTTC).
    cross_trigger_cost
        What a cross-trigger costs beside a false alarm (alpha_ct).
    instability_cost
        How much a spread of the classes' hit rates costs (alpha_st).
    max_rate
        The false alarms an hour up to which the area counts (e_max).
    """

    detection: float
    ground_truth: float
    cross_trigger: float
    cross_trigger_cost: float
    instability_cost: float
    max_rate: float = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class DetectionCounts:
    """Counts by recording at every operating point.

    Parameters
    ----------
    hits, false_alarms
        True events that were found, and detections that were not tolerated, by class, shape [P, n, K].
    cross_triggers
        False alarms by their own class and the class that they lie in, shape [P, n, K, K].
    present, present_s
        True events of each class and their total length in seconds, shape [n, K].
    durations_s
        The length of each recording that is looked at, shape [n].
    """

    hits: Values
    false_alarms: Values
    cross_triggers: Values
    present: Values
    present_s: Values
    durations_s: Values

    def score(self, rules: PsdsRules, weights: Values) -> Values:
        """Return the score [R] for every column of the weights [n, R], from 0 to 1; nan without any true event."""
        present = self.present.T @ weights
        hit_rate = ratio(np.einsum("pnk,nr->pkr", self.hits, weights), present)
        hours = self.durations_s @ weights / _SECONDS_PER_HOUR
        false_alarms = ratio(np.einsum("pnk,nr->pkr", self.false_alarms, weights), hours)
        class_hours = self.present_s.T @ weights / _SECONDS_PER_HOUR
        crossed = ratio(np.einsum("pnkj,nr->pkjr", self.cross_triggers, weights), class_hours)
        others = np.where(np.eye(present.shape[0], dtype=bool)[:, :, None], np.nan, crossed)
        crossing = np.nan_to_num(mean_defined(np.moveaxis(others, 2, 0)))
        rates = false_alarms + rules.cross_trigger_cost * crossing
        return np.array(
            [_area(hit_rate[:, :, r], rates[:, :, r], rules) for r in range(weights.shape[1])], dtype=np.float64
        )


def count_detections(
    truth: EventTable, operating_points: Sequence[EventTable], durations_s: Values, num_classes: int, rules: PsdsRules
) -> DetectionCounts:
    """Judge the detections of every operating point.

    Parameters
    ----------
    truth
        The true events; those of one class should not overlap.
    operating_points
        What was decided at every threshold.
    durations_s
        The length of each recording, shape [n]; 0 for one that is not looked at.
    """
    truth = truth.select(truth.offsets > truth.onsets)
    shape = (truth.num_rows, num_classes)
    judged = [_judge(truth, decided, shape, rules) for decided in operating_points]
    lengths = np.zeros(shape)
    np.add.at(lengths, (truth.rows, truth.codes), truth.offsets - truth.onsets)
    hits, false_alarms, crossed = (np.stack(counts) for counts in zip(*judged, strict=True))
    return DetectionCounts(hits, false_alarms, crossed, truth.count(num_classes), lengths, durations_s)


def _judge(
    truth: EventTable, decided: EventTable, shape: tuple[int, int], rules: PsdsRules
) -> tuple[Values, Values, Values]:
    """Return hits and false alarms [n, K], and cross-triggers [n, K, K], of one operating point."""
    decided = decided.select(decided.offsets > decided.onsets)
    which, other, seconds = _overlaps(truth, decided)
    share = seconds / (decided.offsets - decided.onsets)[which]
    inside = np.zeros((len(decided), shape[1]))
    np.add.at(inside, (which, truth.codes[other]), share)
    own = inside[np.arange(len(decided)), decided.codes]
    touches = np.zeros(len(decided), dtype=bool)
    agree = truth.codes[other] == decided.codes[which]
    touches[which[agree]] = True
    tolerated = touches & (own >= rules.detection)
    covered = np.zeros(len(truth))
    good = agree & tolerated[which]
    np.add.at(covered, other[good], (seconds / (truth.offsets - truth.onsets)[other])[good])
    reached = np.zeros(len(truth), dtype=bool)
    reached[other[good]] = True
    hit = reached & (covered >= rules.ground_truth)
    alarms = decided.select(~tolerated)
    in_other = (inside[~tolerated] > 0) & (inside[~tolerated] >= rules.cross_trigger)
    in_other[np.arange(len(alarms)), alarms.codes] = False
    alarm, crossed = np.nonzero(in_other)
    crossings = np.zeros((*shape, shape[1]))
    np.add.at(crossings, (alarms.rows[alarm], alarms.codes[alarm], crossed), 1.0)
    return count_by(truth.rows[hit], truth.codes[hit], shape), alarms.count(shape[1]), crossings


def _overlaps(truth: EventTable, decided: EventTable) -> tuple[Codes, Codes, Values]:
    """Return every decided and true event of one recording that overlap, and for how many seconds."""
    starts = np.searchsorted(truth.rows, decided.rows, side="left")
    counts = np.searchsorted(truth.rows, decided.rows, side="right") - starts
    which = np.repeat(np.arange(len(decided)), counts)
    other = np.repeat(starts, counts) + np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
    ends = np.minimum(truth.offsets[other], decided.offsets[which])
    seconds = ends - np.maximum(truth.onsets[other], decided.onsets[which])
    overlap = seconds > 0
    return which[overlap], other[overlap], seconds[overlap]


def _area(hit_rate: Values, rates: Values, rules: PsdsRules) -> float:
    """Return the area under the effective hit rate of one weighting, from rates [P, K], over its width."""
    classes = np.flatnonzero(~np.isnan(hit_rate[0]))
    if len(classes) == 0:
        return np.nan
    edges = np.unique(np.concatenate([[0.0, rules.max_rate], rates[:, classes].ravel()]))
    edges = edges[edges <= rules.max_rate]
    curves = np.stack([_curve(edges[:-1], rates[:, k], hit_rate[:, k]) for k in classes])
    effective = np.maximum(curves.mean(axis=0) - rules.instability_cost * curves.std(axis=0), 0.0)
    return float(effective @ np.diff(edges) / rules.max_rate)


def _curve(at: Values, rates: Values, hit_rate: Values) -> Values:
    """Return the largest hit rate that is had for each rate or less; 0 where none is."""
    order = np.argsort(rates, kind="stable")
    best = np.concatenate([[0.0], np.maximum.accumulate(hit_rate[order])])
    return best[np.searchsorted(rates[order], at, side="right")]
