"""From the probabilities of frames to events: fixed rules, and rules that are tuned on development rows.

A decision is called with the recordings' frames and returns their events as a table. Tuning tries every candidate in
a fixed order, label by label, and keeps the first of the best, the order beginning with what changes least; so equal
data give equal values. A label without events in development rows keeps the defaults. Values are JSON: a list for
every option, by label. K labels.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from typing import Any, Protocol, TypeVar

import numpy as np

from motet.config import UserComponent
from motet.errors import UserCodeError
from motet.tasks.counting import Values
from motet.tasks.events.counts import count_events, count_segments
from motet.tasks.events.event_list import Codes, EventTable, by_onset
from motet.tasks.events.matching import Collar
from motet.tasks.events.settings import (
    EventThresholdSettings,
    PeaksSettings,
    TunedEventsSettings,
    TunedPeaksSettings,
)
from motet.tasks.events.tracks import Smoothing, Track, table_of, tracks_of
from motet.tasks.frames import FrameValues

_THRESHOLDS = tuple(
    sorted((0.02, *(round(0.05 * number, 2) for number in range(1, 20)), 0.98), key=lambda t: abs(t - 0.5))
)
_DEFAULT_MIN_DISTANCE_S = 0.03

Rows = Sequence[FrameValues]
Candidate = TypeVar("Candidate")


class EventDecision(Protocol):
    """What every decision about events offers."""

    def __call__(self, rows: Rows) -> EventTable:
        """Return the events of some recordings."""
        ...


@dataclass(frozen=True, slots=True)
class SpanRule:
    """How the frames of one label become events."""

    threshold: float = 0.5
    smoothing: Smoothing = field(default_factory=Smoothing)


@dataclass(frozen=True, slots=True)
class PeakRule:
    """How the peaks of one label become onsets."""

    threshold: float = 0.5
    min_distance_s: float = _DEFAULT_MIN_DISTANCE_S


class Spans:
    """Events are runs of frames at or above a threshold, smoothed.

    Parameters
    ----------
    settings
        One rule for all labels, or what is tried for each.
    num_labels
        K.
    """

    def __init__(self, settings: EventThresholdSettings | TunedEventsSettings, num_labels: int) -> None:
        self._tuning = settings if isinstance(settings, TunedEventsSettings) else None
        rule = SpanRule()
        if isinstance(settings, EventThresholdSettings):
            smoothing = Smoothing(settings.median_s, settings.min_gap_s, settings.min_duration_s)
            rule = SpanRule(settings.value, smoothing)
        self._rules = [rule] * num_labels

    def __call__(self, rows: Rows) -> EventTable:
        """Return the events of some recordings."""
        return self._decide(rows, self._rules)

    def at(self, rows: Rows, thresholds: Iterable[float]) -> list[EventTable]:
        """Return the events at other thresholds, one for all labels, smoothed alike."""
        tracks = tracks_of(rows, self._longest())
        return [
            _spans(tracks, len(rows), [replace(rule, threshold=value) for rule in self._rules]) for value in thresholds
        ]

    def tune(self, rows: Rows, truth: EventTable) -> None:
        """Choose the values of every label that make its F1 largest on some recordings and their true events."""
        if self._tuning is None:
            return
        tracks = tracks_of(rows, max(self._tuning.median_s))
        self._rules = [self._best(tracks, truth, code) for code in range(len(self._rules))]

    def state(self) -> dict[str, Any]:
        """Return the values of every label; none where they are fixed."""
        if self._tuning is None:
            return {}
        return {
            "thresholds": [rule.threshold for rule in self._rules],
            "smoothing": [asdict(rule.smoothing) for rule in self._rules],
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take back the values."""
        if "thresholds" in state:
            values = zip(state["thresholds"], state["smoothing"], strict=True)
            self._rules = [SpanRule(threshold, Smoothing(**smoothing)) for threshold, smoothing in values]

    def _decide(self, rows: Rows, rules: Sequence[SpanRule]) -> EventTable:
        return _spans(tracks_of(rows, self._longest()), len(rows), rules)

    def _longest(self) -> float:
        return max(rule.smoothing.median_s for rule in self._rules)

    def _best(self, tracks: list[Track], truth: EventTable, code: int) -> SpanRule:
        """Try thresholds with filters, then gaps with shortest lengths, then thresholds again."""
        assert self._tuning is not None
        options, true = self._tuning, _of_class(truth, code)
        if len(true) == 0:
            return SpanRule()

        def value(rule: SpanRule) -> float:
            found = [(0, *track.spans(code, rule.threshold, rule.smoothing)) for track in tracks]
            return _span_f1(true, table_of(true.num_rows, found), options.metric)

        filters = sorted(options.median_s)
        best = _first_best(
            (SpanRule(threshold, Smoothing(median_s)) for median_s, threshold in product(filters, _THRESHOLDS)), value
        )
        lengths = product(sorted(options.min_gap_s), sorted(options.min_duration_s))
        best = _first_best(
            (replace(best, smoothing=Smoothing(best.smoothing.median_s, *pair)) for pair in lengths), value
        )
        return _first_best((best, *(replace(best, threshold=threshold) for threshold in _THRESHOLDS)), value)


class Peaks:
    """Onsets are peaks at or above a threshold, a distance apart.

    Parameters
    ----------
    settings
        One rule for all labels, or what is tried for each.
    num_labels
        K.
    """

    def __init__(self, settings: PeaksSettings | TunedPeaksSettings, num_labels: int) -> None:
        self._tuning = settings if isinstance(settings, TunedPeaksSettings) else None
        self._window_s = settings.window_s
        rule = PeakRule()
        if isinstance(settings, PeaksSettings):
            rule = PeakRule(settings.value, settings.min_distance_s)
        self._rules = [rule] * num_labels

    def __call__(self, rows: Rows) -> EventTable:
        """Return the onsets of some recordings."""
        found = [
            (code, *_picked(track, track.peaks(code, self._window_s), code, rule))
            for track in tracks_of(rows, self._window_s)
            for code, rule in enumerate(self._rules)
        ]
        return table_of(len(rows), found)

    def tune(self, rows: Rows, truth: EventTable) -> None:
        """Choose the values of every label that make its F1 largest on some recordings and their true onsets."""
        if self._tuning is not None:
            tracks = tracks_of(rows, self._window_s)
            self._rules = [self._best(tracks, truth, code) for code in range(len(self._rules))]

    def state(self) -> dict[str, Any]:
        """Return the values of every label; none where they are fixed."""
        return {} if self._tuning is None else {"peaks": [asdict(rule) for rule in self._rules]}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take back the values."""
        if "peaks" in state:
            self._rules = [PeakRule(**rule) for rule in state["peaks"]]

    def _best(self, tracks: list[Track], truth: EventTable, code: int) -> PeakRule:
        assert self._tuning is not None
        true, tolerance = _of_class(truth, code), Collar(self._tuning.tolerance_s)
        if len(true) == 0:
            return PeakRule()
        peaks = [track.peaks(code, self._window_s) for track in tracks]

        def value(rule: PeakRule) -> float:
            found = [(0, *_picked(track, own, code, rule)) for track, own in zip(tracks, peaks, strict=True)]
            counts = count_events(true, table_of(true.num_rows, found), 1, tolerance)
            return _f1(counts.hits, counts.present, counts.decided)

        distances = sorted(self._tuning.min_distance_s)
        return _first_best((PeakRule(threshold, gap) for gap, threshold in product(distances, _THRESHOLDS)), value)


class UserEventDecision:
    """A decision of the user's own, called with the frames of one recording; it returns events [E, 3].

    Parameters
    ----------
    settings
        The user's component.
    num_labels
        K.
    """

    def __init__(self, settings: UserComponent, num_labels: int) -> None:
        self._decision, self._place, self._num_labels = settings.build_own(), settings.place, num_labels

    def __call__(self, rows: Rows) -> EventTable:
        """Return the events of some recordings.

        Raises
        ------
        UserCodeError
            If they are no events of these labels.
        """
        return EventTable.of([self._checked(np.asarray(self._decision(row), dtype=np.float64)) for row in rows])

    def _checked(self, events: Values) -> Values:
        fits = events.ndim == 2 and events.shape[1] == 3 and bool(np.isfinite(events).all())
        if not fits or not np.isin(events[:, 2], np.arange(self._num_labels)).all():
            raise UserCodeError(
                f"the decision {self._place} returned an array of shape {list(events.shape)}, but events are [E, 3]: "
                f"onset, offset and a code from 0 to {self._num_labels - 1}; correct its __call__"
            )
        return by_onset(events)


def build_event_decision(settings: Any, num_labels: int) -> EventDecision:
    """Build the decision of a task's `decision` option."""
    if isinstance(settings, UserComponent):
        return UserEventDecision(settings, num_labels)
    if isinstance(settings, PeaksSettings | TunedPeaksSettings):
        return Peaks(settings, num_labels)
    return Spans(settings, num_labels)


def plain_events(rows: Rows, thresholds: Iterable[float]) -> list[EventTable]:
    """Return runs of frames at or above each threshold, without smoothing."""
    num_labels = rows[0].values.shape[1] if len(rows) else 0
    return Spans(EventThresholdSettings(), num_labels).at(rows, thresholds)


def _spans(tracks: Sequence[Track], num_rows: int, rules: Sequence[SpanRule]) -> EventTable:
    found = [
        (code, *track.spans(code, rule.threshold, rule.smoothing))
        for track in tracks
        for code, rule in enumerate(rules)
    ]
    return table_of(num_rows, found)


def _picked(track: Track, peaks: Codes, code: int, rule: PeakRule) -> tuple[Codes, Values, Values]:
    """Return recording, onset and offset of the peaks that are high enough and not too soon after another."""
    high = peaks[track.values[peaks, code] >= rule.threshold]
    rows, times = track.rows[high], track.times_s[high]
    if len(high) > 1 and bool((np.diff(times)[np.diff(rows) == 0] < rule.min_distance_s - 1e-9).any()):
        kept = _apart(rows.tolist(), times.tolist(), rule.min_distance_s)
        rows, times = rows[kept], times[kept]
    times = np.maximum(times, 0.0)
    return rows, times, times


def _apart(rows: list[int], times: list[float], distance_s: float) -> list[int]:
    kept: list[int] = []
    for number, (row, time) in enumerate(zip(rows, times, strict=True)):
        if not kept or rows[kept[-1]] != row or time - times[kept[-1]] >= distance_s - 1e-9:
            kept.append(number)
    return kept


def _of_class(table: EventTable, code: int) -> EventTable:
    own = table.select(table.codes == code)
    return replace(own, codes=np.zeros_like(own.codes))


def _span_f1(true: EventTable, decided: EventTable, metric: str) -> float:
    if metric == "segment_f1":
        counts = count_segments(true, decided, 1, 1.0)
    else:
        counts = count_events(true, decided, 1, Collar(0.2, 0.5))
    return _f1(counts.hits, counts.present, counts.decided)


def _f1(hits: Values, present: Values, decided: Values) -> float:
    return float(2 * hits.sum() / (present.sum() + decided.sum()))


def _first_best(candidates: Iterable[Candidate], value: Callable[[Candidate], float]) -> Candidate:
    return max(candidates, key=value)
