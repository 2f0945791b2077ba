"""Another sampling rate."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import soxr

from motet.errors import DataError
from motet.signals.signal import Signal


@dataclass(frozen=True, slots=True)
class Resample:
    """Change the sampling rate with soxr's HQ recipe (linear phase; aliases lie below -140 dB).

    The signal keeps its beginning and duration; the number of samples is rounded.

    Parameters
    ----------
    rate_hz
        Samples per second that the result has.

    Examples
    --------
    >>> Resample(8000.0)(Signal(np.zeros((1, 44100), dtype=np.float32), rate_hz=44100.0)).values.shape
    (1, 8000)
    """

    rate_hz: float

    version: ClassVar[int] = 1

    def __call__(self, signal: Signal) -> Signal:
        """Return the signal at the rate.

        Raises
        ------
        DataError
            If the signal is so short that no sample is left.
        """
        if signal.rate_hz == self.rate_hz:
            return signal
        if signal.num_channels == 1:
            values = soxr.resample(signal.values[0], signal.rate_hz, self.rate_hz, quality="HQ")[None]
        else:
            values = soxr.resample(signal.values.T, signal.rate_hz, self.rate_hz, quality="HQ").T
        if values.shape[1] == 0:
            raise DataError(
                f"the recording has {signal.num_samples} samples at {signal.rate_hz:g} Hz, of which none is left at "
                f"{self.rate_hz:g} Hz; leave it out or raise signal.rate_hz"
            )
        return Signal(np.ascontiguousarray(values), self.rate_hz, signal.start_s)
