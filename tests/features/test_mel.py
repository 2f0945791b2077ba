"""The mel scale and its filters against librosa."""

import librosa
import numpy as np
import pytest

from motet.features.mel import MelNorm, MelScale, hz_to_mel, mel_filters, mel_to_hz

FREQUENCIES = np.arange(0.0, 20001.0, 50.0)


@pytest.mark.parametrize("scale", ["slaney", "htk"])
def test_scale_equals_librosa_and_inverts(scale: MelScale) -> None:
    mels = hz_to_mel(FREQUENCIES, scale=scale)
    np.testing.assert_allclose(mels, librosa.hz_to_mel(FREQUENCIES, htk=scale == "htk"), rtol=1e-13)
    np.testing.assert_allclose(mel_to_hz(mels, scale=scale), FREQUENCIES, rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("scale", ["slaney", "htk"])
@pytest.mark.parametrize("norm", ["slaney", "none"])
def test_filters_equal_librosa(scale: MelScale, norm: MelNorm) -> None:
    bins_hz = np.arange(0.0, 513.0) * (32000 / 1024)
    ours = mel_filters(bins_hz, bands=64, low_hz=50.0, high_hz=14000.0, scale=scale, norm=norm)
    reference = librosa.filters.mel(
        sr=32000,
        n_fft=1024,
        n_mels=64,
        fmin=50.0,
        fmax=14000.0,
        htk=scale == "htk",
        norm="slaney" if norm == "slaney" else None,
        dtype=np.float64,
    )
    np.testing.assert_allclose(ours, reference, rtol=1e-9, atol=1e-15)


def test_filters_of_equal_height_add_up_to_one() -> None:
    bins_hz = np.arange(0.0, 8001.0)
    filters = mel_filters(bins_hz, bands=40, low_hz=0.0, high_hz=8000.0, norm="none")
    centres_hz = mel_to_hz(np.linspace(0.0, hz_to_mel(np.array([8000.0])).item(), 42))
    inside = (bins_hz >= centres_hz[1]) & (bins_hz <= centres_hz[-2])
    np.testing.assert_allclose(filters[:, inside].sum(axis=0), 1.0, rtol=1e-12)
