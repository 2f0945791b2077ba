"""Reading matrices: straight from the file into the caller's array, checked the first time.

`pread` needs no position and no mapping, so memory stays flat however large the file is, and threads may share
the file. A whole matrix is checked against its CRC-32 before any part of it is used, once in a process.
"""

import os
import weakref
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet.errors import MachineError
from motet.files import machine_errors, open_binary, read_at, read_parts
from motet.store.records import DTYPES, KINDS, VOID, Entries, ends

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
        size, frames, channels, bins = out.shape
        lengths = stops - starts
        in_matrix = (starts >= 0) & (stops <= entries.field("frames"))
        in_out = (lengths >= 0) & (lengths <= frames)
        alike = (entries.field("channels") == channels) & (entries.field("bins") == bins)
        assert np.count_nonzero(in_matrix & in_out & alike) == size == len(entries), (
            "entries are present, ranges of frames lie within them, and fit the array"
        )
        kinds, offsets = entries.field("kind"), entries.field("offset").view(np.int64)
        if not out.size:
            return
        if np.count_nonzero(kinds == KINDS.get(out.dtype, VOID)) == size:
            width = out.strides[1]
            self._read_straight(offsets + starts * width, lengths * width, out)
        else:
            self._read_converted(offsets, starts, lengths, kinds, out)

    def damaged(self, entries: Entries) -> Entries:
        """Return those entries that do not fit their checksums; what fitted once is not looked at again."""
        last = int(entries.rows.max(initial=-1))
        if last >= len(self._checked):
            self._checked = np.concatenate([self._checked, np.zeros(last + 1, dtype=np.bool_)])
        checked = self._checked[entries.rows]
        if np.count_nonzero(checked) == len(checked):
            return entries[:0]
        fresh = entries[~checked]
        stops = ends(fresh.records).tolist()
        fits = np.array([self._fits(*place) for place in zip(fresh.records, stops, strict=True)])
        self._checked[fresh.rows[fits]] = True
        return fresh[~fits]

    def close(self) -> None:
        """Close the file; reading opens it again."""
        if self._close is not None:
            self._close()
        self._descriptor = None

    def _read_straight(self, offsets: NDArray[np.int64], sizes: NDArray[np.int64], out: NDArray[Any]) -> None:
        begins = np.arange(len(out)) * out.strides[0]
        parts = zip(begins.tolist(), (begins + sizes).tolist(), offsets.tolist(), strict=True)
        self._read_parts(out.data.cast("B"), parts)

    def _read_converted(
        self,
        offsets: NDArray[np.int64],
        starts: NDArray[np.int64],
        lengths: NDArray[np.int64],
        kinds: NDArray[np.uint32],
        out: NDArray[Any],
    ) -> None:
        cells = out.shape[2] * out.shape[3]
        for row, offset, start, length, kind in zip(out, offsets, starts, lengths, kinds.tolist(), strict=True):
            values = np.empty((length, *out.shape[2:]), DTYPES[kind])
            if length:
                begin = int(offset) + int(start) * cells * values.itemsize
                self._read_parts(values.data.cast("B"), [(0, values.nbytes, begin)])
                row[:length] = values

    def _read_parts(self, view: memoryview, parts: Iterable[tuple[int, int, int]]) -> None:
        descriptor = self._open()
        with machine_errors(self.path, "read"):
            if not read_parts(descriptor, view, parts):
                raise MachineError(f"{self.path}: was cut short while it was open. Run the same command again.")

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

    def _open(self) -> int:
        if self._descriptor is None:
            with machine_errors(self.path, "read"):
                self._descriptor = open_binary(self.path, os.O_RDONLY)
            self._close = weakref.finalize(self, os.close, self._descriptor)
        return self._descriptor
