"""Map augmentation: closed forms, rows that depend on nothing else, padding that stays."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from motet.features import FrequencyMask, FrequencyShift, MapGain, MapNoise, TimeMask, TimeShift
from motet.features.settings import (
    FrequencyMaskSettings,
    FrequencyShiftSettings,
    MapGainSettings,
    MapNoiseSettings,
    TimeMaskSettings,
    TimeShiftSettings,
)

AUGMENTATIONS: dict[str, Callable[[], Any]] = {
    "time_shift": lambda: TimeShift(TimeShiftSettings()),
    "time_mask": lambda: TimeMask(TimeMaskSettings(masks=2, max_share=0.4)),
    "frequency_mask": lambda: FrequencyMask(FrequencyMaskSettings(masks=2, max_share=0.5)),
    "frequency_shift": lambda: FrequencyShift(FrequencyShiftSettings(max_share=0.4)),
    "gain": lambda: MapGain(MapGainSettings()),
    "noise": lambda: MapNoise(MapNoiseSettings(max_std=0.5)),
}
LENGTHS = torch.tensor([20, 7, 1, 13])


@pytest.fixture(params=AUGMENTATIONS)
def augmentation(request: pytest.FixtureRequest) -> Any:
    return AUGMENTATIONS[request.param]()


@pytest.fixture
def batch() -> torch.Tensor:
    """Four maps of 2 channels, 20 frames and 6 bins, zero beyond LENGTHS."""
    values = torch.randn(4, 2, 20, 6, generator=torch.Generator().manual_seed(4))
    return values * (torch.arange(20) < LENGTHS[:, None])[:, None, :, None]


def uniforms(rows: int, count: int, seed: int = 9) -> torch.Tensor:
    return torch.rand(rows, count, generator=torch.Generator().manual_seed(seed))


def test_a_row_depends_on_its_own_draws_only(augmentation: Any, batch: torch.Tensor) -> None:
    drawn = uniforms(4, augmentation.num_draws)
    together = augmentation(batch, LENGTHS, drawn)
    for row, length in enumerate(LENGTHS.tolist()):
        alone = augmentation(batch[row : row + 1, :, :length], None, drawn[row : row + 1])
        torch.testing.assert_close(together[row : row + 1, :, :length], alone)


def test_padding_stays_zero_and_the_input_as_it_was(augmentation: Any, batch: torch.Tensor) -> None:
    before = batch.clone()
    changed = augmentation(batch, LENGTHS, uniforms(4, augmentation.num_draws))
    assert torch.equal(batch, before)
    assert changed.shape == batch.shape
    for row, length in enumerate(LENGTHS.tolist()):
        assert (changed[row, :, length:] == 0).all()
    assert not torch.equal(changed, batch)


@pytest.mark.parametrize("drawn", [0.0, 1.0])
def test_the_ends_of_the_draws_are_safe(augmentation: Any, batch: torch.Tensor, drawn: float) -> None:
    changed = augmentation(batch, LENGTHS, torch.full((4, augmentation.num_draws), drawn))
    assert torch.isfinite(changed).all()


def test_a_shift_is_a_roll_of_the_valid_frames(batch: torch.Tensor) -> None:
    drawn = uniforms(4, 1)
    shifted = TimeShift(TimeShiftSettings(max_share=0.5))(batch, LENGTHS, drawn)
    for row, length in enumerate(LENGTHS.tolist()):
        most = length // 2
        shift = int(drawn[row, 0] * (2 * most + 1)) - most
        rolled = batch[row, :, :length].roll(shift, dims=1)
        assert torch.equal(shifted[row, :, :length], rolled)


def test_every_shift_is_equally_likely() -> None:
    ramp = torch.arange(4.0).view(1, 1, 4, 1).expand(4500, 1, 4, 1)
    shifted = TimeShift(TimeShiftSettings())(ramp, None, torch.linspace(0, 0.9999, 4500)[:, None])
    first = shifted[:, 0, 0, 0].long().bincount(minlength=4)
    assert first.tolist() == [1500, 1000, 1000, 1000]  # of nine shifts from -4 to 4, three leave frame 0 in place


@pytest.mark.parametrize(("axis", "size"), [("time", 20), ("frequency", 30)])
def test_masks_have_uniform_widths_and_fill_with_zero(axis: str, size: int) -> None:
    masks: dict[str, Any] = {
        "time": TimeMask(TimeMaskSettings(max_share=0.25)),
        "frequency": FrequencyMask(FrequencyMaskSettings(max_share=0.25)),
    }
    shape = (2000, 1, size, 1) if axis == "time" else (2000, 1, 1, size)
    masked = masks[axis](torch.ones(shape), None, uniforms(2000, 2)).view(2000, size) == 0
    widths = masked.sum(1)
    widest = size // 4
    counts = widths.bincount(minlength=widest + 1)
    assert len(counts) == widest + 1
    assert counts.min() > 0.8 * 2000 / (widest + 1)
    starts = masked[widths > 0].int().argmax(1)
    assert {0, size - widest} <= set(starts.tolist())
    spans = (masked[:, 1:] & ~masked[:, :-1]).sum(1) + masked[:, 0]
    assert spans.max() == 1


def test_a_mask_lies_within_the_valid_frames(batch: torch.Tensor) -> None:
    mask = TimeMask(TimeMaskSettings(max_share=1.0))
    ones = torch.ones_like(batch)
    changed = mask(ones, LENGTHS, torch.tensor([[0.99, 0.5]] * 4))
    for row, length in enumerate(LENGTHS.tolist()):
        assert changed[row, 0, :length].sum() == 0
        assert (changed[row, :, length:] == 1).all()


def test_a_frequency_shift_repeats_the_last_bin() -> None:
    values = torch.arange(6.0).expand(5, 1, 2, 6)
    shifted = FrequencyShift(FrequencyShiftSettings(max_share=0.34))(values, None, torch.arange(5.0)[:, None] / 5)
    assert shifted[:, 0, 1].tolist() == [
        [2, 3, 4, 5, 5, 5],
        [1, 2, 3, 4, 5, 5],
        [0, 1, 2, 3, 4, 5],
        [0, 0, 1, 2, 3, 4],
        [0, 0, 0, 1, 2, 3],
    ]


def test_gain_is_one_factor_from_the_range(batch: torch.Tensor) -> None:
    gain = MapGain(MapGainSettings(low=0.5, high=2.0))
    changed = gain(batch, None, torch.tensor([[0.0], [0.5], [1.0], [0.25]]))
    factors = torch.tensor([0.5, 1.0, 2.0, 0.5**0.5])
    torch.testing.assert_close(changed, batch * factors[:, None, None, None])


def test_noise_has_its_deviation_and_a_seed_of_its_own() -> None:
    noise = MapNoise(MapNoiseSettings(max_std=0.4))
    changed = noise(torch.zeros(3, 1, 400, 50), None, torch.tensor([[0.5, 0.1], [1.0, 0.1], [0.5, 0.2]]))
    torch.testing.assert_close(changed.std(dim=(1, 2, 3)), torch.tensor([0.2, 0.4, 0.2]), rtol=0.02, atol=0)
    torch.testing.assert_close(2 * changed[0], changed[1])
    assert abs(float((changed[0] * changed[2]).mean())) < 0.002
