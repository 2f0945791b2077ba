"""Which channels of a recording are kept, and how they are combined. Axes: C channel, T time in samples."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from motet.errors import DataError
from motet.signals.settings import ChannelName
from motet.signals.signal import Signal


@dataclass(frozen=True, slots=True)
class Channels:
    """Choose or combine channels.

    Parameters
    ----------
    select
        `mono`: the mean of all; `left`: the first of two or more; `right`: the second; `difference`: left minus
        right; `all`: as they are; or channel numbers from 0, in the order wanted.

    Examples
    --------
    >>> stereo = Signal(np.array([[1.0, 2.0], [3.0, 6.0]], dtype=np.float32), rate_hz=2.0)
    >>> Channels("mono")(stereo).values
    array([[2., 4.]], dtype=float32)
    """

    select: ChannelName | tuple[int, ...] = "all"

    version: ClassVar[int] = 1

    def __call__(self, signal: Signal) -> Signal:
        """Return the signal with the chosen channels.

        Raises
        ------
        DataError
            If the signal lacks a channel that is asked for.
        """
        if self.select == "all" or (self.select == "mono" and signal.num_channels == 1):
            return signal
        return replace(signal, values=self._chosen(signal.values))

    def _chosen(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        match self.select:
            case "mono":
                mean: NDArray[np.float32] = values.mean(axis=0, keepdims=True)
                return mean
            case "left":
                return values[self._present(values, 0, 1)[:1]]
            case "right":
                return values[self._present(values, 0, 1)[1:]]
            case "difference":
                left, right = self._present(values, 0, 1)
                return values[[left]] - values[[right]]
            case _:
                assert not isinstance(self.select, str)
                return values[self._present(values, *self.select)]

    def _present(self, values: NDArray[np.float32], *channels: int) -> list[int]:
        if max(channels) >= len(values):
            found = "1 channel" if len(values) == 1 else f"{len(values)} channels"
            wanted = self.select if isinstance(self.select, str) else list(self.select)
            raise DataError(
                f"the recording has {found}, and signal.channels is {wanted}, which needs {max(channels) + 1}; set it "
                "to mono or all, or leave the recording out"
            )
        return list(channels)
