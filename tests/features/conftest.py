"""Every feature under small settings, and a sound with tones, clicks, noise and silence."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from motet.features import LogbankSummary, LogMel, Mfcc, Scalogram, Spectrogram, Waveform
from motet.features.settings import (
    LogbankSummarySettings,
    LogMelSettings,
    MfccSettings,
    ScalogramSettings,
    SpectrogramSettings,
    WaveformSettings,
)

RATE_HZ = 8000.0

FEATURES: dict[str, Callable[[], Any]] = {
    "waveform": lambda: Waveform(WaveformSettings(), RATE_HZ),
    "spectrogram": lambda: Spectrogram(SpectrogramSettings(), RATE_HZ),
    "magnitude": lambda: Spectrogram(SpectrogramSettings(scale="magnitude", centred=False), RATE_HZ),
    "peak": lambda: Spectrogram(SpectrogramSettings(reference="peak", floor_db=-80.0), RATE_HZ),
    "logmel": lambda: LogMel(LogMelSettings(bands=40), RATE_HZ),
    "mfcc": lambda: Mfcc(MfccSettings(bands=40, coefficients=13, deltas=2), RATE_HZ),
    "scalogram": lambda: Scalogram(ScalogramSettings(bands=24), RATE_HZ),
    "logbank_summary": lambda: LogbankSummary(LogbankSummarySettings(bands=40), RATE_HZ),
}


@pytest.fixture(params=FEATURES)
def feature(request: pytest.FixtureRequest) -> Any:
    return FEATURES[request.param]()


@pytest.fixture(scope="session")
def sound() -> NDArray[np.float32]:
    """One second, float32 [1, 8000], in [-1, 1]."""
    time_s = np.arange(8000) / RATE_HZ
    tones = 0.3 * np.sin(2 * np.pi * 440 * time_s) + 0.1 * np.sin(2 * np.pi * (300 + 900 * time_s) * time_s)
    noise = 0.02 * np.random.default_rng(7).standard_normal(8000)
    values = tones + noise
    values[3000] += 0.5
    values[6000:6800] = 0.0
    return values.astype(np.float32)[None]


@pytest.fixture(scope="session")
def samples(sound: NDArray[np.float32]) -> torch.Tensor:
    return torch.from_numpy(sound)
