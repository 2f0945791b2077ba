"""The waveform as a feature map: one frame per sample, one bin."""

from typing import ClassVar

from torch import Tensor, nn

from motet.features.feature_map import TimeGrid
from motet.features.settings import WaveformSettings


class Waveform(nn.Module):
    """The samples themselves, for networks that learn their own filters.

    Parameters
    ----------
    settings
        There is nothing to set.
    rate_hz
        Sampling rate of the signals.
    """

    version: ClassVar[int] = 1

    def __init__(self, settings: WaveformSettings, rate_hz: float) -> None:
        super().__init__()
        self.settings = settings
        self.rate_hz = rate_hz
        self.num_bins = 1
        self.context_s = 0.0
        self.whole_clip = False

    def num_frames(self, num_samples: int) -> int:
        """Return the number of frames, which is that of samples."""
        return num_samples

    def grid(self, start_s: float) -> TimeGrid:
        """Return the time of the samples of a signal that starts at `start_s`."""
        return TimeGrid(start_s, 1.0 / self.rate_hz)

    def forward(self, values: Tensor) -> Tensor:
        """Map samples [..., C, T] to [..., C, T, 1]."""
        return values.unsqueeze(-1)
