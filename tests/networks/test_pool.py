"""Pooling over time."""

from typing import Any

import numpy as np
import pytest
import torch

from motet.data.batch import Column
from motet.networks.pool import Pool
from motet.networks.settings import PoolSettings
from motet.networks.shape import MapShape
from tests.networks.maps import (
    assert_gradient_reaches_all,
    assert_padding_changes_no_training,
    assert_padding_changes_nothing,
    noise,
    ragged,
)

SHAPE = MapShape(3, 7, 4)
WAYS = [("mean", "time"), ("mean", "all"), ("max", "time"), ("max", "all"), ("last", "time")]
WAYS += [("attention", "time"), ("attention", "all")]


def pool(how: str, over: str, shape: MapShape = SHAPE) -> Pool:
    layer = Pool(PoolSettings.model_validate({"how": how, "over": over}), shape)
    if how == "attention":
        torch.nn.init.normal_(layer.score, generator=torch.Generator().manual_seed(2))
    return layer


@pytest.mark.parametrize(("how", "over"), WAYS)
def test_padding_never_counts(how: str, over: str) -> None:
    layer = pool(how, over)
    below_zero = ragged(SHAPE, [4, 7, 1])
    for row, length in enumerate((4, 7, 1)):
        below_zero.values[row, :, :length] -= 5.0
    assert_padding_changes_nothing(layer, below_zero)
    assert_padding_changes_no_training(layer, noise(SHAPE))


@pytest.mark.parametrize(("how", "over"), WAYS)
def test_the_planned_shape_is_the_real_one(how: str, over: str) -> None:
    layer = pool(how, over, MapShape(3, None, 4))
    out = layer(noise(SHAPE))
    assert out.values.shape[1:] == (layer.shape.channels, layer.shape.frames, layer.shape.bins)
    assert layer.shape == MapShape(3, 1, 4 if over == "time" else 1)
    assert out.grid is None
    assert layer.frames_needed(1) == 1
    assert_gradient_reaches_all(layer, noise(SHAPE))


@pytest.mark.parametrize(
    ("how", "over", "reference"),
    [
        ("mean", "time", lambda values: values.mean(2, keepdims=True)),
        ("mean", "all", lambda values: values.mean((2, 3), keepdims=True)),
        ("max", "time", lambda values: values.max(2, keepdims=True)),
        ("max", "all", lambda values: values.max((2, 3), keepdims=True)),
        ("last", "time", lambda values: values[:, :, -1:]),
    ],
)
def test_values_are_those_of_numpy(how: str, over: str, reference: Any) -> None:
    column = noise(SHAPE)
    np.testing.assert_allclose(pool(how, over)(column).values, reference(column.values.numpy()), atol=1e-6)


def test_attention_weighs_frames_by_a_softmax_of_their_scores() -> None:
    layer, values = pool("attention", "time"), noise(SHAPE).values
    scores = torch.einsum("nctf,cf->nt", values, layer.score[0, :, 0])
    wanted = torch.einsum("nctf,nt->ncf", values, scores.softmax(1))
    torch.testing.assert_close(layer(Column(values)).values[:, :, 0], wanted)


def test_attention_over_all_weighs_cells() -> None:
    layer, values = pool("attention", "all"), noise(SHAPE).values
    scores = torch.einsum("nctf,c->ntf", values, layer.score[0, :, 0, 0])
    weights = scores.flatten(1).softmax(1).view(scores.shape)
    torch.testing.assert_close(layer(Column(values)).values[:, :, 0, 0], torch.einsum("nctf,ntf->nc", values, weights))


def test_attention_starts_from_the_mean() -> None:
    layer = Pool(PoolSettings(how="attention"), SHAPE)
    column = ragged(SHAPE, [4, 7])
    torch.testing.assert_close(layer(column).values, pool("mean", "time")(column).values)
