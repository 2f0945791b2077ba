"""Dense layers."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from motet.data.batch import Column
from motet.errors import ConfigError, DataError
from motet.networks.mlp import Mlp
from motet.networks.settings import MlpSettings
from motet.networks.shape import MapShape
from tests.networks.maps import (
    assert_gradient_reaches_all,
    assert_padding_changes_no_training,
    assert_padding_changes_nothing,
    noise,
    ragged,
)

SHAPE = MapShape(2, 7, 3)


def mlp(shape: MapShape = SHAPE, **written: Any) -> Mlp:
    torch.manual_seed(0)
    return Mlp(MlpSettings.model_validate(written), shape, "model.encoder.1")


@settings(deadline=None, max_examples=40)
@given(
    st.builds(MapShape, st.integers(1, 3), st.integers(1, 9), st.integers(1, 5)),
    st.lists(st.integers(1, 8), min_size=1, max_size=3),
    st.sampled_from(["frame", "clip"]),
    st.sampled_from(["batch", "layer", "none"]),
)
def test_the_planned_shape_is_the_real_one(shape: MapShape, hidden: list[int], per: str, normalisation: str) -> None:
    layer = mlp(shape, hidden=hidden, per=per, normalisation=normalisation)
    assert layer(noise(shape)).values.shape[1:] == (layer.shape.channels, layer.shape.frames, layer.shape.bins)
    assert layer.shape == MapShape(hidden[-1], shape.frames if per == "frame" else 1, 1)


def test_every_frame_sees_its_channels_and_bins() -> None:
    layer, column = mlp(hidden=[5, 4], activation="tanh"), noise(SHAPE)
    linear = [module for module in layer.modules() if isinstance(module, nn.Linear)]
    for frame in range(7):
        wanted = torch.tanh(linear[1](torch.tanh(linear[0](column.values[:, :, frame].flatten(1)))))
        torch.testing.assert_close(layer(column).values[:, :, frame, 0], wanted)
    assert layer(column).grid == column.grid


def test_a_clip_is_seen_at_once() -> None:
    layer, column = mlp(hidden=[5], per="clip"), noise(SHAPE)
    linear = next(module for module in layer.modules() if isinstance(module, nn.Linear))
    out = layer(column)
    torch.testing.assert_close(out.values.flatten(1), torch.relu(linear(column.values.flatten(1))))
    assert out.grid is None
    assert out.lengths is None


@pytest.mark.parametrize("normalisation", ["batch", "layer", "none"])
def test_padded_rows_are_as_if_alone(normalisation: str) -> None:
    layer = mlp(hidden=[5, 4], normalisation=normalisation, activation="sigmoid")
    assert_padding_changes_nothing(layer, ragged(SHAPE, [4, 1, 7]))
    assert_padding_changes_no_training(layer, noise(SHAPE, rows=3))
    assert_gradient_reaches_all(mlp(hidden=[8, 8], normalisation=normalisation), noise(SHAPE))


def test_a_clip_counts_its_padding() -> None:
    layer, column = mlp(hidden=[5], per="clip").eval(), ragged(SHAPE, [4, 7])
    assert torch.equal(layer(column).values, layer(Column(column.values)).values)


def test_dropout_acts_in_training_alone() -> None:
    layer, column = mlp(hidden=[100], dropout=0.5, activation="sigmoid"), noise(SHAPE)
    assert 0.4 < (layer(column).values == 0).float().mean() < 0.6
    assert (layer.eval()(column).values > 0).all()


def test_clips_of_any_length_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"model.encoder.1: per: clip wants recordings of one length.*T=\?.*length_s"):
        mlp(MapShape(1, None, 64), per="clip")


def test_clips_of_another_length_are_refused() -> None:
    with pytest.raises(DataError, match=r"model.encoder.1: a clip of 9 frames reaches a layer that was built for 7"):
        mlp(per="clip")(noise(SHAPE, frames=9))


def test_a_clip_needs_one_valid_frame() -> None:
    assert mlp(per="clip").frames_needed(1) == 1
    assert mlp().frames_needed(3) == 3
