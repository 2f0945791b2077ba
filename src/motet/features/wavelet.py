"""The scalogram: a bank of analytic Morlet wavelets applied in the frequency domain.

Keeping every `hop`-th sample of a filtered signal is the same as adding up the aliases of its spectrum. So each
wavelet's spectrum is folded to the hop before the inverse transform, which gives the full-rate result at the
frames and nowhere else, for a fraction of the work.

Axes: samples [..., C, T] to [..., C, frames, bands], from low to high frequencies.
"""

import math
from functools import lru_cache
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from scipy.fft import next_fast_len
from torch import Tensor, nn

from motet.features.decibels import Decibels
from motet.features.feature import to_samples, upper_frequency
from motet.features.feature_map import TimeGrid
from motet.features.settings import ScalogramSettings
from motet.features.spectral import power_of

_REACH = 6.0  # standard deviations after which a Gaussian is 1.5e-8, below float32
_OCTAVES = 8


class Scalogram(nn.Module):
    """Magnitude, power or dB of analytic Morlet wavelets, whose width is a constant share of an octave.

    The wavelet at frequency f multiplies the positive frequencies by `2 exp(-(omega0 (v / f - 1))^2 / 2)`
    (Torrence and Compo, Bulletin of the American Meteorological Society, 1998, table 1, normalised so that a sine
    of amplitude a at f has magnitude a). With `omega0 = 2 pi C sqrt(B / 2)` this is `2 / sqrt(scale)` times
    what PyWavelets computes for `cmorB-C`. Beyond its ends a signal is zero.

    A wavelet reaches `6 omega0 / (2 pi f)` seconds to either side, which is long at low frequencies, and the
    transform runs over the whole recording: this is a whole-clip feature.

    Parameters
    ----------
    settings
        What is computed.
    rate_hz
        Sampling rate of the signals.

    Raises
    ------
    ConfigError
        If the settings do not fit the sampling rate.

    Examples
    --------
    >>> scalogram = Scalogram(ScalogramSettings(bands=32, low_hz=100.0, high_hz=4000.0), 16000.0)
    >>> scalogram(torch.zeros(1, 16000)).shape
    torch.Size([1, 101, 32])
    """

    version: ClassVar[int] = 1

    def __init__(self, settings: ScalogramSettings, rate_hz: float) -> None:
        super().__init__()
        low_hz = rate_hz / 2 ** (_OCTAVES + 1) if settings.low_hz is None else settings.low_hz
        high_hz = upper_frequency(settings.high_hz, low_hz, rate_hz)
        self.settings = settings
        self.rate_hz = rate_hz
        self.hop = to_samples(settings.hop_s, rate_hz, name="hop_s")
        self.centres_hz: tuple[float, ...] = tuple(np.geomspace(low_hz, high_hz, settings.bands).tolist())
        self.reach = max(self.hop, math.ceil(_REACH * settings.omega0 / (2 * math.pi * low_hz) * rate_hz))
        self.decibels = Decibels(settings.floor_db, settings.ceiling_db, settings.reference)
        self.num_bins = settings.bands
        self.whole_clip = True
        self.context_s = math.inf

    def num_frames(self, num_samples: int) -> int:
        """Return the number of frames, at least one: as many as a centred spectrogram of this hop has."""
        return 1 + num_samples // self.hop

    def grid(self, start_s: float) -> TimeGrid:
        """Return the time of the frames of a signal that starts at `start_s`."""
        return TimeGrid(start_s, self.hop / self.rate_hz)

    def forward(self, values: Tensor) -> Tensor:
        """Map samples [..., C, T] to [..., C, frames, bands]."""
        analytic = self._analytic(values).transpose(-1, -2)
        if self.settings.scale == "magnitude":
            return torch.abs(analytic).to(values.dtype)
        power = power_of(analytic).to(values.dtype)
        return self.decibels(power) if self.settings.scale == "db" else power

    def _analytic(self, values: Tensor) -> Tensor:
        """Return the filtered analytic signals at the frames, complex [..., C, bands, frames]."""
        num_samples = values.shape[-1]
        folded_size = next_fast_len(math.ceil((num_samples + self.reach) / self.hop))
        size = folded_size * self.hop
        spectrum = torch.fft.rfft(_wide(values), n=size)
        folded = []
        for first, gains in _bank(size, self.rate_hz, self.centres_hz, self.settings.omega0):
            band = spectrum[..., first : first + len(gains)] * gains.to(values.device)
            before = first % folded_size
            aligned = F.pad(band, (before, -(before + len(gains)) % folded_size))
            folded.append(aligned.view(*aligned.shape[:-1], -1, folded_size).sum(-2))
        analytic: Tensor = torch.fft.ifft(torch.stack(folded, dim=-2)) / self.hop
        return analytic[..., : self.num_frames(num_samples)]


def _wide(values: Tensor) -> Tensor:
    """Return float64: up to twice the time of float32, and an error of 2e-8 of the peak instead of 3e-7."""
    return values if values.device.type == "mps" else values.double()


@lru_cache(maxsize=4)
def _bank(size: int, rate_hz: float, centres_hz: tuple[float, ...], omega0: float) -> tuple[tuple[int, Tensor], ...]:
    """Return for every wavelet the first Fourier bin that it passes, and its gain there and in the bins after it."""
    spacing_hz = rate_hz / size
    bank = []
    for centre_hz in centres_hz:
        reach_hz = _REACH * centre_hz / omega0
        first = max(1, math.ceil((centre_hz - reach_hz) / spacing_hz))
        last = min(size // 2, math.floor((centre_hz + reach_hz) / spacing_hz))
        bins_hz = torch.arange(first, last + 1, dtype=torch.float64) * spacing_hz
        gains = 2.0 * torch.exp(-0.5 * (omega0 * (bins_hz / centre_hz - 1.0)) ** 2)
        bank.append((first, gains.float()))
    return tuple(bank)
