import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.store.numbered import held, item, items, key, matrix

from motet.errors import DataError
from motet.files import disk
from motet.store import Store
from motet.store.store import Item


def _starts_and_stops(frames: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows = np.arange(len(frames))
    starts = rows % 3
    return starts, np.maximum(starts, frames - rows % 2)


def test_holds_what_was_appended(store: Store) -> None:
    assert store.append(items(range(20))) == 20
    assert held(store, range(25)) == list(range(20))


def test_opened_again_holds_the_same(store: Store) -> None:
    store.append(items(range(20)))
    with Store(store.directory) as again:
        assert held(again, range(20)) == list(range(20))
        assert again.problems() == []


def test_entries_describe_the_matrices(store: Store) -> None:
    store.append(items(range(9)))
    entries = store.find([key(number) for number in (8, 100, 3)])
    assert entries.present.tolist() == [True, False, True]
    assert entries.frames.tolist() == [4, 0, 6]
    assert entries.channels.tolist() == [1, 0, 2]
    assert entries.bins.tolist() == [4, 0, 4]
    assert entries.start_s.tolist() == [1.0, 0.0, 0.375]
    assert entries.step_s.tolist() == [0.01, 0.0, 0.01]
    assert entries.num_bytes.tolist() == [4 * 4 * 4, 0, 6 * 2 * 4 * 4]
    assert entries.keys == [key(8), bytes(16), key(3)]


def test_entries_are_indexed_like_arrays(store: Store) -> None:
    store.append(items(range(9)))
    entries = store.find([key(number) for number in range(9)])
    assert entries[-1].keys == entries[np.int64(8)].keys == [key(8)]
    assert entries[2:4].keys == [key(2), key(3)]
    assert entries[np.array([5, 5, 1])].keys == [key(5), key(5), key(1)]
    assert len(entries[entries.channels == 2]) == 4


def test_finds_nothing_in_a_folder_that_does_not_exist(store: Store) -> None:
    assert store.find([key(1)]).present.tolist() == [False]
    assert len(store.find([])) == 0
    assert not store.directory.exists()


def test_missing_names_each_key_once_in_order(store: Store) -> None:
    store.append(items([2]))
    assert store.missing([key(3), key(2), key(1), key(3)]) == [key(3), key(1)]


def test_a_key_keeps_its_first_matrix(store: Store) -> None:
    store.append(items([1]))
    assert store.append([(key(1), matrix(2), 0.0, 1.0)]) == 0
    assert store.append([item(3), item(3), item(1)]) == 1
    assert held(store, [1, 3]) == [1, 3]


def test_sees_what_another_store_of_the_folder_appends(store: Store) -> None:
    assert store.find([key(1)]).present.tolist() == [False]
    with Store(store.directory) as other:
        other.append(items(range(3)))
        assert held(store, range(3)) == [0, 1, 2]
        store.append(items(range(6)))
        assert held(other, range(6)) == list(range(6))
    assert (store.directory / "maps.v1.index").stat().st_size == 6 * 72


def test_keys_that_begin_alike_or_end_in_zeros_stay_apart(store: Store) -> None:
    keys = [bytes(16), b"a" + bytes(15), b"a" * 15 + b"\0", b"a" * 16]
    store.append((name, np.full((1, 1, 1), number, np.float32), 0.0, 0.0) for number, name in enumerate(keys))
    assert [store.read(store.find([name])).item() for name in keys] == [0, 1, 2, 3]


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_keeps_the_type_and_every_bit(store: Store, dtype: type[np.float32] | type[np.float16]) -> None:
    values: NDArray[Any] = np.array([0, -0.0, 1 / 3, np.inf, np.nan, 6e-8], dtype).reshape(2, 1, 3)
    store.append([(key(1), values, 0.0, 0.0)])
    read = store.read(store.find([key(1)]))
    assert read.dtype == dtype
    assert read.tobytes() == values.tobytes()


def test_takes_transposed_matrices_and_copies_them(store: Store) -> None:
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)

    def given() -> Iterator[Item]:
        yield key(1), values.transpose(1, 0, 2), 0.0, 0.0
        values[:] = -1

    store.append(given())
    expected = np.arange(24, dtype=np.float32).reshape(2, 3, 4).transpose(1, 0, 2)
    np.testing.assert_array_equal(store.read(store.find([key(1)])), expected)


@pytest.fixture(params=["preadv", "seek and read"])
def any_platform(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "seek and read":
        monkeypatch.setattr(disk, "_positional_read", None)


@pytest.mark.usefixtures("any_platform")
@pytest.mark.parametrize("stored", [np.float32, np.float16])
@pytest.mark.parametrize("wanted", [np.float32, np.float16])
def test_reads_ranges_of_frames_of_many_matrices(store: Store, stored: type[Any], wanted: type[Any]) -> None:
    numbers = list(range(0, 30, 2))  # of one channel
    store.append((key(number), matrix(number).astype(stored), 0.0, 0.01) for number in numbers)
    entries = store.find([key(number) for number in numbers])
    starts, stops = _starts_and_stops(entries.frames)
    out = np.full((len(numbers), 10, 1, 4), -1, wanted)
    store.read_many(entries, starts, stops, out)
    for number, start, stop, row in zip(numbers, starts, stops, out, strict=True):
        np.testing.assert_array_equal(row[: stop - start], matrix(number).astype(stored)[start:stop].astype(wanted))
        assert (row[stop - start :] == -1).all(), "what lies behind is left as it is"


def test_reads_float32_and_float16_in_one_batch(store: Store) -> None:
    store.append([item(0), (key(2), matrix(2).astype(np.float16), 0.0, 0.0)])
    entries = store.find([key(0), key(2)])
    out = np.zeros((2, 5, 1, 4), np.float32)
    store.read_many(entries, np.zeros(2, np.int64), entries.frames, out)
    np.testing.assert_array_equal(out[0, :3], matrix(0))
    np.testing.assert_array_equal(out[1], matrix(2).astype(np.float16).astype(np.float32))


def test_reads_no_rows_and_empty_ranges(store: Store) -> None:
    store.append(items([0]))
    entries, none = store.find([key(0)]), np.zeros(0, np.int64)
    store.read_many(entries[:0], none, none, np.zeros((0, 5, 1, 4), np.float32))
    out = np.full((1, 2, 1, 4), 7, np.float32)
    store.read_many(entries, np.array([1]), np.array([1]), out)
    assert (out == 7).all()
    store.read_many(entries, np.array([1]), np.array([1]), out[:, :0].copy())


@pytest.mark.parametrize(
    ("start", "stop", "shape"),
    [(-1, 2, (1, 5, 1, 4)), (0, 4, (1, 5, 1, 4)), (2, 1, (1, 5, 1, 4)), (0, 3, (1, 2, 1, 4)), (0, 3, (1, 5, 2, 4))],
)
def test_ranges_outside_a_matrix_or_the_array_are_a_defect(
    store: Store, start: int, stop: int, shape: tuple[int, int, int, int]
) -> None:
    store.append(items([0]))
    with pytest.raises(AssertionError, match="ranges of frames lie within them, and fit the array"):
        store.read_many(store.find([key(0)]), np.array([start]), np.array([stop]), np.zeros(shape, np.float32))


def test_reading_a_missing_entry_is_a_defect(store: Store) -> None:
    with pytest.raises(AssertionError, match="missing entries cannot be read"):
        store.read_many(
            store.find([key(0)]), np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros((1, 5, 1, 4), np.float32)
        )


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((3, 4), np.float32),
        np.zeros((0, 1, 4), np.float32),
        np.zeros((3, 1, 4), np.float64),
        np.zeros((3, 1, 4), np.dtype(">f4")),
    ],
)
def test_what_is_no_feature_map_is_refused_and_what_came_before_is_kept(
    store: Store, values: NDArray[np.float32]
) -> None:
    with pytest.raises(DataError, match=r"feature map of shape \(.*\) and type .* cannot be stored: it needs"):
        store.append([item(1), (key(2), values, 0.0, 0.0)])
    assert held(store, range(4)) == [1]


def test_an_error_in_the_iterable_keeps_what_came_before(store: Store) -> None:
    def broken() -> Iterator[Item]:
        yield from items(range(5))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.append(broken())
    assert held(store, range(9)) == list(range(5))


def test_a_matrix_larger_than_a_group_is_stored(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("motet.store.writer._GROUP_BYTES", 100)
    monkeypatch.setattr("motet.store.data_file._CHUNK_BYTES", 100)
    values = np.arange(3000, dtype=np.float32).reshape(100, 3, 10)
    store.append([item(1), (key(2), values, 0.0, 0.0), item(3)])
    np.testing.assert_array_equal(store.read(store.find([key(2)])), values)
    assert held(store, [1, 3]) == [1, 3]


def test_a_slow_writer_commits_by_the_clock(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("motet.store.writer._GROUP_S", -1.0)
    with store.writer() as writer:
        writer.add(*item(1))
        with Store(store.directory) as other:
            assert held(other, [1]) == [1]


def test_a_fast_writer_waits_for_a_group(store: Store) -> None:
    with store.writer() as writer:
        writer.add(*item(1))
        with Store(store.directory) as other:
            assert held(other, [1]) == []
        writer.commit()
        with Store(store.directory) as other:
            assert held(other, [1]) == [1]
    assert writer.num_written == 1


def test_threads_share_one_store(store: Store) -> None:
    numbers = list(range(0, 400, 2))
    store.append(items(numbers))
    entries = store.find([key(number) for number in numbers])
    wrong: list[int] = []

    def read(first: int) -> None:
        out = np.zeros((1, 9, 1, 4), np.float32)
        for place in range(first, len(numbers), 4):
            store.read_many(entries[place], np.zeros(1, np.int64), entries[place].frames, out)
            expected = matrix(numbers[place])
            if not np.array_equal(out[0, : len(expected)], expected):
                wrong.append(numbers[place])

    threads = [threading.Thread(target=read, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_works_where_locks_and_positional_reads_are_missing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "_positional_read", None)
    monkeypatch.setattr("motet.files.locking._fcntl", None)
    monkeypatch.setattr("motet.files.locking._msvcrt", None)
    store.append(items(range(9)))
    assert held(store, range(9)) == list(range(9))
    assert not (store.directory / "lock.held").exists()


def test_closed_it_opens_again_when_read(store: Store) -> None:
    store.append(items([1]))
    assert held(store, [1]) == [1]
    store.close()
    assert held(store, [1]) == [1]


def test_dropped_without_closing_it_leaves_no_file_open(tmp_path: Path) -> None:
    folder = Path("/proc/self/fd")
    if not folder.exists():
        pytest.skip("only Linux lists open files there")
    before = len(list(folder.iterdir()))
    for _ in range(5):
        unclosed = Store(tmp_path)
        unclosed.append(items([1]))
        assert held(unclosed, [1]) == [1]
        del unclosed
    assert len(list(folder.iterdir())) <= before
