"""The same stretch of every recording, such as its first second."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from motet.signals.settings import CutSettings
from motet.signals.signal import Signal


@dataclass(frozen=True, slots=True)
class Cut:
    """Keep `length_s` from `start_s` on; a recording that ends before that keeps what it has of it.

    Unlike segments, which cut what is stored, this comes before features, so statistics over a whole recording are
    those of the stretch. `start_s` moves with the cut.

    Parameters
    ----------
    settings
        See `CutSettings`.

    Examples
    --------
    >>> step = Cut(CutSettings(start_s=0.5, length_s=1.0))
    >>> cut = step(Signal(np.zeros((1, 16000), dtype=np.float32), rate_hz=8000.0))
    >>> cut.start_s, cut.duration_s
    (0.5, 1.0)
    """

    settings: CutSettings

    version: ClassVar[int] = 1

    def __call__(self, signal: Signal) -> Signal:
        """Return the stretch; it is empty where the recording ends before `start_s`."""
        start = min(round(self.settings.start_s * signal.rate_hz), signal.num_samples)
        stop = start + max(1, round(self.settings.length_s * signal.rate_hz))
        kept = np.ascontiguousarray(signal.values[:, start:stop])
        return Signal(kept, signal.rate_hz, signal.start_s + start / signal.rate_hz)
