"""Statistics of log-mel bands over time: one vector per recording. Axes: [..., C, 1, F]."""

import math
from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor, nn

from motet.features.feature_map import TimeGrid
from motet.features.settings import LogbankSummarySettings, Statistic
from motet.features.spectral import LogMel

_CONSTANT_DB2 = 1e-8  # a variance below is float32 rounding of a band that never changes


class LogbankSummary(nn.Module):
    """Statistics over time of every log-mel band, as one frame.

    The bins are all bands of the first statistic, then all bands of the second, and so on. The standard deviation
    is that of the population, quantiles are interpolated linearly, kurtosis is that in excess of a normal
    distribution; a constant band has skewness and kurtosis 0.

    Parameters
    ----------
    settings
        What is computed.
    rate_hz
        Sampling rate of the signals.

    Raises
    ------
    ConfigError
        If the settings do not fit the sampling rate or each other.

    Examples
    --------
    >>> summary = LogbankSummary(LogbankSummarySettings(bands=40, statistics=("mean", "std")), 16000.0)
    >>> summary(torch.zeros(1, 16000)).shape
    torch.Size([1, 1, 80])
    """

    version: ClassVar[int] = 1

    def __init__(self, settings: LogbankSummarySettings, rate_hz: float) -> None:
        super().__init__()
        self.settings = settings
        self.rate_hz = rate_hz
        self.logmel = LogMel(settings, rate_hz)
        self.num_bins = settings.bands * len(settings.statistics)
        self.whole_clip = True
        self.context_s = math.inf

    def num_frames(self, num_samples: int) -> int:
        """Return 1."""
        return 1

    def grid(self, start_s: float) -> TimeGrid:
        """Return a grid of one frame at the start of the recording; there is no next frame, so the step is 0."""
        return TimeGrid(start_s, 0.0)

    def forward(self, values: Tensor) -> Tensor:
        """Map samples [..., C, T] to [..., C, 1, bands * statistics]."""
        bands = self.logmel(values)
        return torch.cat([_STATISTICS[name](bands) for name in self.settings.statistics], dim=-1)


def _std(bands: Tensor) -> Tensor:
    variance = _variance(bands)
    return variance.clamp(min=_CONSTANT_DB2).sqrt().masked_fill(variance <= _CONSTANT_DB2, 0.0)


def _standard_moment(bands: Tensor, order: int, normal: float) -> Tensor:
    """Return the mean power of the standardised bands less that of a normal distribution; 0 where constant."""
    variance = _variance(bands)
    deviation = bands - bands.mean(-2, keepdim=True)
    standard = deviation / variance.clamp(min=_CONSTANT_DB2).sqrt()
    moment = standard.pow(order).mean(-2, keepdim=True) - normal
    return moment.masked_fill(variance <= _CONSTANT_DB2, 0.0)


def _variance(bands: Tensor) -> Tensor:
    return bands.var(-2, correction=0, keepdim=True)


def _quantile(bands: Tensor, share: float) -> Tensor:
    ordered = bands.sort(-2).values
    position = share * (bands.shape[-2] - 1)
    below, above = math.floor(position), math.ceil(position)
    return torch.lerp(ordered[..., below, :], ordered[..., above, :], position - below).unsqueeze(-2)


_STATISTICS: dict[Statistic, Callable[[Tensor], Tensor]] = {
    "mean": lambda bands: bands.mean(-2, keepdim=True),
    "std": _std,
    "median": lambda bands: _quantile(bands, 0.5),
    "min": lambda bands: bands.amin(-2, keepdim=True),
    "max": lambda bands: bands.amax(-2, keepdim=True),
    "lower_quartile": lambda bands: _quantile(bands, 0.25),
    "upper_quartile": lambda bands: _quantile(bands, 0.75),
    "skewness": lambda bands: _standard_moment(bands, 3, 0.0),
    "kurtosis": lambda bands: _standard_moment(bands, 4, 3.0),
}
