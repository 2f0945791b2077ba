"""From a span in seconds to samples, and from decoded samples to a signal that has been checked."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet.errors import DataError
from motet.signals.signal import Signal

SampleSpan = tuple[int, int]

_ROUNDING_S = 0.005


def sample_span(start_s: float, end_s: float | None, rate_hz: float, num_samples: int, place: str) -> SampleSpan:
    """Return the first sample of a span in seconds and the one after its last.

    Both ends are rounded to whole samples. `end_s` of None is the end of the recording; an end at most 5 ms behind
    it is taken for a rounded figure of an annotation, and means the end.

    Raises
    ------
    DataError
        If the recording holds no samples, or the span is empty or reaches beyond the recording.

    Examples
    --------
    >>> sample_span(0.5, None, 8000.0, 16000, "a.wav")
    (4000, 16000)
    """
    if num_samples <= 0:
        raise DataError(f"{place}: holds no samples; remove it from the data or record it again")
    if start_s == 0.0 and end_s is None:
        return 0, num_samples
    start = round(start_s * rate_hz)
    stop = num_samples if end_s is None else round(end_s * rate_hz)
    if end_s is not None and end_s <= num_samples / rate_hz + _ROUNDING_S:
        stop = min(stop, num_samples)
    if not 0 <= start < stop <= num_samples:
        wanted_end = "the end" if end_s is None else f"{end_s:g} s"
        raise DataError(
            f"{place}: the span from {start_s:g} s to {wanted_end} does not lie in the recording of "
            f"{num_samples / rate_hz:g} s; correct the span's start and end"
        )
    return start, stop


def cut(values: NDArray[np.float32], span: SampleSpan, rate_hz: float) -> Signal:
    """Return a span of a whole recording, shape [C, T]."""
    start, stop = span
    return Signal(values[:, start:stop], rate_hz, start / rate_hz)


def checked(values: NDArray[Any], place: str) -> NDArray[np.float32]:
    """Return samples as contiguous float32, shape [C, T].

    Raises
    ------
    DataError
        If a value is NaN or infinite; the message names the first one.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        samples: NDArray[np.float32] = np.ascontiguousarray(values, dtype=np.float32)
        # One sum shows in a single pass whether anything is not finite; only then is it worth looking closer,
        # because the sum of large finite values may overflow too.
        total = samples.sum()
    if not np.isfinite(total):
        _refuse_not_finite(samples, place)
    return samples


def _refuse_not_finite(samples: NDArray[np.float32], place: str) -> None:
    wrong = np.argwhere(~np.isfinite(samples))
    if not len(wrong):
        return
    channel, sample = wrong[0].tolist()
    value = samples[channel, sample]
    raise DataError(
        f"{place}: {len(wrong)} of {samples.size} values are NaN, infinite or beyond float32, the first ({value}) in "
        f"channel {channel} at sample {sample}; all values must be finite: repair the recording or leave it out"
    )
