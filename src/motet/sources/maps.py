"""Finished feature maps: what others extracted, read in place of a signal. Axes: C channel, T frame, F bin.

Decoding, signal steps and features are skipped for these; scaling, segments and the rest are not.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from motet.errors import DataError
from motet.features.feature_map import FeatureMap, TimeGrid
from motet.files import DigestCache
from motet.signals.readers.arrays import stored_array


@dataclass(frozen=True, slots=True, eq=False)
class ArrayMap:
    """A feature map in memory.

    Parameters
    ----------
    values
        Real numbers, shape [F], [T, F] or [C, T, F]; kept as float32, or as float16 if they are.
    rate_hz
        Frames per second.
    name
        What messages call it.

    Examples
    --------
    >>> ArrayMap(np.zeros((100, 64)), rate_hz=50.0).read(0.5, 1.0).values.shape
    (1, 25, 64)
    """

    values: NDArray[Any]
    rate_hz: float
    name: str = "array"

    version: ClassVar[int] = 1

    def read(self, start_s: float = 0.0, end_s: float | None = None) -> FeatureMap:
        """Return the frames from `start_s` to `end_s`; see `Reader.read`."""
        return map_of(self.values, self.rate_hz, start_s, end_s, self.describe())

    def digest(self, cache: DigestCache) -> bytes:
        """Return what identifies the values and their rate."""
        values = np.ascontiguousarray(self.values)
        state = hashlib.blake2b(f"{values.dtype}{values.shape} {_way(self)}".encode(), digest_size=16)
        state.update(values.data)
        return state.digest()

    def describe(self) -> str:
        """Name the array for messages."""
        return self.name


@dataclass(frozen=True, slots=True)
class NumpyMap:
    """A feature map in a .npy or .npz file.

    Parameters
    ----------
    path
        The file.
    rate_hz
        Frames per second.
    row
        Which map of a stack [N, T, F] or [N, C, T, F], or which vector of [N, F]; None where the file holds one.
    key
        The array's name in an .npz file; not needed where there is only one.
    """

    path: Path
    rate_hz: float
    row: int | None = None
    key: str | None = None

    version: ClassVar[int] = 1

    def read(self, start_s: float = 0.0, end_s: float | None = None) -> FeatureMap:
        """Return the frames from `start_s` to `end_s`; see `Reader.read`."""
        values = stored_array(self.path, self.key)
        if self.row is not None:
            if values.ndim not in (2, 3, 4) or self.row >= len(values):
                raise DataError(
                    f"{self.describe()}: the array has shape {list(values.shape)}; a stack of maps is [N, F], "
                    "[N, T, F] or [N, C, T, F] with more rows than that"
                )
            values = values[self.row]
        return map_of(values, self.rate_hz, start_s, end_s, self.describe())

    def digest(self, cache: DigestCache) -> bytes:
        """Return what identifies the file and the way it is read."""
        way = f"{self.row} {self.key} {_way(self)}".encode()
        return hashlib.blake2b(cache.digest(self.path) + way, digest_size=16).digest()

    def describe(self) -> str:
        """Name the file and the row for messages."""
        key = f":{self.key}" if self.key else ""
        return f"{self.path}{key}" if self.row is None else f"{self.path}{key} row {self.row}"


def _way(reader: ArrayMap | NumpyMap) -> str:
    return f"map {reader.rate_hz!r} version {reader.version}"


def map_of(values: NDArray[Any], rate_hz: float, start_s: float, end_s: float | None, place: str) -> FeatureMap:
    """Return the frames from `start_s` to `end_s` of values of shape [F], [T, F] or [C, T, F].

    Raises
    ------
    DataError
        If they are no such values, not finite, or do not reach that far; the message begins with `place`.
    """
    if values.dtype.kind not in "fiub" or values.ndim not in (1, 2, 3) or 0 in values.shape:
        raise DataError(
            f"{place}: holds {values.dtype} of shape {list(values.shape)}; a feature map is numbers of shape [F], "
            "[T, F] or [C, T, F], none of them 0: correct the file"
        )
    channels = values.reshape((1,) * (3 - values.ndim) + values.shape)
    start, stop = round(start_s * rate_hz), channels.shape[1] if end_s is None else round(end_s * rate_hz)
    if not 0 <= start < stop <= channels.shape[1]:
        raise DataError(
            f"{place}: the span from {start_s:g} s to {'the end' if end_s is None else f'{end_s:g} s'} does not lie "
            f"in the map of {channels.shape[1] / rate_hz:g} s; correct the span's start and end"
        )
    kept: NDArray[Any] = np.ascontiguousarray(
        channels[:, start:stop], dtype=np.float16 if values.dtype == np.float16 else np.float32
    )
    if not np.isfinite(kept).all():
        raise DataError(f"{place}: holds NaN or infinite values; all must be finite: repair the file or leave it out")
    return FeatureMap(kept, TimeGrid(start / rate_hz, 1.0 / rate_hz))
