"""Extraction: what comes out, and what is refused."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from motet.errors import DataError
from motet.features import LogMel, Mfcc, TimeGrid
from motet.features.extract import extract
from motet.features.settings import LogMelSettings, MfccSettings
from motet.signals.signal import Signal


def test_values_and_grid(feature: Any, sound: NDArray[np.float32], samples: torch.Tensor) -> None:
    found = extract(feature, Signal(sound, 8000.0, start_s=2.0))
    assert found.values.dtype == np.float32
    assert found.values.flags.c_contiguous
    np.testing.assert_array_equal(found.values, feature(samples).numpy())
    assert found.grid == feature.grid(2.0)


def test_a_read_only_signal_is_taken(sound: NDArray[np.float32]) -> None:
    fixed = sound.copy()
    fixed.flags.writeable = False
    assert extract(LogMel(LogMelSettings(bands=40), 8000.0), Signal(fixed, 8000.0)).grid == TimeGrid(0.0, 0.01)


@pytest.mark.parametrize("settings", [MfccSettings(bands=40, deltas=2), MfccSettings(bands=40, centred=False)])
def test_a_long_recording_in_parts_has_no_seam(settings: MfccSettings) -> None:
    feature = Mfcc(settings, 8000.0)
    noise = np.random.default_rng(0).standard_normal((1, 168 * 8000 + 77)).astype(np.float32)
    found = extract(feature, Signal(noise, 8000.0)).values
    with torch.no_grad():
        whole = feature(torch.from_numpy(noise)).numpy()
    assert found.shape[1] > 2 * 8192
    np.testing.assert_allclose(found, whole, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        (Signal(np.ones((1, 100), np.float32), 16000.0), "has 16000 Hz, .* built for 8000 Hz: set .* rate_hz to 8000"),
        (Signal(np.ones((1, 0), np.float32), 8000.0), "holds no samples"),
        (Signal(np.full((1, 100), 1e30, np.float32), 8000.0), r"not finite \(samples reach 1e\+30\): repair"),
    ],
)
def test_what_cannot_be_extracted(signal: Signal, message: str) -> None:
    with pytest.raises(DataError, match=message):
        extract(LogMel(LogMelSettings(bands=40), 8000.0), signal)
