"""MFCC and deltas against librosa."""

import librosa
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from motet.features import LogMel, Mfcc
from motet.features.settings import MfccSettings


def test_mfcc_with_deltas_equals_librosa(sound: NDArray[np.float32], samples: torch.Tensor) -> None:
    settings = MfccSettings(bands=40, coefficients=13, deltas=2, delta_frames=7)
    power = librosa.feature.melspectrogram(
        y=sound[0].astype(np.float64), sr=8000, n_fft=256, win_length=200, hop_length=80, pad_mode="constant", n_mels=40
    )
    decibels = librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=None)
    coefficients = librosa.feature.mfcc(S=decibels, n_mfcc=13)
    deltas = [librosa.feature.delta(coefficients, width=7, order=order, mode="nearest") for order in (1, 2)]
    reference = np.concatenate([coefficients, *deltas]).T
    ours = Mfcc(settings, 8000.0)(samples)[0].numpy()
    assert ours.shape == reference.shape == (101, 39)
    np.testing.assert_allclose(ours, reference, atol=2e-3)


def test_all_coefficients_keep_the_energy_of_the_bands(samples: torch.Tensor) -> None:
    settings = MfccSettings(bands=40, coefficients=40)
    bands, coefficients = LogMel(settings, 8000.0)(samples), Mfcc(settings, 8000.0)(samples)
    torch.testing.assert_close(coefficients.square().sum(-1), bands.square().sum(-1))


def test_derivatives_of_a_line_and_a_parabola() -> None:
    mfcc = Mfcc(MfccSettings(bands=20, coefficients=1, deltas=2, delta_frames=5), 8000.0)
    positions = torch.arange(-2.0, 3.0)
    assert float(3.0 * positions @ mfcc.slopes[0]) == pytest.approx(3.0)
    assert float(2.0 * positions.square() @ mfcc.slopes[1]) == pytest.approx(4.0, rel=1e-6)
    assert float(positions @ mfcc.slopes[1]) == pytest.approx(0.0, abs=1e-6)


def test_context_grows_by_the_reach_of_the_deltas() -> None:
    plain = Mfcc(MfccSettings(bands=20, coefficients=5), 8000.0)
    with_deltas = Mfcc(MfccSettings(bands=20, coefficients=5, deltas=1, delta_frames=9), 8000.0)
    assert with_deltas.context_s == pytest.approx(plain.context_s + 4 * 0.010)
