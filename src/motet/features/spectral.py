"""Short-time spectra: `Spectrogram` and `LogMel`, both over `ShortTimeSpectrum`.

Frames are cut, windowed and transformed one clip at a time. Power is summed from real and imaginary parts, which
costs a fifth of `abs().square()`, and only the bins between the frequency limits are computed.

Axes: samples [..., C, T] to [..., C, frames, F].
"""

from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from motet.errors import ConfigError
from motet.features.decibels import Decibels
from motet.features.feature import constant, power_of_two, to_samples, upper_frequency
from motet.features.feature_map import TimeGrid
from motet.features.mel import mel_filters
from motet.features.settings import FramedSettings, MelSettings, SpectrogramSettings

_WINDOWS = {
    "hann": torch.hann_window,
    "hamming": torch.hamming_window,
    "blackman": torch.blackman_window,
    "bartlett": torch.bartlett_window,
}


class ShortTimeSpectrum(nn.Module):
    """Complex short-time Fourier transform between two frequencies.

    Frame i of a centred transform has the middle of its window on sample `i * hop`, with zeros beyond either end of
    the signal: there are `1 + T // hop` frames, and `torch.stft` and `librosa.stft` with constant padding give
    the same. Otherwise window i starts on sample `i * hop` and lies wholly inside: `1 + (T - window) // hop`
    frames. A signal shorter than a window then gets zeros at its end up to one window, and has one frame.

    Parameters
    ----------
    settings
        Window, hop, points and frequency limits.
    rate_hz
        Sampling rate of the signals.

    Raises
    ------
    ConfigError
        If the settings do not fit the sampling rate or each other.
    """

    taps: Tensor

    def __init__(self, settings: FramedSettings, rate_hz: float) -> None:
        super().__init__()
        self.rate_hz = rate_hz
        self.centred = settings.centred
        self.window = to_samples(settings.window_s, rate_hz, name="window_s")
        self.hop = to_samples(settings.hop_s, rate_hz, name="hop_s")
        self.n_fft = _transform_size(settings.n_fft, self.window)
        self.bins_hz = _bins(settings, self.n_fft, rate_hz)
        self.first_bin = round(float(self.bins_hz[0]) * self.n_fft / rate_hz)
        self.left = (self.n_fft - self.window) // 2
        window = _WINDOWS[settings.window](self.window, periodic=True, dtype=torch.float64)
        constant(self, "taps", F.pad(window, (self.left, self.n_fft - self.window - self.left)).float())

    @property
    def context_s(self) -> float:
        """The farthest that a window reaches from the time of its frame, in seconds."""
        if not self.centred:
            return self.window / 2 / self.rate_hz
        before = self.n_fft // 2 - self.left
        return max(before, self.window - before) / self.rate_hz

    def num_frames(self, num_samples: int) -> int:
        """Return the number of frames, at least one."""
        if self.centred:
            return 1 + num_samples // self.hop
        return 1 + max(0, num_samples - self.window) // self.hop

    def grid(self, start_s: float) -> TimeGrid:
        """Return the time of the windows' centres."""
        offset = 0.0 if self.centred else self.window / 2
        return TimeGrid(start_s + offset / self.rate_hz, self.hop / self.rate_hz)

    def forward(self, values: Tensor) -> Tensor:
        """Map samples [..., C, T] to complex amplitudes [..., C, frames, bins]."""
        frames = F.pad(values, self._padding(values.shape[-1])).unfold(-1, self.n_fft, self.hop)
        spectrum: Tensor = torch.fft.rfft(frames * self.taps)
        return spectrum[..., self.first_bin : self.first_bin + len(self.bins_hz)]

    def _padding(self, num_samples: int) -> tuple[int, int]:
        if self.centred:
            return self.n_fft // 2, self.n_fft - self.n_fft // 2
        short = max(0, self.window - num_samples)
        return self.left, self.n_fft - self.window - self.left + short


class Spectrogram(nn.Module):
    """Short-time Fourier spectrogram: magnitude, power or dB of every Fourier bin between the frequency limits.

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
    >>> spectrogram = Spectrogram(SpectrogramSettings(scale="power"), 16000.0)
    >>> spectrogram(torch.zeros(1, 16000)).shape
    torch.Size([1, 101, 257])
    """

    version: ClassVar[int] = 1

    def __init__(self, settings: SpectrogramSettings, rate_hz: float) -> None:
        super().__init__()
        self.settings = settings
        self.rate_hz = rate_hz
        self.spectrum = ShortTimeSpectrum(settings, rate_hz)
        self.decibels = Decibels(settings.floor_db, settings.ceiling_db, settings.reference)
        self.num_bins = len(self.spectrum.bins_hz)
        self.whole_clip = settings.reference == "peak"
        self.context_s = float("inf") if self.whole_clip else self.spectrum.context_s

    def num_frames(self, num_samples: int) -> int:
        """Return the number of frames, at least one."""
        return self.spectrum.num_frames(num_samples)

    def grid(self, start_s: float) -> TimeGrid:
        """Return the time of the frames of a signal that starts at `start_s`."""
        return self.spectrum.grid(start_s)

    def forward(self, values: Tensor) -> Tensor:
        """Map samples [..., C, T] to [..., C, frames, bins]."""
        spectrum = self.spectrum(values)
        if self.settings.scale == "magnitude":
            return torch.abs(spectrum)
        power = power_of(spectrum)
        return self.decibels(power) if self.settings.scale == "db" else power


class LogMel(nn.Module):
    """Log-mel spectrogram in dB: power of the short-time spectrum through triangular mel filters.

    With the default settings it equals `librosa.power_to_db(librosa.feature.melspectrogram(...), amin=1e-10,
    top_db=None)` for the same window, hop and `n_fft`.

    Parameters
    ----------
    settings
        What is computed.
    rate_hz
        Sampling rate of the signals.

    Raises
    ------
    ConfigError
        If the settings do not fit the sampling rate or each other, such as filters narrower than a Fourier bin.

    Examples
    --------
    >>> from motet.features.settings import LogMelSettings
    >>> logmel = LogMel(LogMelSettings(bands=40), 16000.0)
    >>> logmel(torch.zeros(2, 16000)).shape
    torch.Size([2, 101, 40])
    """

    version: ClassVar[int] = 1
    filters: Tensor

    def __init__(self, settings: MelSettings, rate_hz: float) -> None:
        super().__init__()
        self.settings = settings
        self.rate_hz = rate_hz
        self.spectrum = ShortTimeSpectrum(settings, rate_hz)
        filters = _filters(settings, self.spectrum.bins_hz, rate_hz)
        _refuse_empty(filters, settings, self.spectrum.n_fft, rate_hz)
        constant(self, "filters", torch.from_numpy(filters.T).float().contiguous())
        self.decibels = Decibels(settings.floor_db, settings.ceiling_db, settings.reference)
        self.num_bins = settings.bands
        self.whole_clip = settings.reference == "peak"
        self.context_s = float("inf") if self.whole_clip else self.spectrum.context_s

    def num_frames(self, num_samples: int) -> int:
        """Return the number of frames, at least one."""
        return self.spectrum.num_frames(num_samples)

    def grid(self, start_s: float) -> TimeGrid:
        """Return the time of the frames of a signal that starts at `start_s`."""
        return self.spectrum.grid(start_s)

    def forward(self, values: Tensor) -> Tensor:
        """Map samples [..., C, T] to dB [..., C, frames, bands]."""
        return self.decibels(power_of(self.spectrum(values)) @ self.filters)


def power_of(spectrum: Tensor) -> Tensor:
    """Return the squared magnitude of complex values."""
    return spectrum.real.square().addcmul_(spectrum.imag, spectrum.imag)


def _transform_size(n_fft: int | None, window: int) -> int:
    if n_fft is not None and n_fft < window:
        raise ConfigError(
            f"n_fft is {n_fft} and the window {window} samples: the transform must hold the window; "
            f"set n_fft to {power_of_two(window)} or shorten window_s"
        )
    return n_fft or power_of_two(window)


def _bins(settings: FramedSettings, n_fft: int, rate_hz: float) -> NDArray[np.float64]:
    high_hz = upper_frequency(settings.high_hz, settings.low_hz, rate_hz)
    every = np.arange(n_fft // 2 + 1, dtype=np.float64) * (rate_hz / n_fft)
    inside = every[(every >= settings.low_hz) & (every <= high_hz)]
    if len(inside) == 0:
        raise ConfigError(
            f"no Fourier bin lies between low_hz {settings.low_hz:g} and high_hz {high_hz:g}: bins are "
            f"{rate_hz / n_fft:g} Hz apart; widen the limits or lengthen window_s"
        )
    return inside


def _filters(settings: MelSettings, bins_hz: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    return mel_filters(
        bins_hz,
        bands=settings.bands,
        low_hz=settings.low_hz,
        high_hz=upper_frequency(settings.high_hz, settings.low_hz, rate_hz),
        scale=settings.mel,
        norm=settings.norm,
    )


def _refuse_empty(filters: NDArray[np.float64], settings: MelSettings, n_fft: int, rate_hz: float) -> None:
    if _fit(filters):
        return
    empty = int((filters.max(axis=1) == 0).sum())
    larger = (power_of_two(n_fft + 1) << doubling for doubling in range(8))
    enough = (size for size in larger if _fit(_filters(settings, _bins(settings, size, rate_hz), rate_hz)))
    size = next(enough, None)
    raise ConfigError(
        f"{settings.bands} mel bands lie over {filters.shape[1]} Fourier bins, {rate_hz / n_fft:g} Hz apart, and "
        f"{empty} of them hold no bin: use fewer bands, a higher low_hz" + (f", or n_fft: {size}" if size else "")
    )


def _fit(filters: NDArray[np.float64]) -> bool:
    bands, bins = filters.shape
    return bands <= bins and bool((filters.max(axis=1) > 0).all())
