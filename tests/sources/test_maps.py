from pathlib import Path

import numpy as np
import pytest
from numpy.typing import DTypeLike, NDArray

from motet.errors import DataError
from motet.files import DigestCache
from motet.sources.maps import ArrayMap, NumpyMap

VALUES = np.arange(2 * 10 * 4, dtype=np.float32).reshape(2, 10, 4)


def test_a_map_has_channels_frames_and_bins() -> None:
    found = ArrayMap(VALUES, rate_hz=20).read()
    np.testing.assert_array_equal(found.values, VALUES)
    assert (found.grid.start_s, found.grid.step_s) == (0.0, 0.05)
    assert ArrayMap(VALUES[0], rate_hz=20).read().values.shape == (1, 10, 4)
    assert ArrayMap(VALUES[0, 0], rate_hz=20).read().values.shape == (1, 1, 4)


def test_a_span_is_a_range_of_frames() -> None:
    found = ArrayMap(VALUES, rate_hz=20).read(0.1, 0.35)
    np.testing.assert_array_equal(found.values, VALUES[:, 2:7])
    assert found.grid.start_s == pytest.approx(0.1)


@pytest.mark.parametrize(("given", "kept"), [("f2", "f2"), ("f4", "f4"), ("f8", "f4"), ("i2", "f4"), ("?", "f4")])
def test_precision_is_single_or_half(given: DTypeLike, kept: DTypeLike) -> None:
    assert ArrayMap(VALUES.astype(given), rate_hz=20).read().values.dtype == np.dtype(kept)


def test_files_hold_one_map_or_a_stack(tmp_path: Path) -> None:
    stack = np.stack([VALUES, VALUES + 1])
    np.save(tmp_path / "one.npy", VALUES)
    np.savez(tmp_path / "many.npz", maps=stack, flat=stack[:, 0])
    np.testing.assert_array_equal(NumpyMap(tmp_path / "one.npy", 20).read(0.25).values, VALUES[:, 5:])
    np.testing.assert_array_equal(NumpyMap(tmp_path / "many.npz", 20, row=1, key="maps").read().values, VALUES + 1)
    assert NumpyMap(tmp_path / "many.npz", 20, row=1, key="flat").read().values.shape == (1, 10, 4)
    assert NumpyMap(tmp_path / "many.npz", 20, row=1, key="maps").describe().endswith("many.npz:maps row 1")


def test_digests_tell_content_and_way_apart(tmp_path: Path) -> None:
    cache = DigestCache()
    np.save(tmp_path / "a.npy", VALUES)
    np.save(tmp_path / "b.npy", VALUES)
    np.save(tmp_path / "c.npy", VALUES + 1)
    readers: list[NumpyMap | ArrayMap] = [
        NumpyMap(tmp_path / "a.npy", 20),
        NumpyMap(tmp_path / "c.npy", 20),
        NumpyMap(tmp_path / "a.npy", 21),
        NumpyMap(tmp_path / "a.npy", 20, row=1),
        ArrayMap(VALUES, 20),
        ArrayMap(VALUES + 1, 20),
        ArrayMap(VALUES, 21),
        ArrayMap(VALUES.reshape(1, 20, 4), 20),
    ]
    digests = [reader.digest(cache) for reader in readers]
    assert len(set(digests)) == len(readers)
    assert {len(digest) for digest in digests} == {16}
    assert NumpyMap(tmp_path / "b.npy", 20).digest(cache) == digests[0]
    assert ArrayMap(np.asfortranarray(VALUES), 20).digest(cache) == digests[4]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            np.zeros((1, 1, 1, 4)),
            r"bad: holds float64 of shape \[1, 1, 1, 4\]; a feature map is numbers of shape \[F\]",
        ),
        (np.zeros((0, 4)), r"bad: holds float64 of shape \[0, 4\]"),
        (np.zeros((2, 4), "c8"), r"bad: holds complex64"),
        (np.full((2, 4), np.nan), r"bad: holds NaN or infinite values; all must be finite"),
    ],
)
def test_other_arrays_are_refused(values: NDArray[np.float64], message: str) -> None:
    with pytest.raises(DataError, match=message):
        ArrayMap(values, rate_hz=20, name="bad").read()


@pytest.mark.parametrize(("start_s", "end_s"), [(0.5, None), (-0.1, 0.2), (0.1, 0.1), (0.0, 0.6)])
def test_spans_lie_in_the_map(start_s: float, end_s: float | None) -> None:
    with pytest.raises(DataError, match=r"array: the span from .* does not lie in the map of 0\.5 s; correct"):
        ArrayMap(VALUES, rate_hz=20).read(start_s, end_s)


def test_rows_are_those_of_a_stack(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", VALUES)
    with pytest.raises(DataError, match=r"a\.npy row 2: the array has shape \[2, 10, 4\]; a stack of maps is"):
        NumpyMap(tmp_path / "a.npy", 20, row=2).read()
