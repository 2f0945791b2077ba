"""Digests of files that are computed once and remembered as long as the file does not change.

A file is unchanged while its path, size, and times of modification and status change are. A file that changed
less than two seconds before it was read is not remembered: on a disk with coarse times, a second change could
hide behind the first (the "racy git" problem).
"""

import json
import os
import struct
import time
from contextlib import suppress
from pathlib import Path

from motet.files.commit import atomic_write, remove_stale
from motet.files.digest import digest_bytes, digest_file, unreadable
from motet.files.locking import lock

_MARK = struct.Struct("<qqq")  # size, mtime_ns, ctime_ns
_SETTLED_NS = 2_000_000_000  # the coarsest modification time in use, FAT's
_TITLE = "motet-digests 1"


class UnknownDigestError(LookupError):
    """A file would have to be read, which a cache was told not to do."""


class DigestCache:
    """The digests of files, kept in one small file between runs.

    Losing or damaging that file costs time, never correctness: it is checked as a whole and started anew.

    Parameters
    ----------
    path
        Where digests are kept; None keeps them in memory only.
    reads
        Whether files are read whose digest is not known; else `UnknownDigestError` is raised.

    Examples
    --------
    >>> cache = DigestCache()
    >>> len(cache.digest(Path(__file__)))
    16
    """

    def __init__(self, path: Path | None = None, *, reads: bool = True) -> None:
        self._path, self._reads = path, reads
        self._known = {} if path is None else _load(path)
        self._changed = False

    def digest(self, path: Path) -> bytes:
        """Return the digest of a file's content, 16 bytes; an unchanged file costs one `stat`.

        Raises
        ------
        DataError
            If the file cannot be read.
        """
        now_ns = time.time_ns()
        name = str(path.absolute())
        mark, changed_ns = _mark(path)
        known = self._known.get(name)
        if known is not None and known.startswith(mark):
            return known[_MARK.size :]
        if not self._reads:
            raise UnknownDigestError(name)
        value = digest_file(path)
        if now_ns - changed_ns > _SETTLED_NS and _mark(path)[0] == mark:
            self._known[name] = mark + value
            self._changed = True
        return value

    def save(self) -> None:
        """Write what is new, together with what other processes have saved meanwhile.

        Raises
        ------
        MachineError
            If the file cannot be written.
        """
        if self._path is None or not self._changed:
            return
        with lock(self._path.with_name(f"{self._path.name}.lock")):
            remove_stale(self._path.parent)
            self._known = {**_load(self._path), **self._known}
            body = json.dumps({name: known.hex() for name, known in self._known.items()}).encode()
            with atomic_write(self._path) as file:
                file.write(f"{_TITLE} {digest_bytes(body).hex()}\n".encode() + body)
        self._changed = False


def _mark(path: Path) -> tuple[bytes, int]:
    try:
        status = os.stat(path)  # noqa: PTH116 - half the time of Path.stat, once for every file of a data set
    except OSError as error:
        raise unreadable(path, error) from error
    times_ns = status.st_mtime_ns, status.st_ctime_ns
    return _MARK.pack(status.st_size, *times_ns), max(times_ns)


def _load(path: Path) -> dict[str, bytes]:
    with suppress(OSError, ValueError):
        title, body = path.read_bytes().split(b"\n", 1)
        if title.decode() == f"{_TITLE} {digest_bytes(body).hex()}":
            return {name: bytes.fromhex(known) for name, known in json.loads(body).items()}
    return {}
