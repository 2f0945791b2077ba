from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from motet.catalog import CATALOG
from motet.data import Column
from motet.sources.example import Event
from motet.sources.trace import Trace
from motet.tasks import Multiclass
from motet.tasks.events.settings import EventsSettings
from motet.tasks.events.task import Events
from motet.tasks.settings import MulticlassSettings
from motet.testing import ContractError, check_task

ANIMALS = ["dog", "cat", "bird", "cat"]
EVENTS = [
    (Event(0.5, 1.5, "dog"), Event(1.0, 3.0, "bell")),
    (Event(2.0, 2.5, "bell"),),
    (Event(0.25, 0.75, "dog"),),
]
TARGETS: dict[str, list[Any]] = {
    "multiclass": ANIMALS,
    "binary": ["yes", "no", "no"],
    "multilabel": [frozenset({"dog", "cat"}), frozenset(), frozenset({"bird"})],
    "regression": [0.5, -1.0, 3.25],
    "sequence": ["one two", "two", "three one"],
    **dict.fromkeys(("events", "activity", "onsets"), EVENTS),
    "time_regression": [
        Trace.sampled(np.sin(np.arange(80) / period), rate_hz=20.0, names=["arousal"]) for period in (3, 7, 20)
    ],
}


@pytest.mark.parametrize("kind", TARGETS)
def test_tasks_of_the_catalog_keep_the_contract(kind: str) -> None:
    check_task({"kind": kind}, TARGETS[kind])


def test_every_task_with_targets_of_its_own_is_held_to_it() -> None:
    assert CATALOG["task"].keys() - TARGETS.keys() == {"dense"}, "the target of a dense task is its input"


@pytest.mark.parametrize(
    ("settings", "targets"),
    [
        ({"kind": "multiclass", "labels": {"1": "walking", "2": "lying"}}, [1, 2, 1]),
        ({"kind": "multiclass", "loss": {"kind": "focal", "class_weights": "balanced"}}, ANIMALS),
        ({"kind": "multilabel", "decision": "tuned_threshold"}, TARGETS["multilabel"]),
        ({"kind": "binary", "decision": "tuned_threshold"}, TARGETS["binary"]),
        ({"kind": "regression", "loss": "l1"}, [(0.1, 0.2), (0.3, -1.0)]),
        ({"kind": "time_regression", "loss": "mse", "decision": "tuned_filter"}, TARGETS["time_regression"]),
    ],
)
def test_their_variants_too(settings: dict[str, Any], targets: list[Any]) -> None:
    check_task(settings, targets)


class Own(Multiclass):
    """A good task that the others spoil."""

    def __init__(self, name: str, labels: tuple[str, ...]) -> None:
        super().__init__(MulticlassSettings(), name, labels)


def test_a_good_task_of_the_users_own_passes() -> None:
    check_task(Own, ANIMALS)


class Averages(Own):
    def loss(self, predictions: Any, targets: Any) -> Any:
        return super().loss(predictions, targets).mean()


class Neighbours(Own):
    def loss(self, predictions: Any, targets: Any) -> Any:
        loss = super().loss(predictions, targets)
        return loss - loss.mean()


class Detached(Own):
    def loss(self, predictions: Any, targets: Any) -> Any:
        return super().loss(predictions.detach(), targets).requires_grad_()


class WrongWayBack(Own):
    def decode(self, encoded: Any) -> list[str]:
        return super().decode(encoded)[::-1]


class TakesAnything(Own):
    def encode(self, target: Any) -> Any:
        return np.array(self.labels.index(target) if target in self.labels else 0)


class KeyErrors(Own):
    def encode(self, target: Any) -> Any:
        return np.array({label: code for code, label in enumerate(self.labels)}[target])


class WrongType(Own):
    def encode(self, target: Any) -> Any:
        return super().encode(target).astype(np.float32)


class WrongMerge(Own):
    def merge(self, probabilities: Any, how: Any) -> Any:
        return probabilities.mean(axis=1)


class StateIsNoJson(Own):
    def decision_state(self) -> dict[str, Any]:
        return {"thresholds": np.zeros(3)}


class ForgetsItsState(Own):
    threshold = 0.0

    def tune(self, probabilities: Any, targets: Any) -> None:
        self.threshold = 2.0

    def decide(self, probabilities: Any) -> Any:
        best = super().decide(probabilities)
        return np.where(probabilities.max(axis=1) >= self.threshold, best, 0)


class Unsorted(Own):
    @staticmethod
    def collect_labels(targets: Iterable[Any]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(targets))


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (Averages, "loss has the shape \\[\\] for 12 rows: it is one value per row"),
        (Neighbours, "alone and .* beside others"),
        (Detached, "no finite gradient"),
        (WrongWayBack, "encode and decode do not go round"),
        (TakesAnything, "'a label that no data set has'\\) is accepted"),
        (KeyErrors, "raises KeyError: let it raise motet.DataError"),
        (WrongType, "gives float32 \\[\\], but target_dtype is int64"),
        (WrongMerge, "merge by mean gives the shape \\[4\\] for 4 segments of 3 outputs"),
        (StateIsNoJson, "decision_state is no JSON"),
        (ForgetsItsState, "decides otherwise after decision_state"),
        (Unsorted, "where rows come in another order"),
    ],
)
def test_usual_mistakes_are_named(task: Any, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        check_task(task, ANIMALS)


class OwnEvents(Events):
    """A good task with frames that the others spoil."""

    def __init__(self, name: str, labels: tuple[str, ...]) -> None:
        super().__init__(EventsSettings(), name, labels)


def test_a_good_task_with_frames_passes() -> None:
    check_task(OwnEvents, EVENTS)
    check_task({"kind": "events"}, [*EVENTS, frozenset({"dog"}), frozenset()])


class CountsPadding(OwnEvents):
    def losses(self, prediction: Any, target: Any) -> Any:
        whole = Column(prediction.values, None, None, prediction.grid)
        return super().losses(whole, target)


class AveragesRows(OwnEvents):
    def losses(self, prediction: Any, target: Any) -> Any:
        return super().losses(prediction, target).mean()


class LosesOffsets(OwnEvents):
    def from_plain(self, plain: Any) -> Any:
        return super().from_plain([[onset, onset, label] for onset, _, label in plain])


class ForgetsStart(OwnEvents):
    def merge(self, probabilities: Any, how: Any) -> Any:
        return probabilities[0]


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (CountsPadding, "padding counts nowhere"),
        (AveragesRows, "losses have the shape \\[\\] for 3 rows"),
        (LosesOffsets, "from to_plain and from_plain"),
        (ForgetsStart, "gives not the frames of both segments"),
    ],
)
def test_usual_mistakes_with_frames_are_named(task: Any, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        check_task(task, EVENTS)
