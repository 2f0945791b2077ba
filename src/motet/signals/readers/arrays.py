"""Arrays: NumPy files (.npy, .npz), one recording each or one a row, and arrays that are already in memory.

Values keep their own unit; integers are not scaled to [-1, 1]. Files that need unpickling are refused.
"""

import hashlib
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tokenize import TokenError
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motet.errors import DataError
from motet.files.digest_cache import DigestCache
from motet.signals.readers.places import file_mark
from motet.signals.readers.spans import checked, cut, sample_span
from motet.signals.settings import Layout
from motet.signals.signal import Signal

_FILES_KEPT_OPEN = 8
_ZIP_MAGIC = b"PK"
# What np.load raises on damaged files: headers are parsed as Python literals, archives as zip.
_UNREADABLE = (
    ValueError,
    OSError,
    EOFError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class NumpyFile:
    """An array in a .npy or .npz file, or one row of it.

    Parameters
    ----------
    path
        The file. A .npy file is memory-mapped, so that one row of a large array is cheap to read.
    rate_hz
        Samples per second.
    row
        Which recording of an array that holds many along its first axis; None where the array is one recording.
    key
        The array's name in an .npz file; not needed where there is only one.
    layout
        Axes of a recording with two: `channels_first` [C, T] or `time_first` [T, C]. One axis is time.
    """

    path: Path
    rate_hz: float
    row: int | None = None
    key: str | None = None
    layout: Layout = "channels_first"

    def read(self, start_s: float = 0.0, end_s: float | None = None) -> Signal:
        """Read the span from `start_s` to `end_s` (None: to the end), in seconds.

        Raises
        ------
        DataError
            If the file is missing, truncated or no array of real numbers, the row or key is not there, the shape
            does not fit, or a value is NaN or infinite.
        """
        place = self.describe()
        values = stored_array(self.path, self.key)
        if self.row is not None:
            values = _row(values, self.row, place)
        values = _channels_first(values, self.layout, place)
        start, stop = sample_span(start_s, end_s, self.rate_hz, values.shape[1], place)
        return Signal(checked(values[:, start:stop], place), self.rate_hz, start / self.rate_hz)

    def digest(self, cache: DigestCache) -> bytes:
        """Return the 16 bytes that stand for the content of the file and the way it is read."""
        way = f"NumpyFile {self.rate_hz!r} {self.row} {self.key!r} {self.layout}"
        return hashlib.blake2b(cache.digest(self.path) + way.encode(), digest_size=16).digest()

    def describe(self) -> str:
        """Return the path, and the row and the key where there are any."""
        parts = [f"key '{self.key}'"] if self.key is not None else []
        parts += [f"row {self.row}"] if self.row is not None else []
        return f"{self.path} ({', '.join(parts)})" if parts else str(self.path)


@dataclass(frozen=True, slots=True, eq=False)
class ArraySignal:
    """An array in memory.

    Parameters
    ----------
    values
        Real numbers, shape [C, T] or [T].
    rate_hz
        Samples per second.

    Examples
    --------
    >>> ArraySignal(np.zeros((2, 8000)), rate_hz=8000.0).read(0.25, 0.5).values.shape
    (2, 2000)
    """

    values: ArrayLike
    rate_hz: float

    def read(self, start_s: float = 0.0, end_s: float | None = None) -> Signal:
        """Return the span from `start_s` to `end_s` (None: to the end), in seconds.

        Raises
        ------
        DataError
            If the array is empty, not of real numbers, of the wrong shape, or not finite.
        """
        place = self.describe()
        values = _channels_first(_real(np.asarray(self.values), place), "channels_first", place)
        span = sample_span(start_s, end_s, self.rate_hz, values.shape[1], place)
        return cut(checked(values, place), span, self.rate_hz)

    def digest(self, cache: DigestCache) -> bytes:
        """Return the 16 bytes that stand for the values and their rate."""
        values = np.ascontiguousarray(_real(np.asarray(self.values), self.describe()))
        way = f"ArraySignal {self.rate_hz!r} {values.dtype.str} {values.shape}"
        return hashlib.blake2b(values.tobytes() + way.encode(), digest_size=16).digest()

    def describe(self) -> str:
        """Name the array by its shape."""
        return f"array of shape {np.shape(self.values)}"


def stored_array(path: Path, key: str | None = None) -> NDArray[Any]:
    """Return the array of a .npy file (memory-mapped) or an .npz file.

    The last few files stay open, so that reading row after row costs no opening.

    Raises
    ------
    DataError
        If the file is missing, empty, truncated, no NumPy file, holds objects, or lacks the key.
    """
    return _opened(path, key, *file_mark(path))


@lru_cache(maxsize=_FILES_KEPT_OPEN)
def _opened(path: Path, key: str | None, num_bytes: int, changed_ns: int) -> NDArray[Any]:
    """Open a file; its size and time of change are part of the cache's key."""
    try:
        with path.open("rb") as file:
            is_archive = file.read(len(_ZIP_MAGIC)) == _ZIP_MAGIC
            file.seek(0)
            values = _from_archive(file, key, path) if is_archive else np.load(path, mmap_mode="r", allow_pickle=False)
    except _UNREADABLE as error:
        raise DataError(
            f"{path}: no array that NumPy can read without unpickling ({_first_line(error)}); save plain numbers with "
            "numpy.save, replace the file, or leave it out"
        ) from error
    return _real(values, str(path))


def _from_archive(file: BinaryIO, key: str | None, path: Path) -> NDArray[Any]:
    with np.load(file, allow_pickle=False) as archive:
        names = list(archive)
        if key is None and len(names) == 1:
            key = names[0]
        if key not in names:
            wanted = "no key is given" if key is None else f"there is no array '{key}'"
            raise DataError(f"{path}: {wanted}; set signal.reader.key to one of: {', '.join(names) or 'none'}")
        values: NDArray[Any] = archive[key]
    return values


def _real(values: NDArray[Any], place: str) -> NDArray[Any]:
    if values.dtype.kind not in "biuf":
        raise DataError(f"{place}: holds values of type {values.dtype}; integers or floating point numbers are needed")
    return values


def _row(values: NDArray[Any], row: int, place: str) -> NDArray[Any]:
    if values.ndim not in (2, 3):
        raise DataError(
            f"{place}: the array has shape {values.shape}; to read a row it must have two axes (rows, time) or three "
            "(rows and the two of a recording)"
        )
    if not 0 <= row < len(values):
        raise DataError(f"{place}: there is no row {row}, the rows are 0 to {len(values) - 1}; correct the row")
    recording: NDArray[Any] = values[row]
    return recording


def _channels_first(values: NDArray[Any], layout: Layout, place: str) -> NDArray[Any]:
    if values.ndim == 1:
        return values[None]
    if values.ndim != 2:
        raise DataError(
            f"{place}: a recording has shape {values.shape}; it must have one axis (time) or two (channels and time): "
            "name a row, or reshape it"
        )
    if values.shape[0] == 0 or values.shape[1] == 0:
        raise DataError(f"{place}: holds no samples (shape {values.shape}); remove it from the data")
    return values if layout == "channels_first" else values.T


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
