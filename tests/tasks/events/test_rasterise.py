"""Events on frames: values, and a loop that says the same slowly."""

import math

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from motet.features.feature_map import TimeGrid
from motet.tasks.events.rasterise import clip_labels, rasterise, rasterise_onsets, weak_rows

GRID = TimeGrid(0.0, 0.1)
Event = tuple[float, float, int]


def frames_of(events: list[Event], grid: TimeGrid = GRID, frames: int = 6, classes: int = 2) -> Tensor:
    tensor = torch.tensor([events]) if events else torch.zeros(1, 0, 3)
    return rasterise(tensor, torch.tensor([len(events)]), grid, num_frames=frames, num_classes=classes)[0]


def test_a_frame_is_active_where_an_event_covers_its_time() -> None:
    # Frames stand at 0, 0.1, ... 0.5 s.
    assert frames_of([(0.1, 0.3, 0)])[:, 0].tolist() == [0, 1, 1, 0, 0, 0]
    assert frames_of([(0.06, 0.24, 0)])[:, 0].tolist() == [0, 1, 1, 0, 0, 0]
    assert frames_of([(0.04, 0.16, 1)])[:, 1].tolist() == [0, 1, 0, 0, 0, 0]


def test_an_event_between_two_frames_activates_the_nearest() -> None:
    assert frames_of([(0.26, 0.28, 0)])[:, 0].tolist() == [0, 0, 0, 1, 0, 0]
    assert frames_of([(0.22, 0.22, 0)])[:, 0].tolist() == [0, 0, 1, 0, 0, 0]


def test_events_beyond_the_map_are_left_out_and_those_that_reach_over_its_ends_are_cut() -> None:
    assert frames_of([(-1.0, 0.15, 0), (0.45, 9.0, 0), (-3.0, -2.0, 1), (7.0, 8.0, 1)])[:, 0].tolist() == [
        1, 1, 0, 0, 0, 1,
    ]  # fmt: skip
    assert not frames_of([(-3.0, -2.0, 1), (7.0, 8.0, 1)]).any()


def test_frames_beyond_a_rows_length_stay_empty() -> None:
    events = torch.tensor([[[0.0, 0.6, 0.0]], [[0.0, 0.6, 0.0]]])
    active = rasterise(events, torch.tensor([1, 1]), GRID, num_frames=6, num_classes=1, lengths=torch.tensor([2, 6]))
    assert active.sum(dim=(1, 2)).tolist() == [2, 6]


def test_padding_and_labels_without_times_activate_nothing() -> None:
    nan = float("nan")
    events = torch.tensor([[[0.0, 0.6, 1.0], [0.0, 0.6, 0.0]], [[nan, nan, 1.0], [0.0, 0.0, 0.0]]])
    counts = torch.tensor([1, 1])
    active = rasterise(events, counts, GRID, num_frames=6, num_classes=2)
    assert active[0].sum(dim=0).tolist() == [0, 6]
    assert not active[1].any()
    assert weak_rows(events, counts).tolist() == [False, True]
    assert clip_labels(events, counts, 2).tolist() == [[0, 1], [0, 1]]


def test_a_weak_row_may_have_no_label_and_a_strong_one_no_event() -> None:
    nan = float("nan")
    events, counts = torch.tensor([[[nan, nan, -1.0]], [[0.0, 0.0, 0.0]]]), torch.tensor([1, 0])
    assert weak_rows(events, counts).tolist() == [True, False]
    assert not clip_labels(events, counts, 2).any()
    assert not rasterise(events, counts, GRID, num_frames=4, num_classes=2).any()
    assert not rasterise_onsets(events, counts, GRID, num_frames=4, num_classes=2).any()


def test_an_onset_activates_the_nearest_frame_and_its_neighbours_in_part() -> None:
    events, counts = torch.tensor([[[0.26, 0.26, 0.0], [0.05, 0.05, 0.0]]]), torch.tensor([2])
    onset, wide = (
        rasterise_onsets(events, counts, GRID, num_frames=6, num_classes=1, width=width)[0, :, 0] for width in (0, 1)
    )
    assert onset.tolist() == [0, 1, 0, 1, 0, 0]
    assert wide.tolist() == [0.5, 1, 0.5, 1, 0.5, 0]


@st.composite
def rows(draw: st.DrawFn) -> tuple[list[list[Event]], TimeGrid, int]:
    """No time, and no middle of two, lies on a frame's time or edge."""
    step = draw(st.sampled_from([0.01, 0.02, 0.5]))
    start = draw(st.sampled_from([0.0, 0.25, -1.5])) * step
    time = st.integers(-200, 600).map(lambda number: start + (4 * number + 1) / 128 * step)
    event = st.tuples(time, time, st.integers(0, 2)).map(lambda e: (min(e[:2]), max(e[:2]), e[2]))
    return draw(st.lists(st.lists(event, max_size=5), min_size=1, max_size=4)), TimeGrid(start, step), 12


@settings(max_examples=60, deadline=None)
@given(rows())
def test_it_equals_a_loop_over_events_and_frames(drawn: tuple[list[list[Event]], TimeGrid, int]) -> None:
    events, grid, num_frames = drawn
    expected, nearest = np.zeros((2, len(events), num_frames, 3))
    for row, listed in enumerate(events):
        for onset, offset, code in listed:
            times = [grid.start_s + frame * grid.step_s for frame in range(-50, 50)]
            covered = [frame - 50 for frame, time in enumerate(times) if onset <= time < offset]
            middle = math.floor(((onset + offset) / 2 - grid.start_s) / grid.step_s + 0.5)
            for frame in covered or [middle]:
                if 0 <= frame < num_frames:
                    expected[row, frame, code] = 1
            frame = math.floor((onset - grid.start_s) / grid.step_s + 0.5)
            if 0 <= frame < num_frames:
                nearest[row, frame, code] = 1
    padded = np.zeros((len(events), max(1, max(map(len, events))), 3))
    for row, listed in enumerate(events):
        padded[row, : len(listed)] = np.array(listed).reshape(-1, 3)
    counts = torch.tensor([len(listed) for listed in events])
    tensor = torch.from_numpy(padded)
    found = rasterise(tensor, counts, grid, num_frames=num_frames, num_classes=3)
    onsets = rasterise_onsets(tensor, counts, grid, num_frames=num_frames, num_classes=3)
    assert np.array_equal(found.numpy(), expected)
    assert np.array_equal(onsets.numpy(), nearest)
