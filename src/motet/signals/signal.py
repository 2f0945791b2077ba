"""The decoded signal. Axes: C channel, T time in samples."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """A decoded recording, or a part of one.

    Parameters
    ----------
    values
        Samples, float32, shape [C, T]. Audio lies in [-1, 1]; sensors keep their own unit.
    rate_hz
        Samples per second and channel.
    start_s
        Where the first sample lies in the recording, in seconds.
    """

    values: NDArray[np.float32]
    rate_hz: float
    start_s: float = 0.0

    @property
    def num_channels(self) -> int:
        """The number of channels, C."""
        return int(self.values.shape[0])

    @property
    def num_samples(self) -> int:
        """The number of samples per channel, T."""
        return int(self.values.shape[1])

    @property
    def duration_s(self) -> float:
        """The duration in seconds."""
        return self.num_samples / self.rate_hz
