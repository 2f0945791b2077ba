"""Tasks with numbers. Axes: n rows, K values.

The network predicts in standard deviations of the training targets, and the loss is measured in them, so that values
of any unit train alike and beside other tasks. Predictions, decisions and metrics are in the targets' own unit.
"""

from collections.abc import Iterable, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from motet.errors import DataError
from motet.tasks.counting import Values
from motet.tasks.decisions import build_decision
from motet.tasks.losses import Constant, build_loss
from motet.tasks.merge import MergeRule, merge_numbers
from motet.tasks.metrics import MetricSet, NumberOutcome
from motet.tasks.running import Running, running_numbers
from motet.tasks.settings import RegressionSettings
from motet.tasks.task import LessonKind, Task

if TYPE_CHECKING:
    from torch import Tensor


_LARGEST = float(np.finfo(np.float32).max)


class Regression(Task):
    """One or several numbers. Targets are values, float32 [n, K]; decisions are values, float64 [n, K].

    Parameters
    ----------
    settings
        The settings of the task.
    name
        Its name.
    labels
        Names of the values; names that are declared in the settings take their place.

    Raises
    ------
    DataError
        If there is no value.

    Examples
    --------
    >>> task = Regression(RegressionSettings(), "affect", Regression.collect_labels([(0.1, 0.5), (0.2, -0.5)]))
    >>> task.labels
    ('value_1', 'value_2')
    >>> task.fit(np.array([[0.0, 10.0], [2.0, 30.0]]))
    >>> task.probabilities(np.array([[1.0, -1.0]])).tolist()
    [[2.0, 10.0]]
    """

    merge_rules: ClassVar[tuple[MergeRule, ...]] = ("mean", "max", "median")
    lesson_kind: ClassVar[LessonKind | None] = "numbers"

    def __init__(self, settings: RegressionSettings, name: str, labels: tuple[str, ...] = ()) -> None:
        names = settings.labels or labels
        if not names:
            raise DataError(f"task {name!r}: the data have no value; declare `labels`, or leave the task out")
        super().__init__(
            settings,
            name,
            labels=names,
            output_names=names,
            target_shape=(len(names),),
            target_dtype=np.float32,
            decision_dtype=np.float64,
            row_loss=build_loss(settings.loss, names, task=name),
            decision=build_decision(settings.decision),
            metrics=MetricSet.build(settings.metrics, task=name),
            weight=settings.weight,
        )
        self._standardise(np.zeros(len(names)), np.ones(len(names)))

    @staticmethod
    def collect_labels(targets: Iterable[Any]) -> tuple[str, ...]:
        """Return names for the values: `value`, or `value_1`, `value_2` and so on.

        Raises
        ------
        DataError
            If a target is no number and no tuple of numbers, or targets have different numbers of values.
        """
        every = [_values(target) for target in targets]
        foreign = next((value for values in every for value in values if not isinstance(value, Real | str)), None)
        if foreign is not None:
            raise DataError(f"{foreign!r} is no number; give each row a number, or a tuple of numbers")
        sizes = sorted({len(values) for values in every})
        if len(sizes) > 1:
            raise DataError(f"targets have {sizes[0]} and {sizes[-1]} values; give all the same number of values")
        if not sizes:
            return ()
        return ("value",) if sizes[0] == 1 else tuple(f"value_{number + 1}" for number in range(sizes[0]))

    def encode(self, target: Any) -> NDArray[Any]:
        """Return the values of a number or of several."""
        values = _values(target)
        if values.shape != self.target_shape:
            raise DataError(
                f"task {self.name!r}: {target!r} has {values.size} values, but there are {self.output_size}"
            )
        if any(isinstance(value, str) for value in values):
            raise DataError(
                f"task {self.name!r}: {target!r} is text, and a regression wants numbers: let the source read numbers "
                "(in a pattern {name:d} or {name:f}), or choose multiclass"
            )
        numbers = all(isinstance(value, Real) for value in values)
        if not (numbers and all(abs(value) <= _LARGEST for value in values)):
            raise DataError(
                f"task {self.name!r}: {target!r} is not a finite number of float32; correct it or leave it out"
            )
        return values.astype(np.float32)

    def decode(self, encoded: NDArray[Any]) -> list[float | tuple[float, ...]]:
        """Return numbers, or tuples of numbers, for values [n, K]."""
        rows = encoded.astype(np.float64).tolist()
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]

    def fit(self, targets: NDArray[Any]) -> None:
        """Learn mean and standard deviation of the training targets [n, K]; what does not vary keeps its unit."""
        values = targets.astype(np.float64)
        spread = values.std(axis=0)
        self._standardise(values.mean(axis=0), np.where(spread > 1e-12 * np.abs(values).max(axis=0), spread, 1.0))
        super().fit((values - self._mean) / self._spread)

    def fit_like(self, teacher: Task) -> None:
        """Take mean and standard deviation of the targets that a teacher was trained on."""
        assert isinstance(teacher, Regression), "a teacher of numbers"
        order = [teacher.output_names.index(name) for name in self.output_names]
        self._standardise(teacher._mean[order], teacher._spread[order])

    def lesson(self, outputs: "Tensor") -> "Tensor":
        """Return values in the targets' own unit from outputs [n, K]."""
        return outputs / self._scale.on(outputs.device) + self._shift.on(outputs.device)

    def loss(self, predictions: "Tensor", targets: "Tensor") -> "Tensor":
        """Return the loss of every row [n] from outputs and targets [n, K], in standard deviations."""
        return super().loss(predictions, self._standardised(targets))

    def view_of_targets(self, targets: "Tensor") -> "Tensor":
        """Return targets [n, K] as outputs would be: in units of the spread of the training rows."""
        return (targets - targets.new_tensor(self._mean)) / targets.new_tensor(self._spread)

    def probabilities(self, outputs: NDArray[Any]) -> Values:
        """Return values in the targets' own unit from outputs [n, K]."""
        return outputs.astype(np.float64) * self._spread + self._mean

    def merge(self, probabilities: Values, how: MergeRule) -> Values:
        """Return the one prediction [K] of an example from those of its segments [S, K]."""
        assert how != "vote", "numbers have no votes"
        return merge_numbers(probabilities, how)

    def compare(self, probabilities: Values, decisions: NDArray[Any], targets: NDArray[Any]) -> NumberOutcome:
        """Put truth and decided values side by side."""
        return NumberOutcome(targets.astype(np.float64), decisions)

    def confusion(self, decisions: NDArray[Any], targets: NDArray[Any]) -> NDArray[np.int64] | None:
        """Return None: numbers are not confused."""
        return None

    def running(self) -> Running:
        """Return empty running figures for the training loop."""
        return running_numbers(self.metrics.names, self._standardised, self._spread)

    def decision_state(self) -> dict[str, Any]:
        """Return mean and standard deviation of the training targets, and what the decision chose, as JSON."""
        return super().decision_state() | {"mean": self._mean.tolist(), "spread": self._spread.tolist()}

    def load_decision_state(self, state: Mapping[str, Any]) -> None:
        """Take back what `decision_state` returned."""
        super().load_decision_state(state)
        self._standardise(np.array(state["mean"]), np.array(state["spread"]))

    def _standardise(self, mean: Values, spread: Values) -> None:
        self._mean, self._spread = mean, spread
        self._shift, self._scale = Constant(mean), Constant(1.0 / spread)

    def _standardised(self, targets: "Tensor") -> "Tensor":
        return (targets - self._shift.on(targets.device)) * self._scale.on(targets.device)


def _values(target: Any) -> NDArray[Any]:
    """Return the values of a target as they are, objects [K]."""
    return np.atleast_1d(np.asarray(target, dtype=object))
