"""What holds for every feature: shapes, batch invariance, short and silent signals, gradients, saved state."""

import copy
from typing import Any

import pytest
import torch

from motet.errors import ConfigError
from motet.features.feature import power_of_two, to_samples, upper_frequency


def test_shape_and_finite(feature: Any, samples: torch.Tensor) -> None:
    values = feature(torch.cat([samples, samples * 0.5]))
    assert values.shape == (2, feature.num_frames(8000), feature.num_bins)
    assert values.dtype == torch.float32
    assert torch.isfinite(values).all()


def test_a_row_of_a_batch_equals_the_row_alone(feature: Any, samples: torch.Tensor) -> None:
    rows = torch.stack([samples, samples.flip(-1), 0.01 * samples])
    together = feature(rows)
    for row, values in zip(rows, together, strict=True):
        torch.testing.assert_close(values, feature(row), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("feature", ["waveform", "spectrogram", "mfcc", "scalogram"], indirect=True)
def test_a_channel_equals_the_channel_alone(feature: Any, samples: torch.Tensor) -> None:
    both = feature(torch.cat([samples, samples.flip(-1)]))
    torch.testing.assert_close(both[1:], feature(samples.flip(-1)), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("num_samples", [1, 2, 79, 80, 199, 200, 201, 801])
def test_any_length_gives_the_frames_that_were_promised(feature: Any, num_samples: int) -> None:
    values = feature(torch.ones(1, num_samples))
    assert values.shape == (1, feature.num_frames(num_samples), feature.num_bins)
    assert values.shape[1] >= 1
    assert torch.isfinite(values).all()


def test_silence_is_finite_and_has_a_finite_gradient(feature: Any) -> None:
    silence = torch.zeros(1, 2000, requires_grad=True)
    values = feature(silence)
    assert torch.isfinite(values).all()
    values.sum().backward()
    assert silence.grad is not None
    assert torch.isfinite(silence.grad).all()


def test_gradient_reaches_every_sample(feature: Any, samples: torch.Tensor) -> None:
    signal = samples[:, 400:2000].clone().requires_grad_()
    feature(signal).square().sum().backward()
    assert signal.grad is not None
    assert torch.isfinite(signal.grad).all()
    assert float((signal.grad != 0).float().mean()) > 0.8


def test_nothing_computed_from_settings_is_saved(feature: Any) -> None:
    assert feature.state_dict() == {}
    assert list(feature.parameters()) == []


def test_a_copy_computes_the_same(feature: Any, samples: torch.Tensor) -> None:
    assert torch.equal(copy.deepcopy(feature)(samples), feature(samples))


def test_the_input_stays_as_it_was(feature: Any, samples: torch.Tensor) -> None:
    before = samples.clone()
    feature(samples)
    assert torch.equal(samples, before)


@pytest.mark.parametrize("feature", ["waveform", "spectrogram", "magnitude", "logmel", "scalogram"], indirect=True)
def test_frames_stand_where_the_grid_says(feature: Any) -> None:
    """A click is loudest in the frame whose time is nearest."""
    click = torch.zeros(1, 8000)
    click[0, 4000] = 1.0
    loudness = feature(click)[0].sum(-1)
    grid = feature.grid(10.0)
    time_s = grid.start_s + grid.step_s * int(loudness.argmax())
    assert time_s == pytest.approx(10.5, abs=0.51 * grid.step_s)


def test_lengths_round_to_samples() -> None:
    assert to_samples(0.025, 11025.0, name="window_s") == 276
    with pytest.raises(ConfigError, match=r"hop_s is 0\.001 s, less than one sample at 100 Hz: raise hop_s to 0\.01"):
        to_samples(0.001, 100.0, name="hop_s")


def test_frequencies_lie_below_half_the_rate() -> None:
    assert upper_frequency(None, 0.0, 16000.0) == 8000.0
    assert upper_frequency(8000.0, 0.0, 16000.0) == 8000.0
    with pytest.raises(ConfigError, match=r"high_hz is 9000 Hz, .* up to 8000 Hz: .* rate_hz above 18000"):
        upper_frequency(9000.0, 0.0, 16000.0)
    with pytest.raises(ConfigError, match="low_hz is 8000 Hz"):
        upper_frequency(None, 8000.0, 16000.0)


@pytest.mark.parametrize(("minimum", "size"), [(1, 1), (2, 2), (3, 4), (400, 512), (512, 512), (513, 1024)])
def test_power_of_two(minimum: int, size: int) -> None:
    assert power_of_two(minimum) == size
