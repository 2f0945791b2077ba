from typing import Any

import numpy as np
import pytest
from scipy.signal import butter, freqz_sos, lfilter

from motet.errors import DataError
from motet.signals.prepare.filters import BandPass, HighPass, LowPass
from motet.signals.settings import BandPassSettings, HighPassSettings, LowPassSettings, Phase
from motet.signals.signal import Signal

RATE_HZ = 8000.0


def response(step: Any, *, num_samples: int = 8192) -> np.ndarray[Any, np.dtype[np.complex128]]:
    """Return the frequency response of a step, measured with an impulse, from 0 Hz to half the rate."""
    impulse = np.zeros((1, num_samples), dtype=np.float32)
    impulse[0, num_samples // 2] = 1.0
    measured = step(Signal(impulse, RATE_HZ)).values[0].astype(np.float64)
    return np.fft.rfft(np.roll(measured, -num_samples // 2))


@pytest.mark.parametrize("order", [1, 2, 4, 7])
@pytest.mark.parametrize(
    ("step", "settings", "limits", "band"),
    [
        (BandPass, BandPassSettings(low_hz=500.0, high_hz=1500.0), (500.0, 1500.0), "bandpass"),
        (HighPass, HighPassSettings(low_hz=800.0), 800.0, "highpass"),
        (LowPass, LowPassSettings(high_hz=1200.0), 1200.0, "lowpass"),
    ],
)
@pytest.mark.parametrize("phase", ["causal", "zero_phase"])
def test_the_response_is_that_of_scipy(
    order: int, step: Any, settings: Any, limits: Any, band: Any, phase: Phase
) -> None:
    measured = response(step(settings.model_copy(update={"order": order, "phase": phase})))
    sections = butter(order, limits, btype=band, output="sos", fs=RATE_HZ)
    _, expected = freqz_sos(sections, worN=np.linspace(0.0, RATE_HZ / 2, len(measured)), fs=RATE_HZ)
    if phase == "zero_phase":
        expected = np.abs(expected) ** 2
    np.testing.assert_allclose(measured, expected, atol=2e-5)


@pytest.mark.parametrize(("phase", "loss_db"), [("causal", 3.0103), ("zero_phase", 6.0206)])
def test_half_the_power_is_lost_at_the_limit(tone: Any, phase: Phase, loss_db: float) -> None:
    filtered = LowPass(LowPassSettings(high_hz=1000.0, phase=phase))(tone(1000.0, duration_s=2.0, peak=1.0))

    level = np.sqrt(2 * np.mean(filtered.values[0, 4000:12_000] ** 2))
    assert -20 * np.log10(level) == pytest.approx(loss_db, abs=0.01)


@pytest.mark.parametrize("phase", ["causal", "zero_phase"])
def test_a_band_keeps_its_tone_and_removes_the_others(tone: Any, phase: Phase) -> None:
    step = BandPass(BandPassSettings(low_hz=500.0, high_hz=1500.0, phase=phase))
    filtered = step(tone(60.0, 900.0, 3500.0, duration_s=2.0, peak=1.0)).values[:, 4000:12_000]

    levels_db = 20 * np.log10(np.sqrt(2 * np.mean(filtered.astype(np.float64) ** 2, axis=1)))
    assert levels_db[1] == pytest.approx(0.0, abs=0.05)
    assert (levels_db[[0, 2]] < -60.0).all()


def test_zero_phase_delays_nothing(tone: Any) -> None:
    signal = tone(900.0, duration_s=2.0)
    step = BandPass(BandPassSettings(low_hz=300.0, high_hz=2700.0, phase="zero_phase"))

    np.testing.assert_allclose(step(signal).values[:, 4000:-4000], signal.values[:, 4000:-4000], atol=1e-3)


def test_low_cut_offs_of_eeg_stay_stable() -> None:
    rate_hz = 173.61
    noise = np.random.default_rng(0).standard_normal((1, 4097), dtype=np.float32)
    step = BandPass(BandPassSettings(low_hz=0.5, high_hz=4.0, order=8))
    filtered = step(Signal(noise, rate_hz)).values

    assert np.isfinite(filtered).all()
    assert 0.05 < filtered.std() < 0.5
    numerator, denominator = butter(8, (0.5, 4.0), btype="bandpass", fs=rate_hz)
    with np.errstate(all="ignore"):
        naive = lfilter(numerator.astype(np.float32), denominator.astype(np.float32), noise)
    assert not np.isfinite(naive).all() or np.abs(naive).max() > 1e3


@pytest.mark.parametrize("num_samples", [1, 2, 10])
@pytest.mark.parametrize("phase", ["causal", "zero_phase"])
def test_very_short_signals_pass(num_samples: int, phase: Phase) -> None:
    signal = Signal(np.ones((2, num_samples), dtype=np.float32), RATE_HZ, start_s=2.0)
    filtered = LowPass(LowPassSettings(high_hz=1000.0, phase=phase))(signal)

    assert filtered.values.shape == (2, num_samples)
    assert filtered.values.dtype == np.float32
    assert (filtered.rate_hz, filtered.start_s) == (RATE_HZ, 2.0)


@pytest.mark.parametrize(
    "step",
    [
        BandPass(BandPassSettings(low_hz=100.0, high_hz=4000.0)),
        HighPass(HighPassSettings(low_hz=4000.0)),
        LowPass(LowPassSettings(high_hz=4000.0)),
    ],
)
def test_a_limit_beyond_the_recording_is_refused(step: Any, tone: Any) -> None:
    with pytest.raises(DataError, match="limit is 4000 Hz and the recording's rate 8000 Hz; the limit must lie below"):
        step(tone(300.0))
