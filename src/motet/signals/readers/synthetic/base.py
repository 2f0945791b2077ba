"""What all synthetic recordings share: their fields, their draws, and how a span of one is read."""

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from motet.draws import generator, uniform
from motet.files import DigestCache
from motet.signals.readers.spans import cut, sample_span
from motet.signals.signal import Signal

_SHORTEST, _LONGEST = 0.6, 1.4


@dataclass(frozen=True, slots=True)
class Synthetic(ABC):
    """A recording that is computed from these fields.

    Parameters
    ----------
    index
        Which recording, from 0.
    classes
        The number of scenes, event classes, digits or activities.
    groups
        The number of places, speakers or subjects.
    rate_hz
        Samples per second.
    duration_s
        The mean duration; recordings last 0.6 to 1.4 times as long.
    noise_db
        Level of the white noise, relative to the sound.
    seed
        Another seed gives other recordings of the same classes.
    """

    index: int
    classes: int = 4
    groups: int = 6
    rate_hz: float = 16_000.0
    duration_s: float = 1.0
    noise_db: float = -20.0
    seed: int = 0

    version: ClassVar[int] = 1

    @abstractmethod
    def truth(self) -> object:
        """Return what is known of the recording, without synthesising it."""

    @abstractmethod
    def synthesise(self) -> NDArray[np.float32]:
        """Return the whole recording, shape [C, T]."""

    @property
    def class_number(self) -> int:
        """The class of the recording, from 0."""
        return self.index % self.classes

    @property
    def group_number(self) -> int:
        """The place, speaker or subject of the recording, from 0."""
        return self.index // self.classes % self.groups

    @property
    def num_samples(self) -> int:
        """The number of samples per channel, T."""
        (draw,) = self.draws("duration", 1)
        relative = _SHORTEST + (_LONGEST - _SHORTEST) * draw
        return max(1, round(self.duration_s * relative * self.rate_hz))

    def draws(self, stage: str, count: int) -> list[float]:
        """Return the recording's own draws for a stage, uniform in [0, 1)."""
        row = np.array([self.index], dtype=np.int64)
        values: list[float] = uniform(self.seed, epoch=0, rows=row, stage=stage, count=count)[0].tolist()
        return values

    def noise_generator(self) -> np.random.Generator:
        """Return the recording's own generator of noise."""
        return generator(self.seed, "noise", self.index)

    def read(self, start_s: float = 0.0, end_s: float | None = None) -> Signal:
        """Synthesise the span from `start_s` to `end_s` (None: to the end), in seconds."""
        span = sample_span(start_s, end_s, self.rate_hz, self.num_samples, self.describe())
        return cut(self.synthesise(), span, self.rate_hz)

    def digest(self, cache: DigestCache) -> bytes:
        """Return the 16 bytes that stand for all fields."""
        return hashlib.blake2b(f"{self!r} version {self.version}".encode(), digest_size=16).digest()

    def describe(self) -> str:
        """Name the recording for messages."""
        return f"{type(self).__name__} {self.index} (seed {self.seed})"


def levelled(sound: NDArray[np.float32], draw: float) -> NDArray[np.float32]:
    """Bring a sound to a root mean square of 0.1, give or take 6 dB by the draw, and below a peak of 0.3."""
    rms = float(np.sqrt(np.mean(np.square(sound)))) or 1.0
    peak = float(np.max(np.abs(sound))) or 1.0
    gain = min(0.1 * 10.0 ** ((draw - 0.5) * 12.0 / 20.0) / rms, 0.3 / peak)
    scaled: NDArray[np.float32] = sound * np.float32(gain)
    return scaled


def with_noise(sound: NDArray[np.float32], noise_db: float, noise: np.random.Generator) -> NDArray[np.float32]:
    """Add white noise to a sound; `noise_db` is the noise's level relative to the sound's root mean square."""
    level = np.sqrt(np.mean(np.square(sound))) * 10.0 ** (noise_db / 20.0)
    noisy: NDArray[np.float32] = sound + np.float32(level) * noise.standard_normal(sound.shape, dtype=np.float32)
    return noisy
