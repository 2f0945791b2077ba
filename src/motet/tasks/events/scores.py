"""True and decided events side by side, ready to be scored. Axes: n recordings, K labels, R weightings."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from motet.tasks.counting import Values, ratio
from motet.tasks.events.counts import FIGURES, RowCounts, count_events, count_segments
from motet.tasks.events.event_list import EventTable
from motet.tasks.events.matching import Collar
from motet.tasks.events.psds import DetectionCounts, PsdsRules, count_detections
from motet.tasks.events.settings import (
    CollarSettings,
    PsdsSettings,
    SegmentSettings,
    TagF1Settings,
    TagMacroF1Settings,
    ToleranceSettings,
)

Sweep = Callable[[Sequence[float]], list[EventTable]]


class EventOutcome:
    """What happened and what was decided; recordings with labels but no times have no events in either.

    Everything is counted once, whatever metrics and weightings are asked for.

    Parameters
    ----------
    truth, decided
        Events of n recordings.
    durations_s
        The length of each recording that frames cover, in seconds, shape [n]; 0 where no times are known.
    num_labels
        K.
    tags
        The labels that recordings have and are decided to have, also of those without times.
    metrics
        Settings of the built-in metrics by name.
    sweep
        Returns what would be decided at other thresholds.
    """

    def __init__(
        self,
        truth: EventTable,
        decided: EventTable,
        *,
        durations_s: Values,
        num_labels: int,
        tags: RowCounts,
        metrics: Mapping[str, Any],
        sweep: Sweep,
    ) -> None:
        self._truth, self._decided, self._num_labels = truth, decided, num_labels
        self._durations_s, self._metrics, self._sweep, self._tags = durations_s, metrics, sweep, tags
        self._segments, self._events, self._detections = (
            cache(self._count_segments),
            cache(self._count_events),
            cache(self._count_detections),
        )

    def score(self, names: Iterable[str], weights: Values) -> dict[str, Values]:
        """Return built-in metrics [R] for every column of the weights [n, R]; other names are left out."""
        return {name: self._score(name, self._metrics[name], weights) for name in names if name in self._metrics}

    def table(self, names: tuple[str, ...]) -> dict[str, dict[str, float]]:
        """Return by label how many events there are; precision, recall and F1 as the first metric matches them."""
        first = next((given for given in self._metrics.values() if not isinstance(given, PsdsSettings)), None)
        counts = self._counts(first or CollarSettings()).weighted(np.ones((self._truth.num_rows, 1)))
        columns = {
            "events": self._truth.count(self._num_labels).sum(axis=0)[:, None],
            "precision": ratio(counts.hits, counts.decided),
            "recall": ratio(counts.hits, counts.present),
            "f1": ratio(2 * counts.hits, counts.present + counts.decided),
        }
        return {
            name: {key: float(column[code, 0]) for key, column in columns.items()} for code, name in enumerate(names)
        }

    def _score(self, name: str, settings: Any, weights: Values) -> Values:
        if isinstance(settings, PsdsSettings):
            rules = _rules(settings)
            return self._detections(rules, settings.operating_points).score(rules, weights)
        return FIGURES[name.partition("_")[2]](self._counts(settings).weighted(weights))

    def _counts(self, settings: Any) -> RowCounts:
        if isinstance(settings, TagF1Settings | TagMacroF1Settings):
            return self._tags
        if isinstance(settings, SegmentSettings):
            return self._segments(settings.resolution_s)
        if isinstance(settings, ToleranceSettings):
            return self._events(Collar(settings.tolerance_s))
        return self._events(Collar(settings.collar_s, settings.offset_share))

    def _count_segments(self, resolution_s: float) -> RowCounts:
        return count_segments(self._truth, self._decided, self._num_labels, resolution_s)

    def _count_events(self, collar: Collar) -> RowCounts:
        return count_events(self._truth, self._decided, self._num_labels, collar)

    def _count_detections(self, rules: PsdsRules, points: int) -> DetectionCounts:
        thresholds = ((np.arange(points) + 0.5) / points).tolist()
        return count_detections(self._truth, self._sweep(thresholds), self._durations_s, self._num_labels, rules)


def _rules(settings: PsdsSettings) -> PsdsRules:
    return PsdsRules(
        detection=settings.detection,
        ground_truth=settings.ground_truth,
        cross_trigger=settings.cross_trigger,
        cross_trigger_cost=settings.cross_trigger_cost,
        instability_cost=settings.instability_cost,
        max_rate=settings.max_rate,
    )
