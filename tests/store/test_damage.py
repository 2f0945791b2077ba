"""Damage of every kind is found, named, and made good by computing anew; nothing wrong is ever returned."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.store.numbered import held, items, key, matrix

from motet.errors import MachineError
from motet.store import DamagedEntryError, Store

NUMBERS = range(4)
INDEX, DATA = "maps.v1.index", "maps.v1.data"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """The folder of a store with a few matrices."""
    with Store(tmp_path / "good") as store:
        store.append(items(NUMBERS))
    return tmp_path / "good"


@pytest.fixture(params=[11, pytest.param(1, marks=pytest.mark.full)])
def step(request: pytest.FixtureRequest) -> int:
    """Every how many bytes are tried."""
    return int(request.param)


def _content(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in (INDEX, DATA)}


def _restore(folder: Path, content: dict[str, bytes]) -> None:
    for name, data in content.items():
        (folder / name).write_bytes(data)


def _flip(path: Path, position: int, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1 << bit
    path.write_bytes(content)


def _make_good(folder: Path) -> None:
    """Append what is missing; afterwards everything must be right, in this process and in the next."""
    with Store(folder) as store:
        store.append(items(NUMBERS))
        assert held(store, NUMBERS) == list(NUMBERS)
    with Store(folder) as store:
        assert held(store, NUMBERS) == list(NUMBERS)
        assert store.problems() == []


def test_any_flipped_byte_of_the_index_costs_one_matrix_and_is_named(good: Path, step: int) -> None:
    content = _content(good)
    for position in range(0, len(content[INDEX]), step):
        _restore(good, content)
        _flip(good / INDEX, position, position % 8)
        with Store(good) as store:
            row = position // 72
            assert held(store, NUMBERS) == [number for number in NUMBERS if number != row], f"byte {position}"
            assert store.problems() == [
                f"{good / INDEX}: record {row} is damaged; what it held counts as missing and is computed again"
            ]
        _make_good(good)


def test_any_flipped_byte_of_the_data_costs_one_matrix_and_is_named(good: Path, step: int) -> None:
    content = _content(good)
    with Store(good) as store:
        entries = store.find([key(number) for number in NUMBERS])
        stops = np.cumsum(entries.num_bytes)
    for position in range(0, int(stops[-1]), step):
        _restore(good, content)
        _flip(good / DATA, position, position % 8)
        number = int(np.searchsorted(stops, position, side="right"))
        with Store(good) as store:
            with pytest.raises(DamagedEntryError, match=rf"maps\.v1\.data: bytes .*{key(number).hex()}.*computed anew"):
                store.read(store.find([key(number)]))
            assert held(store, NUMBERS) == [other for other in NUMBERS if other != number]
            assert len(store.problems()) == 1
        with Store(good) as store:
            assert store.missing([key(other) for other in NUMBERS]) == [key(number)], "later runs know it too"
        _make_good(good)


def test_all_damaged_matrices_of_a_batch_are_named_at_once(good: Path) -> None:
    with Store(good) as store:
        entries = store.find([key(0), key(2)])
        for offset in entries.records["offset"]:
            _flip(good / DATA, int(offset), 3)
        out = np.zeros((2, 9, 1, 4), np.float32)
        with pytest.raises(DamagedEntryError, match="do not fit") as caught:
            store.read_many(entries, np.zeros(2, np.int64), entries.frames, out)
        assert len(caught.value.problems) == 2
        assert caught.value.keys == [key(0), key(2)]
        assert caught.value.exit_code == 3
    _make_good(good)


def test_damage_outside_the_range_that_is_read_is_found_too(good: Path) -> None:
    with Store(good) as store:
        entry = store.find([key(3)])
        _flip(good / DATA, int(entry.records["offset"][0] + entry.num_bytes[0]) - 1, 0)
        with pytest.raises(DamagedEntryError, match="do not fit"):
            store.read_many(entry, np.array([0]), np.array([1]), np.zeros((1, 1, 2, 4), np.float32))


def test_verify_finds_damage_and_leaves_the_rest(good: Path) -> None:
    with Store(good) as store:
        entries = store.find([key(number) for number in (*NUMBERS, 99)])
        assert store.verify(entries) == []
    with Store(good) as store:
        _flip(good / DATA, int(entries.records["offset"][1]), 7)
        assert store.verify(entries) == [key(1)]
        assert store.verify(store.find([key(number) for number in NUMBERS])) == []
        assert held(store, NUMBERS) == [0, 2, 3]
    _make_good(good)


def test_what_was_checked_is_not_checked_again(good: Path) -> None:
    with Store(good) as store:
        entry = store.find([key(1)])
        store.read(entry)
        _flip(good / DATA, int(entry.records["offset"][0]), 0)
        assert (store.read(entry) != matrix(1)).sum() == 1, "damage after the check goes unseen in this process"
    with Store(good) as store, pytest.raises(DamagedEntryError, match="do not fit"):
        store.read(store.find([key(1)]))


def test_a_matrix_that_another_process_made_good_is_not_dropped_again(good: Path) -> None:
    with Store(good) as slow, Store(good) as quick:
        entry = slow.find([key(1)])
        _flip(good / DATA, int(entry.records["offset"][0]), 0)
        assert quick.verify(entry) == [key(1)]
        quick.append(items([1]))
        assert slow.verify(entry) == [key(1)]
        assert held(slow, NUMBERS) == held(quick, NUMBERS) == list(NUMBERS)


def test_damage_is_missing_in_this_process_where_the_folder_cannot_be_written(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise MachineError("read-only")

    monkeypatch.setattr("motet.store.store.lock", refuse)
    with Store(good) as store:
        _flip(good / DATA, 0, 0)
        with pytest.raises(DamagedEntryError, match="do not fit"):
            store.read(store.find([key(0)]))
        assert store.missing([key(0), key(1)]) == [key(0)]


@pytest.mark.parametrize("name", [INDEX, DATA])
def test_a_file_cut_anywhere_loses_only_what_was_cut(good: Path, name: str, step: int) -> None:
    content = _content(good)
    for size in range(0, len(content[name]), step):
        _restore(good, content)
        (good / name).write_bytes(content[name][:size])
        with Store(good) as store:
            left = held(store, NUMBERS)
            assert left == list(NUMBERS)[: len(left)]
            assert len(left) < len(NUMBERS)
            assert len(store.problems()) == (len(NUMBERS) - len(left) if name == DATA else 0)
        _make_good(good)


@pytest.mark.parametrize("name", [INDEX, DATA])
@pytest.mark.parametrize("tail", [b"\0", b"\xff" * 71, b"x" * 1000, bytes(72 * 3)])
def test_a_tail_that_was_never_committed_is_ignored_and_removed(good: Path, name: str, tail: bytes) -> None:
    size = (good / name).stat().st_size
    with (good / name).open("ab") as file:
        file.write(tail)
    with Store(good) as store:
        assert held(store, NUMBERS) == list(NUMBERS)
        store.append(items([9]))
        assert held(store, [*NUMBERS, 9]) == [*NUMBERS, 9]
    if name == DATA or len(tail) < 72:
        assert (good / name).stat().st_size == size + (72 if name == INDEX else matrix(9).nbytes)
    _make_good(good)


def test_what_a_damaged_record_described_is_never_written_over(good: Path) -> None:
    with Store(good) as reader:
        entry = reader.find([key(3)])
        reader.read(entry)
        _flip(good / INDEX, 3 * 72, 0)
        for number in range(10, 13):
            with Store(good) as writer:
                writer.append(items([number]))
        np.testing.assert_array_equal(reader.read(entry), matrix(3))


def _delete_index(folder: Path) -> None:
    (folder / INDEX).unlink()


def _delete_both(folder: Path) -> None:
    shutil.rmtree(folder)
    with Store(folder) as store:
        store.append(items(range(50, 60)))


def _cut_index(folder: Path) -> None:
    with (folder / INDEX).open("rb+") as file:
        file.truncate(72)


@pytest.mark.parametrize("interfere", [_delete_index, _delete_both, _cut_index])
def test_deleting_a_store_in_use_is_one_clear_error(good: Path, interfere: Callable[[Path], None]) -> None:
    with Store(good) as store:
        interfere(good)
        with pytest.raises(MachineError, match=r"maps\.v1\.index: was replaced or cut short while it was open"):
            store.append(items([9]))


def test_a_data_file_cut_while_it_is_read_is_one_clear_error(good: Path) -> None:
    with Store(good) as store:
        entry = store.find([key(3)])
        store.read(entry)
        with (good / DATA).open("rb+") as file:
            file.truncate(int(entry.records["offset"][0]) + 5)
        with pytest.raises(MachineError, match=r"maps\.v1\.data: was cut short while it was open"):
            store.read(entry)


def test_a_deleted_data_file_is_made_anew(good: Path) -> None:
    (good / DATA).unlink()
    with Store(good) as store:
        assert held(store, NUMBERS) == []
        assert len(store.problems()) == len(NUMBERS)
    _make_good(good)
