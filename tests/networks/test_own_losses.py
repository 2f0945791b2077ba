"""Losses of the network's own: what a network and a layer of the user's return beside their outputs."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from motet.data.batch import Column
from motet.errors import ConfigError
from motet.networks.build import build_network
from motet.networks.output import NetworkOutput, Seen
from motet.networks.own_losses import with_layer_losses
from motet.networks.settings import ModelSettings
from motet.networks.shape import MapShape
from tests.networks.maps import noise, ragged

SHAPE = MapShape(1, 5, 3)


class Returns(nn.Module):
    def __init__(self, found: Any) -> None:
        super().__init__()
        self.found = found

    def forward(self, inputs: dict[str, Tensor]) -> Any:
        return self.found


class Energy(nn.Module):
    """The mean square of every row, and the map as it is."""

    def __init__(self, shape: MapShape, called: str = "energy") -> None:
        super().__init__()
        self.shape, self.called = shape, called

    def forward(self, column: Column) -> tuple[Column, dict[str, Tensor]]:
        return column, {self.called: column.values.square().mean((1, 2, 3))}


def returned(found: Any, tasks: dict[str, int] | None = None) -> NetworkOutput:
    settings = ModelSettings.model_validate({"network": Returns(found)})
    network = build_network(settings, {"mel": SHAPE}, tasks or {})
    output: NetworkOutput = network({"mel": noise(SHAPE)}, dict.fromkeys(tasks or {}))
    return output


def layered(*layers: Any, sharing: str = "hard") -> nn.Module:
    settings = ModelSettings.model_validate({"encoder": list(layers), "sharing": sharing})
    return build_network(settings, {"mel": SHAPE}, {"sound": 2, "level": 1})


def test_outputs_and_losses_are_a_pair() -> None:
    output = returned(({"sound": torch.ones(2, 4)}, {"contrast": torch.tensor([1.0, 2.0])}), {"sound": 4})
    assert output.predictions["sound"].values.shape == (2, 4)
    assert output.losses["contrast"].tolist() == [1.0, 2.0]
    only = returned((torch.ones(2, 4), {"spread": torch.zeros(2, dtype=torch.bfloat16)}), {"sound": 4})
    assert only.losses["spread"].dtype == torch.float32


def test_a_network_without_tasks_returns_losses_alone() -> None:
    output = returned(({}, {"contrast": torch.ones(2)}))
    assert output.predictions == {}
    assert list(output.losses) == ["contrast"]


@pytest.mark.parametrize(
    ("losses", "tasks", "message"),
    [
        ({"contrast": torch.tensor(1.0)}, {}, r"loss 'contrast' as a tensor \[\], .* a tensor \[2\]; do not average"),
        ({"contrast": torch.ones(3)}, {}, r"as a tensor \[3\]"),
        ({"contrast": 0.5}, {}, "as float"),
        ({"sound": torch.ones(2)}, {"sound": 4}, "the loss 'sound', which is the name of a task"),
        ({"a.b": torch.ones(2)}, {}, "called 'a.b'; give it a name without dots"),
        ({3: torch.ones(2)}, {}, "called 3"),
        ({"contrast": torch.ones(2)}, {"losses": 4}, "a task is called 'losses', as they are; rename the task"),
    ],
)
def test_losses_of_another_kind_are_refused(losses: Any, tasks: dict[str, int], message: str) -> None:
    outputs = {task: torch.ones(2, size) for task, size in tasks.items()}
    with pytest.raises(ConfigError, match=message):
        returned((outputs, losses), tasks)


@pytest.mark.parametrize("sharing", ["hard", "mmoe"])
def test_a_layer_leaves_its_losses_once(sharing: str) -> None:
    network, column = layered({"kind": "mlp", "hidden": [2]}, Energy, sharing=sharing), noise(SHAPE)
    rows: dict[str, None] = {"sound": None, "level": None}
    output = with_layer_losses(network, network({"mel": column}, rows))
    values = network.encoders.of("mel")[0](column).values  # type: ignore[union-attr, operator]
    torch.testing.assert_close(output.losses["energy"], values.square().mean((1, 2, 3)))
    assert output.predictions["sound"].values.shape == (2, 2)
    assert with_layer_losses(network, NetworkOutput({})).losses == {}


def test_gradients_reach_the_layers_before() -> None:
    network = layered({"kind": "mlp", "hidden": [2], "activation": "none"}, Energy)
    output = with_layer_losses(network, network({"mel": ragged(SHAPE, [5, 3])}, {"sound": None}))
    output.losses["energy"].sum().backward()  # type: ignore[no-untyped-call]
    reached = {name for name, weight in network.named_parameters() if weight.grad is not None}
    assert reached == {name for name, _ in network.named_parameters() if "encoders" in name}


OWN = {"kind": Energy}
BOTH: dict[str, Any] = {"encoder": {"mel": [OWN], "accel": []}, "fusion": "mean"}


@pytest.mark.parametrize(
    ("model", "seen"),
    [
        (BOTH, Seen("mel")),
        ({**BOTH, "encoder": {"mel": [], "accel": []}, "trunk": [OWN]}, Seen()),
        ({**BOTH, "sharing": "soft"}, Seen("mel", "sound")),
        (
            {
                **BOTH,
                "encoder": {"mel": [{"kind": "mlp", "hidden": [3]}], "accel": []},
                "heads": {"sound": {"from": "encoder.mel.0", "layers": [OWN]}},
            },
            Seen("mel"),
        ),
        ({**BOTH, "encoder": {"mel": [], "accel": []}, "heads": {"sound": {"layers": [OWN]}}}, Seen()),
    ],
)
def test_which_rows_a_layer_sees_is_known(model: dict[str, Any], seen: Seen) -> None:
    settings = ModelSettings.model_validate(model)
    network = build_network(settings, {"mel": SHAPE, "accel": SHAPE}, {"sound": 2, "level": 1})
    rows = torch.tensor([0, 2])
    inputs = {"mel": Column(noise(SHAPE).values, rows), "accel": noise(SHAPE, rows=3)}
    output = with_layer_losses(network, network(inputs, {"sound": rows}))
    assert output.seen == {"energy": seen}
    assert len(output.losses["energy"]) == (2 if seen.input else 3)


def test_two_layers_do_not_share_a_name() -> None:
    network = layered({"kind": Energy}, {"kind": Energy})
    with pytest.raises(ConfigError, match=r"model\.encoder\.1: returns the loss 'energy', but another loss has that"):
        with_layer_losses(network, network({"mel": noise(SHAPE)}, {"sound": None}))
    network = layered({"kind": Energy, "called": "sound"})
    with pytest.raises(ConfigError, match=r"encoder\.0: returns the loss 'sound', but a task has that name"):
        with_layer_losses(network, network({"mel": noise(SHAPE)}, {"sound": None}))
    two = layered({"kind": Energy}, {"kind": Energy, "called": "other"})
    assert list(with_layer_losses(two, two({"mel": noise(SHAPE)}, {"sound": None})).losses) == ["energy", "other"]
