import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from motet.config import UserComponent
from motet.data.segments import Segments, fit_length
from motet.data.settings import CentreCropSettings, SegmentSettings, StartCropSettings
from motet.errors import ConfigError

Integers = NDArray[np.int64]


def segments(length_s: float = 1.0, **settings: object) -> Segments:
    return Segments(SegmentSettings.model_validate({"length_s": length_s, **settings}), length_s)


@pytest.mark.parametrize(
    ("length_s", "seconds"), [(2.5, 2.5), ("mean", 4.0), ("median", 3.0), ("min", 1.0), ("max", 8.0)]
)
def test_the_length_is_given_or_fitted(length_s: object, seconds: float) -> None:
    settings = SegmentSettings.model_validate({"length_s": length_s})
    assert fit_length(settings, np.array([1.0, 3.0, 8.0])) == seconds


def test_frames_are_rounded_and_at_least_one() -> None:
    assert segments(1.0).num_frames(0.01) == 100
    assert segments(1.0).num_frames(0.3) == 3
    assert segments(0.001).num_frames(0.01) == 1


def test_a_random_crop_is_uniform_over_all_places() -> None:
    uniforms = (np.arange(600) + 0.5) / 600
    starts = segments(0.05).crop(np.full(600, 10), 0.01, uniforms)
    assert np.bincount(starts).tolist() == [100] * 6


def test_evaluation_takes_the_centre() -> None:
    lengths = np.array([10, 11, 3, 5])
    assert segments(0.05).crop(lengths, 0.01).tolist() == [3, 3, 0, 0]
    assert segments(0.05, crop="centre").crop(lengths, 0.01, np.zeros(4)).tolist() == [3, 3, 0, 0]


def test_without_a_hop_evaluation_looks_at_one_segment() -> None:
    rows, starts = segments(0.05).slide(np.array([10, 3]), 0.01)
    assert (rows.tolist(), starts.tolist()) == ([0, 1], [3, 0])


@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.integers(1, 20), st.integers(1, 25))
def test_sliding_segments_cover_every_frame(lengths: list[int], num_frames: int, hop: int) -> None:
    found = segments(num_frames / 100, hop_s=hop / 100)
    rows, starts = found.slide(np.asarray(lengths), 0.01)
    assert (np.diff(rows) >= 0).all()
    for row, length in enumerate(lengths):
        own = starts[rows == row]
        assert own[0] == 0
        assert own[-1] == max(length - num_frames, 0)
        assert (np.diff(own) > 0).all()
        assert (np.diff(own) <= hop).all()
        covered = {frame for start in own for frame in range(start, min(start + num_frames, length))}
        assert len(covered) == length or hop > num_frames


class Last:
    """The end of every row, or a fixed place."""

    def __init__(self, place: int | None = None) -> None:
        self.place = place

    def __call__(self, lengths: Integers, num_frames: int, uniforms: NDArray[np.float64]) -> Integers:
        if self.place is not None:
            return np.full(len(lengths), self.place)
        return np.maximum(lengths - num_frames, 0)


def test_a_rule_of_the_users_own() -> None:
    settings = SegmentSettings(length_s=0.05, crop=UserComponent.of(Last))
    assert Segments(settings, 0.05).crop(np.array([12, 3]), 0.01).tolist() == [7, 0]


@pytest.mark.parametrize(
    ("place", "message"), [(8, "at frame 8 of a row with 12 frames, but it starts from 0 to 7"), (-1, "at frame -1")]
)
def test_a_rule_that_leaves_the_row_is_refused(place: int, message: str) -> None:
    settings = SegmentSettings(length_s=0.05, crop=UserComponent.of(Last, place=place))
    with pytest.raises(ConfigError, match=message):
        Segments(settings, 0.05).crop(np.array([12, 30]), 0.01)


def test_a_rule_that_returns_something_else_is_refused() -> None:
    settings = SegmentSettings(length_s=0.05, crop=UserComponent.of(lambda lengths, num_frames, uniforms: uniforms))
    with pytest.raises(ConfigError, match=r"returned float64 of shape .* one whole number per row"):
        Segments(settings, 0.05).crop(np.array([12, 30]), 0.01)


def test_start_crops_begin_at_the_start() -> None:
    found = Segments(SegmentSettings(length_s=0.05, crop=StartCropSettings()), 0.05)
    assert found.crop(np.array([50, 3]), 0.01, np.array([0.9, 0.1])).tolist() == [0, 0]
    assert [part.tolist() for part in found.slide(np.array([50, 3]), 0.01)] == [[0, 1], [0, 0]]
    assert not found.random


def test_centre_crops_ignore_draws() -> None:
    found = Segments(SegmentSettings(length_s=0.05, crop=CentreCropSettings()), 0.05)
    assert (found.crop(np.array([50]), 0.01, np.array([0.9])) == found.crop(np.array([50]), 0.01)).all()


@pytest.mark.parametrize(("hop_s", "hop"), [(None, 5), (0.2, 5), (0.1, 10), (0.03, 3)])
def test_covering_segments_leave_no_frame_out(hop_s: float | None, hop: int) -> None:
    found = segments(0.1, hop_s=hop_s)
    covering = found.covering()
    assert (covering is found) == (hop_s in (0.1, 0.03))
    for length in (3, 10, 17, 60):
        _, starts = covering.slide(np.array([length]), 0.01)
        assert starts.tolist() == [*range(0, max(length - 10, 0), hop), max(length - 10, 0)]
