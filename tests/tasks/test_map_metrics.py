"""Figures of maps in closed form, and against the losses that they follow."""

import numpy as np
import pytest
import torch

from motet.tasks import map_losses
from motet.tasks.map_metrics import MAP_FIGURES, log_spectral_distance, si_sdr, si_sdr_gain


def test_the_ratio_is_that_of_the_loss() -> None:
    predicted, target = np.random.default_rng(0).normal(size=(2, 500, 2))
    loss = map_losses.si_sdr(torch.from_numpy(predicted[None]), torch.from_numpy(target[None]), None)
    assert si_sdr(predicted, target, None) == pytest.approx(loss.item(), abs=1e-6)


def test_the_gain_is_the_difference_to_what_was_given() -> None:
    generator = np.random.default_rng(1)
    target, noise = generator.normal(size=(2, 20_000, 1))
    noise -= (noise * target).sum() / (target * target).sum() * target
    noise *= np.sqrt((target * target).sum() / (noise * noise).sum())
    assert si_sdr(target + noise, target, None) == pytest.approx(0.0, abs=1e-9)
    assert si_sdr_gain(target + 0.5 * noise, target, target + noise) == pytest.approx(20 * np.log10(2))
    assert si_sdr_gain(target + noise, target, target + noise) == 0.0
    assert np.isnan(si_sdr_gain(target, target, None))


def test_a_gain_of_6_db_is_a_spectral_distance_of_6_db() -> None:
    target = np.random.default_rng(2).normal(size=(1000, 1))
    assert log_spectral_distance(target, target, None) == 0.0
    assert log_spectral_distance(2 * target, target, None) == pytest.approx(20 * np.log10(2))
    assert log_spectral_distance(0 * target, target, None) < 110


def test_the_spectral_distance_is_the_naive_one() -> None:
    predicted, target = np.random.default_rng(3).normal(size=(2, 256 + 64 * 3, 1))
    shape = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(256) / 256)
    expected = []
    for start in range(0, 64 * 3 + 1, 64):
        powers = [np.abs(np.fft.rfft(x[start : start + 256, 0] * shape)) ** 2 for x in (predicted, target)]
        expected.append(np.sqrt(np.mean((10 * np.log10(powers[0] / powers[1])) ** 2)))
    assert log_spectral_distance(predicted, target, None) == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("name", MAP_FIGURES)
def test_a_map_shorter_than_a_window_has_every_figure(name: str) -> None:
    target = np.random.default_rng(4).normal(size=(40, 3))
    assert np.isfinite(MAP_FIGURES[name](target + 0.1, target, target + 1.0))


def test_a_silent_target_has_no_ratio() -> None:
    assert np.isnan(si_sdr(np.ones((4, 1)), np.zeros((4, 1)), None))
