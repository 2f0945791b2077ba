"""More weight for high frequencies, as speech wants before a spectrum is taken."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from motet.signals.settings import PreEmphasisSettings
from motet.signals.signal import Signal


@dataclass(frozen=True, slots=True)
class PreEmphasis:
    """Subtract a share of the previous sample: y[t] = x[t] - coefficient * x[t - 1], and y[0] = x[0].

    Parameters
    ----------
    settings
        See `PreEmphasisSettings`.

    Examples
    --------
    >>> step = PreEmphasis(PreEmphasisSettings(coefficient=0.5))
    >>> step(Signal(np.ones((1, 3), dtype=np.float32), rate_hz=8000.0)).values
    array([[1. , 0.5, 0.5]], dtype=float32)
    """

    settings: PreEmphasisSettings

    version: ClassVar[int] = 1

    def __call__(self, signal: Signal) -> Signal:
        """Return the emphasised signal."""
        values = signal.values.copy()
        values[:, 1:] -= np.float32(self.settings.coefficient) * signal.values[:, :-1]
        return replace(signal, values=values)
