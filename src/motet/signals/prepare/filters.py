"""Butterworth filters, as second-order sections in float64.

The transfer-function form loses all precision at the low cut-offs of EEG; second-order sections keep it. A causal
filter starts at rest (the signal is taken as zero before it begins) and delays; a zero-phase filter runs forwards
and backwards, delays nothing, and squares the magnitude response: 6 dB are lost at the cut-off instead of 3.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from motet.errors import DataError
from motet.signals.settings import BandPassSettings, HighPassSettings, LowPassSettings, Phase
from motet.signals.signal import Signal

_Band = Literal["bandpass", "highpass", "lowpass"]


@dataclass(frozen=True, slots=True)
class BandPass:
    """Keep the frequencies from `low_hz` to `high_hz`; each slope has the order that is set.

    Parameters
    ----------
    settings
        See `BandPassSettings`.

    Examples
    --------
    >>> alpha_waves = BandPass(BandPassSettings(low_hz=8.0, high_hz=12.0, phase="zero_phase"))
    >>> alpha_waves(Signal(np.ones((2, 1000), dtype=np.float32), rate_hz=173.61)).values.shape
    (2, 1000)
    """

    settings: BandPassSettings

    version: ClassVar[int] = 1

    def __call__(self, signal: Signal) -> Signal:
        """Return the filtered signal.

        Raises
        ------
        DataError
            If a limit does not lie below half the signal's rate.
        """
        limits_hz = (self.settings.low_hz, self.settings.high_hz)
        return _filtered(signal, "bandpass", limits_hz, self.settings.order, self.settings.phase)


@dataclass(frozen=True, slots=True)
class HighPass:
    """Remove the frequencies below `low_hz`.

    Parameters
    ----------
    settings
        See `HighPassSettings`.
    """

    settings: HighPassSettings

    version: ClassVar[int] = 1

    def __call__(self, signal: Signal) -> Signal:
        """Return the filtered signal.

        Raises
        ------
        DataError
            If the limit does not lie below half the signal's rate.
        """
        return _filtered(signal, "highpass", (self.settings.low_hz,), self.settings.order, self.settings.phase)


@dataclass(frozen=True, slots=True)
class LowPass:
    """Remove the frequencies above `high_hz`.

    Parameters
    ----------
    settings
        See `LowPassSettings`.
    """

    settings: LowPassSettings

    version: ClassVar[int] = 1

    def __call__(self, signal: Signal) -> Signal:
        """Return the filtered signal.

        Raises
        ------
        DataError
            If the limit does not lie below half the signal's rate.
        """
        return _filtered(signal, "lowpass", (self.settings.high_hz,), self.settings.order, self.settings.phase)


def _filtered(signal: Signal, band: _Band, limits_hz: tuple[float, ...], order: int, phase: Phase) -> Signal:
    # scipy.signal takes half a second to import: only experiments that filter pay for it.
    from scipy.signal import sosfilt, sosfiltfilt

    if max(limits_hz) >= signal.rate_hz / 2:
        raise DataError(
            f"a filter's limit is {max(limits_hz):g} Hz and the recording's rate {signal.rate_hz:g} Hz; the limit must "
            f"lie below half the rate, {signal.rate_hz / 2:g} Hz: lower it, or set a higher signal.rate_hz"
        )
    sections = _sections(band, limits_hz, order, signal.rate_hz)
    values = signal.values.astype(np.float64)
    if phase == "causal":
        filtered = sosfilt(sections, values)
    else:
        padding = min(3 * (2 * len(sections) + 1), signal.num_samples - 1)
        filtered = sosfiltfilt(sections, values, padlen=padding)
    return replace(signal, values=filtered.astype(np.float32))


@lru_cache(maxsize=64)
def _sections(band: _Band, limits_hz: tuple[float, ...], order: int, rate_hz: float) -> NDArray[np.float64]:
    from scipy.signal import butter

    limits = limits_hz if len(limits_hz) > 1 else limits_hz[0]
    sections: NDArray[np.float64] = butter(order, limits, btype=band, output="sos", fs=rate_hz)
    return sections
