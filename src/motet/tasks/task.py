"""What every task offers: targets and their codes, loss, decision, figures.

Axes: n rows, K outputs of the network (one per class, label or value), R weightings of the rows. *Targets* are
encoded: codes [n] of a binary or multiclass task, flags or values [n, K] otherwise. *Probabilities* of a regression
are its values. Everything but `loss` and `running` is NumPy on the host.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self, get_args

import numpy as np
from numpy.typing import DTypeLike, NDArray

from motet.config import UserComponent
from motet.errors import UserCodeError
from motet.features.feature_map import TimeGrid
from motet.tasks.counting import Values
from motet.tasks.decisions import Decision, TunedDecision
from motet.tasks.merge import MergeRule
from motet.tasks.metrics import MetricSet, Outcome

if TYPE_CHECKING:
    from torch import Tensor

    from motet.tasks.losses import Loss
    from motet.tasks.running import Running


LessonKind = Literal["classes", "labels", "numbers", "frames", "traces", "texts", "maps"]
"""What a teacher says of a row: logits of classes that exclude each other, of labels, numbers, or logits by frame;
values over time and texts as targets of the task; a map as the network gives one.
"""

Asked = Literal["before", "live"]
"""When a teacher is asked: before training, of whole recordings; or at every step, of what the student hears."""

Scorer = Callable[[Values], dict[str, Values]]
"""Every metric [R] for every column of weights [n, R]."""


class PerFrame(int):
    """A number of outputs that the network gives for every frame rather than once for a row."""


class MapOutput(int):
    """One map that the network gives, of the shape and length of an input.

    Parameters
    ----------
    of
        The name of the input.
    given
        The input that the map is made from, where that is said: see `motet.networks.targets.given_input`.
    """

    of: str
    given: str | None

    def __new__(cls, of: str, given: str | None = None) -> Self:
        """Make one."""
        made = super().__new__(cls, 1)
        made.of, made.given = of, given
        return made


class Framed(Protocol):
    """Values of some rows, over time where there is time: what a network gives, or the targets that belong to it."""

    @property
    def values(self) -> "Tensor":
        """Shape [n, ...]."""

    @property
    def lengths(self) -> "Tensor | None":
        """How many entries of axis 1 are valid in each row, int64 [n]; None for all."""

    @property
    def grid(self) -> TimeGrid | None:
        """The time of the frames; None for values without time."""


class Task(ABC):
    """One thing that is predicted. One of the user's own derives from this class or from one of the built-in tasks.

    Parameters
    ----------
    settings
        The settings of the task; None for a task of the user's own that has none.
    name
        The name under which data sets, heads and results know the task.
    labels
        Names of the classes, labels or values; the position is the code.
    output_names
        Names of the K outputs: the labels, or of a binary task the positive one.
    target_shape, target_dtype
        Shape and type of one encoded target.
    decision_dtype
        Type of one decision, which has the shape of a target.
    row_loss
        The loss of every row.
    decision
        From probabilities to decisions.
    metrics
        What is reported.
    weight
        Weight of the loss beside other tasks.

    Attributes
    ----------
    merge_rules
        How the predictions of several segments can become one.
    stratifies
        Whether a split gives every part its share of every target; not where hardly any comes twice.
    lesson_kind
        What a teacher says of such a task; None where no model can teach it.
    asked_when
        When a teacher of such a task can be asked.
    """

    merge_rules: ClassVar[tuple[MergeRule, ...]] = get_args(MergeRule)
    stratifies: ClassVar[bool] = True
    lesson_kind: ClassVar[LessonKind | None] = None
    asked_when: ClassVar[tuple[Asked, ...]] = get_args(Asked)

    def __init__(
        self,
        settings: Any,
        name: str,
        *,
        labels: tuple[str, ...],
        output_names: tuple[str, ...],
        target_shape: tuple[int, ...],
        target_dtype: DTypeLike,
        decision_dtype: DTypeLike,
        row_loss: "Loss",
        decision: Decision,
        metrics: MetricSet,
        weight: float = 1.0,
    ) -> None:
        self.settings = settings
        self.name = name
        self.labels = labels
        self.output_names = output_names
        self.target_shape = target_shape
        self.target_dtype = np.dtype(target_dtype)
        self.decision_dtype = np.dtype(decision_dtype)
        self.metrics = metrics
        self.weight = weight
        self._row_loss = row_loss
        self._decision = decision

    @property
    def kind(self) -> str:
        """What stands at `kind` in its settings; the name of the class of one of the user's own."""
        return str(getattr(self.settings, "kind", type(self).__name__.lower()))

    @property
    def per_frame(self) -> bool:
        """Whether there is a prediction for every frame, rather than one for a row."""
        return isinstance(self.output_size, PerFrame)

    @property
    def output_size(self) -> int:
        """The number of outputs that the network gives, K."""
        return len(self.output_names)

    @property
    def main_metric(self) -> str:
        """The metric that model selection looks at."""
        return self.metrics.names[0]

    def higher_is_better(self, metric: str) -> bool:
        """Tell whether a larger value of a metric is the better one."""
        return self.metrics.higher_is_better(metric)

    def fit(self, targets: NDArray[Any]) -> None:
        """Learn what the loss needs (class weights, a standard deviation) from the targets of the training rows."""
        fit = getattr(self._row_loss, "fit", None)
        if fit is not None:
            fit(targets)

    def loss(self, predictions: "Tensor", targets: "Tensor") -> "Tensor":
        """Return the loss of every row [n] from raw outputs [n, K] and encoded targets."""
        return self._row_loss(predictions, targets)

    def losses(self, prediction: Framed, target: Framed) -> "Tensor":
        """Return the loss of every row [n] from what the network gave and what the batch holds."""
        return self.loss(prediction.values, target.values)

    def fit_like(self, teacher: "Task") -> None:
        """Learn what the loss needs from a teacher of the same task, where no training row has a target."""
        return  # nothing, unless a task says otherwise

    def lesson(self, outputs: "Tensor") -> "Tensor":
        """Return what a student hears of raw outputs [..., K] of this task: logits, or numbers in the targets' unit."""
        return outputs

    def lesson_of(self, probabilities: NDArray[Any]) -> NDArray[Any]:
        """Return the same of merged probabilities [n, K]; of a task of frames, n targets in an array of objects."""
        return probabilities.astype(np.float32)

    def heard(self, said: Framed) -> "tuple[Tensor, Tensor | None]":
        """Return values and lengths of a lesson, from what `lesson` of a teacher in the loop returned of some rows."""
        return said.values, said.lengths

    def soft_losses(self, prediction: Framed, lesson: Framed, temperature: float) -> "Tensor":
        """Return the loss of every row [n] from what the network gave and what a teacher said.

        Parameters
        ----------
        lesson
            As `heard` or `lesson_of` of a task of the same kind and labels returns it.
        temperature
            How soft labels are made, see `motet.tasks.lessons`; numbers have none.
        """
        return self.loss(prediction.values, lesson.values)

    def followed(self, prediction: Framed, target: Framed) -> "tuple[Tensor, Tensor]":
        """Return what `running` counts: raw outputs and encoded targets, a line each."""
        return prediction.values, target.values

    def collect(self, prediction: Framed, starts_s: NDArray[np.float64]) -> NDArray[Any]:
        """Return the probabilities of some rows [n, K].

        Parameters
        ----------
        prediction
            What the network gave.
        starts_s
            Where each row's segment starts in its recording, shape [n].
        """
        return self.probabilities(prediction.values.float().cpu().numpy())

    def finite(self, probabilities: NDArray[Any]) -> NDArray[np.bool_]:
        """Tell for every row whether all of its probabilities are finite, shape [n]."""
        return np.asarray(np.isfinite(probabilities).all(axis=1))

    def label_flags(self, targets: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which labels each of some encoded targets has, shape [n, K]."""
        if targets.ndim == 1:
            return np.asarray(np.eye(len(self.labels), dtype=np.bool_)[targets])
        return np.asarray(targets > 0)

    def describe(self, probabilities: NDArray[Any], decisions: NDArray[Any]) -> list[tuple[Any, dict[str, float]]]:
        """Return for every row what was decided, as plain data, and the probability of each output by name.

        What was decided is a label, a sorted list of labels, or numbers by name.
        """
        named = [dict(zip(self.output_names, row, strict=True)) for row in probabilities.tolist()]
        found: list[Any]
        if self.decision_dtype.kind == "f":
            found = [dict(zip(self.labels, row, strict=True)) for row in decisions.tolist()]
        else:
            found = [sorted(label) if isinstance(label, frozenset) else label for label in self.decode(decisions)]
        return list(zip(found, named, strict=True))

    def view(self, outputs: "Tensor") -> "Tensor":
        """Return what other heads see of raw outputs [..., K]: probabilities; of what has none, the outputs."""
        return outputs

    def view_of_targets(self, targets: "Tensor") -> "Tensor | None":
        """Return the same of encoded targets [n, ...]; None where other heads see only predictions."""
        return None

    def tune(self, probabilities: Values, targets: NDArray[Any]) -> None:
        """Choose the values of the decision on development rows; a decision without such values stays as it is."""
        if isinstance(self._decision, TunedDecision):
            self._decision.tune(probabilities, targets)

    def decision_state(self) -> dict[str, Any]:
        """Return what a saved model needs to decide as this task does, as JSON."""
        return dict(self._decision.state()) if isinstance(self._decision, TunedDecision) else {}

    def load_decision_state(self, state: Mapping[str, Any]) -> None:
        """Take back what `decision_state` returned."""
        if isinstance(self._decision, TunedDecision):
            self._decision.load_state(state)

    def decide(self, probabilities: Values) -> NDArray[Any]:
        """Decide for every row: codes [n], flags [n, K] or values [n, K], as the targets are.

        Raises
        ------
        UserCodeError
            If a decision of the user's own gives something else.
        """
        decisions = np.asarray(self._decision(probabilities))
        if decisions.size != len(probabilities) * int(np.prod(self.target_shape)) or decisions.dtype.kind not in "biuf":
            raise UserCodeError(
                f"task {self.name!r}: the decision {type(self._decision).__name__} returned {decisions.dtype} of shape "
                f"{decisions.shape} for {len(probabilities)} rows, but wanted is {self.decision_dtype} of shape "
                f"{(len(probabilities), *self.target_shape)}: correct its __call__"
            )
        decisions = decisions.reshape(len(probabilities), *self.target_shape).astype(self.decision_dtype, copy=False)
        if (
            not self.target_shape
            and self.decision_dtype.kind == "i"
            and not ((decisions >= 0) & (decisions < len(self.labels))).all()
        ):
            raise UserCodeError(
                f"task {self.name!r}: the decision {type(self._decision).__name__} returned codes from "
                f"{decisions.min()} to {decisions.max()}, but the {len(self.labels)} labels have the codes 0 to "
                f"{len(self.labels) - 1}: correct its __call__"
            )
        return decisions

    def score(
        self,
        probabilities: Values,
        targets: NDArray[Any],
        weights: NDArray[Any] | None = None,
        *,
        decisions: NDArray[Any] | None = None,
    ) -> dict[str, float]:
        """Return every metric.

        Parameters
        ----------
        probabilities, targets
            Of all rows, merged: one row per example.
        weights
            How often each row counts, shape [n]; by default once.
        decisions
            What was decided, where this was not by this task as it is now tuned.
        """
        weights = np.ones(len(targets)) if weights is None else np.asarray(weights, dtype=np.float64)
        decisions = self.decide(probabilities) if decisions is None else decisions
        scores = self.scorer(probabilities, decisions, targets)(weights[:, None])
        return {name: float(values[0]) for name, values in scores.items()}

    def scorer(self, probabilities: Values, decisions: NDArray[Any], targets: NDArray[Any]) -> Scorer:
        """Compare once, and return what gives every metric [R] for weights [n, R], in the order of the report."""
        outcome = self.compare(probabilities, decisions, targets)

        def score(weights: Values) -> dict[str, Values]:
            scores = outcome.score(self.metrics.names, weights)
            scores |= self.metrics.score_own(probabilities, targets, weights)
            return {name: scores[name] for name in self.metrics.names}

        return score

    def table(
        self, probabilities: Values, targets: NDArray[Any], *, decisions: NDArray[Any] | None = None
    ) -> dict[str, dict[str, float]]:
        """Return figures by label: rows, precision, recall and others; by value of a regression, its metrics."""
        decisions = self.decide(probabilities) if decisions is None else decisions
        return self.compare(probabilities, decisions, targets).table(self.labels)

    @staticmethod
    @abstractmethod
    def collect_labels(targets: Iterable[Any]) -> tuple[str, ...]:
        """Return the labels that stand in the data, in natural order."""

    @abstractmethod
    def encode(self, target: Any) -> NDArray[Any]:
        """Return one target as `target_dtype` and of `target_shape`.

        Raises
        ------
        DataError
            If the target is not one of this task: an unknown label, a number that is not finite.
        """

    @abstractmethod
    def decode(self, encoded: NDArray[Any]) -> list[Any]:
        """Return targets or decisions as the data writes them: label names, sets of them, numbers."""

    @abstractmethod
    def probabilities(self, outputs: NDArray[Any]) -> Values:
        """Return probabilities [n, K] (of a regression: values) from raw outputs [n, K]."""

    @abstractmethod
    def merge(self, probabilities: Values, how: MergeRule) -> Values:
        """Return the one prediction [K] of an example from those of its segments [S, K]."""

    @abstractmethod
    def compare(self, probabilities: Values, decisions: NDArray[Any], targets: NDArray[Any]) -> Outcome:
        """Put truth and predictions side by side for the metrics."""

    @abstractmethod
    def confusion(self, decisions: NDArray[Any], targets: NDArray[Any]) -> NDArray[np.int64] | None:
        """Return the confusion matrix or matrices, truth before decision; None where there is no such thing."""

    @abstractmethod
    def running(self) -> "Running":
        """Return empty running figures for the training loop."""


def user_task(settings: UserComponent, name: str, labels: tuple[str, ...]) -> Task:
    """Build a task of the user's own.

    Raises
    ------
    UserCodeError
        If it is no task.
    """
    task = settings.build_own(name, labels)
    if not isinstance(task, Task):
        raise UserCodeError(
            f"task {name!r}: {settings.place} is no task; derive it from motet.tasks.Task, or from one of the built-in "
            "tasks such as motet.tasks.Multiclass"
        )
    return task
