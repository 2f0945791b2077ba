"""Values over time that somebody annotated: arousal and valence, pain, loudness; see the task `time_regression`."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motet.errors import DataError


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Trace:
    """What one recording is at many moments. Two traces with equal content are equal.

    Parameters
    ----------
    times_s
        When each value holds, in seconds from the start of the recording, ascending, shape [E].
    values
        Shape [E, K], or [E] for a single value; NaN where nothing is known.
    names
        What the K values are called; by default value, or value_1, value_2, ...

    Raises
    ------
    DataError
        If there is no moment, times do not ascend or are not finite, a value is infinite, or sizes do not agree.

    Examples
    --------
    >>> trace = Trace([0.0, 0.5, 1.0], [0.1, 0.4, 0.2], ("arousal",))
    >>> trace.values.shape, trace == Trace.sampled([0.1, 0.4, 0.2], rate_hz=2.0, names=["arousal"])
    ((3, 1), True)
    """

    times_s: NDArray[np.float64]
    values: NDArray[np.float64]
    names: tuple[str, ...]

    def __init__(self, times_s: ArrayLike, values: ArrayLike, names: Any = ()) -> None:
        times, found = np.array(times_s, dtype=np.float64), np.array(values, dtype=np.float64)
        found = found[:, None] if found.ndim == 1 else found
        if times.ndim != 1 or not len(times) or found.ndim != 2 or len(found) != len(times) or not found.shape[1]:
            raise DataError(
                f"a trace has {list(times.shape)} times and {list(found.shape)} values, but wanted are [E] and [E, K] "
                "with at least one moment: correct the annotation"
            )
        if not np.isfinite(times).all() or (np.diff(times) <= 0).any():
            raise DataError("the times of a trace do not ascend, or are not finite: sort them and remove repeated ones")
        if np.isinf(found).any():
            moment = times[np.isinf(found).any(axis=1)][0]
            raise DataError(f"the value of a trace at {moment:g} s is infinite: correct it, or leave it empty or NaN")
        if names and len(names) != found.shape[1]:
            raise DataError(f"a trace has {found.shape[1]} values and {len(names)} names: name each value")
        for array in (times, found):
            array.flags.writeable = False
        object.__setattr__(self, "times_s", times)
        object.__setattr__(self, "values", found)
        object.__setattr__(self, "names", tuple(names))

    @classmethod
    def sampled(cls, values: ArrayLike, *, rate_hz: float, start_s: float = 0.0, names: Any = ()) -> "Trace":
        """Return values [E] or [E, K] that were taken at a rate."""
        count = len(np.asarray(values))
        return cls(start_s + np.arange(count) / rate_hz, values, names)

    def between(self, start_s: float, end_s: float | None) -> "Trace | None":
        """Return what lies in a span, in seconds from its start; None where nothing does."""
        inside = (self.times_s >= start_s) & (self.times_s <= (np.inf if end_s is None else end_s))
        if not inside.any():
            return None
        return Trace(self.times_s[inside] - start_s, self.values[inside], self.names)

    def plain(self) -> list[Any]:
        """Return all of it as JSON; None where nothing is known."""
        rows = [[None if np.isnan(value) else value for value in row] for row in self.values.tolist()]
        return [list(self.names), self.times_s.tolist(), rows]

    def __repr__(self) -> str:
        names, first_s, last_s = ", ".join(self.names) or "no names", self.times_s[0], self.times_s[-1]
        return f"<Trace of {len(self.times_s)} moments from {first_s:g} to {last_s:g} s ({names})>"

    def _content(self) -> tuple[bytes, bytes, tuple[str, ...]]:
        return self.times_s.tobytes(), self.values.tobytes(), self.names

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trace) and self._content() == other._content()

    def __hash__(self) -> int:
        return hash(self._content())
