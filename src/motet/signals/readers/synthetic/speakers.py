"""Synthetic speakers who say digits: two vowels in a row, with the speaker's pitch, vocal tract and breath.

The model is the source and filter of G. Fant, Acoustic Theory of Speech Production, 1960: harmonics of the pitch,
weighted by three resonances (formants). A digit is a pair of vowels; each vowel is one period of the voice, which
is then read at the pace of a gliding pitch.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motet.signals.readers.synthetic.base import Synthetic, levelled, with_noise

_VOWELS_HZ = np.array(
    [
        (280.0, 2250.0, 2900.0),
        (400.0, 2000.0, 2550.0),
        (550.0, 1770.0, 2500.0),
        (710.0, 1100.0, 2450.0),
        (590.0, 880.0, 2540.0),
        (450.0, 1030.0, 2380.0),
        (310.0, 870.0, 2250.0),
        (500.0, 1500.0, 2500.0),
    ]
)
_BANDWIDTH_HZ = 90.0
_SPEECH_RATE_HZ = 8000.0
_PERIOD_SAMPLES = 1024  # a power of two, so that a phase wraps by its bits
_MOST_BREATH_DB = 12.0


@dataclass(frozen=True, slots=True)
class SpeakerTruth:
    """What is known of an utterance.

    Parameters
    ----------
    digit
        "0", "1", and so on.
    speaker
        Who speaks: a class of its own, or the group.
    """

    digit: str
    speaker: str


@dataclass(frozen=True, slots=True)
class SyntheticSpeaker(Synthetic):
    """One channel in which one of `groups` speakers says one of `classes` digits.

    Examples
    --------
    >>> SyntheticSpeaker(index=23, classes=10, groups=3).truth()
    SpeakerTruth(digit='3', speaker='speaker_3')
    """

    def truth(self) -> SpeakerTruth:
        """Return the digit and the speaker."""
        return SpeakerTruth(str(self.class_number), f"speaker_{self.group_number + 1}")

    def synthesise(self) -> NDArray[np.float32]:
        """Return the whole utterance, shape [1, T]."""
        turn, glide, level, jitter = self.draws("utterance", 4)
        pitch_hz = self._pitch_hz() * (0.95 + 0.1 * jitter)
        first, second = self._periods(pitch_hz).take(self._phases(pitch_hz, 0.2 * glide - 0.2), axis=1)
        position = np.linspace(0.0, 1.0, self.num_samples, dtype=np.float32)
        share = np.clip((position - np.float32(0.35 + 0.2 * turn)) * np.float32(6.0) + np.float32(0.5), 0.0, 1.0)
        voice = (first + share * (second - first)) * (position * (np.float32(1.0) - position))
        noise_db = self.noise_db + _MOST_BREATH_DB * _spread(self.group_number, 0.5437)
        return with_noise(levelled(voice, level), noise_db, self.noise_generator())[None]

    def _phases(self, pitch_hz: float, glide: float) -> NDArray[np.int64]:
        """Return where in its period the voice is at every sample; the pitch glides by this share of itself."""
        samples = np.arange(self.num_samples)
        step = pitch_hz / self.rate_hz * _PERIOD_SAMPLES
        bend = step * glide / (2 * len(samples))
        return (samples * (step + bend * samples)).astype(np.int64) & (_PERIOD_SAMPLES - 1)

    def _periods(self, pitch_hz: float) -> NDArray[np.float32]:
        """Return one period of both vowels of the digit, shape [2, period samples]."""
        highest_hz = 0.45 * min(self.rate_hz, _SPEECH_RATE_HZ)
        numbers = np.arange(1, max(1, int(highest_hz / pitch_hz)) + 1, dtype=np.float32)
        angle = np.linspace(0.0, 2.0 * np.pi, _PERIOD_SAMPLES, endpoint=False, dtype=np.float32)
        periods: NDArray[np.float32] = self._vowels(numbers * pitch_hz) @ np.sin(numbers[:, None] * angle)
        return periods

    def _vowels(self, harmonics_hz: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the weights of the harmonics in both vowels of the digit, shape [2, harmonics]."""
        tract = 0.85 + 0.35 * _spread(self.group_number, 0.7549)
        round_number, first = divmod(self.class_number, len(_VOWELS_HZ))
        pair = [first, (first + 3 + round_number) % len(_VOWELS_HZ)]
        formants_hz = _VOWELS_HZ[pair] * tract * min(1.0, self.rate_hz / _SPEECH_RATE_HZ)
        distance = (harmonics_hz[None, None] - formants_hz[:, :, None]) / _BANDWIDTH_HZ
        strength = np.array([1.0, 0.6, 0.3])[None, :, None]
        weights: NDArray[np.float64] = np.sum(strength / (1.0 + np.square(distance)), axis=1)
        return weights.astype(np.float32)

    def _pitch_hz(self) -> float:
        scale = min(1.0, self.rate_hz / _SPEECH_RATE_HZ)
        return float(90.0 * 2.8 ** _spread(self.group_number, 0.6180) * scale)


def _spread(number: int, step: float) -> float:
    """Return a number in [0, 1) that is far from those of the neighbours (a Weyl sequence)."""
    return (0.5 + number * step) % 1.0
