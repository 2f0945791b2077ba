"""Locks between processes, threads and, where the file system has them, machines.

The system's own locks (`flock`, or `msvcrt` on Windows) end with their process, so a killed process never
blocks others. On a file system without them the lock is a file that only one process can create; its content
says who, and the lock of a dead process is broken.
"""

import errno
import importlib
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from motet.errors import MachineError
from motet.files.disk import machine_errors, open_binary, write_all


def _system_module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


_fcntl = _system_module("fcntl")
_msvcrt = _system_module("msvcrt")

_TIMEOUT_S = 600.0
_LONGEST_PAUSE_S = 0.05
_UNSUPPORTED = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK}
_DELETE = "; if no such process is left, delete this file and run again"
_LOCKED_BYTE = 1 << 30  # beyond the holder's name, which others must be able to read on Windows


@contextmanager
def lock(path: Path, *, timeout_s: float = _TIMEOUT_S) -> Iterator[None]:
    """Hold the lock that the file `path` stands for; nobody else holds it meanwhile.

    The file stays behind, and says who held the lock last. The lock is not reentrant.

    Parameters
    ----------
    timeout_s
        How long to wait for another holder, in seconds; 0 tries once.

    Raises
    ------
    MachineError
        If another process still holds the lock after `timeout_s`, or the file cannot be written.
    """
    with machine_errors(path, "lock"):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = open_binary(path, os.O_RDWR | os.O_CREAT)
    try:
        with machine_errors(path, "lock"):
            claim = _wait(descriptor, path, timeout_s)
        try:
            yield
        finally:
            _release(descriptor, claim)
    finally:
        os.close(descriptor)


def _wait(descriptor: int, path: Path, timeout_s: float) -> Path | None:
    """Take the lock; return the file to remove where the file itself is the lock."""
    claim = path.with_name(f"{path.name}.held")
    deadline = time.monotonic() + timeout_s
    pause_s = 0.001
    while True:
        kernel = _try_kernel(descriptor)
        if kernel:
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            write_all(descriptor, _own_name().encode())
            return None
        if kernel is None and _try_create(claim):
            return claim
        if time.monotonic() >= deadline:
            raise _timed_out(path, timeout_s) if kernel is False else _timed_out(claim, timeout_s, _DELETE)
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def _try_kernel(descriptor: int) -> bool | None:
    """Try the system's own lock: taken, held by another, or None where there is none."""
    try:
        if _fcntl is not None:
            _fcntl.flock(descriptor, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
            return True
        if _msvcrt is not None:
            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            _msvcrt.locking(descriptor, _msvcrt.LK_NBLCK, 1)
            return True
    except OSError as error:
        return None if error.errno in _UNSUPPORTED else False
    return None


def _release(descriptor: int, claim: Path | None) -> None:
    if claim is not None:
        claim.unlink(missing_ok=True)
    elif _fcntl is not None:
        _fcntl.flock(descriptor, _fcntl.LOCK_UN)
    else:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        _msvcrt.locking(descriptor, _msvcrt.LK_UNLCK, 1)


def _try_create(claim: Path) -> bool:
    if _holder_is_dead(claim):
        _break(claim)
    try:
        descriptor = open_binary(claim, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        return False
    try:
        write_all(descriptor, _own_name().encode())
    finally:
        os.close(descriptor)
    return True


def _break(claim: Path) -> None:
    """Remove a dead process's claim; a second file makes sure that no claim made meanwhile goes with it."""
    breaker = claim.with_name(f"{claim.name}.break")
    with suppress(FileExistsError):
        os.close(open_binary(breaker, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        try:
            if _holder_is_dead(claim):
                claim.unlink(missing_ok=True)
        finally:
            breaker.unlink()


def _holder_is_dead(claim: Path) -> bool:
    """Whether the claim names a process of this machine that is gone; any doubt counts as alive."""
    words = _holder(claim).split()
    if len(words) != 4 or words[3] != platform.node():
        return False
    try:
        os.kill(int(words[1]), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError):
        return False
    return False


def _own_name() -> str:
    return f"process {os.getpid()} on {platform.node() or 'unknown'}"


def _holder(path: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return path.read_bytes().decode()
    return ""


def _timed_out(path: Path, timeout_s: float, remedy: str = "") -> MachineError:
    holder = _holder(path) or "another process"
    return MachineError(
        f"{path}: held by {holder} for more than {timeout_s:g} s. Wait for it to end or stop it{remedy}."
    )
