"""Random changes of the waveform, in training and before the features. Axes: C channel, T time in samples.

Nothing here draws by itself: every call receives its numbers, uniform in [0, 1), from `motet.draws.uniform` with
`count=augmentation.num_draws`, so a row's change depends on (seed, epoch, row, stage) alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from motet.config import Settings, UserComponent
from motet.errors import UserCodeError
from motet.signals.settings import WaveformGainSettings, WaveformNoiseSettings, WaveformShiftSettings
from motet.signals.signal import Signal

Draws = NDArray[np.float64]


class WaveformAugmentation(Protocol):
    """One random change of a waveform."""

    @property
    def num_draws(self) -> int:
        """How many numbers a change is made of."""
        ...

    def __call__(self, signal: Signal, draws: Draws) -> Signal:
        """Return the changed signal for `num_draws` numbers in [0, 1), and leave the given one as it is."""
        ...


@dataclass(frozen=True, slots=True)
class WaveformGain:
    """Multiply by a gain that is uniform in dB.

    Parameters
    ----------
    settings
        See `WaveformGainSettings`.

    Examples
    --------
    >>> louder = WaveformGain(WaveformGainSettings(low_db=0.0, high_db=20.0))
    >>> louder(Signal(np.ones((1, 2), dtype=np.float32), rate_hz=8000.0), np.array([0.0, 0.5])).values
    array([[3.1622777, 3.1622777]], dtype=float32)
    """

    settings: WaveformGainSettings

    num_draws: ClassVar[int] = 2

    def __call__(self, signal: Signal, draws: Draws) -> Signal:
        """Return the signal, louder or quieter."""
        if draws[0] >= self.settings.probability:
            return signal
        gain = _amplitude(_between(self.settings.low_db, self.settings.high_db, draws[1]))
        return replace(signal, values=signal.values * gain)


@dataclass(frozen=True, slots=True)
class WaveformNoise:
    """Add white Gaussian noise at a signal-to-noise ratio that is uniform in dB.

    The ratio is that of the powers over all channels; a silent signal stays silent.

    Parameters
    ----------
    settings
        See `WaveformNoiseSettings`.
    """

    settings: WaveformNoiseSettings

    num_draws: ClassVar[int] = 3

    def __call__(self, signal: Signal, draws: Draws) -> Signal:
        """Return the signal with noise."""
        if draws[0] >= self.settings.probability:
            return signal
        ratio_db = _between(self.settings.low_db, self.settings.high_db, draws[1])
        level = np.sqrt(np.mean(np.square(signal.values, dtype=np.float64))) * _amplitude(-ratio_db)
        generator = np.random.Generator(np.random.Philox(key=int(draws[2] * 2.0**53)))
        noise = generator.standard_normal(signal.values.shape, dtype=np.float32)
        return replace(signal, values=signal.values + np.float32(level) * noise)


@dataclass(frozen=True, slots=True)
class WaveformShift:
    """Roll in time by a whole number of samples, uniform from -`max_s` to `max_s`.

    Parameters
    ----------
    settings
        See `WaveformShiftSettings`.
    """

    settings: WaveformShiftSettings

    num_draws: ClassVar[int] = 2

    def __call__(self, signal: Signal, draws: Draws) -> Signal:
        """Return the shifted signal."""
        if draws[0] >= self.settings.probability:
            return signal
        shift_s = _between(-self.settings.max_s, self.settings.max_s, draws[1])
        return replace(signal, values=np.roll(signal.values, round(shift_s * signal.rate_hz), axis=1))


AUGMENTATIONS: Mapping[type[Settings], Any] = {
    WaveformGainSettings: WaveformGain,
    WaveformNoiseSettings: WaveformNoise,
    WaveformShiftSettings: WaveformShift,
}


class AugmentationChain:
    """All waveform augmentation of an experiment, in the order of `signal.augment`.

    Parameters
    ----------
    settings
        The list `signal.augment`.
    """

    def __init__(self, settings: Sequence[Settings]) -> None:
        self.augmentations: tuple[WaveformAugmentation, ...] = tuple(_build(one) for one in settings)
        self.num_draws = sum(augmentation.num_draws for augmentation in self.augmentations)

    def __call__(self, signal: Signal, draws: Draws) -> Signal:
        """Return the changed signal for `num_draws` numbers in [0, 1), shape [num_draws]."""
        used = 0
        for augmentation in self.augmentations:
            signal = augmentation(signal, draws[used : used + augmentation.num_draws])
            used += augmentation.num_draws
        return signal


class UserAugmentation:
    """An augmentation of the user's own, called like the others; `num_draws` is 1 where it does not say it.

    Parameters
    ----------
    settings
        The user's component.
    """

    def __init__(self, settings: UserComponent) -> None:
        self._augmentation, self._place = settings.build(), settings.place
        self.num_draws = int(getattr(self._augmentation, "num_draws", 1))

    def __call__(self, signal: Signal, draws: Draws) -> Signal:
        """Return the changed signal.

        Raises
        ------
        UserCodeError
            If the user's augmentation returns no signal, or one of another shape.
        """
        changed = self._augmentation(signal, draws)
        if not isinstance(changed, Signal) or changed.values.shape != signal.values.shape:
            found = f"samples {list(changed.values.shape)}" if isinstance(changed, Signal) else type(changed).__name__
            raise UserCodeError(
                f"signal.augment: {self._place} returned {found} for samples {list(signal.values.shape)}, but wanted "
                "is a Signal of the same shape: correct its __call__"
            )
        return changed


def _build(settings: Settings) -> WaveformAugmentation:
    if isinstance(settings, UserComponent):
        return UserAugmentation(settings)
    augmentation: WaveformAugmentation = AUGMENTATIONS[type(settings)](settings)
    return augmentation


def _between(low: float, high: float, draw: float) -> float:
    return low + (high - low) * float(draw)


def _amplitude(level_db: float) -> np.float32:
    return np.float32(10.0 ** (level_db / 20.0))
