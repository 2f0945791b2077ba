import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motet.evaluation.joined_maps import MapPart, joined

MAP = np.random.default_rng(2).normal(size=(2, 40, 3)).astype(np.float32)


def parts(length: int, hop: int) -> list[MapPart]:
    starts = [*range(0, 40 - length, hop), 40 - length]
    return [MapPart(start, MAP[:, start : start + length]) for start in starts]


@given(st.integers(1, 40), st.integers(1, 40))
def test_segments_that_agree_are_the_map(length: int, hop: int) -> None:
    np.testing.assert_array_equal(joined(parts(length, min(hop, length)), 40), MAP)


def test_where_segments_overlap_one_fades_into_the_other() -> None:
    low, high = np.zeros((1, 8, 1), np.float32), np.full((1, 8, 1), 9.0, np.float32)
    found = joined([MapPart(4, high), MapPart(0, low)], 12)[0, :, 0]
    # Frame 4 is the fourth from the end of the first and the first of the second, and so on.
    expected = [0.0] * 4 + [9.0 * rising / 5 for rising in range(1, 5)] + [9.0] * 4
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_without_overlap_they_stand_one_behind_the_other() -> None:
    np.testing.assert_array_equal(joined([MapPart(0, MAP[:, :25]), MapPart(25, MAP[:, 25:])], 40), MAP)


@pytest.mark.parametrize("frames", [39, 40, 43])
def test_a_map_has_the_frames_that_are_wanted(frames: int) -> None:
    for given_parts in ([MapPart(0, MAP)], parts(10, 5)):
        found = joined(given_parts, frames)
        assert found.shape == (2, frames, 3)
        np.testing.assert_array_equal(found[:, :40], MAP[:, :frames])
        np.testing.assert_array_equal(found[:, 40:], np.repeat(MAP[:, -1:], max(0, frames - 40), axis=1))


def test_what_no_segment_reaches_holds_the_frame_before() -> None:
    found = joined([MapPart(0, MAP[:, :10]), MapPart(12, MAP[:, 12:])], 40)
    np.testing.assert_array_equal(found[:, 10:12], np.repeat(MAP[:, 9:10], 2, axis=1))
    np.testing.assert_array_equal(found[:, 12:], MAP[:, 12:])
