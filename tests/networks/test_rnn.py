"""Recurrent layers."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from motet.networks.rnn import Rnn
from motet.networks.settings import RnnSettings
from motet.networks.shape import MapShape
from tests.networks.maps import (
    assert_gradient_reaches_all,
    assert_padding_changes_no_training,
    assert_padding_changes_nothing,
    noise,
    ragged,
)

SHAPE = MapShape(2, 7, 3)


def rnn(shape: MapShape = SHAPE, **written: Any) -> Rnn:
    torch.manual_seed(0)
    return Rnn(RnnSettings.model_validate({"hidden": 5, **written}), shape)


@settings(deadline=None, max_examples=30)
@given(
    st.builds(MapShape, st.integers(1, 3), st.integers(1, 9), st.integers(1, 5)),
    st.sampled_from(["rnn", "lstm", "gru"]),
    st.integers(1, 2),
    st.integers(1, 6),
    st.booleans(),
)
def test_the_planned_shape_is_the_real_one(
    shape: MapShape, cell: str, layers: int, hidden: int, bidirectional: bool
) -> None:
    layer = rnn(shape, cell=cell, layers=layers, hidden=hidden, bidirectional=bidirectional)
    assert layer(noise(shape)).values.shape[1:] == (layer.shape.channels, layer.shape.frames, layer.shape.bins)
    assert layer.frames_needed(4) == 4


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_it_is_the_layer_of_pytorch(cell: str) -> None:
    layer, column = rnn(cell=cell, layers=2, bidirectional=True), noise(SHAPE)
    torch.manual_seed(0)
    reference = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[cell](6, 5, 2, batch_first=True, bidirectional=True)
    steps = column.values.permute(0, 2, 1, 3).reshape(2, 7, 6)
    out = layer(column)
    assert torch.equal(out.values[..., 0].transpose(1, 2), reference(steps)[0])
    assert out.grid == column.grid


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_padded_rows_are_as_if_alone(cell: str, bidirectional: bool) -> None:
    layer = rnn(cell=cell, layers=2, bidirectional=bidirectional)
    assert_padding_changes_nothing(layer, ragged(SHAPE, [4, 7, 1]))
    assert_gradient_reaches_all(layer, noise(SHAPE))
    assert_padding_changes_no_training(layer, noise(SHAPE, rows=3))


@pytest.mark.parametrize("layers", [1, 2])
def test_dropout_acts_after_the_last_layer_too(layers: int) -> None:
    layer = rnn(hidden=100, layers=layers, dropout=0.5)
    assert 0.4 < (layer(noise(SHAPE)).values == 0).float().mean() < 0.6
    assert_padding_changes_nothing(layer, ragged(SHAPE, [4, 7]))
