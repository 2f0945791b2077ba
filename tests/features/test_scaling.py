"""Scaling: streamed fits against NumPy on everything at once, padding, constants, saved state."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from motet.errors import DataError
from motet.features import MinMax, NoScaling, Robust, Standard
from motet.features.settings import MinMaxSettings, NoScalingSettings, RobustSettings, StandardSettings

PER = ["band", "cell", "global"]


def maps(*, equal: bool = False, offset: float = -60.0) -> list[NDArray[np.float32]]:
    """Ragged maps [T, 2, 5], every bin with a mean and deviation of its own."""
    rng = np.random.default_rng(5)
    centre, deviation = rng.uniform(-9.0, 9.0, (2, 5)), rng.uniform(0.5, 20.0, (2, 5))
    lengths = [7] * 12 if equal else rng.integers(1, 30, 12)
    return [(offset + centre + deviation * rng.standard_normal((n, 2, 5))).astype(np.float32) for n in lengths]


def fitted(scaling: Any, training: Iterable[NDArray[np.floating[Any]]]) -> Any:
    for values in training:
        scaling.update(values)
    scaling.finish()
    return scaling


def expected(statistic: Callable[..., Any], training: list[NDArray[np.float32]], per: str) -> torch.Tensor:
    """Compute a statistic of all training values at once in float64, in the layout of the buffers."""
    if per == "cell":
        values = statistic(np.stack(training).astype(np.float64), axis=0)
    else:
        axes = 0 if per == "band" else (0, 1, 2)
        values = statistic(np.concatenate(training).astype(np.float64), axis=axes, keepdims=True)
    return torch.from_numpy(np.ascontiguousarray(values.transpose(1, 0, 2))).float()


def quantile_range(values: NDArray[np.float64], **axes: Any) -> Any:
    return np.quantile(values, 0.75, **axes) - np.quantile(values, 0.25, **axes)


@pytest.mark.parametrize("per", PER)
def test_standard_equals_numpy(per: Any) -> None:
    training = maps(equal=per == "cell")
    scaling = fitted(Standard(StandardSettings(per=per)), training)
    torch.testing.assert_close(scaling.offset, expected(np.mean, training, per), rtol=1e-6, atol=0)
    torch.testing.assert_close(scaling.scale, expected(np.std, training, per), rtol=1e-6, atol=0)


@pytest.mark.parametrize("per", PER)
def test_min_max_equals_numpy(per: Any) -> None:
    training = maps(equal=per == "cell")
    scaling = fitted(MinMax(MinMaxSettings(per=per, low=-1.0, high=1.0)), training)
    half = expected(np.ptp, training, per) / 2
    torch.testing.assert_close(scaling.scale, half, rtol=1e-6, atol=0)
    torch.testing.assert_close(scaling.offset, expected(np.min, training, per) + half, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("per", PER)
def test_robust_equals_numpy(per: Any) -> None:
    training = maps(equal=per == "cell")
    scaling = fitted(Robust(RobustSettings(per=per)), training)
    torch.testing.assert_close(scaling.offset, expected(np.median, training, per), rtol=1e-6, atol=0)
    torch.testing.assert_close(scaling.scale, expected(quantile_range, training, per), rtol=1e-5, atol=0)


@settings(max_examples=30, deadline=None)
@given(cuts=st.sets(st.integers(1, 199), max_size=12))
def test_standard_does_not_depend_on_how_the_frames_are_cut(cuts: set[int]) -> None:
    frames = (1e4 + np.random.default_rng(2).standard_normal((200, 1, 3))).astype(np.float32)
    scaling = fitted(Standard(StandardSettings()), np.split(frames, sorted(cuts)))
    torch.testing.assert_close(scaling.offset, expected(np.mean, [frames], "band"), rtol=1e-7, atol=0)
    torch.testing.assert_close(scaling.scale, expected(np.std, [frames], "band"), rtol=1e-6, atol=0)


def test_float16_maps_are_summed_in_float64() -> None:
    training = [np.full((1000, 1, 1), value, np.float16) for value in (60000.0, -60000.0, 30000.0)]
    scaling = fitted(Standard(StandardSettings()), training)
    assert scaling.offset.item() == 10000.0
    assert scaling.scale.item() == pytest.approx(np.std([60000.0, -60000.0, 30000.0]), rel=1e-7)


def test_robust_samples_when_there_is_too_much() -> None:
    rng = np.random.default_rng(1)
    training = [rng.standard_normal((500, 1, 4)).astype(np.float32) for _ in range(40)]
    once = fitted(Robust(RobustSettings(max_values=8000)), training)
    again = fitted(Robust(RobustSettings(max_values=8000)), training)
    assert torch.equal(once.offset, again.offset)
    torch.testing.assert_close(once.offset, torch.zeros(1, 1, 1).expand(1, 1, 4), rtol=0, atol=0.1)
    torch.testing.assert_close(once.scale, torch.full((1, 1, 4), 1.349), rtol=0.1, atol=0)


def test_the_sample_of_robust_is_bounded_and_uniform() -> None:
    scaling = Robust(RobustSettings(max_values=300))
    for start in range(0, 30000, 100):
        scaling.update(np.arange(start, start + 100, dtype=np.float32)[:, None, None])
        assert sum(map(len, scaling._sample)) < 2 * 300 + 100
    scaling.finish()
    assert scaling.offset.item() == pytest.approx(15000, abs=3000)
    assert scaling.scale.item() == pytest.approx(15000, abs=3000)


@pytest.mark.parametrize("kind", [Standard(StandardSettings()), MinMax(MinMaxSettings()), Robust(RobustSettings())])
def test_what_does_not_vary_has_scale_one(kind: Any) -> None:
    varied = np.linspace(0, 1, 9)[:, None, None]
    constant = np.full((9, 1, 1), -99.7)
    scaling = fitted(kind, [np.concatenate([varied, constant], axis=2).astype(np.float32)] * 3)
    assert scaling.scale[0, 0, 1] == 1.0
    assert scaling.scale[0, 0, 0] != 1.0 or isinstance(kind, MinMax)
    torch.testing.assert_close(scaling(torch.full((1, 1, 2, 2), -99.7))[..., 1], torch.zeros(1, 1, 2))


def test_scaled_values_and_zero_padding() -> None:
    training = maps()
    scaling = fitted(Standard(StandardSettings()), training)
    batch = torch.zeros(2, 2, 40, 5)
    for row, values in enumerate(training[:2]):
        batch[row, :, : len(values)] = torch.from_numpy(values).permute(1, 0, 2)
    before = batch.clone()
    lengths = torch.tensor([len(training[0]), len(training[1])])
    scaled = scaling(batch, lengths)
    assert torch.equal(batch, before)
    for row, values in enumerate(training[:2]):
        reference = (values - scaling.offset[:, 0].numpy()) / scaling.scale[:, 0].numpy()
        np.testing.assert_allclose(scaled[row, :, : len(values)].permute(1, 0, 2), reference, rtol=1e-5, atol=1e-5)
        assert (scaled[row, :, len(values) :] == 0).all()
    assert (scaling(batch)[:, :, 39] != 0).all()


@pytest.mark.parametrize("per", PER)
@pytest.mark.parametrize("kind", [Standard, MinMax, Robust])
def test_what_was_scaled_is_restored(kind: Any, per: Any) -> None:
    settings_of = {Standard: StandardSettings, MinMax: MinMaxSettings, Robust: RobustSettings}
    scaling = fitted(kind(settings_of[kind](per=per)), maps(equal=True))
    batch = torch.randn(3, 2, 7, 5) * 30 - 60
    scaled = scaling(batch)
    assert not torch.allclose(scaled, batch)
    kept = scaled.clone()
    torch.testing.assert_close(scaling.restore(scaled), batch, rtol=1e-5, atol=1e-4)
    assert torch.equal(scaled, kept)
    with pytest.raises(DataError, match="scaling was fitted on maps"):
        Standard.restore(fitted(Standard(StandardSettings(per="cell")), maps(equal=True)), batch[:, :, :6])


def test_no_scaling_only_clears_the_padding() -> None:
    batch = torch.ones(2, 1, 4, 3)
    scaling = fitted(NoScaling(NoScalingSettings()), maps())
    assert torch.equal(scaling(batch), batch)
    assert torch.equal(scaling.restore(batch), batch)
    assert scaling(batch, torch.tensor([4, 1])).sum(dim=(1, 2, 3)).tolist() == [12.0, 3.0]
    assert batch.sum() == 24


def test_gradient_passes_through() -> None:
    scaling = fitted(Standard(StandardSettings()), maps())
    batch = torch.randn(2, 2, 6, 5, requires_grad=True)
    scaling(batch, torch.tensor([6, 3])).sum().backward()
    assert batch.grad is not None
    torch.testing.assert_close(batch.grad[0], (1 / scaling.scale).expand(2, 6, 5))
    assert (batch.grad[1, :, 3:] == 0).all()


def test_saved_state_is_all_there_is() -> None:
    scaling = fitted(Standard(StandardSettings()), maps())
    again = torch.nn.ModuleDict({"mel": Standard(StandardSettings())})
    again.load_state_dict(torch.nn.ModuleDict({"mel": scaling}).state_dict())
    batch = torch.randn(3, 2, 6, 5)
    assert torch.equal(again["mel"](batch), scaling(batch))


@pytest.mark.parametrize(
    ("scaling", "wrong", "message"),
    [
        (Standard(StandardSettings()), (3, 2, 6), r"\[2, 6\] after \[2, 5\]: let all recordings"),
        (Robust(RobustSettings(per="cell")), (3, 2, 5), r"\[3, 2, 5\] after \[7, 2, 5\]: set segments.length_s or per"),
    ],
)
def test_maps_of_unequal_shape(scaling: Any, wrong: tuple[int, ...], message: str) -> None:
    scaling.update(maps(equal=True)[0])
    with pytest.raises(DataError, match=message):
        scaling.update(np.zeros(wrong, np.float32))


def test_a_batch_of_another_shape() -> None:
    scaling = fitted(Standard(StandardSettings(per="cell")), maps(equal=True))
    with pytest.raises(
        DataError, match=r"fitted on maps of .* \[2, 7, 5\], not on \[2, 8, 5\].* set segments.length_s"
    ):
        scaling(torch.zeros(1, 2, 8, 5))


def test_what_is_not_fitted() -> None:
    with pytest.raises(DataError, match="is not fitted: call update"):
        Standard(StandardSettings())(torch.zeros(1, 1, 2, 3))
    with pytest.raises(DataError, match="has seen no map"):
        MinMax(MinMaxSettings()).finish()
    with pytest.raises(DataError, match="not finite: extract the features again"):
        fitted(Standard(StandardSettings()), [np.full((2, 1, 1), np.nan, np.float32)])
