import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from motet.errors import DataError
from motet.files.digest_cache import DigestCache
from motet.signals.readers.arrays import ArraySignal, NumpyFile, stored_array


def saved(path: Path, values: Any) -> Path:
    np.save(path, values)
    return path


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int16, np.uint8, np.bool_, ">f4"])
def test_numbers_of_every_type_keep_their_unit(tmp_path: Path, dtype: Any) -> None:
    values = np.array([[0, 1, 1], [1, 0, 1]]).astype(dtype)

    signal = NumpyFile(saved(tmp_path / "a.npy", values), 50.0).read()

    np.testing.assert_array_equal(signal.values, values.astype(np.float32))
    assert signal.values.dtype == np.float32
    assert signal.rate_hz == 50.0


def test_one_axis_is_time(tmp_path: Path) -> None:
    reader = NumpyFile(saved(tmp_path / "a.npy", np.arange(10)), 10.0)

    np.testing.assert_array_equal(reader.read(0.2, 0.5).values, [[2.0, 3.0, 4.0]])
    assert reader.read(0.2, 0.5).start_s == 0.2


def test_the_layout_says_which_axis_is_time(tmp_path: Path, noise: NDArray[np.float32]) -> None:
    path = saved(tmp_path / "a.npy", noise.T)

    signal = NumpyFile(path, 50.0, layout="time_first").read()

    np.testing.assert_array_equal(signal.values, noise)
    assert signal.values.flags.c_contiguous


@pytest.mark.parametrize("layout", ["channels_first", "time_first"])
def test_a_row_is_a_recording(tmp_path: Path, layout: Any) -> None:
    stack = np.random.default_rng(0).standard_normal((5, 3, 40)).astype(np.float32)
    path = saved(tmp_path / "a.npy", stack if layout == "channels_first" else stack.transpose(0, 2, 1))

    for row in (0, 4):
        np.testing.assert_array_equal(NumpyFile(path, 50.0, row=row, layout=layout).read().values, stack[row])


def test_a_row_of_a_matrix_is_one_channel(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npy", np.arange(12).reshape(3, 4))

    np.testing.assert_array_equal(NumpyFile(path, 4.0, row=1).read().values, [[4.0, 5.0, 6.0, 7.0]])


def test_rows_are_mapped_and_the_file_is_opened_once(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npy", np.zeros((3, 4)))

    assert isinstance(stored_array(path), np.memmap)
    assert stored_array(path) is stored_array(path)


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npy", np.zeros(3))
    NumpyFile(path, 1.0).read()
    saved(path, np.ones(5))

    np.testing.assert_array_equal(NumpyFile(path, 1.0).read().values, [[1.0] * 5])


def test_an_archive_is_read_by_its_key(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.zeros(3), y=np.ones(4))

    assert NumpyFile(path, 1.0, key="y").read().num_samples == 4
    with pytest.raises(DataError, match=r"a\.npz: no key is given; set signal\.reader\.key to one of: x, y"):
        NumpyFile(path, 1.0).read()
    with pytest.raises(DataError, match=r"there is no array 'z'; set signal\.reader\.key to one of: x, y"):
        NumpyFile(path, 1.0, key="z").read()


def test_an_archive_of_one_array_needs_no_key(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", np.zeros(3))

    assert NumpyFile(tmp_path / "a.npz", 1.0).read().num_samples == 3


def test_objects_are_refused_and_no_code_runs(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "sprung",)

    path = tmp_path / "a.npy"
    np.save(path, np.array([Trap()], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "a.npz", x=np.array([Trap()], dtype=object))

    for refused in (path, tmp_path / "a.npz"):
        with pytest.raises(DataError, match=r"no array that NumPy can read without unpickling .*save plain numbers"):
            NumpyFile(refused, 1.0).read()
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("values", "settings", "message"),
    [
        (np.array(["a", "b"]), {}, "holds values of type <U1; integers or floating point numbers are needed"),
        (np.array([1j]), {}, "holds values of type complex128"),
        (np.zeros((2, 3, 4)), {}, r"a recording has shape \(2, 3, 4\); it must have one axis .* name a row"),
        (np.array(1.0), {}, r"a recording has shape \(\); it must have one axis"),
        (np.zeros(4), {"row": 0}, r"the array has shape \(4,\); to read a row it must have two axes"),
        (np.zeros((3, 4)), {"row": 3}, r"\(row 3\): there is no row 3, the rows are 0 to 2; correct the row"),
        (np.zeros((3, 4)), {"row": -1}, "there is no row -1"),
        (np.zeros(0), {}, "holds no samples"),
        (np.zeros((0, 5)), {}, r"holds no samples \(shape \(0, 5\)\)"),
        (np.zeros((2, 0)), {}, r"holds no samples \(shape \(2, 0\)\)"),
        (np.array([0.0, np.nan]), {}, "1 of 2 values are NaN, .* in channel 0 at sample 1"),
        (np.array([[0.0], [-np.inf]]), {}, "1 of 2 values are NaN, .* in channel 1 at sample 0"),
    ],
)
def test_an_array_that_is_no_recording_is_refused(
    tmp_path: Path, values: Any, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=rf"a\.npy.*: {message}|a\.npy {message}"):
        NumpyFile(saved(tmp_path / "a.npy", values), 1.0, **settings).read()


@pytest.mark.parametrize("content", [b"no numpy\n", b"\x93NUMPY", b"\x93NUMPY\x01\x00v\x00{'descr'", b"PK\x03\x04rest"])
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_what_is_no_numpy_file_is_refused(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)

    with pytest.raises(DataError, match=rf"a\{suffix}: no array that NumPy can read without unpickling \(.+\); save"):
        NumpyFile(path, 1.0).read()


@pytest.mark.parametrize("keep", [10, 60, 100, 500, 900])
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, suffix: str, keep: int) -> None:
    path = tmp_path / f"a{suffix}"
    with path.open("wb") as file:
        np.save(file, np.random.default_rng(0).standard_normal(100)) if suffix == ".npy" else np.savez_compressed(
            file, x=np.random.default_rng(0).standard_normal(100)
        )
    path.write_bytes(path.read_bytes()[:keep])

    with pytest.raises(DataError, match="no array that NumPy can read"):
        NumpyFile(path, 1.0).read()


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.random.default_rng(0).standard_normal(1000))
    content = bytearray(path.read_bytes())
    content[300:400] = bytes(100)
    path.write_bytes(content)

    with pytest.raises(DataError, match="no array that NumPy can read"):
        NumpyFile(path, 1.0).read()


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_random_damage_gives_a_signal_or_a_clear_error(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    random = np.random.default_rng(3)
    np.save(path, random.standard_normal(50)) if suffix == ".npy" else np.savez(path, x=random.standard_normal(50))
    content = path.read_bytes()
    refused = 0
    for _ in range(150):
        damaged = bytearray(content)
        for place in random.integers(0, 200, size=3).tolist():
            damaged[place] = int(random.integers(256))
        path.write_bytes(damaged)
        try:
            signal = NumpyFile(path, 1.0).read()
        except DataError:
            refused += 1
        else:
            assert np.isfinite(signal.values).all()
    assert refused > 50


def test_an_archive_without_arrays_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w"):
        pass

    with pytest.raises(DataError, match=r"no key is given; set signal\.reader\.key to one of: none"):
        NumpyFile(tmp_path / "a.npz", 1.0).read()


def test_a_missing_and_an_empty_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.npy").touch()

    with pytest.raises(DataError, match=r"gone\.npy: no such file"):
        NumpyFile(tmp_path / "gone.npy", 1.0).read()
    with pytest.raises(DataError, match=r"empty\.npy: the file is empty"):
        NumpyFile(tmp_path / "empty.npy", 1.0).read()


def test_the_digest_covers_the_content_and_the_way_it_is_read(tmp_path: Path, cache: DigestCache) -> None:
    path, copy = (saved(tmp_path / name, np.zeros((3, 4))) for name in ("a.npy", "b.npy"))
    ways = [{}, {"row": 0}, {"row": 1}, {"layout": "time_first"}, {"key": "x"}]
    digests = [NumpyFile(path, 1.0, **way).digest(cache) for way in ways]  # type: ignore[arg-type]
    digests.append(NumpyFile(path, 2.0).digest(cache))

    assert len(set(digests)) == 6
    assert {len(digest) for digest in digests} == {16}
    assert NumpyFile(copy, 1.0).digest(cache) == digests[0]


def test_the_description_names_row_and_key() -> None:
    path = Path("a.npz")

    assert NumpyFile(path, 1.0).describe() == "a.npz"
    assert NumpyFile(path, 1.0, row=2, key="x").describe() == "a.npz (key 'x', row 2)"


def test_an_array_in_memory(cache: DigestCache) -> None:
    reader = ArraySignal([[1, 2, 3], [4, 5, 6]], rate_hz=1.0)

    np.testing.assert_array_equal(reader.read(1.0, None).values, [[2.0, 3.0], [5.0, 6.0]])
    assert reader.describe() == "array of shape (2, 3)"
    assert len(reader.digest(cache)) == 16


@pytest.mark.parametrize(
    "other",
    [
        ArraySignal(np.array([1.0, 2.5]), 1.0),
        ArraySignal(np.array([1.0, 2.0]), 2.0),
        ArraySignal(np.array([[1.0], [2.0]]), 1.0),
        ArraySignal(np.array([1, 2]), 1.0),
    ],
)
def test_the_digest_tells_arrays_apart(cache: DigestCache, other: ArraySignal) -> None:
    first, equal = (ArraySignal(np.array([1.0, 2.0]), 1.0) for _ in range(2))

    assert first.digest(cache) == equal.digest(cache) != other.digest(cache)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([object()]), r"array of shape \(1,\): holds values of type object"),
        (np.zeros((1, 2, 3)), r"array of shape \(1, 2, 3\): a recording has shape"),
        ([], "holds no samples"),
        ([0.0, float("nan")], "1 of 2 values are NaN"),
    ],
)
def test_an_array_in_memory_that_is_no_recording_is_refused(values: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        ArraySignal(values, 1.0).read()


def test_an_array_of_objects_has_no_digest(cache: DigestCache) -> None:
    with pytest.raises(DataError, match="holds values of type object"):
        ArraySignal(np.array([object()]), 1.0).digest(cache)


def test_a_span_outside_the_array_is_refused(tmp_path: Path) -> None:
    message = re.escape("a.npy: the span from 1 s to 9 s does not lie in the recording of 3 s")

    with pytest.raises(DataError, match=message):
        NumpyFile(saved(tmp_path / "a.npy", np.zeros(3)), 1.0).read(1.0, 9.0)
