"""What a network will be."""

import itertools
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from motet.data.batch import Column
from motet.errors import ConfigError
from motet.networks.build import build_network
from motet.networks.network import Network, layers_of
from motet.networks.plan import LayerPlan, min_frames, plan_network
from motet.networks.settings import ModelSettings
from motet.networks.shape import MapShape
from tests.networks.maps import noise
from tests.networks.test_settings import DESIGN

MEL = {"mel": MapShape(1, 500, 64)}


def test_the_printed_experiment_has_this_plan() -> None:
    lines = plan_network(ModelSettings.model_validate(DESIGN), MEL, {"sound": 10, "digit": 5})
    assert [(line.path, line.kind, str(line.out_shape), line.num_parameters) for line in lines] == [
        ("model.encoder.0", "cnn, stage 1 of 3", "[C=32, T=250, F=32]", 9 * 32 + 64),
        ("model.encoder.0", "cnn, stage 2 of 3", "[C=64, T=125, F=16]", 9 * 32 * 64 + 128),
        ("model.encoder.0", "cnn, stage 3 of 3", "[C=128, T=62, F=8]", 9 * 64 * 128 + 256),
        ("model.encoder.1", "rnn", "[C=256, T=62, F=1]", 6 * 128 * (1024 + 128 + 2) + 6 * 128 * (256 + 128 + 2)),
        ("model.pooling", "pool", "[C=256, T=1, F=1]", 0),
        ("model.heads.sound", "head", "[C=10, T=1, F=1]", 2570),
        ("model.heads.digit", "head", "[C=5, T=1, F=1]", 1285),
    ]


def test_several_inputs_meet_in_the_fusion() -> None:
    inputs = {"mel": MapShape(1, 40, 16), "wave": MapShape(1, 400, 1)}
    written = {"encoder": {"mel": ["rnn"], "wave": ["rnn"]}, "trunk": ["mlp"], "fusion": "mean"}
    lines = plan_network(ModelSettings.model_validate(written), inputs, {"sound": 10})
    assert [line.path for line in lines] == [
        "model.encoder.mel.0", "model.encoder.wave.0", "model.fusion", "model.trunk.0", "model.heads.sound",
    ]  # fmt: skip
    shapes = (MapShape(128, 40, 1), MapShape(128, 400, 1))
    assert lines[2] == LayerPlan("model.fusion", "mean", shapes, MapShape(128, 1, 1), 0)


def test_planning_draws_nothing_and_takes_no_memory() -> None:
    state = torch.get_rng_state()
    plan_network(ModelSettings.model_validate({"encoder": [{"kind": "mlp", "hidden": [10**6, 10**6]}]}), MEL, {"y": 2})
    assert torch.equal(torch.get_rng_state(), state)


LAYERS = st.sampled_from(
    [
        {"kind": "cnn", "channels": [3, 4]},
        {"kind": "cnn", "channels": [3], "pooling": "none", "kernel": 3, "padding": 0, "stride": 2},
        {"kind": "cnn", "dims": 1, "channels": [4, 5], "residual": True, "repeat": 2},
        {"kind": "cnn", "dims": 3, "channels": [2], "pooling": {"size": [1, 2, 1]}},
        {"kind": "rnn", "hidden": 3, "bidirectional": True},
        {"kind": "mlp", "hidden": [5, 4]},
        {"kind": "mlp", "per": "clip", "hidden": [5]},
        {"kind": "pool", "how": "max", "over": "all"},
        {"kind": "pool", "how": "attention"},
    ]
)


@settings(deadline=None, max_examples=60)
@given(st.lists(LAYERS, max_size=4), st.integers(1, 2), st.integers(1, 40), st.integers(1, 8))
def test_the_plan_is_what_happens(layers: list[dict[str, Any]], channels: int, frames: int, bins: int) -> None:
    written, shape = ModelSettings.model_validate({"encoder": layers}), MapShape(channels, frames, bins)
    try:
        lines = plan_network(written, {"mel": shape}, {"sound": 3})
    except ConfigError:
        return
    network = build_network(written, {"mel": shape}, {"sound": 3})
    assert isinstance(network, Network)
    column = noise(shape)
    for layer in layers_of(network.encoders.of("mel")):
        column = layer(column)
        assert (layer.shape.channels, layer.shape.frames, layer.shape.bins) == column.values.shape[1:]
    assert sum(line.num_parameters for line in lines) == sum(p.numel() for p in network.parameters())
    for before, after in itertools.pairwise(lines):
        assert before.out_shape == after.in_shapes[0]
    assert lines[0].in_shapes == (shape,)
    assert network({"mel": noise(shape)}, {"sound": None}).predictions["sound"].values.shape == (2, 3)


@settings(deadline=None, max_examples=30)
@given(st.lists(LAYERS, max_size=3), st.integers(2, 8))
def test_the_shortest_map_passes_and_a_shorter_one_does_not(layers: list[dict[str, Any]], bins: int) -> None:
    if any(layer.get("per") == "clip" for layer in layers):
        return
    written = ModelSettings.model_validate({"encoder": layers})
    try:
        shortest = min_frames(written, {"mel": MapShape(2, None, bins)}, {"sound": 3})["mel"]
    except ConfigError:
        return
    plan_network(written, {"mel": MapShape(2, shortest, bins)}, {"sound": 3})
    if shortest > 1:
        with pytest.raises(ConfigError, match="frames wide, but only"):
            plan_network(written, {"mel": MapShape(2, shortest - 1, bins)}, {"sound": 3})


def test_a_network_of_the_users_own_is_one_line_for_each_task() -> None:
    written = ModelSettings.model_validate({"network": nn.Linear(4, 3)})
    assert plan_network(written, MEL, {"sound": 10}) == [
        LayerPlan("model.network", "network for sound", (MEL["mel"],), MapShape(10, 1, 1), 15)
    ]


def test_refusals_come_before_any_data() -> None:
    written = ModelSettings.model_validate({"encoder": [{"kind": "cnn", "channels": [4] * 7}]})
    with pytest.raises(ConfigError, match=r"the pooling in stage 7 of 7 of model.encoder.0 is 2 bins wide"):
        plan_network(written, MEL, {"sound": 10})


def test_column_is_untouched_by_the_network() -> None:
    column = noise(MapShape(1, 40, 64))
    before = column.values.clone()
    network = build_network(ModelSettings(), {"mel": MapShape(1, 40, 64)}, {"sound": 2})
    network({"mel": Column(column.values)}, {"sound": None})
    assert torch.equal(column.values, before)
