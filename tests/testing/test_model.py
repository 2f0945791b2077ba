from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import motet
from motet.config.slots import kind_of, members_of
from motet.data import Column
from motet.networks import MapShape
from motet.networks.settings import LayerSettings
from motet.tasks.task import PerFrame
from motet.testing import ContractError, check_model

LAYERS = [kind for member in members_of(LayerSettings.__origin__) if (kind := kind_of(member))]  # type: ignore[attr-defined]
FIXED = {"signal": MapShape(1, 20, 8)}


@pytest.mark.parametrize("kind", LAYERS)
def test_layers_of_the_catalog_keep_the_contract(kind: str) -> None:
    waveform = kind == "spectrum"
    layer = {"kind": kind, "window": 16, "hop": 4} if waveform else {"kind": kind}
    check_model({"encoder": [layer]}, inputs={"signal": MapShape(1, 20, 1)} if waveform else None)
    check_model({"encoder": [layer]}, inputs={"signal": MapShape(2, 40, 1 if waveform else 16)})


@pytest.mark.parametrize("pooling", ["mean", "attention"])
def test_stacks_of_layers(pooling: str) -> None:
    check_model(
        {
            "encoder": [
                {"kind": "cnn", "channels": [4, 8], "dropout": 0.2},
                {"kind": "rnn", "hidden": 8, "bidirectional": True},
            ],
            "pooling": {"how": pooling},
        },
        outputs={"scene": 4, "level": 1},
    )


def test_a_network_with_frames() -> None:
    layers = [{"kind": "cnn", "channels": [4, 8]}, {"kind": "rnn", "hidden": 8}]
    check_model({"encoder": layers}, outputs={"bark": PerFrame(2), "scene": 3})


def test_a_trained_model_and_its_file(tmp_path: Path) -> None:
    experiment = motet.Experiment(
        name="tones",
        data={"tones": {"source": {"kind": "generated", "examples": 24, "classes": 2, "duration_s": 0.2}}},
        features={"kind": "logmel", "bands": 8},
        model={"encoder": [{"kind": "cnn", "channels": [4]}]},
        training={"epochs": 1},
        evaluation={"interval": {"resamples": 0}, "plots": False},
        store={"path": str(tmp_path / "store")},
    )
    run = motet.train(experiment, tmp_path / "run")
    model = run.model()
    training = model.training
    check_model(model)
    assert model.training == training
    check_model(tmp_path / "run" / "seed-1" / "fold-1" / "best.safetensors")


class Net(nn.Module):
    """A good network that the others spoil."""

    def __init__(self, inputs: Any, outputs: Any) -> None:
        super().__init__()
        shape = inputs["signal"]
        self.head = nn.Linear(shape.channels * shape.bins, outputs["task"])

    def pooled(self, inputs: Any) -> Tensor:
        pooled: Tensor = inputs["signal"].mean(2).flatten(1)
        return pooled

    def forward(self, inputs: Any) -> Any:
        return {"task": self.head(self.pooled(inputs))}


def test_a_good_network_of_the_users_own_passes() -> None:
    check_model({"network": Net}, inputs=FIXED)
    check_model({"network": Net})


class BatchStatistics(Net):
    def pooled(self, inputs: Any) -> Tensor:
        pooled = super().pooled(inputs)
        return pooled - pooled.mean(0)


class DropsOut(Net):
    def pooled(self, inputs: Any) -> Tensor:
        return torch.nn.functional.dropout(super().pooled(inputs))


class ForgetsWeights(Net):
    def __init__(self, inputs: Any, outputs: Any) -> None:
        super().__init__(inputs, outputs)
        self.offset = torch.rand(outputs["task"])

    def forward(self, inputs: Any) -> Any:
        return {"task": self.head(self.pooled(inputs)) + self.offset}


class SeesPadding(Net):
    def forward(self, inputs: Any, lengths: Any = None) -> Any:
        return super().forward(inputs)


class Unused(Net):
    def __init__(self, inputs: Any, outputs: Any) -> None:
        super().__init__(inputs, outputs)
        self.forgotten = nn.Linear(2, 2)


class InPlace(Net):
    def pooled(self, inputs: Any) -> Tensor:
        inputs["signal"].mul_(2.0)
        return super().pooled(inputs)


class NotFinite(Net):
    def forward(self, inputs: Any) -> Any:
        return {"task": self.head(self.pooled(inputs)) / 0.0}


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (BatchStatistics, "a row is predicted otherwise alone than in a batch"),
        (DropsOut, "predicts otherwise when called again in evaluation"),
        (ForgetsWeights, "predicts task otherwise after it was saved and loaded"),
        (SeesPadding, "a padded row is predicted otherwise than the same row alone"),
        (Unused, "no gradient reaches module.forgotten.weight, module.forgotten.bias"),
        (InPlace, "changes its input signal"),
        (NotFinite, "values that are not finite"),
    ],
)
def test_usual_mistakes_are_named(network: Any, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        check_model({"network": network})


class Leaks(nn.Module):
    """A layer that fills what lies beyond a row's end."""

    def __init__(self, shape: MapShape) -> None:
        super().__init__()
        self.shape = shape
        self.offset = nn.Parameter(torch.ones(1))

    def forward(self, column: Column) -> Column:
        return Column(column.values + self.offset, column.rows, column.lengths, column.grid)


def test_a_layer_that_fills_the_padding() -> None:
    layers = {"encoder": [{"kind": Leaks}, {"kind": "cnn", "channels": [4]}]}
    with pytest.raises(ContractError, match="a padded row is predicted otherwise"):
        check_model(layers)
