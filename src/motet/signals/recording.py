"""A recording that is read only when asked: a reader and a span in seconds.

A reader is one small frozen dataclass that knows one place (a file, a row of a file, an array) and turns it into
a `Signal`, or into a finished feature map, in which case decoding and signal steps are skipped.
"""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from motet.files.digest_cache import DigestCache

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
