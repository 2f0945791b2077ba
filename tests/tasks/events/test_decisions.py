"""Decisions: what frames become, by hand and against SciPy; tuning; state."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import median_filter

from motet.config import UserComponent
from motet.errors import UserCodeError
from motet.features.feature_map import TimeGrid
from motet.tasks.events.decisions import Peaks, Spans, build_event_decision, plain_events
from motet.tasks.events.event_list import EventTable
from motet.tasks.events.settings import (
    EventThresholdSettings,
    PeaksSettings,
    TunedEventsSettings,
    TunedPeaksSettings,
)
from motet.tasks.events.tracks import tracks_of
from motet.tasks.frames import FrameValues

STEP = 0.1


def frames(*values: list[float], step_s: float = STEP, start_s: float = 0.0) -> FrameValues:
    return FrameValues(np.array(values, dtype=np.float32).T, TimeGrid(start_s, step_s))


def spans(values: list[float], **options: float) -> list[list[float]]:
    decision = Spans(EventThresholdSettings.model_validate(options), 1)
    found: list[list[float]] = decision([frames(values)]).lists()[0][:, :2].round(6).tolist()
    return found


def peaks(values: list[float], **options: float) -> list[float]:
    decision = Peaks(PeaksSettings.model_validate({"window_s": 0.1, "min_distance_s": 0.1, **options}), 1)
    found: list[float] = decision([frames(values)]).onsets.round(6).tolist()
    return found


def test_a_run_of_active_frames_lasts_from_half_a_step_before_it_to_half_a_step_behind() -> None:
    assert spans([0.1, 0.5, 0.9, 0.2, 0.7]) == [[0.05, 0.25], [0.35, 0.45]]
    assert spans([0.9, 0.0]) == [[0.0, 0.05]]
    assert spans([0.3, 0.5], value=0.2) == [[0.0, 0.15]]
    assert spans([0.1, 0.2]) == []


def test_gaps_are_closed_before_short_events_are_dropped() -> None:
    values = [0, 1, 0, 1, 0, 0, 0, 1, 0.0]
    assert spans(values, min_gap_s=0.2) == [[0.05, 0.35], [0.65, 0.75]]
    assert spans(values, min_gap_s=0.2, min_duration_s=0.3) == [[0.05, 0.35]]
    assert spans(values, min_duration_s=0.2) == []


def test_no_gap_between_two_recordings_is_closed_and_distances_of_frames_may_differ() -> None:
    decision = Spans(EventThresholdSettings(min_gap_s=5.0), 2)
    rows = [frames([0, 1], [0, 0]), frames([1, 0], [0, 1], step_s=0.5), frames([0, 1], [0, 0], start_s=2.0)]
    found = [events.round(6).tolist() for events in decision(rows).lists()]
    assert found == [[[0.05, 0.15, 0]], [[0.0, 0.25, 0], [0.25, 0.75, 1]], [[2.05, 2.15, 0]]]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(0, 3))
def test_the_filter_is_a_median_over_zeros_beyond_the_ends(active: list[bool], reach: int) -> None:
    values = np.array(active, dtype=np.float64)
    expected = median_filter(values, size=2 * reach + 1, mode="constant") > 0.5
    (track,) = tracks_of([frames(values.tolist()), frames([1.0] * 5)], longest_s=1.0)
    found = track._filtered(track.values[:, 0] >= 0.5, median_s=2 * reach * STEP)
    assert np.array_equal(found[: len(active)], expected)


def test_a_peak_is_the_first_of_the_largest_nearby_and_high_enough() -> None:
    assert peaks([0.1, 0.6, 0.9, 0.6, 0.1]) == [0.2]
    assert peaks([0.9, 0.1, 0.1, 0.8]) == [0.0, 0.3]
    assert peaks([0.7, 0.7, 0.1]) == [0.0]
    assert peaks([0.1, 0.4, 0.1]) == []
    assert peaks([0.1, 0.4, 0.1], value=0.3) == [0.1]


def test_a_peak_that_follows_too_soon_is_dropped() -> None:
    values = [0.9, 0.1, 0.8, 0.1, 0.7, 0.0]
    assert peaks(values, min_distance_s=0.2) == [0.0, 0.2, 0.4]
    assert peaks(values, min_distance_s=0.3) == [0.0, 0.4]


def truth(*events: list[list[float]]) -> EventTable:
    return EventTable.of([np.array(row, dtype=np.float64).reshape(-1, 3) for row in events])


def test_tuning_finds_each_labels_threshold_and_filter() -> None:
    quiet = [0.05, 0.12, 0.12, 0.12, 0.12, 0.05, 0.05, 0.12, 0.05, 0.05] * 3
    loud = [0.71, 0.9, 0.9, 0.9, 0.9, 0.71, 0.71, 0.71, 0.71, 0.71] * 3
    true = [[10 * turn * STEP + 0.05, 10 * turn * STEP + 0.45, code] for turn in range(3) for code in (0, 1)]
    rows = [frames(quiet, loud), frames([0.05] * 5, [0.71] * 5)]
    decision = Spans(TunedEventsSettings(median_s=(0.0, 0.3), min_gap_s=(0.0,), min_duration_s=(0.0, 0.2)), 2)
    decision.tune(rows, truth(true, []))
    found = decision(rows)
    assert found.lists()[0].round(6).tolist() == [[round(v, 6) for v in event] for event in sorted(true)]
    assert len(found.lists()[1]) == 0
    state = json.loads(json.dumps(decision.state()))
    assert state["thresholds"] == [0.1, 0.75]
    again = Spans(TunedEventsSettings(), 2)
    again.load_state(state)
    assert again(rows).lists()[0].tolist() == found.lists()[0].tolist()


def test_a_label_without_events_in_development_rows_keeps_the_defaults() -> None:
    for decision in (Spans(TunedEventsSettings(), 1), Peaks(TunedPeaksSettings(), 1)):
        decision.tune([frames([0.2, 0.9])], truth([]))
        assert len(decision([frames([0.1, 0.6, 0.1])])) == 1
        assert len(decision([frames([0.1, 0.4, 0.1])])) == 0


def test_tuned_peaks_find_onsets_under_a_half_and_their_distance() -> None:
    values = [0.0] * 100
    for place in (10, 40, 70):
        values[place], values[place + 4] = 0.3, 0.25
    rows = [frames(values, step_s=0.01)]
    decision = Peaks(TunedPeaksSettings(), 1)
    decision.tune(rows, truth([[0.1, 0.1, 0], [0.4, 0.4, 0], [0.7, 0.7, 0]]))
    assert decision(rows).onsets.tolist() == pytest.approx([0.1, 0.4, 0.7])
    again = Peaks(TunedPeaksSettings(), 1)
    again.load_state(json.loads(json.dumps(decision.state())))
    assert again(rows).onsets.tolist() == pytest.approx([0.1, 0.4, 0.7])


def test_other_thresholds_are_smoothed_alike() -> None:
    decision = Spans(EventThresholdSettings(min_duration_s=0.2), 1)
    rows = [frames([0.0, 0.3, 0.6, 0.3, 0.0])]
    assert [len(table) for table in decision.at(rows, [0.2, 0.5])] == [1, 0]
    assert [len(table) for table in plain_events(rows, [0.2, 0.5])] == [1, 1]


def test_what_is_fixed_is_not_tuned() -> None:
    decision = Spans(EventThresholdSettings(value=0.9), 1)
    decision.tune([frames([0.2, 0.3])], truth([[0.05, 0.15, 0]]))
    assert decision.state() == {}
    assert len(decision([frames([0.2, 0.3])])) == 0


class FirstFrame:
    """A decision of a user's own: one event of the first label, as long as the first frame."""

    def __init__(self, code: int = 0) -> None:
        self.code = code

    def __call__(self, row: FrameValues) -> list[list[float]]:
        return [[row.grid.start_s, row.grid.start_s + row.grid.step_s, self.code]]


def test_a_decision_of_ones_own_gives_events_of_one_recording() -> None:
    rows = [frames([0.2, 0.3]), frames([0.1], start_s=2.0)]
    found = build_event_decision(UserComponent.of(FirstFrame), 1)(rows).lists()
    assert [events.round(6).tolist() for events in found] == [[[0.0, 0.1, 0.0]], [[2.0, 2.1, 0.0]]]
    with pytest.raises(UserCodeError, match=r"events are \[E, 3\]: onset, offset and a code from 0 to 0"):
        build_event_decision(UserComponent.of(FirstFrame, code=4), 1)(rows)
