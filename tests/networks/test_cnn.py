"""Convolutional stages."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from motet.data.batch import Column
from motet.errors import ConfigError
from motet.features.feature_map import TimeGrid
from motet.networks.cnn import Cnn
from motet.networks.settings import CnnSettings, MaxPoolingSettings
from motet.networks.shape import MapShape
from tests.networks.maps import (
    assert_gradient_reaches_all,
    assert_padding_changes_no_training,
    assert_padding_changes_nothing,
    noise,
    ragged,
)


def cnn(shape: MapShape, **written: Any) -> Cnn:
    torch.manual_seed(0)
    return Cnn(CnnSettings.model_validate(written), shape)


@st.composite
def any_settings(draw: st.DrawFn) -> CnnSettings:
    dims = draw(st.sampled_from([1, 2, 3]))

    def sizes(low: int, high: int) -> st.SearchStrategy[int | tuple[int, ...]]:
        return st.integers(low, high) | st.tuples(*[st.integers(low, high)] * dims)

    channels = draw(st.lists(st.sampled_from([4, 8]), min_size=1, max_size=3))
    return CnnSettings.model_validate(
        {
            "dims": dims,
            "channels": channels,
            "dilation": draw(st.integers(1, 3) | st.tuples(*[st.integers(1, 3)] * len(channels))),
            "kernel": draw(sizes(1, 4)),
            "stride": draw(sizes(1, 2)),
            "padding": draw(st.just("same") | sizes(0, 2)),
            "repeat": draw(st.integers(1, 2)),
            "pooling": draw(st.sampled_from(["none", "max", "mean", {"kind": "max", "size": 3}])),
            "normalisation": draw(st.sampled_from(["batch", "layer", "group", "none"])),
            "groups": 2,
            "activation": draw(st.sampled_from(["relu", "gelu", "sigmoid", "none"])),
            "residual": draw(st.booleans()),
        }
    )


SHAPES = st.builds(MapShape, st.integers(1, 3), st.integers(1, 24), st.integers(1, 9))


@settings(deadline=None, max_examples=60)
@given(any_settings(), SHAPES)
def test_the_planned_shape_is_the_real_one(written: CnnSettings, shape: MapShape) -> None:
    try:
        layer = Cnn(written, shape)
    except ConfigError:
        return
    values = layer(noise(shape)).values
    assert values.shape[1:] == (layer.shape.channels, layer.shape.frames, layer.shape.bins)
    assert Cnn(written, MapShape(shape.channels, None, shape.bins)).shape == MapShape(
        layer.shape.channels, None, layer.shape.bins
    )


@settings(deadline=None, max_examples=60)
@given(any_settings(), SHAPES)
def test_what_is_refused_cannot_be_computed(written: CnnSettings, shape: MapShape) -> None:
    """The same layer, built for longer maps, takes just those that are not refused."""
    try:
        longer = Cnn(written, MapShape(shape.channels, 99, shape.bins))
    except ConfigError:
        return
    assert shape.frames is not None
    if shape.frames >= longer.frames_needed(1):
        assert longer(noise(shape)).values.shape[2] == Cnn(written, shape).shape.frames
        return
    with pytest.raises(ConfigError, match="frames wide, but only"):
        Cnn(written, shape)
    with pytest.raises(RuntimeError, match=r"[Kk]ernel size|too small|pad"):
        longer(noise(shape))


@settings(deadline=None, max_examples=60)
@given(any_settings(), SHAPES, st.lists(st.integers(0, 6), min_size=1, max_size=3))
def test_padded_rows_are_as_if_alone_whatever_the_settings(
    written: CnnSettings, shape: MapShape, more: list[int]
) -> None:
    try:
        layer = Cnn(written, MapShape(shape.channels, None, shape.bins))
    except ConfigError:
        return
    shortest = layer.frames_needed(1)
    lengths = [shortest, *[shortest + extra for extra in more]]
    assert_padding_changes_nothing(layer.double(), ragged(shape, lengths, dtype=torch.float64))


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("normalisation", ["batch", "group", "layer", "none"])
@pytest.mark.parametrize("pooling", ["max", "mean", "none"])
def test_padded_rows_are_as_if_alone_in_single_precision(dims: int, normalisation: str, pooling: str) -> None:
    shape = MapShape(2, 40, 8)
    layer = cnn(shape, dims=dims, channels=[8, 16], normalisation=normalisation, pooling=pooling, kernel=4)
    layer(noise(shape, rows=8))
    assert_padding_changes_nothing(layer, ragged(shape, [40, 7, 21]))


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("normalisation", ["batch", "group", "layer", "none"])
@pytest.mark.parametrize("residual", [False, True])
def test_padding_changes_no_training(dims: int, normalisation: str, residual: bool) -> None:
    shape = MapShape(2, 13, 8)
    written = {"normalisation": normalisation, "groups": 2, "repeat": 2, "pooling": "mean", "activation": "silu"}
    layer = cnn(shape, dims=dims, channels=[4, 8], residual=residual, **written)
    assert_padding_changes_no_training(layer, noise(shape, rows=3))


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("residual", [False, True])
def test_gradient_reaches_every_parameter(dims: int, residual: bool) -> None:
    shape = MapShape(2, 16, 8)
    layer = cnn(shape, dims=dims, channels=[4, 8], repeat=2, residual=residual, normalisation="group", groups=2)
    assert_gradient_reaches_all(layer, noise(shape))


def test_it_is_the_stack_that_anybody_would_write() -> None:
    shape = MapShape(2, 20, 16)
    layer = cnn(shape, channels=[8, 12])
    torch.manual_seed(0)
    reference = nn.Sequential(
        nn.Conv2d(2, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 12, 3, padding=1, bias=False), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(2),
    )  # fmt: skip
    for seed in range(2):
        column = noise(shape, rows=4, seed=seed)
        torch.testing.assert_close(layer(column).values, reference(column.values), atol=1e-5, rtol=0)
    torch.testing.assert_close(layer.eval()(column).values, reference.eval()(column.values), atol=1e-5, rtol=0)
    assert [p.shape for p in layer.parameters()] == [p.shape for p in reference.parameters()]


@pytest.mark.parametrize("kernel", [2, 3, 4])
def test_one_dimension_is_a_convolution_over_time(kernel: int) -> None:
    shape = MapShape(3, 17, 4)
    layer = cnn(shape, dims=1, channels=[8], kernel=kernel, normalisation="none", pooling="none", activation="none")
    column = noise(shape)
    reference = nn.Conv1d(12, 8, kernel)
    with torch.no_grad():
        for own, other in zip(reference.parameters(), layer.parameters(), strict=True):
            own.copy_(other.view(own.shape))
    frames = nn.functional.pad(column.values.transpose(2, 3).flatten(1, 2), ((kernel - 1) // 2, kernel // 2))
    wanted = reference(frames).unsqueeze(3)
    torch.testing.assert_close(layer(column).values, wanted, atol=1e-5, rtol=0)


def test_three_dimensions_step_over_channels_too() -> None:
    shape = MapShape(4, 9, 5)
    layer = cnn(shape, dims=3, channels=[6], kernel=[2, 3, 3], padding=0, normalisation="none", pooling="none")
    column = noise(shape)
    convolution = layer.get_submodule("stages.0.blocks.0.convolution")
    assert isinstance(convolution, nn.Conv3d)
    wanted = torch.relu(nn.functional.conv3d(column.values.unsqueeze(1), convolution.weight, convolution.bias))
    torch.testing.assert_close(layer(column).values, wanted.flatten(1, 2), atol=1e-5, rtol=0)
    assert layer.shape == MapShape(6 * 3, 7, 3)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", "none"])
def test_the_maximum_is_that_of_the_activated_cells(activation: str) -> None:
    shape = MapShape(1, 10, 8)
    pooled = cnn(shape, channels=[4], activation=activation)
    whole = cnn(shape, channels=[4], activation=activation, pooling="none")
    column = noise(shape)
    wanted = nn.functional.max_pool2d(whole(column).values, 2)
    torch.testing.assert_close(pooled(column).values, wanted, atol=1e-6, rtol=0)


def test_a_residual_stage_adds_what_entered_it() -> None:
    shape = MapShape(4, 10, 8)
    written: dict[str, Any] = {"channels": [4], "repeat": 2, "pooling": "none", "normalisation": "none"}
    layer = cnn(shape, residual=True, **written)
    first, second = (layer.get_submodule(f"stages.0.blocks.{number}.convolution") for number in (0, 1))
    column = noise(shape)
    wanted = torch.relu(second(torch.relu(first(column.values))) + column.values)
    torch.testing.assert_close(layer(column).values, wanted, atol=1e-6, rtol=0)
    projected = cnn(shape, residual=True, **{**written, "channels": [6], "stride": 2})
    shortcut = projected.get_submodule("stages.0.shortcut")(column.values)
    assert shortcut.shape == (2, 6, 5, 4)


def test_the_grid_tells_the_centre_of_what_a_frame_saw() -> None:
    """A map of its own times, averaged by every window, shows the time of each frame."""
    grid = TimeGrid(0.25, 0.01)
    times_s = grid.start_s + grid.step_s * torch.arange(200, dtype=torch.float64)
    for kernel, stride, pooling, dilation in ((3, 1, 2, 1), (4, 2, 3, 1), (5, 3, 1, 2), (2, 1, 2, [3, 1])):
        layer = cnn(
            MapShape(1, 200, 1), dims=1, channels=[1, 1], kernel=kernel, stride=stride, padding=0, repeat=2,
            dilation=dilation, pooling={"kind": "mean", "size": pooling}, normalisation="none", activation="none",
        ).double()  # fmt: skip
        with torch.no_grad():
            for name, parameter in layer.named_parameters():
                parameter.fill_(0.0 if name.endswith("bias") else 1 / kernel)
        out = layer(Column(times_s.view(1, 1, 200, 1), grid=grid))
        assert out.grid is not None
        wanted = out.grid.start_s + out.grid.step_s * torch.arange(out.values.shape[2], dtype=torch.float64)
        torch.testing.assert_close(out.values.flatten(), wanted)


def test_dilated_stages_see_far_over_time_and_not_over_bins() -> None:
    """A single one spreads to 3 cells that lie 4 frames apart, each over 3 bins beside each other."""
    layer = cnn(MapShape(1, 21, 5), channels=[1], dilation=4, pooling="none", normalisation="none", activation="none")
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            parameter.fill_(0.0 if name.endswith("bias") else 1.0)
    pulse = torch.zeros(1, 1, 21, 5)
    pulse[0, 0, 10, 2] = 1.0
    seen = layer(Column(pulse)).values[0, 0]
    assert seen.nonzero().tolist() == [[frame, one] for frame in (6, 10, 14) for one in (1, 2, 3)]


def test_every_stage_has_its_own_dilation() -> None:
    layer = cnn(MapShape(1, 40, 8), dims=1, channels=[4, 4, 4], dilation=[1, 2, 4], pooling="none")
    assert [window.span for window in layer.over_time] == [3, 5, 9]
    assert layer(noise(MapShape(1, 40, 8))).values.shape[2] == 40
    valid = cnn(MapShape(1, 40, 8), dims=1, channels=[4, 4, 4], dilation=[1, 2, 4], pooling="none", padding=0)
    assert valid.frames_needed(1) == 1 + 2 + 4 + 8


def test_same_padding_leaves_the_first_frame_where_it_was() -> None:
    out = cnn(MapShape(1, 20, 8), channels=[4], stride=[2, 1], pooling="none")(noise(MapShape(1, 20, 8)))
    assert out.grid == TimeGrid(0.5, 0.02)


def test_weights_are_saved_and_loaded() -> None:
    shape = MapShape(1, 12, 8)
    layer, other = cnn(shape, channels=[4, 8]), Cnn(CnnSettings(channels=(4, 8)), shape)
    column = noise(shape)
    layer(column)
    other.load_state_dict({name: tensor.contiguous() for name, tensor in layer.state_dict().items()})
    assert torch.equal(layer.eval()(column).values, other.eval()(column).values)


def test_dropout_acts_in_training_alone() -> None:
    shape = MapShape(1, 12, 8)
    layer, column = cnn(shape, channels=[4], dropout=0.5, activation="sigmoid"), noise(shape)
    dropped = (layer(column).values == 0).float().mean()
    assert 0.35 < dropped < 0.65
    assert (layer.eval()(column).values > 0).all()


def test_refusals_name_the_layer() -> None:
    with pytest.raises(ConfigError, match=r"stage 1 of 1 of model.trunk.2 is 2 bins wide, but only 1 bins"):
        Cnn(CnnSettings(channels=(4,), pooling=MaxPoolingSettings()), MapShape(1, 9, 1), "model.trunk.2")
