"""The index: an append-only log of records in which the last word on a key counts.

Readers take no lock. A record that does not carry its own seal is skipped and named, and the next writer blanks
it. A record whose matrix would end beyond the data file is lost; the next writer says so in the log.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from motet.errors import MachineError
from motet.files import machine_errors, open_binary, write_all
from motet.store.records import DROPPED, RECORD, VOID, Entries, Records, Table, ends, is_intact, seal


class Index:
    """The index of a store, as far as it was read.

    Parameters
    ----------
    path
        The index file; it need not exist yet.
    data_path
        The data file that it describes.
    """

    def __init__(self, path: Path, data_path: Path) -> None:
        self.path = path
        self._data_path = data_path
        self._table = Table()
        self._rows: dict[bytes, int] = {}
        self._described_bytes = 0
        self._damaged: list[int] = []
        self._lost: dict[bytes, int] = {}

    def refresh(self) -> None:
        """Read what was appended since the last time.

        Raises
        ------
        MachineError
            If the file cannot be read, or was replaced or cut short since it was first read.
        """
        table = self._table
        first = self._damaged[0] if self._damaged else table.size
        known = min(first, 1)  # one record that is known already shows whether this is still the same file
        with machine_errors(self.path, "read"):
            found = _read(self.path, first - known)
            changed = found[:known].tobytes() != table.records[first - known : first].tobytes()
            if changed or first - known + len(found) < table.size:
                raise MachineError(
                    f"{self.path}: was replaced or cut short while it was open. "
                    f"A store may be deleted only when nothing uses it: run the same command again."
                )
            if len(found) > known:
                self._take(first, found[known:], _size(self._data_path))

    def find(self, keys: Sequence[bytes]) -> Entries:
        """Return the entries of some keys."""
        rows = np.fromiter((self._rows.get(key, -1) for key in keys), np.int64, len(keys))
        return Entries(rows, self._table)

    def append(self, fresh: Records, data_bytes: int) -> None:
        """Append sealed records, blank damaged ones, and cut off a torn tail; the caller holds the lock.

        Parameters
        ----------
        fresh
            The new records; their matrices are in the data file already.
        data_bytes
            Where the data file ended before them: what damaged records may have described stays untouched.
        """
        blank = _records(VOID, [b""], data_bytes).tobytes()
        dropped = _records(DROPPED, list(self._lost), data_bytes)
        descriptor = open_binary(self.path, os.O_WRONLY | os.O_CREAT)
        try:
            for row in self._damaged:
                os.lseek(descriptor, row * RECORD.itemsize, os.SEEK_SET)
                write_all(descriptor, blank)
            os.ftruncate(descriptor, self._table.size * RECORD.itemsize)
            os.lseek(descriptor, 0, os.SEEK_END)
            write_all(descriptor, dropped.tobytes() + fresh.tobytes())
        finally:
            os.close(descriptor)
        self.refresh()

    def drop(self, entries: Entries, data_bytes: int) -> None:
        """Declare matrices missing, unless they were written anew meanwhile; the caller holds the lock."""
        self.append(_records(DROPPED, self._current(entries), data_bytes), data_bytes)

    def forget(self, entries: Entries) -> None:
        """Treat matrices as missing in this process only."""
        for key in self._current(entries):
            del self._rows[key]

    def data_end(self, data_bytes: int) -> int:
        """Return where new matrices may be written: behind everything that any record describes.

        Parameters
        ----------
        data_bytes
            The size of the data file, which counts as described in full when a record cannot be read.
        """
        return max(self._described_bytes, data_bytes if self._damaged else 0)

    def problems(self) -> list[str]:
        """Name what is damaged or lost."""
        damaged = [f"{self.path}: record {row} is damaged" for row in self._damaged]
        lost = [f"{self._data_path}: ends before matrix {key.hex()}" for key in self._lost]
        return [f"{problem}; what it held counts as missing and is computed again" for problem in damaged + lost]

    def _current(self, entries: Entries) -> list[bytes]:
        """Return the keys of entries that are still the last word on their key."""
        rows = zip(entries.keys, entries.rows.tolist(), strict=True)
        return [key for key, row in rows if self._rows.get(key) == row]

    def _take(self, first: int, fresh: Records, data_bytes: int) -> None:
        """Take records that stand in the file from row `first` on."""
        self._table.put(first, fresh)
        intact = is_intact(fresh)
        self._damaged = (first + np.flatnonzero(~intact)).tolist()
        stops = ends(fresh)
        self._described_bytes = max(self._described_bytes, int(stops[intact].max(initial=0)))
        names, width = fresh["key"].tobytes(), RECORD["key"].itemsize
        kinds = np.where(intact, fresh["kind"], VOID).tolist()
        for row, (kind, is_backed) in enumerate(zip(kinds, (stops <= data_bytes).tolist(), strict=True)):
            if kind != VOID:
                self._set(names[row * width : (row + 1) * width], first + row, kind != DROPPED, is_backed)

    def _set(self, key: bytes, row: int, holds_matrix: bool, is_backed: bool) -> None:
        self._rows.pop(key, None)
        self._lost.pop(key, None)
        if holds_matrix:
            (self._rows if is_backed else self._lost)[key] = row


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _read(path: Path, first: int) -> Records:
    """Read all complete records from number `first` on."""
    count = _size(path) // RECORD.itemsize - first
    return np.fromfile(path, RECORD, count, offset=first * RECORD.itemsize) if count > 0 else np.zeros(0, RECORD)


def _records(kind: int, keys: Sequence[bytes], data_bytes: int) -> Records:
    """Return sealed records without a matrix."""
    records = np.zeros(len(keys), RECORD)
    records["kind"] = kind
    records["key"] = np.array(keys, RECORD["key"])
    records["offset"] = data_bytes
    records["seal"] = seal(records)
    return records
