"""The user's own task, loss, decision and metric, each in a training."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

import motet
from motet.errors import ConfigError, UserCodeError
from motet.runs.folder import read_json
from motet.tasks import Multiclass
from motet.tasks.settings import MulticlassSettings
from tests.user_code.conftest import Train

Values = NDArray[np.float64]
Integers = NDArray[np.int64]


class Upper(Multiclass):
    """A task: the labels in capitals, and a third one that never comes."""

    def __init__(self, name: str, labels: tuple[str, ...], extra: str = "MIDDLE") -> None:
        known = {label: label.upper() for label in labels}
        super().__init__(MulticlassSettings(labels=known), name)
        self.extra = extra


def test_a_task(train: Train) -> None:
    run = train({"pitch": {"kind": Upper, "extra": "NONE"}})
    task = run.model().tasks["pitch"]
    assert isinstance(task, Upper)
    assert (task.labels, task.extra) == (("HIGH", "LOW"), "NONE")
    confusion = read_json(run.path / "seed-1/fold-1/scores.json")["tasks"]["pitch"]["confusion"]
    assert confusion["labels"] == ["HIGH", "LOW"]


class Doubled:
    """A loss: twice the cross-entropy, shown how many training rows there are."""

    rows: ClassVar[list[int]] = []

    def __init__(self, factor: float = 2.0) -> None:
        self.factor = factor

    def fit(self, targets: Integers) -> None:
        self.rows.append(len(targets))

    def __call__(self, predictions: Tensor, targets: Tensor) -> Tensor:
        return self.factor * torch.nn.functional.cross_entropy(predictions, targets, reduction="none")


def _first_loss(run: motet.Run) -> float:
    records = (run.path / "seed-1/fold-1/metrics.jsonl").read_text(encoding="utf-8")
    return float(json.loads(records.splitlines()[0])["loss"]["pitch"])


def test_a_loss(train: Train) -> None:
    Doubled.rows.clear()
    slow: dict[str, Any] = {"training": {"optimizer": {"kind": "sgd", "learning_rate": 1e-9}}}
    doubled = train({"pitch": {"kind": "multiclass", "loss": {"kind": Doubled, "factor": 2.0}}}, **slow)
    assert _first_loss(doubled) == pytest.approx(2.0 * _first_loss(train(**slow)), rel=1e-5)
    assert Doubled.rows == [17]


def test_any_module_and_any_function_is_a_loss(train: Train) -> None:
    def squared(predictions: Tensor, targets: Tensor) -> Tensor:
        return (predictions.softmax(1) - torch.nn.functional.one_hot(targets, 2)).square().sum(1)

    for loss in (squared, torch.nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0]), reduction="none")):
        assert _first_loss(train({"pitch": {"kind": "multiclass", "loss": loss}})) > 0


def test_a_loss_gives_a_value_a_row(train: Train) -> None:
    with pytest.raises(UserCodeError, match=r"task 'pitch': the loss .*Loss returned a tensor \[\] for 8 rows"):
        train({"pitch": {"kind": "multiclass", "loss": torch.nn.CrossEntropyLoss()}})


class Stubborn:
    """A decision: always the class that was most frequent on development rows."""

    def __init__(self) -> None:
        self.code = 0

    def __call__(self, probabilities: Values) -> Integers:
        return np.full(len(probabilities), self.code)

    def tune(self, probabilities: Values, targets: Integers) -> None:
        self.code = 1

    def state(self) -> dict[str, int]:
        return {"code": self.code}

    def load_state(self, state: Mapping[str, Any]) -> None:
        self.code = state["code"]


def test_a_decision(train: Train) -> None:
    run = train({"pitch": {"kind": "multiclass", "decision": Stubborn}})
    assert run.result["tasks"]["pitch"]["uar"]["value"] == 0.5
    assert run.model().document.states["pitch"] == {"code": 1}
    assert run.model().tasks["pitch"].decide(np.zeros((3, 2))).tolist() == [1, 1, 1]


class Certainty:
    """A metric, of which less is better."""

    name = "doubt"
    higher_is_better = False

    def __init__(self, power: float = 1.0) -> None:
        self.power = power

    def __call__(self, probabilities: Values, targets: Integers) -> float:
        return float((1 - probabilities.max(axis=1)).mean() ** self.power)


def test_a_metric(train: Train) -> None:
    pitch = {"kind": "multiclass", "metrics": ["uar", {"kind": Certainty, "power": 1.0}]}
    run = train({"pitch": pitch}, training={"monitor": "pitch.doubt", "epochs": 3})
    figures = run.result["tasks"]["pitch"]
    assert list(figures) == ["uar", "doubt"]
    assert 0 < figures["doubt"]["low"] <= figures["doubt"]["value"] <= figures["doubt"]["high"] < 0.5
    assert run.model().document.notes["epoch"] == 3


def test_an_unknown_metric_is_refused_beside_ones_own(train: Train) -> None:
    with pytest.raises(ConfigError, match=r"training.monitor: there is no 'pitch.dout'.*pitch.uar, pitch.doubt"):
        train({"pitch": {"kind": "multiclass", "metrics": ["uar", Certainty]}}, training={"monitor": "pitch.dout"})
