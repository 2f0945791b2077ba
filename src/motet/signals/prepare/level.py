"""Recordings at the same level."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from motet.signals.settings import NormaliseSettings
from motet.signals.signal import Signal

_DEFAULT_LEVELS_DB = {"peak": 0.0, "rms": -20.0, "standard": 0.0}


@dataclass(frozen=True, slots=True)
class Normalise:
    """Scale every channel, or all by one factor, to a peak, a root mean square, or mean 0 and deviation 1.

    A channel without any level (silence, or a constant where the deviation counts) is not scaled.

    Parameters
    ----------
    settings
        See `NormaliseSettings`.

    Examples
    --------
    >>> quiet = Signal(np.array([[0.0, 0.1, -0.2]], dtype=np.float32), rate_hz=8000.0)
    >>> Normalise(NormaliseSettings(method="peak", level_db=-20.0))(quiet).values.min().item()
    -0.10000000149011612
    """

    settings: NormaliseSettings

    version: ClassVar[int] = 1

    def __call__(self, signal: Signal) -> Signal:
        """Return the signal at the level."""
        values = self._centred(signal)
        return replace(signal, values=(values * self._gain(values)).astype(np.float32))

    def gain(self, signal: Signal) -> NDArray[np.float64]:
        """Return the factor of each channel [C, 1], or the one of all, [1, 1]."""
        return self._gain(self._centred(signal))

    @property
    def _axes(self) -> int | None:
        return -1 if self.settings.per == "channel" else None

    def _centred(self, signal: Signal) -> NDArray[np.float64]:
        values = signal.values.astype(np.float64)
        if self.settings.method == "standard":
            values -= values.mean(axis=self._axes, keepdims=True)
        return values

    def _gain(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        level = self._level(values)
        level_db = self.settings.level_db
        target_db = _DEFAULT_LEVELS_DB[self.settings.method] if level_db is None else level_db
        gain: NDArray[np.float64] = np.divide(
            10.0 ** (target_db / 20.0), level, out=np.ones_like(level), where=level > 0.0
        )
        return gain

    def _level(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.settings.method == "peak":
            peak: NDArray[np.float64] = np.abs(values).max(axis=self._axes, keepdims=True)
            return peak
        rms: NDArray[np.float64] = np.sqrt(np.square(values).mean(axis=self._axes, keepdims=True))
        return rms
