"""Recordings without the silence at their ends."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from motet.signals.settings import TrimSilenceSettings
from motet.signals.signal import Signal


@dataclass(frozen=True, slots=True)
class TrimSilence:
    """Cut what comes before the first window and after the last window that is not silent.

    A window is silent if its power, the mean over time and channels, lies below the threshold relative to the
    loudest window. The first window kept begins at the first sound's window, the last ends with its window.
    A recording that is silent throughout stays as it is. `start_s` moves with the cut.

    Parameters
    ----------
    settings
        See `TrimSilenceSettings`.

    Examples
    --------
    >>> padded = np.zeros((1, 8000), dtype=np.float32)
    >>> padded[0, 3000:5000] = 0.5
    >>> trimmed = TrimSilence(TrimSilenceSettings(window_s=0.01, hop_s=0.01))(Signal(padded, rate_hz=8000.0))
    >>> trimmed.start_s, trimmed.duration_s
    (0.37, 0.26)
    """

    settings: TrimSilenceSettings

    version: ClassVar[int] = 1

    def __call__(self, signal: Signal) -> Signal:
        """Return the trimmed signal."""
        starts, stops = self._windows(signal)
        power = _mean_power(signal.values, starts, stops)
        loud = np.flatnonzero(power >= power.max() * 10.0 ** (self.settings.threshold_db / 10.0))
        margin = round(self.settings.margin_s * signal.rate_hz)
        start = max(int(starts[loud[0]]) - margin, 0) if self.settings.ends != "end" else 0
        stop = min(int(stops[loud[-1]]) + margin, signal.num_samples)
        if self.settings.ends == "start":
            stop = signal.num_samples
        kept = np.ascontiguousarray(signal.values[:, start:stop])
        return Signal(kept, signal.rate_hz, signal.start_s + start / signal.rate_hz)

    def _windows(self, signal: Signal) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the first sample and the end of every window; the last one may be shorter."""
        window = max(1, round(self.settings.window_s * signal.rate_hz))
        hop = max(1, round(self.settings.hop_s * signal.rate_hz))
        starts = np.arange(0, max(1, signal.num_samples - window + hop), hop, dtype=np.int64)
        return starts, np.minimum(starts + window, signal.num_samples)


def _mean_power(
    values: NDArray[np.float32], starts: NDArray[np.int64], stops: NDArray[np.int64]
) -> NDArray[np.float64]:
    energy = np.square(values, dtype=np.float64).mean(axis=0)
    total = np.concatenate([[0.0], np.cumsum(energy)])
    power: NDArray[np.float64] = (total[stops] - total[starts]) / (stops - starts)
    return power
