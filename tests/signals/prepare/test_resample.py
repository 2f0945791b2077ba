from typing import Any

import numpy as np
import pytest

from motet.errors import DataError
from motet.signals.prepare.resample import Resample
from motet.signals.signal import Signal


@pytest.mark.parametrize(
    ("from_hz", "to_hz", "tone_hz"),
    [(44_100.0, 16_000.0, 3000.0), (8000.0, 44_100.0, 1000.0), (173.61, 256.0, 10.0), (32_000.0, 48_000.0, 9000.0)],
)
def test_a_tone_stays_the_same_tone(tone: Any, from_hz: float, to_hz: float, tone_hz: float) -> None:
    duration_s = 2000 / from_hz + 0.5
    resampled = Resample(to_hz)(tone(tone_hz, rate_hz=from_hz, duration_s=duration_s))
    expected = tone(tone_hz, rate_hz=to_hz, duration_s=duration_s)

    assert resampled.rate_hz == to_hz
    assert abs(resampled.duration_s - duration_s) <= 1.0 / min(from_hz, to_hz)
    inner = slice(resampled.num_samples // 4, resampled.num_samples * 3 // 4)
    np.testing.assert_allclose(resampled.values[:, inner], expected.values[:, inner], atol=2e-5)


def test_what_the_new_rate_cannot_hold_is_gone(tone: Any) -> None:
    resampled = Resample(16_000.0)(tone(9000.0, rate_hz=44_100.0, peak=1.0))

    inner = resampled.values[0, 2000:-2000]
    assert 20 * np.log10(np.sqrt(np.mean(inner**2))) < -120.0


def test_every_channel_is_resampled_as_if_alone(tone: Any) -> None:
    both = Resample(16_000.0)(tone(300.0, 700.0))

    assert both.values.flags.c_contiguous
    assert both.values.shape == (2, 16_000)
    for channel, tone_hz in enumerate((300.0, 700.0)):
        alone = Resample(16_000.0)(tone(tone_hz))
        np.testing.assert_allclose(both.values[channel], alone.values[0], atol=1e-6)


def test_the_same_rate_costs_nothing(tone: Any) -> None:
    signal = tone(300.0)

    assert Resample(8000.0)(signal) is signal


def test_the_start_is_kept() -> None:
    signal = Signal(np.zeros((1, 800), dtype=np.float32), rate_hz=8000.0, start_s=1.5)

    assert Resample(4000.0)(signal).start_s == 1.5


def test_a_signal_too_short_to_resample_is_refused() -> None:
    with pytest.raises(DataError, match="has 2 samples at 8000 Hz, of which none is left at 1000 Hz; leave it out"):
        Resample(1000.0)(Signal(np.zeros((1, 2), dtype=np.float32), rate_hz=8000.0))
