from typing import Any

import numpy as np
import pytest

from motet.signals.prepare.trim import TrimSilence
from motet.signals.settings import TrimSilenceSettings
from motet.signals.signal import Signal

RATE_HZ = 1000.0


def padded(floor: float = 0.0) -> Signal:
    """Make 0.3 s of silence, 0.4 s of sound and 0.5 s of silence."""
    values = np.full((2, 1200), floor, dtype=np.float32)
    values[1, 300:700] = 0.5
    return Signal(values, RATE_HZ, start_s=10.0)


@pytest.mark.parametrize(
    ("settings", "start_s", "end_s"),
    [
        ({}, 0.3, 0.7),
        ({"ends": "start"}, 0.3, 1.2),
        ({"ends": "end"}, 0.0, 0.7),
        ({"margin_s": 0.1}, 0.2, 0.8),
        ({"margin_s": 0.4}, 0.0, 1.1),
    ],
)
def test_the_silence_at_the_ends_is_cut(settings: dict[str, Any], start_s: float, end_s: float) -> None:
    signal = padded()
    trimmed = TrimSilence(TrimSilenceSettings(window_s=0.01, hop_s=0.01, **settings))(signal)

    assert trimmed.start_s == pytest.approx(10.0 + start_s)
    np.testing.assert_array_equal(trimmed.values, signal.values[:, round(start_s * 1000) : round(end_s * 1000)])


def test_overlapping_windows_lose_no_sound() -> None:
    trimmed = TrimSilence(TrimSilenceSettings(window_s=0.025, hop_s=0.010))(padded())

    start, stop = round((trimmed.start_s - 10.0) * RATE_HZ), round((trimmed.start_s - 10.0) * RATE_HZ)
    stop += trimmed.num_samples
    assert 300 - 25 <= start <= 300
    assert 700 <= stop <= 700 + 25


@pytest.mark.parametrize(("threshold_db", "num_samples"), [(-30.0, 400), (-50.0, 1200)])
def test_the_threshold_is_relative_to_the_loudest_window(threshold_db: float, num_samples: int) -> None:
    settings = TrimSilenceSettings(threshold_db=threshold_db, window_s=0.01, hop_s=0.01)

    # The floor lies 40 dB below the sound: both channels hold it, only one of them the sound.
    assert TrimSilence(settings)(padded(floor=0.005)).num_samples == num_samples


def test_a_recording_that_is_silent_throughout_stays() -> None:
    silent = Signal(np.zeros((1, 500), dtype=np.float32), RATE_HZ)

    assert TrimSilence(TrimSilenceSettings())(silent).num_samples == 500


@pytest.mark.parametrize("num_samples", [1, 5, 24, 26, 34])
def test_short_recordings_keep_their_sound(num_samples: int) -> None:
    loud = Signal(np.ones((1, num_samples), dtype=np.float32), RATE_HZ)

    assert TrimSilence(TrimSilenceSettings())(loud).num_samples == num_samples
