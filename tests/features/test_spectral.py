"""Spectrogram and log-mel against librosa and closed forms; settings that do not fit the rate."""

from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest
import soundfile
import torch
from numpy.typing import NDArray

from motet.errors import ConfigError
from motet.features import LogMel, Spectrogram
from motet.features.settings import LogMelSettings, SpectrogramSettings


def librosa_logmel(sound: NDArray[Any], rate_hz: float, n_fft: int, settings: LogMelSettings) -> NDArray[np.float64]:
    power = librosa.feature.melspectrogram(
        y=sound.astype(np.float64),
        sr=rate_hz,
        n_fft=n_fft,
        win_length=round(settings.window_s * rate_hz),
        hop_length=round(settings.hop_s * rate_hz),
        window=settings.window,
        pad_mode="constant",
        n_mels=settings.bands,
        fmin=settings.low_hz,
        fmax=settings.high_hz,
        htk=settings.mel == "htk",
        norm="slaney" if settings.norm == "slaney" else None,
    )
    return np.asarray(librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=None)).T


@pytest.mark.parametrize("window", ["hann", "hamming", "blackman", "bartlett"])
def test_spectrogram_equals_librosa(window: Any, sound: NDArray[np.float32], samples: torch.Tensor) -> None:
    settings = SpectrogramSettings(window=window, window_s=0.030, hop_s=0.012, scale="magnitude")
    reference = librosa.stft(
        sound[0].astype(np.float64), n_fft=256, win_length=240, hop_length=96, window=window, pad_mode="constant"
    )
    ours = Spectrogram(settings, 8000.0)(samples)[0].numpy()
    np.testing.assert_allclose(ours, np.abs(reference).T, atol=2e-6 * np.abs(reference).max())


def test_frames_inside_the_recording_equal_librosa(sound: NDArray[np.float32], samples: torch.Tensor) -> None:
    settings = SpectrogramSettings(window_s=0.032, hop_s=0.010, centred=False, scale="power")
    reference = np.abs(librosa.stft(sound[0].astype(np.float64), n_fft=256, hop_length=80, center=False)) ** 2
    feature = Spectrogram(settings, 8000.0)
    np.testing.assert_allclose(feature(samples)[0].numpy(), reference.T, atol=4e-6 * reference.max())
    assert feature.grid(1.0).start_s == pytest.approx(1.016)


@pytest.mark.parametrize("mel", ["slaney", "htk"])
@pytest.mark.parametrize("norm", ["slaney", "none"])
def test_logmel_equals_librosa(mel: Any, norm: Any, sound: NDArray[np.float32], samples: torch.Tensor) -> None:
    settings = LogMelSettings(bands=40, low_hz=60.0, high_hz=3800.0, mel=mel, norm=norm)
    reference = librosa_logmel(sound[0], 8000.0, 256, settings)
    ours = LogMel(settings, 8000.0)(samples)[0].numpy()
    above = reference > -99.0
    assert above.mean() > 0.8
    assert np.abs(ours - reference)[above].max() < 0.01
    np.testing.assert_array_equal(ours[~above], -100.0)


@pytest.mark.parametrize("clip", ["fsdd/0_george_0.wav", "esc10/001 - Dog bark/1-30226-A.ogg"])
def test_logmel_equals_librosa_on_recordings(clip: str, motet_data: Path) -> None:
    path = next(iter(sorted(motet_data.glob(clip))), None)
    if path is None:
        pytest.skip(f"{clip} is not in the data")
    sound, rate_hz = soundfile.read(path, dtype="float32")
    settings = LogMelSettings(bands=64, low_hz=50.0)
    feature = LogMel(settings, float(rate_hz))
    reference = librosa_logmel(sound, rate_hz, feature.spectrum.n_fft, settings)
    ours = feature(torch.from_numpy(sound)[None])[0].numpy()
    assert ours.shape == reference.shape
    assert np.abs(ours - reference)[reference > -99.9].max() < 0.01


def test_decibels_below_the_peak_equal_librosa(sound: NDArray[np.float32], samples: torch.Tensor) -> None:
    settings = LogMelSettings(bands=40, floor_db=-60.0, reference="peak")
    power = 10.0 ** (librosa_logmel(sound[0], 8000.0, 256, settings) / 10.0)
    reference = librosa.power_to_db(power, ref=np.max, top_db=60.0)
    assert reference.min() == -60.0
    np.testing.assert_allclose(LogMel(settings, 8000.0)(samples)[0].numpy(), reference, atol=0.01)


def test_a_tone_has_its_power_at_its_bin() -> None:
    """A sine on a bin under a Hann window has power (amplitude * sum of window / 2) squared."""
    tone = 0.5 * torch.sin(2 * torch.pi * 1000 / 8000 * torch.arange(8000))[None]
    feature = Spectrogram(SpectrogramSettings(window_s=0.032, scale="power"), 8000.0)
    power = feature(tone)[0, 50]
    assert int(power.argmax()) == 32
    assert float(power[32]) == pytest.approx((0.5 * 128 / 2) ** 2, rel=1e-5)


def test_frequency_limits_keep_only_their_bins(samples: torch.Tensor) -> None:
    whole = Spectrogram(SpectrogramSettings(), 8000.0)
    part = Spectrogram(SpectrogramSettings(low_hz=500.0, high_hz=1000.0), 8000.0)
    assert part.spectrum.bins_hz.tolist() == [500.0 + 31.25 * step for step in range(17)]
    torch.testing.assert_close(part(samples), whole(samples)[..., 16:33])


def test_a_short_signal_is_padded_to_one_window() -> None:
    feature = Spectrogram(SpectrogramSettings(window_s=0.032, centred=False, scale="power"), 8000.0)
    short = torch.linspace(0.1, 1.0, 100)[None]
    padded = torch.nn.functional.pad(short, (0, 156))
    assert feature.num_frames(100) == 1
    assert torch.equal(feature(short), feature(padded))


def test_power_is_magnitude_squared_and_db_its_logarithm(samples: torch.Tensor) -> None:
    magnitude = Spectrogram(SpectrogramSettings(scale="magnitude"), 8000.0)(samples)
    power = Spectrogram(SpectrogramSettings(scale="power"), 8000.0)(samples)
    decibels = Spectrogram(SpectrogramSettings(floor_db=-60.0, ceiling_db=20.0), 8000.0)(samples)
    torch.testing.assert_close(magnitude.square(), power)
    torch.testing.assert_close(decibels, (10 * power.log10()).clamp(-60.0, 20.0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"high_hz": 5000.0}, "high_hz is 5000 Hz, .* up to 4000 Hz: lower high_hz"),
        ({"hop_s": 1e-5}, "hop_s is 1e-05 s, less than one sample at 8000 Hz: raise hop_s"),
        ({"n_fft": 128}, "n_fft is 128 and the window 200 samples: .* set n_fft to 256"),
        ({"bands": 200}, "200 mel bands lie over 129 Fourier bins.*fewer bands, a higher low_hz, or n_fft: 512"),
        ({"bands": 120, "mel": "htk"}, "hold no bin: use fewer bands, a higher low_hz, or n_fft: 512"),
        ({"bands": 9, "low_hz": 100.0, "high_hz": 110.0}, "no Fourier bin lies between low_hz 100 and high_hz 110"),
    ],
)
def test_settings_that_do_not_fit_the_rate(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        LogMel(LogMelSettings(**options), 8000.0)


def test_the_remedy_for_too_many_bands_works() -> None:
    assert LogMel(LogMelSettings(bands=200, n_fft=512), 8000.0).num_bins == 200
