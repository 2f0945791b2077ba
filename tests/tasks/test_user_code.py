"""The user's own task, loss, decision and metric, each one class in one slot."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pydantic import TypeAdapter
from torch import Tensor

from motet import catalog
from motet.config import UserComponent
from motet.errors import ConfigError
from motet.tasks import Binary, Multiclass
from motet.tasks.kinds import TaskSettings
from motet.tasks.settings import BinarySettings, MulticlassSettings

Values = NDArray[np.float64]


class MarginLoss:
    """The multi-class hinge loss, shown how many training rows there are."""

    def __init__(self, margin: float = 1.0) -> None:
        self.margin = margin
        self.rows = 0

    def fit(self, targets: NDArray[np.int64]) -> None:
        self.rows = len(targets)

    def __call__(self, predictions: Tensor, targets: Tensor) -> Tensor:
        return torch.nn.functional.multi_margin_loss(predictions, targets, margin=self.margin, reduction="none")


class SecondBest:
    """The class that is second in probability."""

    def __call__(self, probabilities: Values) -> NDArray[np.int64]:
        return probabilities.argsort(axis=1)[:, -2]


class Shifted:
    """A threshold at the mean probability of the development rows."""

    def __init__(self) -> None:
        self.threshold = 0.5

    def __call__(self, probabilities: Values) -> NDArray[np.bool_]:
        flags: NDArray[np.bool_] = probabilities[:, 0] >= self.threshold
        return flags

    def tune(self, probabilities: Values, targets: NDArray[Any]) -> None:
        self.threshold = float(probabilities.mean())

    def state(self) -> dict[str, float]:
        return {"threshold": self.threshold}

    def load_state(self, state: Mapping[str, Any]) -> None:
        self.threshold = state["threshold"]


class TopTwo:
    """The share of rows whose class is among the two most probable."""

    name = "top_2"

    def __call__(self, probabilities: Values, targets: NDArray[np.int64]) -> float:
        best = probabilities.argsort(axis=1)[:, -2:]
        return float((best == targets[:, None]).any(axis=1).mean())


class Surprise:
    """The mean negative log-likelihood."""

    higher_is_better = False

    def __call__(self, probabilities: Values, targets: NDArray[np.int64]) -> float:
        return float(-np.log(probabilities[np.arange(len(targets)), targets]).mean())


class Digits(Multiclass):
    """A task of the user's own: ten digits, whatever the data say."""

    def __init__(self, name: str, labels: tuple[str, ...]) -> None:
        super().__init__(MulticlassSettings(), name, tuple("0123456789"))


def _rows() -> tuple[Values, NDArray[np.int64]]:
    generator = np.random.default_rng(0)
    probabilities = generator.random((30, 3))
    return probabilities / probabilities.sum(axis=1, keepdims=True), generator.integers(0, 3, 30)


def _task(**options: Any) -> Multiclass:
    return Multiclass(MulticlassSettings(**options), "animal", ("cat", "dog", "owl"))


def test_a_loss() -> None:
    task = _task(loss=UserComponent.of(MarginLoss, margin=2.0))
    predictions, targets = torch.randn(5, 3), torch.tensor([0, 1, 2, 0, 1])
    expected = torch.nn.MultiMarginLoss(margin=2.0, reduction="none")(predictions, targets)
    torch.testing.assert_close(task.loss(predictions, targets), expected)


def test_a_loss_that_is_fitted_is_copied() -> None:
    class Recorded(MarginLoss):
        fitted: ClassVar[list[int]] = []

        def fit(self, targets: NDArray[np.int64]) -> None:
            super().fit(targets)
            self.fitted.append(len(targets))

    own = Recorded()
    _task(loss=own).fit(np.array([0, 1, 2, 0, 1]))
    assert Recorded.fitted == [5]
    assert own.rows == 0


def test_a_loss_gives_one_value_a_row() -> None:
    task = _task(loss=torch.nn.CrossEntropyLoss())
    with pytest.raises(
        ConfigError, match=r"task 'animal': the loss python:.*CrossEntropyLoss returned a tensor \[\] for 5"
    ):
        task.loss(torch.randn(5, 3), torch.tensor([0, 1, 2, 0, 1]))
    task = _task(loss=torch.nn.CrossEntropyLoss(reduction="none"))
    assert task.loss(torch.randn(5, 3), torch.tensor([0, 1, 2, 0, 1])).shape == (5,)


def test_a_loss_has_a_gradient() -> None:
    task = _task(loss=lambda predictions, targets: predictions.detach().sum(dim=1))
    targets = torch.tensor([0, 1, 2, 0, 1])
    assert task.loss(torch.randn(5, 3), targets).shape == (5,)
    with pytest.raises(ConfigError, match=r"task 'animal': the loss .* returned values without a gradient"):
        task.loss(torch.randn(5, 3, requires_grad=True), targets)


def test_a_decision() -> None:
    probabilities, _ = _rows()
    task = _task(decision=SecondBest())
    np.testing.assert_array_equal(task.decide(probabilities), probabilities.argsort(axis=1)[:, 1])
    assert task.decision_state() == {}


def test_a_decision_of_another_shape_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"task 'animal': the decision function returned float64 of shape \(30, 3\)"):
        _task(decision=lambda probabilities: probabilities).decide(_rows()[0])


def test_a_decision_for_a_label_that_there_is_not_is_refused() -> None:
    with pytest.raises(ConfigError, match="the decision function returned codes from 0 to 3, but the 3 labels"):
        _task(decision=lambda probabilities: np.arange(len(probabilities)) % 4).decide(_rows()[0])


def test_a_decision_that_is_tuned() -> None:
    probabilities = np.array([[0.1], [0.2], [0.6]])
    task = Binary(BinarySettings(decision=UserComponent.of(Shifted)), "sick", ("no", "yes"))
    np.testing.assert_array_equal(task.decide(probabilities), [0, 0, 1])
    task.tune(probabilities - 0.1, np.array([0, 1, 1]))
    again = Binary(BinarySettings(decision=UserComponent.of(Shifted)), "sick", ("no", "yes"))
    again.load_decision_state(task.decision_state())
    np.testing.assert_array_equal(again.decide(probabilities), [0, 1, 1])


def test_metrics() -> None:
    probabilities, targets = _rows()
    task = _task(metrics=[UserComponent.of(TopTwo), "uar", Surprise()])
    scores = task.score(probabilities, targets)
    assert list(scores) == ["top_2", "uar", "Surprise"]
    assert task.main_metric == "top_2"
    assert scores["top_2"] == TopTwo()(probabilities, targets)
    assert [task.higher_is_better(name) for name in scores] == [True, True, False]
    weights = np.random.default_rng(1).integers(0, 3, 30)
    rows = np.repeat(np.arange(30), weights)
    weighted = task.score(probabilities, targets, weights)
    assert weighted == pytest.approx(task.score(probabilities[rows], targets[rows]))
    assert np.isnan(task.score(probabilities, targets, np.zeros(30))["Surprise"])


def test_a_function_is_a_metric_of_its_name() -> None:
    def sureness(probabilities: Values, targets: NDArray[np.int64]) -> float:
        return float(probabilities.max(axis=1).mean())

    probabilities, targets = _rows()
    scores = _task(metrics=["uar", sureness]).score(probabilities, targets)
    assert scores["sureness"] == pytest.approx(probabilities.max(axis=1).mean())


@pytest.mark.parametrize("value", ["high", None, np.zeros(3)], ids=["text", "nothing", "several"])
def test_a_metric_is_one_number(value: Any) -> None:
    def odd(probabilities: Values, targets: NDArray[np.int64]) -> Any:
        return value

    with pytest.raises(ConfigError, match=r"the metric 'odd' returned .* but a metric is one number"):
        _task(metrics=["uar", odd]).score(*_rows())


def test_two_metrics_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="task 'animal': two metrics are called 'top_2'; drop one"):
        _task(metrics=[TopTwo(), TopTwo()])


def test_a_task() -> None:
    settings = TypeAdapter(TaskSettings).validate_python(UserComponent.of(Digits))
    assert isinstance(settings, UserComponent)
    task = catalog.build("task", settings, "digit", ("3", "7"))
    assert task.output_size == 10
    assert int(task.encode(7)) == 7


def test_what_is_no_task_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"task 'digit': python:.*TopTwo is no task; derive it from motet.tasks.Task"):
        catalog.build("task", UserComponent.of(TopTwo()), "digit", ("3", "7"))
