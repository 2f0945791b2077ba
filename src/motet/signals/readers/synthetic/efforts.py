"""Synthetic sensor traces of one axis: a movement that becomes stronger and weaker, slowly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motet.signals.readers.synthetic.base import Synthetic, with_noise

_RATE_HZ = 10.0
_PACE_HZ = 8.0
_PACE_STEP = 1.2
_WAVES = 3


@dataclass(frozen=True, slots=True, eq=False)
class EffortTruth:
    """What is known of a recording.

    Parameters
    ----------
    values
        How strong the movement is, about 0 to 1, from its start on, shape [E].
    rate_hz
        Values per second.
    """

    values: NDArray[np.float64]
    rate_hz: float


@dataclass(frozen=True, slots=True)
class SyntheticEfforts(Synthetic):
    """One channel: a movement, whose pace is the class, times its strength over time.

    Examples
    --------
    >>> truth = SyntheticEfforts(index=1, rate_hz=100.0, duration_s=4.0).truth()
    >>> bool(((truth.values >= 0) & (truth.values <= 1)).all()), truth.rate_hz
    (True, 10.0)
    """

    def truth(self) -> EffortTruth:
        """Return the strength over time."""
        count = int(self.num_samples / self.rate_hz * _RATE_HZ) + 1
        return EffortTruth(self._strength(np.arange(count) / _RATE_HZ), _RATE_HZ)

    def synthesise(self) -> NDArray[np.float32]:
        """Return the whole recording, shape [1, T]."""
        times = np.arange(self.num_samples) / self.rate_hz
        (start,) = self.draws("movement", 1)
        pace_hz = _PACE_HZ * _PACE_STEP**self.class_number
        movement = np.sin(2.0 * np.pi * (start + pace_hz * times)) * self._strength(times)
        return with_noise(movement[None].astype(np.float32), self.noise_db, self.noise_generator())

    def _strength(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a sum of slow waves, squeezed to 0 to 1; the slowest takes twice the mean duration."""
        drawn = np.array(self.draws("strength", 2 * _WAVES)).reshape(2, _WAVES)
        pace_hz = (np.arange(_WAVES) + 0.5 + 0.5 * drawn[0]) / (2.0 * self.duration_s)
        waves = np.sin(2.0 * np.pi * (times[:, None] * pace_hz + drawn[1]))
        strength: NDArray[np.float64] = 0.5 + 0.5 * np.tanh(waves.sum(axis=1))
        return strength
