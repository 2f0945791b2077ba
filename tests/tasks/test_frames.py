"""Frames of segments put together, and targets of variable length in one array."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from motet.features.feature_map import TimeGrid
from motet.tasks.frames import FrameValues, as_objects, stitch


def part(start: int, size: int, value: float) -> FrameValues:
    return FrameValues(np.full((size, 2), value, np.float32), TimeGrid(0.01 + 0.1 * start, 0.1))


def test_one_segment_stays_as_it_is() -> None:
    only = part(3, 4, 0.5)
    assert stitch([only]) is only


def test_overlapping_frames_are_averaged_or_the_largest_counts() -> None:
    parts = [part(2, 3, 0.9), part(0, 4, 0.1)]
    mean, largest = stitch(parts), stitch(parts, "max")
    np.testing.assert_allclose(mean.values[:, 0], [0.1, 0.1, 0.5, 0.5, 0.9], atol=1e-6)
    np.testing.assert_allclose(largest.values[:, 1], [0.1, 0.1, 0.9, 0.9, 0.9], atol=1e-6)
    assert mean.grid == TimeGrid(0.01, 0.1)


def test_frames_between_segments_are_zero() -> None:
    np.testing.assert_allclose(stitch([part(0, 1, 0.4), part(3, 1, 0.8)]).values[:, 0], [0.4, 0, 0, 0.8], atol=1e-6)


@given(st.integers(1, 40), st.integers(1, 12), st.integers(1, 12))
def test_cut_and_stitched_is_the_same(size: int, length: int, hop: int) -> None:
    values = np.random.default_rng(size).random((size, 3), dtype=np.float32)
    hop = min(hop, length)
    starts = range(0, max(size - length, 0) + hop, hop)
    parts = [
        FrameValues(values[start : start + length], TimeGrid(0.5 + 0.02 * start, 0.02))
        for start in starts
        if start < size
    ]
    whole = stitch(parts)
    covered = max(start + len(each.values) for start, each in zip(starts, parts, strict=False))
    np.testing.assert_allclose(whole.values, values[:covered], atol=1e-6)


def test_objects_stay_objects_also_where_shapes_agree() -> None:
    array = as_objects([np.zeros((2, 2)), np.ones((2, 2))])
    assert array.shape == (2,)
    assert array[1].sum() == 4
