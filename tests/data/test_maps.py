import numpy as np
import pytest

from motet.data.maps import DataSetMaps, fill_up, shared_shapes
from motet.data.segments import Segments
from motet.data.settings import SegmentSettings
from motet.errors import DataError
from tests.data.builders import ragged


@pytest.mark.parametrize("valid", [1, 2, 3, 5, 11, 12])
def test_wrapping_is_that_of_numpy(valid: int) -> None:
    frames = np.random.default_rng(0).normal(size=(12, 2, 3)).astype(np.float32)
    expected = np.pad(frames[:valid], [(0, 12 - valid), (0, 0), (0, 0)], mode="wrap")
    fill_up(frames, valid, "wrap")
    assert np.array_equal(frames, expected)


@pytest.mark.parametrize("valid", [1, 5, 12])
def test_repeating_is_the_edge_of_numpy(valid: int) -> None:
    frames = np.random.default_rng(0).normal(size=(12, 2, 3)).astype(np.float32)
    expected = np.pad(frames[:valid], [(0, 12 - valid), (0, 0), (0, 0)], mode="edge")
    fill_up(frames, valid, "repeat")
    assert np.array_equal(frames, expected)


def test_segments_are_drawn_in_the_frames_of_the_coarsest_input() -> None:
    sources = {
        "wave": ragged([900, 1000], step_s=0.001),
        "mel": ragged([90, 100], step_s=0.01),
        "vector": ragged([1, 1], step_s=9.0),
    }
    maps = DataSetMaps.of(sources, 2, Segments(SegmentSettings(length_s=0.5), 0.5))
    assert (maps.main, maps.step_s, maps.num_frames) == ("mel", 0.01, {"wave": 500, "mel": 50})
    rows, starts = np.array([0, 1]), np.array([7, 50])
    wave = maps.ranges("wave", rows, starts)
    assert (wave.starts.tolist(), wave.stops.tolist(), wave.frames.tolist()) == ([70, 500], [570, 1000], [500, 500])
    late = maps.ranges("wave", np.array([0]), np.array([49]))
    assert (late.starts.tolist(), late.stops.tolist()) == ([400], [900])
    vector = maps.ranges("vector", rows, starts)
    assert (vector.starts.tolist(), vector.stops.tolist(), vector.frames.tolist()) == ([0, 0], [1, 1], [1, 1])


def test_vectors_are_not_cut() -> None:
    maps = DataSetMaps.of({"vector": ragged([1, 1])}, 2, Segments(SegmentSettings(length_s=0.5), 0.5))
    assert maps.segments is None


def test_one_input_has_one_shape() -> None:
    sources = {"a": {"mel": ragged([5], bins=4)}, "b": {"mel": ragged([5], channels=2, bins=4)}}
    message = "input 'mel': data set 'a' has 1 channels of 4 bins and 'b' 2 of 4"
    with pytest.raises(DataError, match=message):
        shared_shapes(sources, ["a", "b"])


def test_the_shape_of_an_input_is_that_of_any_data_set_that_has_it() -> None:
    sources = {"a": {"mel": ragged([5], bins=4)}, "b": {"mel": ragged([9], bins=4), "wave": ragged([9], bins=1)}}
    shapes, grids = shared_shapes(sources, ["a", "b"])
    assert shapes == {"mel": (1, 4), "wave": (1, 1)}
    assert grids["wave"] == sources["b"]["wave"].grid
