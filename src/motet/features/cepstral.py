"""Mel-frequency cepstral coefficients and their derivatives over time. Axes: [..., C, frames, F]."""

import math
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from motet.features.feature import constant
from motet.features.feature_map import TimeGrid
from motet.features.settings import MfccSettings
from motet.features.spectral import LogMel


class Mfcc(nn.Module):
    """Orthonormal type-II cosine transform of log-mel bands in dB, then its derivatives over time.

    A derivative of order p is that of the polynomial of degree p fitted to `delta_frames` frames around each one
    (Savitzky and Golay, Analytical Chemistry, 1964), the outermost frames repeated at the ends: what
    `librosa.feature.delta(mode="nearest")` computes. The bins of a frame are the coefficients, then the first
    derivatives, then the second.

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
    >>> mfcc = Mfcc(MfccSettings(coefficients=13, deltas=2), 16000.0)
    >>> mfcc(torch.zeros(1, 16000)).shape
    torch.Size([1, 101, 39])
    """

    version: ClassVar[int] = 1
    cosines: Tensor
    slopes: Tensor

    def __init__(self, settings: MfccSettings, rate_hz: float) -> None:
        super().__init__()
        self.settings = settings
        self.rate_hz = rate_hz
        self.logmel = LogMel(settings, rate_hz)
        self.num_bins = settings.coefficients * (1 + settings.deltas)
        self.whole_clip = self.logmel.whole_clip
        reach = settings.delta_frames // 2 if settings.deltas else 0
        self.context_s = self.logmel.context_s + reach * self.logmel.grid(0.0).step_s
        cosines = _cosine_transform(settings.bands)[:, : settings.coefficients]
        constant(self, "cosines", torch.from_numpy(cosines).float().contiguous())
        slopes = [_derivative(settings.delta_frames, order) for order in range(1, settings.deltas + 1)]
        constant(self, "slopes", torch.tensor(np.array(slopes), dtype=torch.float32))

    def num_frames(self, num_samples: int) -> int:
        """Return the number of frames, at least one."""
        return self.logmel.num_frames(num_samples)

    def grid(self, start_s: float) -> TimeGrid:
        """Return the time of the frames of a signal that starts at `start_s`."""
        return self.logmel.grid(start_s)

    def forward(self, values: Tensor) -> Tensor:
        """Map samples [..., C, T] to [..., C, frames, coefficients * (1 + deltas)]."""
        coefficients: Tensor = self.logmel(values) @ self.cosines
        if not self.settings.deltas:
            return coefficients
        width, num_frames = self.settings.delta_frames, coefficients.shape[-2]
        nearest = torch.arange(-(width // 2), num_frames + width // 2, device=coefficients.device)
        around = coefficients.index_select(-2, nearest.clamp(0, num_frames - 1)).unfold(-2, width, 1)
        return torch.cat([coefficients, *(around @ slope for slope in self.slopes)], dim=-1)


def _cosine_transform(size: int) -> NDArray[np.float64]:
    """Return the orthonormal type-II cosine transform as a matrix [bands, coefficients]."""
    angles = np.pi / size * (np.arange(size)[:, None] + 0.5) * np.arange(size)[None, :]
    scale = np.full(size, math.sqrt(2.0 / size))
    scale[0] = math.sqrt(1.0 / size)
    return np.asarray(np.cos(angles) * scale)


def _derivative(width: int, order: int) -> NDArray[np.float64]:
    """Return the weights of the frames in the derivative of the fitted polynomial at the middle one."""
    positions = np.arange(width) - width // 2
    powers = np.vander(positions.astype(np.float64), order + 1, increasing=True)
    return np.asarray(np.linalg.pinv(powers)[order] * math.factorial(order))
