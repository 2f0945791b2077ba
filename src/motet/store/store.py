"""The store of one folder: find, read, append."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet.errors import DataError, MachineError
from motet.files import lock, machine_errors
from motet.store.data_file import DataFile
from motet.store.index import Index
from motet.store.records import DTYPES, Entries, ends
from motet.store.writer import Writer

_Values = NDArray[np.floating[Any]]
Item = tuple[bytes, _Values, float, float] | tuple[bytes, _Values, float, float, float]
"""A key, a matrix [T, C, F], the time of its first frame, and from one frame to the next, in seconds.

What was computed from a signal may also say its sampling rate.
"""


class DamagedEntryError(DataError):
    """Stored matrices do not fit their checksums; they count as missing from now on.

    Parameters
    ----------
    path
        The data file.
    entries
        The damaged ones; `keys` says which to compute anew.
    """

    def __init__(self, path: Path, entries: Entries) -> None:
        places = zip(entries.keys, entries.field("offset").tolist(), ends(entries.records).tolist(), strict=True)
        super().__init__(
            *(
                f"{path}: bytes {begin} to {end} (matrix {key.hex()}) do not fit their checksum. "
                f"They count as missing and are computed anew."
                for key, begin, end in places
            )
        )
        self.keys = entries.keys


class Store:
    """Matrices by key, in one folder, for any number of processes at once.

    Reading takes no lock and is safe from several threads. A folder that does not exist is an empty store; the
    first writer makes it.

    Parameters
    ----------
    directory
        The folder: `maps.v1.index`, `maps.v1.data` and `lock`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
    ...     store.append([(bytes(16), np.ones((3, 1, 2), np.float32), 0.0, 0.01)])
    ...     store.read(store.find([bytes(16)])).shape
    1
    (3, 1, 2)
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._data = DataFile(directory / "maps.v1.data")
        self._index = Index(directory / "maps.v1.index", self._data.path)
        self._problems: list[str] = []
        self._index.refresh()

    def find(self, keys: Sequence[bytes]) -> Entries:
        """Return the entries of some keys, in their order; `present` says which are there.

        Raises
        ------
        MachineError
            If the folder cannot be read.
        """
        self._index.refresh()
        return self._index.find(keys)

    def missing(self, keys: Sequence[bytes]) -> list[bytes]:
        """Return the keys that the store does not hold, each once, in their order."""
        present = self.find(keys).present.tolist()
        return list(dict.fromkeys(key for key, is_present in zip(keys, present, strict=True) if not is_present))

    def read(self, entry: Entries) -> NDArray[Any]:
        """Return one matrix, shape [T, C, F], in the type in which it is stored.

        Raises
        ------
        DamagedEntryError
            If it does not fit its checksum.
        """
        assert len(entry) == 1, "read takes one entry"
        shape = (1, int(entry.frames[0]), int(entry.channels[0]), int(entry.bins[0]))
        out = np.empty(shape, DTYPES[int(entry.field("kind")[0])])
        self.read_many(entry, np.zeros(1, np.int64), entry.frames, out)
        matrix: NDArray[Any] = out[0]
        return matrix

    def read_many(
        self, entries: Entries, starts: NDArray[np.int64], stops: NDArray[np.int64], out: NDArray[Any]
    ) -> None:
        """Read a range of frames of every matrix into one array.

        Parameters
        ----------
        entries
            What `find` returned, or some of it; all present.
        starts, stops
            Frame ranges, shape [n], within each matrix.
        out
            Shape [n, T, C, F], contiguous, float32 or float16. Frames `starts[i]` to `stops[i]` of matrix i go
            to the front of `out[i]`; what lies behind them is left as it is.

        Raises
        ------
        DamagedEntryError
            If a matrix does not fit its checksum, which is compared once in a process. It is then missing, also
            for later runs.
        """
        assert out.flags.c_contiguous, "reading goes straight into contiguous memory"
        assert np.count_nonzero(entries.present) == len(entries), "missing entries cannot be read"
        damaged = self._data.damaged(entries)
        if len(damaged):
            raise self._give_up(damaged)
        self._data.read_many(entries, starts, stops, out)

    def verify(self, entries: Entries) -> list[bytes]:
        """Compare matrices with their checksums; return the keys of the damaged ones, which are missing now."""
        damaged = self._data.damaged(entries[entries.present])
        if len(damaged):
            self._give_up(damaged)
        return damaged.keys

    def append(self, items: Iterable[Item]) -> int:
        """Append matrices in committed groups and return how many were new.

        If the iterable raises, what it gave before is kept.

        Raises
        ------
        DataError
            If a matrix is empty, not three-dimensional, or neither float32 nor float16.
        MachineError
            If the disk is full or read-only.
        """
        with self.writer() as writer:
            for item in items:
                writer.add(*item)
        return writer.num_written

    def writer(self) -> Writer:
        """Return a writer, for matrices that do not come from one iterable."""
        return Writer(self._index, self._data.path, self.directory / "lock")

    def problems(self) -> list[str]:
        """Name everything damaged that was met so far; all of it counts as missing."""
        return self._index.problems() + self._problems

    def close(self) -> None:
        """Close the data file; reading opens it again."""
        self._data.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _give_up(self, damaged: Entries) -> DamagedEntryError:
        """Declare damaged matrices missing, for later runs too where the folder can be written."""
        error = DamagedEntryError(self._data.path, damaged)
        self._problems.extend(error.problems)
        with suppress(MachineError), lock(self.directory / "lock"), machine_errors(self.directory):
            self._index.refresh()
            self._index.drop(damaged, self._data.path.stat().st_size)
        self._index.forget(damaged)
        return error
