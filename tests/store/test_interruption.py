"""Kills, a second process, and a disk that refuses: what was committed stays, and the next writer goes on."""

import errno
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.store.numbered import held, items, key, matrix

from motet.errors import MachineError
from motet.files import lock, open_binary, write_all
from motet.store import Store
from motet.store.records import RECORD

FILL = """
import random, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from motet.store import Store, writer
from tests.store.numbered import items, key
folder, seed, group = Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
writer._GROUP_ENTRIES = group
numbers = list(range(int(sys.argv[5])))
random.Random(seed).shuffle(numbers)
print("ready", flush=True)
sys.stdin.readline()
with Store(folder) as store:
    for start in range(0, len(numbers), group):
        store.append(items(numbers[start : start + group]))
        print(*numbers[start : start + group], flush=True)
"""
ROOT = Path(__file__).parents[2]


class Killed(BaseException):
    """Stands for SIGKILL: no handler of ordinary errors may see it."""


@contextmanager
def _filling(folder: Path, *, seed: int, group: int, count: int) -> Iterator["subprocess.Popen[str]"]:
    """Start a process that fills a store in an order of its own, and prints what it committed."""
    command = [sys.executable, "-c", FILL, *map(str, (ROOT, folder, seed, group, count))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process


def _go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def _sizes(folder: Path) -> tuple[int, int]:
    return (folder / "maps.v1.index").stat().st_size, (folder / "maps.v1.data").stat().st_size


def _kill_at_a_random_moment(folder: Path, *, seed: int, count: int) -> list[int]:
    """Return what the process said it had committed before it was killed."""
    moment = random.Random(seed)
    with _filling(folder, seed=seed, group=moment.choice([1, 3, 8, 64]), count=count) as process:
        _go(process)
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(moment.randrange(40))]
        for _ in range(moment.randrange(20_000)):  # a moment between two lines, without the grain of a sleep
            pass
        process.kill()
        said += process.stdout.readlines()
    return [int(number) for line in said if line.endswith("\n") for number in line.split()]


@pytest.mark.parametrize("seeds", [range(5), pytest.param(range(5, 55), marks=pytest.mark.full)])
def test_a_kill_at_any_moment_loses_nothing_that_was_committed(tmp_path: Path, seeds: range) -> None:
    count, committed = 600, set[int]()
    for seed in seeds:
        committed.update(_kill_at_a_random_moment(tmp_path, seed=seed, count=count))
        with Store(tmp_path) as store:
            assert committed <= set(held(store, range(count)))
            assert store.problems() == []
    with Store(tmp_path) as store:
        store.append(items(range(count)))
        assert held(store, range(count)) == list(range(count))
    data_bytes = sum(matrix(number).nbytes for number in range(count))
    assert _sizes(tmp_path) == (count * RECORD.itemsize, data_bytes), "as if never disturbed"


def test_two_processes_fill_one_store_together(tmp_path: Path) -> None:
    with (
        _filling(tmp_path, seed=1, group=5, count=300) as one,
        _filling(tmp_path, seed=2, group=7, count=300) as two,
    ):
        for process in (one, two):
            _go(process)
        for process in (one, two):
            process.communicate()
        assert one.returncode == two.returncode == 0
    with Store(tmp_path) as store:
        assert held(store, range(300)) == list(range(300))
        assert store.problems() == []
    assert _sizes(tmp_path) == (300 * RECORD.itemsize, sum(matrix(number).nbytes for number in range(300)))


def _stop_after(num_bytes: int, error: BaseException) -> Any:
    """Return a `write_all` that writes so many bytes in all, and then raises."""
    left = [num_bytes]

    def write(descriptor: int, data: bytes) -> None:
        write_all(descriptor, data[: left[0]])
        if len(data) > left[0]:
            raise error
        left[0] -= len(data)

    return write


def _append_until(store: Store, numbers: range, num_bytes: int, error: BaseException) -> bool:
    """Append with a disk or a life that ends after so many bytes; return whether it did."""
    with pytest.MonkeyPatch.context() as patch:
        write = _stop_after(num_bytes, error)
        patch.setattr("motet.store.writer.write_all", write)
        patch.setattr("motet.store.index.write_all", write)
        try:
            store.append(items(numbers))
        except (Killed, MachineError):
            return True
    return False


@pytest.mark.parametrize("step", [17, pytest.param(1, marks=pytest.mark.full)])
@pytest.mark.parametrize("error", [Killed(), OSError(errno.ENOSPC, "No space left on device")])
def test_stopped_after_any_byte_the_next_writer_goes_on(tmp_path: Path, error: BaseException, step: int) -> None:
    old, new = range(2), range(2, 5)
    num_bytes = sum(matrix(number).nbytes + RECORD.itemsize for number in new)
    for written in [*range(0, num_bytes, step), num_bytes]:
        folder = tmp_path / str(written)
        with Store(folder) as store:
            store.append(items(old))
            assert _append_until(store, new, written, error) == (written < num_bytes)
        with Store(folder) as store:
            assert held(store, range(5)) in ([0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4])
            assert store.problems() == []
            store.append(items(new))
            assert held(store, range(5)) == list(range(5))
        all_data = sum(matrix(number).nbytes for number in range(5))
        assert _sizes(folder) == (5 * RECORD.itemsize, all_data), f"after {written} bytes"


def test_a_disk_that_fills_up_is_one_clear_error(store: Store) -> None:
    resource: Any = pytest.importorskip("resource", reason="only POSIX can limit the size of a file")
    store.append(items(range(3)))
    before = _sizes(store.directory)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (before[1] + 1000, hard))
    try:
        with pytest.raises(
            MachineError, match=r"maps\.v1\.data: cannot write: File too large.*Free some space"
        ) as error:
            store.append(items(range(100)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "\n" not in str(error.value)
    assert _sizes(store.directory) == before
    store.append(items(range(100)))
    assert held(store, range(100)) == list(range(100))


def test_a_full_disk_keeps_the_groups_before(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("motet.store.writer._GROUP_ENTRIES", 2)
    two = sum(matrix(number).nbytes + RECORD.itemsize for number in range(2))
    assert _append_until(store, range(6), two + 10, OSError(errno.ENOSPC, "No space left on device"))
    assert held(store, range(6)) == [0, 1]


def test_a_read_only_disk_is_read_and_writing_is_one_clear_error(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append(items(range(3)))

    def open_read_only(path: Path, flags: int) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return open_binary(path, flags)

    for module in ("files.locking", "store.writer", "store.index", "store.data_file"):
        monkeypatch.setattr(f"motet.{module}.open_binary", open_read_only)
    with Store(store.directory) as closed:
        assert held(closed, range(3)) == [0, 1, 2]
        assert closed.append(items(range(0))) == 0
        with pytest.raises(MachineError, match=r"cannot lock: Read-only file system.*Make it writable"):
            closed.append(items([9]))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(MachineError, match=r"file.store: cannot (read|lock)|file.store.lock: cannot lock"):
        Store(tmp_path / "file" / "store").append(items([1]))


def test_a_lock_that_nobody_lets_go_of_is_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("motet.store.writer.lock", lambda path: lock(path, timeout_s=0))
    with (
        lock(store.directory / "lock"),
        pytest.raises(MachineError, match=r"lock: held by process .* Wait for it to end"),
    ):
        store.append(items([1]))
    assert store.missing([key(1)]) == [key(1)]
