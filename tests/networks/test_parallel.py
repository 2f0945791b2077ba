"""Networks of other runs beside the encoders: shapes, gradients, modes, and what cannot be."""

from typing import Any

import pytest
import torch
from torch import Tensor

from motet.config import validate
from motet.data.batch import Column
from motet.errors import ConfigError
from motet.features.feature_map import TimeGrid
from motet.networks.build import build_network
from motet.networks.network import Network
from motet.networks.parallel import Parallel
from motet.networks.parallel_settings import OpenedModelSettings, OpenedParallel
from motet.networks.plan import count_frozen, count_parameters, plan_network
from motet.networks.settings import ModelSettings
from motet.networks.shape import MapShape
from motet.tasks.task import PerFrame

OTHER = {
    "encoder": [{"kind": "cnn", "channels": [3, 4]}, {"kind": "rnn", "hidden": 5}],
    "trunk": [{"kind": "mlp", "hidden": [6]}],
}
INPUTS = {"signal": MapShape(1, None, 8)}


def settings(parallel: dict[str, Any], inputs: tuple[str, ...] = ("signal",), **options: Any) -> OpenedModelSettings:
    given = {name: {"run": "runs/other", **own} for name, own in parallel.items()}
    model = validate(ModelSettings, {"encoder": [{"kind": "cnn", "channels": [4]}], **options, "parallel": given})
    other = validate(ModelSettings, OTHER)
    opened = OpenedParallel(network=other, inputs=inputs, scalings={}, ways={})
    return OpenedModelSettings.model_construct(**dict(model), opened=dict.fromkeys(parallel, opened))


def build(parallel: dict[str, Any], outputs: dict[str, int] | None = None, **options: Any) -> Network:
    torch.manual_seed(0)
    network = build_network(settings(parallel, **options), INPUTS, outputs or {"word": 3})
    assert isinstance(network, Network)
    return network


def column(values: Tensor, lengths: list[int] | None = None) -> Column:
    return Column(values, lengths=None if lengths is None else torch.tensor(lengths), grid=TimeGrid(0.0, 0.01))


def parallel_of(network: Network) -> Parallel:
    return network.parallels.of("domain")


@pytest.mark.parametrize(
    ("layer", "shape"),
    [("encoder.0", (4, 5, 2)), ("encoder.1", (5, 5, 1)), ("trunk.0", (6, 5, 1)), ("features", (6, 1, 1))],
)
def test_what_leaves_a_layer_is_what_enters(layer: str, shape: tuple[int, int, int]) -> None:
    parallel = parallel_of(build({"domain": {"layer": layer}}).eval())
    maps: dict[str, Column] = {}
    torch.manual_seed(1)
    whole = build_network(validate(ModelSettings, OTHER), INPUTS, {"speaker": 2}).eval()
    assert isinstance(whole, Network)
    own = parallel.network.state_dict()
    own = {name: value for name, value in whole.state_dict().items() if name in own}
    parallel.network.load_state_dict(own)
    seen = column(torch.randn(2, 1, 20, 8))
    frames = whole.frames({"signal": seen}, maps)
    found = parallel({"signal": seen})
    assert found is not None
    wanted = {"encoder.0": "encoder.signal.0", "encoder.1": "encoder.signal.1", "trunk.0": "trunk.0"}
    values = whole.pooled(frames)[:, :, None, None] if layer == "features" else maps[wanted[layer]].values
    torch.testing.assert_close(found.values, values)
    assert found.values.shape[1:] == shape
    assert (parallel.shape.channels, parallel.shape.bins) == (shape[0], shape[2])


def test_it_sees_its_own_maps_where_they_are_given() -> None:
    network = build({"domain": {}}).eval()
    mine, its = column(torch.randn(2, 1, 20, 8)), column(torch.randn(2, 1, 20, 8))
    rows = {"word": None}
    given = network({"signal": mine, "domain.signal": its}, rows).predictions["word"].values
    assert not torch.equal(given, network({"signal": mine}, rows).predictions["word"].values)
    assert torch.equal(given, network({"signal": mine, "domain.signal": its}, rows).predictions["word"].values)


def test_a_frozen_network_stays_as_it_is() -> None:
    network = build({"domain": {"layer": "encoder.0"}}).train()
    before = {name: value.clone() for name, value in parallel_of(network).state_dict().items()}
    output = network({"signal": column(torch.randn(4, 1, 20, 8))}, {"word": None})
    output.predictions["word"].values.sum().backward()
    assert not any(module.training for module in parallel_of(network).modules())
    assert all(weight.grad is None for weight in parallel_of(network).parameters())
    assert all(torch.equal(value, before[name]) for name, value in parallel_of(network).state_dict().items())
    trained = [weight for name, weight in network.named_parameters() if not name.startswith("parallels.")]
    assert all(weight.grad is not None for weight in trained)
    assert count_frozen(network) == sum(weight.numel() for weight in parallel_of(network).parameters())
    assert count_parameters(network) == sum(weight.numel() for weight in trained)


def test_one_that_is_not_frozen_learns_with_the_rest() -> None:
    network = build({"domain": {"frozen": False}}).train()
    output = network({"signal": column(torch.randn(4, 1, 20, 8))}, {"word": None})
    output.predictions["word"].values.square().sum().backward()
    assert all(module.training for module in parallel_of(network).modules())
    assert all(weight.grad is not None for weight in parallel_of(network).parameters())
    assert count_frozen(network) == 0


def test_frames_are_fused_with_frames() -> None:
    network = build(
        {"domain": {"layer": "encoder.1"}}, {"event": PerFrame(2)}, fusion_per="frame",
        encoder=[{"kind": "cnn", "channels": [4, 4]}],
    ).eval()  # fmt: skip
    lengths = [20, 12]
    values = torch.randn(2, 1, 20, 8)
    values[1, :, 12:] = 0
    together = network({"signal": column(values, lengths)}, {"event": None}).predictions["event"]
    alone = network({"signal": column(values[1:, :, :12])}, {"event": None}).predictions["event"]
    assert together.grid == TimeGrid(alone.grid.start_s, 0.04) if alone.grid else False
    torch.testing.assert_close(together.values[1, :3], alone.values[0])


def test_short_rows_are_made_long_enough_for_it() -> None:
    network = build({"domain": {}}).eval()
    assert network.min_frames == {"signal": 4}
    found = network({"signal": column(torch.randn(1, 1, 2, 8))}, {"word": None}).predictions["word"].values
    assert found.isfinite().all()


def test_a_plan_tells_its_layers_and_what_is_frozen() -> None:
    own = settings({"domain": {"layer": "encoder.1"}, "trained": {"frozen": False}})
    lines = plan_network(own, INPUTS, {"word": 3})
    paths = [line.path for line in lines]
    assert [path for path in paths if path.startswith("model.parallel.domain")] == [
        "model.parallel.domain.encoder.0", "model.parallel.domain.encoder.0", "model.parallel.domain.encoder.1",
    ]  # fmt: skip
    assert paths[paths.index("model.fusion") - 1] == "model.parallel.trained.pooling"
    for line in lines:
        assert bool(line.num_frozen) == line.path.startswith("model.parallel.domain")
    network = build_network(own, INPUTS, {"word": 3})
    assert sum(line.num_frozen for line in lines) == count_frozen(network)
    assert sum(line.num_parameters for line in lines) == count_parameters(network)


@pytest.mark.parametrize(
    ("parallel", "options", "message"),
    [
        (
            {"domain": {"layer": "encoder.2"}}, {},
            r"domain\.layer: its network has no layer 'encoder\.2'; there is encoder\.0, .*, trunk\.0, features",
        ),
        ({"domain": {"layer": "encoder.wave.0"}}, {}, "has no layer 'encoder.wave.0'"),
        ({"domain": {"layer": "trunk.x.0"}}, {}, "has no layer"),
        ({"signal": {}}, {}, r"model\.parallel\.signal: there is an input of this name"),
        ({"domain": {}}, {"sharing": "soft"}, r"model\.parallel: enters layers that all tasks share.*sharing: soft"),
        ({"domain": {}}, {"inputs": ("signal", "wave")}, r"reads the input 'wave', which there is not here"),
        ({"domain": {}}, {"fusion_per": "frame"}, r"fusion_per: frame wants encoded inputs of equal frames"),
        ({"domain": {}}, {"fusion": "mean"}, r"model\.fusion: mean wants encoded inputs with equally many values"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(parallel: dict[str, Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build(parallel, **options)
