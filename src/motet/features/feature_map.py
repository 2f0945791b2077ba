"""Feature maps and their time grid. Axes: C channel, T time in frames, F frequency bin (1 for a waveform)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TimeGrid:
    """Where the frames of a map lie: frame i stands at `start_s + i * step_s` seconds.

    Parameters
    ----------
    start_s
        The time of frame 0 (the centre of its window) in the recording, in seconds.
    step_s
        The time from one frame to the next, computed after rounding to whole samples.
    """

    start_s: float
    step_s: float

    def strided(self, stride: int, offset_frames: float = 0.0) -> "TimeGrid":
        """Return the grid after a layer that keeps every `stride`-th frame, the first moved by `offset_frames`."""
        return TimeGrid(self.start_s + offset_frames * self.step_s, self.step_s * stride)


@dataclass(frozen=True, slots=True, eq=False)
class FeatureMap:
    """Features of one recording.

    Parameters
    ----------
    values
        float32 or float16, shape [C, T, F]. A waveform has F=1, a summary vector T=1.
    grid
        The time of every frame.
    rate_hz
        The sampling rate of the signal that it was computed from, which decides what its bins stand for; 0 for a map
        that was given finished.
    """

    values: NDArray[np.float32] | NDArray[np.float16]
    grid: TimeGrid
    rate_hz: float = 0.0
