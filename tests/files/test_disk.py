import errno
import os
import threading
from pathlib import Path

import pytest

from motet.errors import MachineError
from motet.files import disk, machine_errors, open_binary, read_at, read_parts, sync_directory, write_all


@pytest.fixture(params=["preadv", "seek and read"])
def any_platform(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run with the platform's own positional read, and with the fallback for platforms without it."""
    if request.param == "seek and read":
        monkeypatch.setattr(disk, "_positional_read", None)
    elif disk._positional_read is None:
        pytest.skip("this platform has no preadv")
    return str(request.param)


@pytest.mark.usefixtures("any_platform")
@pytest.mark.parametrize(
    ("offset", "size", "expected"), [(0, 4, b"0123"), (3, 4, b"3456"), (8, 4, b"89"), (12, 4, b"")]
)
def test_reads_at_an_offset(tmp_path: Path, offset: int, size: int, expected: bytes) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    descriptor = open_binary(tmp_path / "file", os.O_RDONLY)
    buffer = bytearray(4)
    assert read_at(descriptor, memoryview(buffer), offset) == len(expected)
    assert buffer[: len(expected)] == expected
    os.close(descriptor)


@pytest.mark.usefixtures("any_platform")
def test_reads_parts_as_far_as_the_file_goes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    descriptor = open_binary(tmp_path / "file", os.O_RDONLY)
    buffer = bytearray(b"-" * 8)
    assert read_parts(descriptor, memoryview(buffer), [(0, 3, 7), (4, 4, 2), (5, 7, 0)])
    assert buffer == b"789--01-"
    assert not read_parts(descriptor, memoryview(buffer), [(0, 2, 9), (2, 4, 0)])
    os.close(descriptor)


def test_goes_on_after_a_short_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")

    def short(descriptor: int, views: tuple[memoryview], offset: int) -> int:
        os.lseek(descriptor, offset, os.SEEK_SET)
        chunk = os.read(descriptor, min(3, len(views[0])))
        views[0][: len(chunk)] = chunk
        return len(chunk)

    monkeypatch.setattr(disk, "_positional_read", short)
    descriptor = open_binary(tmp_path / "file", os.O_RDONLY)
    buffer = bytearray(12)
    assert read_at(descriptor, memoryview(buffer), 1) == 9
    assert buffer == b"123456789\0\0\0"
    assert read_parts(descriptor, memoryview(buffer), [(0, 5, 2)])
    assert buffer[:5] == b"23456"
    os.close(descriptor)


@pytest.mark.usefixtures("any_platform")
def test_threads_share_one_descriptor(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"".join(number.to_bytes(4, "little") for number in range(1000)))
    descriptor = open_binary(tmp_path / "file", os.O_RDONLY)
    wrong = []

    def read(first: int) -> None:
        buffer = bytearray(4)
        for number in range(first, 1000, 4):
            read_at(descriptor, memoryview(buffer), 4 * number)
            if int.from_bytes(buffer, "little") != number:
                wrong.append(number)

    threads = [threading.Thread(target=read, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.close(descriptor)
    assert wrong == []


def test_writes_on_after_a_short_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    descriptor = open_binary(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
    write = os.write
    monkeypatch.setattr(os, "write", lambda target, data: write(target, bytes(data)[:3]))
    write_all(descriptor, b"0123456789")
    os.close(descriptor)
    assert (tmp_path / "file").read_bytes() == b"0123456789"


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (
            errno.ENOSPC,
            r"store: cannot write: .*MB are free there, more is needed\)\. Free some space or choose another place",
        ),
        (errno.EFBIG, r"store: cannot write: [^()]*\. Free some space"),
        (errno.EROFS, r"store: cannot write: .*Make it writable for this user or choose another place"),
        (errno.EACCES, r"store: cannot write: .*Make it writable"),
        (errno.EIO, r"store: cannot write: .*Check that the place exists and its disk is well"),
    ],
)
def test_what_the_machine_refuses_is_one_clear_error(tmp_path: Path, number: int, message: str) -> None:
    with pytest.raises(MachineError, match=message) as caught, machine_errors(tmp_path / "store"):
        raise OSError(number, os.strerror(number))
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 4


def test_other_errors_pass(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="key"), machine_errors(tmp_path):
        raise KeyError("key")


def test_syncing_a_directory_needs_no_support_for_it(tmp_path: Path) -> None:
    sync_directory(tmp_path)
    sync_directory(tmp_path / "no such directory")
