"""Reading matrices: straight from the file into the caller's array, checked the first time.

`pread` needs no position and no mapping, so memory stays flat however large the file is, and threads may share
the file. A whole matrix is checked against its CRC-32 before any part of it is used, once in a process.
"""

import os
import weakref
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet.errors import MachineError
from motet.files import machine_errors, open_binary, read_at
from motet.store.records import DTYPES, KINDS, Entries, ends, frame_bytes

_CHUNK_BYTES = 1 << 20


class DataFile:
    """The data file of a store, for reading.

    Parameters
    ----------
    path
        The file; it is opened when something is first read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._close: Any = None
        self._checked = np.zeros(0, dtype=np.bool_)

    def read_many(
        self, entries: Entries, starts: NDArray[np.int64], stops: NDArray[np.int64], out: NDArray[Any]
    ) -> None:
        """Read frames `starts[i]` to `stops[i]` of matrix i to the front of `out[i]`; see `Store.read_many`."""
        if not out.size:
            return
        records = entries.records
        width = frame_bytes(records)
        offsets = (records["offset"].astype(np.int64) + starts * width).tolist()
        sizes = ((stops - starts) * width).tolist()
        if (records["kind"] == KINDS.get(out.dtype, 0)).all():
            self._read_straight(offsets, sizes, out)
        else:
            self._read_converted(offsets, sizes, records["kind"].tolist(), out)

    def damaged(self, entries: Entries) -> Entries:
        """Return those entries that do not fit their checksums; what fitted once is not looked at again."""
        last = int(entries.rows.max(initial=-1))
        if last >= len(self._checked):
            self._checked = np.concatenate([self._checked, np.zeros(last + 1, dtype=np.bool_)])
        if self._checked[entries.rows].all():
            return entries[:0]
        fresh = entries[~self._checked[entries.rows]]
        stops = ends(fresh.records).tolist()
        fits = np.array([self._fits(*place) for place in zip(fresh.records, stops, strict=True)])
        self._checked[fresh.rows[fits]] = True
        return fresh[~fits]

    def close(self) -> None:
        """Close the file; reading opens it again."""
        if self._close is not None:
            self._close()
        self._descriptor = None

    def _read_straight(self, offsets: list[int], sizes: list[int], out: NDArray[Any]) -> None:
        descriptor = self._open()
        view = out.data.cast("B")
        step = out.strides[0]
        with machine_errors(self.path, "read"):
            for place, (offset, size) in enumerate(zip(offsets, sizes, strict=True)):
                begin = place * step
                if read_at(descriptor, view[begin : begin + size], offset) != size:
                    raise self._cut_short(offset + size)

    def _read_converted(self, offsets: list[int], sizes: list[int], kinds: list[int], out: NDArray[Any]) -> None:
        descriptor = self._open()
        with machine_errors(self.path, "read"):
            for row, offset, size, kind in zip(out, offsets, sizes, kinds, strict=True):
                values = np.empty(size // DTYPES[kind].itemsize, DTYPES[kind])
                if read_at(descriptor, values.data.cast("B"), offset) != size:
                    raise self._cut_short(offset + size)
                row.reshape(-1)[: len(values)] = values

    def _fits(self, record: np.void, end: int) -> bool:
        descriptor = self._open()
        offset = int(record["offset"])
        buffer = memoryview(bytearray(min(end - offset, _CHUNK_BYTES)))
        checksum = 0
        with machine_errors(self.path, "read"):
            while offset < end:
                count = read_at(descriptor, buffer[: end - offset], offset)
                if count == 0:
                    return False
                checksum = zlib.crc32(buffer[:count], checksum)
                offset += count
        return checksum == int(record["checksum"])

    def _cut_short(self, end: int) -> MachineError:
        return MachineError(f"{self.path}: was cut short before byte {end} while it was open. Run the command again.")

    def _open(self) -> int:
        if self._descriptor is None:
            with machine_errors(self.path, "read"):
                self._descriptor = open_binary(self.path, os.O_RDONLY)
            self._close = weakref.finalize(self, os.close, self._descriptor)
        return self._descriptor
