"""Appending matrices in groups: data first, then the index, under a lock that is held only that long.

A group is committed when it is large enough or old enough, so a kill loses the matrices of a moment and two
processes can fill one store together. Nothing waits for the disk: after a power cut, what had not reached it
does not fit its checksum and is computed again.
"""

import os
import time
import zlib
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet.errors import DataError
from motet.files import DIGEST_BYTES, lock, machine_errors, open_binary, write_all
from motet.store.index import Index
from motet.store.records import KINDS, RECORD, ends, seal

_GROUP_ENTRIES = 256
_GROUP_BYTES = 16 << 20
_GROUP_S = 2.0

_Fields = tuple[bytes, int, int, int, int, int, float, float, int, float, int]


class Writer:
    """Collects matrices and commits them in groups; made by `Store.writer`, used in a `with` block.

    The block's end commits what is left, also when an error or an interrupt ends it.
    """

    def __init__(self, index: Index, data_path: Path, lock_path: Path) -> None:
        self.num_written = 0
        self._index = index
        self._data_path = data_path
        self._lock_path = lock_path
        self._waiting: dict[bytes, tuple[_Fields, bytes]] = {}
        self._waiting_bytes = 0
        self._deadline = 0.0

    def add(
        self, key: bytes, values: NDArray[np.floating[Any]], start_s: float, step_s: float, rate_hz: float = 0.0
    ) -> None:
        """Add one matrix; a key that the store holds already keeps its matrix.

        Parameters
        ----------
        key
            16 bytes that stand for how the matrix was made.
        values
            Shape [T, C, F], float32 or float16; copied.
        start_s, step_s
            The time of the first frame, and from one frame to the next, in seconds.
        rate_hz
            The sampling rate of the signal that it was computed from; 0 where there was none.

        Raises
        ------
        DataError
            If the matrix is empty, not three-dimensional, or of another type.
        MachineError
            If the disk is full or read-only; what was committed before stays.
        """
        assert len(key) == DIGEST_BYTES, "a key is a digest"
        if not self._waiting:
            self._deadline = time.monotonic() + _GROUP_S
        payload = values.tobytes()
        self._waiting[key] = _fields(key, values, (start_s, step_s, rate_hz), zlib.crc32(payload)), payload
        self._waiting_bytes += len(payload)
        if (
            len(self._waiting) >= _GROUP_ENTRIES
            or self._waiting_bytes >= _GROUP_BYTES
            or time.monotonic() > self._deadline
        ):
            self.commit()

    def commit(self) -> None:
        """Commit what is waiting. Afterwards a kill cannot lose it.

        Raises
        ------
        MachineError
            If the disk is full or read-only, or another process does not let go of the lock.
        """
        waiting, self._waiting, self._waiting_bytes = self._waiting, {}, 0
        if not waiting:
            return
        with lock(self._lock_path):
            self._index.refresh()
            present = self._index.find(list(waiting)).present.tolist()
            fresh = [item for item, is_present in zip(waiting.values(), present, strict=True) if not is_present]
            if fresh:
                with machine_errors(self._data_path):
                    self._append(np.array([fields for fields, _ in fresh], RECORD), [payload for _, payload in fresh])
                self.num_written += len(fresh)

    def _append(self, records: NDArray[np.void], payloads: list[bytes]) -> None:
        descriptor = open_binary(self._data_path, os.O_WRONLY | os.O_CREAT)
        try:
            begin = self._index.data_end(os.lseek(descriptor, 0, os.SEEK_END))
            os.ftruncate(descriptor, begin)
            os.lseek(descriptor, begin, os.SEEK_SET)
            try:
                write_all(descriptor, b"".join(payloads))
            except OSError:
                os.ftruncate(descriptor, begin)
                raise
        finally:
            os.close(descriptor)
        records["offset"] = begin + np.cumsum([0, *map(len, payloads[:-1])])
        records["seal"] = seal(records)
        assert ends(records)[-1] == begin + sum(map(len, payloads))
        self._index.append(records, begin)

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.commit()


def _fields(key: bytes, values: NDArray[np.floating[Any]], times: tuple[float, float, float], checksum: int) -> _Fields:
    """Return what the record of a matrix holds, in its order; offset and seal come when it is committed."""
    kind = KINDS.get(values.dtype)
    if kind is None or values.ndim != 3 or not values.size:
        raise DataError(
            f"a feature map of shape {values.shape} and type {values.dtype} cannot be stored: "
            f"it needs at least one frame, channel and bin, and float32 or float16 values"
        )
    frames, channels, bins = values.shape
    start_s, step_s, rate_hz = times
    return key, 0, frames, channels, bins, kind, start_s, step_s, checksum, rate_hz, 0
