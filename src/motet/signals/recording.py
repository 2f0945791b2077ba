"""A recording that is read only when asked: a reader and a span in seconds.

A reader is one small frozen dataclass that knows one place (a file, a row of a file, an array) and turns it into
a `Signal`, or into a finished feature map, in which case decoding and signal steps are skipped.
"""

import math
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from numpy.typing import ArrayLike

from motet.errors import ConfigError
from motet.files.digest_cache import DigestCache
from motet.signals.readers.arrays import ArraySignal
from motet.signals.settings import ReaderSettings
from motet.signals.signal import Signal

T_co = TypeVar("T_co", covariant=True)


class Reader(Protocol[T_co]):
    """What every reader offers. A new format is one class with these three methods."""

    def read(self, start_s: float, end_s: float | None) -> T_co:
        """Decode the span from `start_s` to `end_s` (None: to the end), in seconds.

        Raises
        ------
        DataError
            If the place cannot be read: missing, truncated, empty, or not finite. The message names the place.
        """
        ...

    def digest(self, cache: DigestCache) -> bytes:
        """Return what identifies the content and the way it is read: 16 bytes."""
        ...

    def describe(self) -> str:
        """Name the place for messages: a path, or a path and a row."""
        ...


@dataclass(frozen=True, slots=True)
class Recording(Generic[T_co]):
    """A lazy recording.

    Parameters
    ----------
    reader
        Where the recording lies and how it is decoded.
    start_s, end_s
        The span in seconds; `end_s` of None reads to the end.
    """

    reader: Reader[T_co]
    start_s: float = 0.0
    end_s: float | None = None

    @classmethod
    def of(
        cls,
        content: ArrayLike | Path | str,
        rate_hz: float | None = None,
        *,
        start_s: float = 0.0,
        end_s: float | None = None,
    ) -> "Recording[Signal]":
        """Return the recording of samples in memory, or of a file.

        Parameters
        ----------
        content
            Samples, shape [C, T] or [T], or the path of a file.
        rate_hz
            Samples per second; of a file only where it carries none.

        Raises
        ------
        ConfigError
            If no rate is given where one is needed, or it is not above 0.

        Examples
        --------
        >>> Recording.of([[0.0, 0.5, 0.0, -0.5]], 4.0).read().values.shape
        (1, 4)
        """
        if isinstance(content, Path | str):
            from motet.signals.readers.by_suffix import reader_for

            return Recording(reader_for(Path(content), ReaderSettings(rate_hz=rate_hz)), start_s, end_s)
        if rate_hz is None:
            raise ConfigError("rate_hz is missing: an array carries no sampling rate, give the samples per second")
        if not isinstance(rate_hz, Real) or not 0 < rate_hz < math.inf:
            raise ConfigError(
                f"rate_hz is {rate_hz!r}, but a sampling rate is a number above 0: give samples per second"
            )
        return Recording(ArraySignal(content, float(rate_hz)), start_s, end_s)

    def read(self) -> T_co:
        """Decode the span."""
        return self.reader.read(self.start_s, self.end_s)

    def describe(self) -> str:
        """Name the recording for messages."""
        place = self.reader.describe()
        if self.start_s == 0.0 and self.end_s is None:
            return place
        end = "end" if self.end_s is None else f"{self.end_s:g} s"
        return f"{place} [{self.start_s:g} s to {end}]"
