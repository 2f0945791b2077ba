"""Reading and writing at the level of file descriptors, and one clear error for what the machine refuses.

The calls that only POSIX has (`preadv`, syncing a directory) live here beside their fallbacks.
"""

import errno
import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from motet.errors import MachineError

_BINARY = getattr(os, "O_BINARY", 0)  # Windows would translate line ends without it
_positional_read = getattr(os, "preadv", None)
_position = threading.Lock()  # guards the one position of a descriptor where there is no preadv

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CLOSED = {errno.EROFS, errno.EACCES, errno.EPERM}
_LATER = "Nothing that was finished is lost: then run the same command again."


@contextmanager
def machine_errors(path: Path, action: str = "write") -> Iterator[None]:
    """Turn an `OSError` inside the block into a `MachineError` that names the path and the remedy.

    Parameters
    ----------
    path
        The file or directory that is written or read.
    action
        What failed, for the message: "write", "read", "lock".

    Raises
    ------
    MachineError
        In place of any `OSError`.

    Examples
    --------
    >>> with machine_errors(Path("store")):
    ...     raise OSError(errno.ENOSPC, "No space left on device")
    Traceback (most recent call last):
    ...
    motet.errors.MachineError: store: cannot write: No space left on device (...
    """
    try:
        yield
    except OSError as error:
        raise MachineError(f"{path}: cannot {action}: {error.strerror or error}{_remedy(path, error)}") from error


def _remedy(path: Path, error: OSError) -> str:
    if error.errno in _FULL:
        free = f" ({_free_space(path)}, more is needed)" if error.errno == errno.ENOSPC else ""
        return f"{free}. Free some space or choose another place. {_LATER}"
    if error.errno in _CLOSED:
        return f". Make it writable for this user or choose another place. {_LATER}"
    return f". Check that the place exists and its disk is well. {_LATER}"


def _free_space(path: Path) -> str:
    for place in (path, *path.absolute().parents):
        with suppress(OSError):
            return f"{shutil.disk_usage(place).free / 1e6:,.0f} MB are free there"
    return "free space unknown"


def open_binary(path: Path, flags: int) -> int:
    """Open a file for raw bytes and return its descriptor: `os.open` without line-end translation."""
    return os.open(path, flags | _BINARY, 0o666)


def read_at(descriptor: int, view: memoryview, offset: int) -> int:
    """Fill `view` with the bytes from `offset` on, and return how many there were.

    Safe to call from several threads at once. Fewer bytes than asked for means that the file ends there.

    Parameters
    ----------
    view
        A writable, contiguous view of bytes.
    """
    if _positional_read is not None:
        count: int = _positional_read(descriptor, (view,), offset)
        if count == len(view) or count == 0:
            return count
        return count + read_at(descriptor, view[count:], offset + count)
    return _seek_and_read(descriptor, view, offset)


def read_parts(descriptor: int, view: memoryview, parts: Iterable[tuple[int, int, int]]) -> bool:
    """Fill several parts of `view`, and return whether the file held them all.

    Parameters
    ----------
    view
        A writable, contiguous view of bytes.
    parts
        Where each part begins and ends in `view`, and where it begins in the file.
    """
    for begin, end, offset in parts:
        part = view[begin:end]  # the loop of every batch: the usual read comes first, without another call
        if _positional_read is not None and _positional_read(descriptor, (part,), offset) == end - begin:
            continue
        if read_at(descriptor, part, offset) != end - begin:
            return False
    return True


def _seek_and_read(descriptor: int, view: memoryview, offset: int) -> int:
    done = 0
    with _position:
        os.lseek(descriptor, offset, os.SEEK_SET)
        while done < len(view) and (chunk := os.read(descriptor, len(view) - done)):
            view[done : done + len(chunk)] = chunk
            done += len(chunk)
    return done


def write_all(descriptor: int, data: bytes | bytearray | memoryview) -> None:
    """Write all of `data` at the descriptor's position; a short write goes on until the machine refuses."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_directory(path: Path) -> None:
    """Make a rename inside a directory survive a power cut; does nothing where directories cannot be opened."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
