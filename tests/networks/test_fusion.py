"""Fusion of several encoded inputs."""

from typing import Any

import pytest
import torch
from torch import Tensor

from motet.data.batch import Column
from motet.errors import ConfigError, DataError
from motet.features.feature_map import TimeGrid
from motet.networks.fusion import Fusion
from motet.networks.settings import ModelSettings
from motet.networks.shape import MapShape
from tests.networks.maps import alone, noise, ragged

MEL, WAVE = MapShape(2, 6, 3), MapShape(6, 9, 1)


def fusion(shapes: dict[str, MapShape], **written: Any) -> Fusion:
    return Fusion(ModelSettings.model_validate(written), shapes)


def flat(column: Column) -> Tensor:
    """Return the mean over time of a map, [n, C*F]."""
    return column.values.mean(2).flatten(1)


def test_clips_are_pooled_and_set_side_by_side() -> None:
    layer = fusion({"mel": MEL, "wave": WAVE})
    mel, wave = noise(MEL), noise(WAVE, seed=1)
    out = layer({"mel": mel, "wave": wave})
    assert layer.shape == MapShape(12, 1, 1)
    assert layer.frames_needed(7) == 1
    torch.testing.assert_close(out.values.flatten(1), torch.cat([flat(mel), flat(wave)], dim=1))
    assert out.grid is None


@pytest.mark.parametrize("how", ["sum", "mean"])
def test_clips_are_added_or_averaged(how: str) -> None:
    layer = fusion({"mel": MEL, "wave": WAVE}, fusion=how)
    mel, wave = noise(MEL), noise(WAVE, seed=1)
    wanted = (flat(mel) + flat(wave)) / (2 if how == "mean" else 1)
    torch.testing.assert_close(layer({"mel": mel, "wave": wave}).values.flatten(1), wanted)
    assert layer.shape == MapShape(6, 1, 1)


@pytest.mark.parametrize("how", ["sum", "mean", "concat"])
def test_a_row_may_lack_an_input(how: str) -> None:
    layer = fusion({"mel": MEL, "wave": WAVE}, fusion=how)
    mel = Column(noise(MEL, rows=2).values, torch.tensor([0, 2]))
    wave = Column(noise(WAVE, rows=2, seed=1).values, torch.tensor([1, 2]))
    found = layer({"mel": mel, "wave": wave}).values.flatten(1)
    none = torch.zeros(6)
    a, c = flat(mel)
    b, d = flat(wave)
    if how == "concat":
        wanted = torch.stack([torch.cat([a, none]), torch.cat([none, b]), torch.cat([c, d])])
    else:
        wanted = torch.stack([a, b, c + d if how == "sum" else (c + d) / 2])
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("how", ["sum", "mean", "concat"])
def test_a_batch_may_lack_an_input(how: str) -> None:
    layer = fusion({"mel": MEL, "wave": WAVE}, fusion=how)
    wave = noise(WAVE)
    found = layer({"wave": wave}).values.flatten(1)
    wanted = torch.cat([torch.zeros(2, 6), flat(wave)], dim=1) if how == "concat" else flat(wave)
    torch.testing.assert_close(found, wanted)


def test_frames_are_fused_one_by_one() -> None:
    shapes = {"mel": MapShape(2, 6, 3), "pitch": MapShape(1, 6, 1)}
    layer = fusion(shapes, fusion_per="frame")
    mel, pitch = (noise(shape) for shape in shapes.values())
    out = layer({"mel": mel, "pitch": pitch})
    assert layer.shape == MapShape(7, 6, 1)
    assert layer.frames_needed(5) == 5
    assert torch.equal(out.values[:, :6, 2, 0], mel.values[:, :, 2].flatten(1))
    assert torch.equal(out.values[:, 6:], pitch.values)
    assert out.grid == mel.grid
    assert out.lengths is None


def test_padded_frames_are_as_if_alone() -> None:
    shapes = {"mel": MapShape(2, None, 3), "pitch": MapShape(1, None, 1)}
    layer = fusion(shapes, fusion_per="frame")
    mel, pitch = ragged(shapes["mel"], [4, 7]), ragged(shapes["pitch"], [5, 6])
    out = layer({"mel": mel, "pitch": pitch})
    assert out.lengths is not None
    assert out.lengths.tolist() == [5, 7]
    for row in range(2):
        single = layer({"mel": alone(mel, row), "pitch": alone(pitch, row)})
        length = single.values.shape[2]
        assert torch.equal(out.values[row : row + 1, :, :length], single.values)
        assert not out.values[row, :, length:].any()


def test_a_row_without_an_input_is_as_long_as_the_other() -> None:
    shapes = {"mel": MapShape(2, None, 3), "pitch": MapShape(1, None, 1)}
    mel = ragged(shapes["mel"], [4, 7])
    pitch = Column(noise(shapes["pitch"], rows=1, frames=6).values, torch.tensor([2]))
    out = fusion(shapes, fusion_per="frame")(
        {"mel": Column(mel.values, torch.tensor([0, 1]), mel.lengths), "pitch": pitch}
    )
    assert out.lengths is not None
    assert out.lengths.tolist() == [4, 7, 6]


def test_gradient_reaches_the_inputs_and_the_pooling() -> None:
    layer = fusion({"mel": MEL, "wave": WAVE}, fusion="mean", pooling={"how": "attention"})
    mel, wave = noise(MEL), noise(WAVE, seed=1)
    mel.values.requires_grad_()
    out = layer({"mel": mel, "wave": wave}).values
    torch.autograd.backward((out * torch.randn(out.shape)).sum())
    assert mel.values.grad is not None
    assert mel.values.grad.abs().min() > 0
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in layer.parameters())


def test_sizes_that_cannot_be_added_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"model.fusion: sum wants .* \[C=2, T=1, F=3\], \[C=1, T=1, F=1\]; .*concat"):
        fusion({"mel": MEL, "wave": MapShape(1, 9, 1)}, fusion="sum")


def test_unequal_frames_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"model.fusion_per: frame wants .*T=6.*T=9.*fusion_per: clip"):
        fusion({"mel": MEL, "wave": WAVE}, fusion_per="frame")


def test_frames_at_other_steps_are_refused() -> None:
    layer = fusion({"mel": MapShape(2, None, 3), "pitch": MapShape(1, None, 1)}, fusion_per="frame")
    mel, pitch = noise(MEL), noise(MapShape(1, 6, 1))
    with pytest.raises(DataError, match=r"mel: 0.01 s, pitch: 0.02 s; choose hops and strides alike"):
        layer({"mel": mel, "pitch": Column(pitch.values, grid=TimeGrid(0.0, 0.02))})
