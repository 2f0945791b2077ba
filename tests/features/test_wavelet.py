"""The scalogram against the full-rate filter bank, PyWavelets and closed forms."""

import math

import numpy as np
import pytest
import pywt
import torch
from numpy.typing import NDArray

from motet.errors import ConfigError
from motet.features import Scalogram
from motet.features.settings import ScalogramSettings

SETTINGS = ScalogramSettings(bands=16, low_hz=60.0, high_hz=2000.0, scale="magnitude")


def full_rate(sound: NDArray[np.float32], centres_hz: tuple[float, ...], omega0: float) -> NDArray[np.float64]:
    """Filter in float64 without folding: magnitudes [T, bands]."""
    size = 4 * len(sound)
    spectrum = np.fft.fft(sound.astype(np.float64), size)
    bins_hz = np.fft.fftfreq(size, 1 / 8000.0)
    gains = [2 * np.exp(-0.5 * (omega0 * (bins_hz / f - 1)) ** 2) * (bins_hz > 0) for f in centres_hz]
    return np.abs(np.fft.ifft(spectrum * np.array(gains)))[:, : len(sound)].T


@pytest.mark.parametrize("hop_s", [0.010, 0.0111, 0.000125])
def test_folding_equals_the_full_rate_result(hop_s: float, sound: NDArray[np.float32], samples: torch.Tensor) -> None:
    feature = Scalogram(SETTINGS.model_copy(update={"hop_s": hop_s}), 8000.0)
    reference = full_rate(sound[0], feature.centres_hz, 6.0)[:: feature.hop]
    ours = feature(samples)[0].numpy()[: len(reference)]
    assert np.abs(ours - reference).max() < 1e-7 * reference.max()


@pytest.mark.parametrize(("high_hz", "tolerance"), [(300.0, 5e-3), (2000.0, 1e-2)])
def test_equals_pywavelets(high_hz: float, tolerance: float, sound: NDArray[np.float32], samples: torch.Tensor) -> None:
    """PyWavelets samples an integrated wavelet: its error grows with f / rate, and only sinc(f / rate) is known."""
    feature = Scalogram(SETTINGS.model_copy(update={"high_hz": high_hz}), 8000.0)
    centre = 6.0 / (2 * math.pi)
    scales = centre * 8000.0 / np.array(feature.centres_hz)
    wavelet = f"cmor2.0-{centre:.12f}"
    coefficients, _ = pywt.cwt(sound[0].astype(np.float64), scales, wavelet, method="fft", precision=16)
    amplitude = 2 / np.sqrt(scales) / np.sinc(np.array(feature.centres_hz) / 8000.0)
    reference = (amplitude[:, None] * np.abs(coefficients))[:, ::80].T
    ours = feature(samples)[0].numpy()[: len(reference)]
    assert np.abs(ours - reference).max() < tolerance * reference.max()


def test_a_tone_has_its_amplitude_at_its_band() -> None:
    feature = Scalogram(ScalogramSettings(bands=3, low_hz=250.0, high_hz=1000.0, scale="magnitude"), 8000.0)
    tone = 0.3 * torch.sin(2 * torch.pi * 500 / 8000 * torch.arange(8000))[None]
    magnitude = feature(tone)[0, 50]
    assert float(magnitude[1]) == pytest.approx(0.3, rel=1e-4)
    assert float(magnitude[0]) == pytest.approx(0.3 * math.exp(-18), abs=1e-6)
    assert float(magnitude[2]) == pytest.approx(0.3 * math.exp(-4.5), rel=1e-3)


def test_scales_of_the_values(samples: torch.Tensor) -> None:
    magnitude = Scalogram(SETTINGS, 8000.0)(samples)
    power = Scalogram(SETTINGS.model_copy(update={"scale": "power"}), 8000.0)(samples)
    decibels = Scalogram(SETTINGS.model_copy(update={"scale": "db", "floor_db": -70.0}), 8000.0)(samples)
    torch.testing.assert_close(power, magnitude.square())
    torch.testing.assert_close(decibels, (10 * power.log10()).clamp(min=-70.0))


def test_centres_are_equally_spaced_in_octaves() -> None:
    centres = Scalogram(ScalogramSettings(bands=9), 1024.0).centres_hz
    np.testing.assert_allclose(centres, [2.0 * 2**octave for octave in range(9)])


def test_frequencies_above_half_the_rate_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"high_hz is 5000 Hz, .* lower high_hz"):
        Scalogram(ScalogramSettings(high_hz=5000.0), 8000.0)
