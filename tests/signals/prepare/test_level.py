from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from motet.signals.prepare.level import Normalise
from motet.signals.settings import NormaliseSettings
from motet.signals.signal import Signal


def normalised(values: NDArray[np.float32], **settings: Any) -> NDArray[np.float32]:
    return Normalise(NormaliseSettings(**settings))(Signal(values, 8000.0)).values


def test_peak_brings_the_largest_sample_of_each_channel_to_the_level(noise: NDArray[np.float32]) -> None:
    values = noise * np.array([[1.0], [4.0]], dtype=np.float32)

    np.testing.assert_allclose(np.abs(normalised(values)).max(axis=1), [1.0, 1.0], rtol=1e-6)
    np.testing.assert_allclose(np.abs(normalised(values, level_db=-6.0)).max(axis=1), 10 ** (-6 / 20), rtol=1e-6)


def test_rms_brings_the_root_mean_square_to_the_level(noise: NDArray[np.float32]) -> None:
    levels = np.sqrt(np.mean(normalised(noise, method="rms").astype(np.float64) ** 2, axis=1))

    np.testing.assert_allclose(levels, [0.1, 0.1], rtol=1e-6)


def test_standard_gives_mean_zero_and_deviation_one(noise: NDArray[np.float32]) -> None:
    values = normalised(noise + np.float32(3.0), method="standard").astype(np.float64)

    np.testing.assert_allclose(values.mean(axis=1), 0.0, atol=1e-6)
    np.testing.assert_allclose(values.std(axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("method", ["peak", "rms"])
def test_one_gain_for_all_channels_keeps_their_ratio(noise: NDArray[np.float32], method: str) -> None:
    values = noise * np.array([[1.0], [4.0]], dtype=np.float32)
    changed = normalised(values, method=method, per="recording")

    ratio = changed / values
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-5)


def test_standard_over_the_recording_shares_mean_and_deviation() -> None:
    values = np.array([[0.0, 2.0], [4.0, 6.0]], dtype=np.float32)

    np.testing.assert_allclose(
        normalised(values, method="standard", per="recording"), (values - 3.0) / np.sqrt(5.0), rtol=1e-6
    )


@pytest.mark.parametrize("method", ["peak", "rms", "standard"])
def test_silence_stays_silence(method: str) -> None:
    np.testing.assert_array_equal(normalised(np.zeros((2, 10), dtype=np.float32), method=method), 0.0)
