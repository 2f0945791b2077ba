"""Synthetic sensor traces: the three axes of an accelerometer worn during an activity of some intensity."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motet.signals.readers.synthetic.base import Synthetic, with_noise

_NUM_AXES = 3
_ACTIVITIES = ("walk", "run", "climb", "cycle", "row", "jump", "wave", "shake")
_SLOWEST_PACE = 3.0
_PACE_STEP = 1.3


@dataclass(frozen=True, slots=True)
class SensorTruth:
    """What is known of a sensor trace.

    Parameters
    ----------
    activity
        The class.
    intensity
        How vigorous it is, in [0, 1).
    subject
        Who wears the sensor: the group.
    """

    activity: str
    intensity: float
    subject: str


@dataclass(frozen=True, slots=True)
class SyntheticSensors(Synthetic):
    """Three channels, in units of gravity: a posture, and a movement whose pace and direction tell the activity.

    Examples
    --------
    >>> truth = SyntheticSensors(index=1, rate_hz=50.0, duration_s=2.5).truth()
    >>> truth.activity, truth.subject
    ('run', 'subject_1')
    """

    def truth(self) -> SensorTruth:
        """Return the activity, its intensity and the subject."""
        (intensity,) = self.draws("intensity", 1)
        return SensorTruth(_activity_name(self.class_number), intensity, f"subject_{self.group_number + 1}")

    def synthesise(self) -> NDArray[np.float32]:
        """Return the whole trace, shape [3, T]."""
        intensity = self.truth().intensity
        pace_draw, start, *tilt = self.draws("movement", 2 + _NUM_AXES)
        pace = _SLOWEST_PACE * _PACE_STEP ** (self.class_number % len(_ACTIVITIES)) * (0.92 + 0.16 * pace_draw)
        cycles = start + np.arange(self.num_samples) * (pace / (self.duration_s * self.rate_hz))
        angle = 2.0 * np.pi * cycles + np.arange(_NUM_AXES)[:, None] * _direction(self.class_number, 1.7)
        movement = np.sin(angle) + (0.2 + 0.6 * intensity) * np.sin(2.0 * angle)
        weights = 0.3 + 0.7 * np.abs(np.sin(_direction(self.class_number, 1.1)))
        movement *= (0.2 + 0.8 * intensity) * weights
        noisy = with_noise(movement.astype(np.float32), self.noise_db, self.noise_generator())
        posture = np.cos(_direction(self.group_number, 0.4)) + 0.2 * np.array(tilt)[:, None]
        return (noisy + posture).astype(np.float32)


def _activity_name(number: int) -> str:
    round_number, activity = divmod(number, len(_ACTIVITIES))
    name = _ACTIVITIES[activity]
    return name if round_number == 0 else f"{name}_{round_number + 1}"


def _direction(number: int, step: float) -> NDArray[np.float64]:
    """Return one angle an axis, shape [3, 1], that differs from number to number."""
    angles: NDArray[np.float64] = step * (number + 1) * np.arange(1.0, _NUM_AXES + 1)
    return angles[:, None]
