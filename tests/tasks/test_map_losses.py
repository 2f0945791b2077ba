"""Losses of maps against naive NumPy and closed forms, alone and in padded batches."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from motet.tasks.map_losses import absolute_error, map_loss, si_sdr, spectral_distance, squared_error
from motet.tasks.map_settings import MapAbsoluteErrorSettings, SiSdrLossSettings, SpectralLossSettings

_LENGTHS = (400, 250, 64)


def _spectral(predictions: Tensor, targets: Tensor, lengths: Tensor | None) -> Tensor:
    return spectral_distance(predictions, targets, lengths, windows=(64, 128))


_LOSSES = {"mse": squared_error, "l1": absolute_error, "si_sdr": si_sdr, "stft": _spectral}


def _rows(seed: int = 0, values: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    predictions, targets = torch.randn(2, 3, 400, values, generator=generator)
    return predictions, targets, torch.tensor(_LENGTHS)


@pytest.mark.parametrize("name", _LOSSES)
def test_a_padded_row_has_the_loss_that_it_has_alone(name: str) -> None:
    predictions, targets, lengths = _rows()
    together = _LOSSES[name](predictions, targets, lengths)
    for row, length in enumerate(_LENGTHS):
        alone = _LOSSES[name](predictions[row : row + 1, :length], targets[row : row + 1, :length], None)
        assert together[row].item() == pytest.approx(alone.item(), rel=1e-5)


@pytest.mark.parametrize("name", _LOSSES)
def test_no_gradient_reaches_padding(name: str) -> None:
    predictions, targets, lengths = _rows()
    predictions.requires_grad_()
    _LOSSES[name](predictions, targets, lengths).sum().backward()  # type: ignore[no-untyped-call]
    assert predictions.grad is not None
    for row, length in enumerate(_LENGTHS):
        assert predictions.grad[row, :length].abs().sum() > 0
        assert predictions.grad[row, length:].abs().sum() == 0


def test_errors_are_those_of_numpy() -> None:
    predictions, targets, _ = _rows()
    difference = (predictions - targets).numpy()
    np.testing.assert_allclose(squared_error(predictions, targets, None), (difference**2).mean((1, 2)), rtol=1e-5)
    np.testing.assert_allclose(absolute_error(predictions, targets, None), np.abs(difference).mean((1, 2)), rtol=1e-5)


def test_the_ratio_does_not_depend_on_the_scale() -> None:
    predictions, targets, lengths = _rows()
    ratios = si_sdr(predictions, targets, lengths)
    torch.testing.assert_close(si_sdr(7 * predictions, targets, lengths), ratios, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(si_sdr(predictions, 0.2 * targets, lengths), ratios, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("level_db", [-10.0, 0.0, 15.0])
def test_orthogonal_noise_has_the_ratio_of_the_powers(level_db: float) -> None:
    target, noise = torch.zeros(1, 100, 1), torch.zeros(1, 100, 1)
    target[:, ::2], noise[:, 1::2] = 1.0, 10 ** (-level_db / 20)
    assert si_sdr(target + noise, target, None).item() == pytest.approx(level_db, abs=1e-4)


def test_a_perfect_prediction_reaches_the_limit_and_no_more() -> None:
    target, noise = torch.zeros(1, 100, 1), torch.zeros(1, 100, 1)
    target[:, ::2], noise[:, 1::2] = 1.0, 1.0
    assert si_sdr(3 * target, target, None, limit_db=30).item() == pytest.approx(30.0, abs=1e-4)
    assert si_sdr(target + 1e-1 * noise, target, None, limit_db=20).item() == pytest.approx(20 - 3.0103, abs=1e-3)
    assert si_sdr(target + 10 * noise, target, None, limit_db=30).item() == pytest.approx(-20.0, abs=1e-3)
    loss = map_loss((SiSdrLossSettings(limit_db=30),))
    torch.testing.assert_close(loss(target, target, None), torch.tensor([-30.0]))


def test_a_nearly_clean_row_outweighs_others_only_without_a_limit() -> None:
    """Rows of 0 and 60 dB: the gradient of the second is hundreds of times that of the first, or smaller."""
    target = torch.zeros(2, 100, 1)
    target[:, ::2] = 1.0
    noise = torch.zeros(2, 100, 1)
    noise[0, 1::2], noise[1, 1::2] = 1.0, 1e-3
    sizes = []
    for limit_db in (None, 30.0):
        predictions = (target + noise).requires_grad_()
        si_sdr(predictions, target, None, limit_db=limit_db).sum().backward()  # type: ignore[no-untyped-call]
        assert predictions.grad is not None
        sizes.append(torch.linalg.vector_norm(predictions.grad, dim=(1, 2)).tolist())
    (first, second), (limited_first, limited_second) = sizes
    assert second / first == pytest.approx(1000 / 2**0.5, rel=0.5)
    assert limited_second < limited_first


def test_silence_has_a_finite_loss_and_gradient() -> None:
    silence = torch.zeros(1, 300, 1)
    for loss in _LOSSES.values():
        predictions = torch.zeros(1, 300, 1, requires_grad=True)
        value = loss(predictions, silence, None).sum()
        value.backward()  # type: ignore[no-untyped-call]
        assert predictions.grad is not None
        assert torch.isfinite(value)
        assert torch.isfinite(predictions.grad).all()


def _naive_spectral(predicted: np.ndarray[Any, Any], target: np.ndarray[Any, Any], window: int) -> float:
    shape = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    magnitudes = []
    for signal in (predicted, target):
        padded = np.pad(signal, window // 2)
        starts = range(0, len(padded) - window + 1, window // 4)
        spectra = np.array([np.fft.rfft(padded[start : start + window] * shape) for start in starts])
        magnitudes.append(np.maximum(np.abs(spectra), 1e-4))
    found, true = magnitudes
    convergence = np.linalg.norm(found - true) / np.linalg.norm(true)
    return float(convergence + np.abs(np.log(found) - np.log(true)).mean())


def test_the_spectral_loss_is_that_of_the_paper() -> None:
    predictions, targets, _ = _rows(values=1)
    expected = [
        np.mean([_naive_spectral(p[:, 0].numpy(), t[:, 0].numpy(), window) for window in (64, 128)])
        for p, t in zip(predictions, targets, strict=True)
    ]
    np.testing.assert_allclose(_spectral(predictions, targets, None), expected, rtol=1e-4)


def test_losses_add_up_with_their_weights() -> None:
    predictions, targets, lengths = _rows()
    own = (MapAbsoluteErrorSettings(weight=2.0), SiSdrLossSettings(weight=0.5), SpectralLossSettings(windows=(64,)))
    expected = (
        2 * absolute_error(predictions, targets, lengths)
        - 0.5 * si_sdr(predictions, targets, lengths)
        + spectral_distance(predictions, targets, lengths, (64,))
    )
    torch.testing.assert_close(map_loss(own)(predictions, targets, lengths), expected)
