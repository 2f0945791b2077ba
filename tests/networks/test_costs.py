"""Multiply-adds against counts by hand."""

from typing import Any

import pytest
import torch

from motet.config import validate
from motet.networks.build import build_network
from motet.networks.costs import Candidate, Costs, measure_costs
from motet.networks.settings import ModelSettings
from motet.networks.shape import MapShape

FRAMES, BINS = 20, 12
OUTPUTS = {"a": 3, "b": 2}


def costs(**model: Any) -> Costs:
    settings = validate(ModelSettings, model)
    shapes = {"signal": MapShape(1, FRAMES, BINS)}
    return measure_costs({"": Candidate(build_network(settings, shapes, OUTPUTS), shapes, OUTPUTS)})[""]


@pytest.mark.parametrize(
    ("layer", "name", "count"),
    [
        # 3x3 kernels: outputs of a cell, inputs of a cell, cells of the map
        ({"kind": "cnn", "channels": [4], "kernel": 3}, "stages.0.blocks.0.convolution", 4 * (1 * 9) * FRAMES * BINS),
        ({"kind": "mlp", "hidden": [16]}, "layers.0", 16 * BINS * FRAMES),
        # three gates, each from the input and from the state; the second layer reads both directions of the first
        (
            {"kind": "rnn", "cell": "gru", "hidden": 8, "layers": 2, "bidirectional": True},
            "recurrence",
            2 * 3 * 8 * (BINS + 8) * FRAMES + 2 * 3 * 8 * (16 + 8) * FRAMES,
        ),
        ({"kind": "rnn", "cell": "lstm", "hidden": 8}, "recurrence", 4 * 8 * (BINS + 8) * FRAMES),
    ],
)
def test_a_layer(layer: dict[str, Any], name: str, count: int) -> None:
    found = costs(encoder=[layer])
    assert found.by_layer[f"encoders.signal.0.{name}"] == count
    assert found.multiply_adds == sum(found.by_layer.values())


def test_heads_and_weights() -> None:
    found = costs(encoder=[{"kind": "mlp", "hidden": [16]}], heads={"a": {"hidden": [5]}})
    assert {name: count for name, count in found.by_layer.items() if name.startswith("heads")} == {
        "heads.a.0": 16 * 5, "heads.a.2": 5 * 3, "heads.b.0": 16 * 2,
    }  # fmt: skip
    assert found.parameters == (12 * 16 + 16) + (16 * 5 + 5) + (5 * 3 + 3) + (16 * 2 + 2)
    assert found.weights_bytes == 4 * found.parameters
    assert 0 < found.latency_ms < 1000


def test_a_second_head_costs_itself_alone() -> None:
    settings = validate(ModelSettings, {"encoder": [{"kind": "cnn", "channels": [4]}]})
    shapes = {"signal": MapShape(1, FRAMES, BINS)}
    found = measure_costs(
        {len(own): Candidate(build_network(settings, shapes, own), shapes, own) for own in ({"a": 3}, OUTPUTS)}
    )
    assert found[2].multiply_adds - found[1].multiply_adds == 4 * (BINS // 2) * 2


def test_counting_leaves_pytorch_as_it_was() -> None:
    before = torch.backends.mkldnn.enabled
    costs(encoder=[{"kind": "mlp", "hidden": [4]}])
    assert torch.backends.mkldnn.enabled == before
