"""Tasks with labels: one of two, one of several, any number of several.

Axes: n rows, K labels. Labels that are declared in the settings take the place of those that stand in the data. A
binary task has one output, the probability of its positive label: the one that is declared, or the last.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from motet.errors import DataError
from motet.tasks.counting import Flags, Values, confusion
from motet.tasks.decisions import build_decision
from motet.tasks.labels import Vocabulary, collect_labels
from motet.tasks.lessons import logits_of_classes, logits_of_labels, soft_classes, soft_labels
from motet.tasks.losses import build_loss
from motet.tasks.merge import MergeRule, merge_classes, merge_labels
from motet.tasks.metrics import LabelOutcome, MetricSet
from motet.tasks.running import Running, running_classes, running_labels
from motet.tasks.settings import BinarySettings, MulticlassSettings, MultilabelSettings
from motet.tasks.task import Framed, LessonKind, Task

if TYPE_CHECKING:
    from torch import Tensor


class Multiclass(Task):
    """One of several labels. Targets and decisions are codes, int64 [n].

    Parameters
    ----------
    settings
        The settings of the task.
    name
        Its name.
    labels
        The labels that stand in the data.

    Raises
    ------
    DataError
        If there are fewer than two labels.

    Examples
    --------
    >>> task = Multiclass(MulticlassSettings(), "animal", Multiclass.collect_labels(["dog", "cat", "dog"]))
    >>> task.labels, int(task.encode("dog"))
    (('cat', 'dog'), 1)
    >>> task.decode(task.decide(task.probabilities(np.array([[2.0, 1.0]]))))
    ['cat']
    """

    lesson_kind: ClassVar[LessonKind | None] = "classes"

    def __init__(self, settings: MulticlassSettings, name: str, labels: tuple[str, ...] = ()) -> None:
        self._vocabulary = Vocabulary.build(name, settings.labels, labels)
        names = self._vocabulary.names
        if len(names) < 2:
            raise DataError(
                f"task {name!r}: a multiclass task has two labels or more, but the data have {len(names)} "
                f"({self._vocabulary.shown()}); add rows of other labels, or leave the task out"
            )
        super().__init__(
            settings,
            name,
            labels=names,
            output_names=names,
            target_shape=(),
            target_dtype=np.int64,
            decision_dtype=np.int64,
            row_loss=build_loss(settings.loss, names, task=name),
            decision=build_decision(settings.decision),
            metrics=MetricSet.build(settings.metrics, task=name),
            weight=settings.weight,
        )

    @staticmethod
    def collect_labels(targets: Iterable[Any]) -> tuple[str, ...]:
        """Return the labels that stand in the data, in natural order."""
        return collect_labels(targets)

    def encode(self, target: Any) -> NDArray[Any]:
        """Return the code of a label."""
        return np.array(self._vocabulary.code(target), dtype=np.int64)

    def decode(self, encoded: NDArray[Any]) -> list[str]:
        """Return label names for codes [n]."""
        return [self.labels[code] for code in encoded.tolist()]

    def view(self, outputs: "Tensor") -> "Tensor":
        """Return the softmax of logits [..., K]."""
        return outputs.softmax(dim=-1)

    def view_of_targets(self, targets: "Tensor") -> "Tensor":
        """Return 1 for the class of each row and 0 for the others, [n, K]."""
        zeros = targets.new_zeros((len(targets), self.output_size)).float()
        return zeros.scatter(1, targets[:, None], 1.0)

    def probabilities(self, outputs: NDArray[Any]) -> Values:
        """Return the softmax of logits [n, K]."""
        logits = outputs.astype(np.float64)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities: Values = powers / powers.sum(axis=1, keepdims=True)
        return probabilities

    def lesson_of(self, probabilities: Values) -> NDArray[np.float32]:
        """Return logits of probabilities [n, K]."""
        return logits_of_classes(probabilities)

    def soft_losses(self, prediction: Framed, lesson: Framed, temperature: float) -> "Tensor":
        """Return the loss of every row [n] against softened labels; see `motet.tasks.lessons`."""
        return soft_classes(prediction.values, lesson.values, temperature)

    def merge(self, probabilities: Values, how: MergeRule) -> Values:
        """Return the one prediction [K] of an example from those of its segments [S, K]."""
        return merge_classes(probabilities, how)

    def compare(self, probabilities: Values, decisions: NDArray[Any], targets: NDArray[Any]) -> LabelOutcome:
        """Put truth and predictions side by side; every label is ranked against all others."""
        truth = _one_hot(targets, self.output_size)
        return LabelOutcome(truth, _one_hot(decisions, self.output_size), probabilities, truth)

    def confusion(self, decisions: NDArray[Any], targets: NDArray[Any]) -> NDArray[np.int64]:
        """Return how many rows of each label (first axis) were given each label (second axis), shape [K, K]."""
        return confusion(targets, decisions, len(self.labels))

    def running(self) -> Running:
        """Return empty running figures for the training loop."""
        return running_classes(self.metrics.names, len(self.labels))


class Binary(Task):
    """One of two labels, told from one output. Targets and decisions are codes, int64 [n]; 1 is the positive label.

    Parameters
    ----------
    settings
        The settings of the task.
    name
        Its name.
    labels
        The labels that stand in the data.

    Raises
    ------
    DataError
        If there are not two labels, or the positive one is not among them.
    """

    lesson_kind: ClassVar[LessonKind | None] = "labels"

    def __init__(self, settings: BinarySettings, name: str, labels: tuple[str, ...] = ()) -> None:
        self._vocabulary = Vocabulary.build(name, settings.labels, labels, last=settings.positive)
        names = self._vocabulary.names
        if len(names) != 2:
            raise DataError(
                f"task {name!r}: a binary task has two labels, but the data have {len(names)} "
                f"({self._vocabulary.shown()}); map them to two with `labels`, or use multiclass"
            )
        if settings.positive not in (None, names[1]):
            raise DataError(
                f"task {name!r}: positive is {settings.positive!r}, but the labels are {self._vocabulary.shown()}; "
                "name one of them"
            )
        super().__init__(
            settings,
            name,
            labels=names,
            output_names=names[1:],
            target_shape=(),
            target_dtype=np.int64,
            decision_dtype=np.int64,
            row_loss=build_loss(settings.loss, names[1:], task=name),
            decision=build_decision(settings.decision),
            metrics=MetricSet.build(settings.metrics, task=name),
            weight=settings.weight,
        )

    @staticmethod
    def collect_labels(targets: Iterable[Any]) -> tuple[str, ...]:
        """Return the labels that stand in the data, in natural order."""
        return collect_labels(targets)

    def encode(self, target: Any) -> NDArray[Any]:
        """Return the code of a label."""
        return np.array(self._vocabulary.code(target), dtype=np.int64)

    def decode(self, encoded: NDArray[Any]) -> list[str]:
        """Return label names for codes [n]."""
        return [self.labels[code] for code in encoded.tolist()]

    def view(self, outputs: "Tensor") -> "Tensor":
        """Return the sigmoid of logits [..., 1]."""
        return outputs.sigmoid()

    def view_of_targets(self, targets: "Tensor") -> "Tensor":
        """Return 1 for rows with the positive label and 0 for others, [n, 1]."""
        return targets[:, None].float()

    def probabilities(self, outputs: NDArray[Any]) -> Values:
        """Return the sigmoid of logits [n, 1]."""
        return _sigmoid(outputs)

    def lesson_of(self, probabilities: Values) -> NDArray[np.float32]:
        """Return logits of probabilities [n, K]."""
        return logits_of_labels(probabilities)

    def soft_losses(self, prediction: Framed, lesson: Framed, temperature: float) -> "Tensor":
        """Return the loss of every row [n] against softened labels; see `motet.tasks.lessons`."""
        return soft_labels(prediction.values, lesson.values, temperature)

    def merge(self, probabilities: Values, how: MergeRule) -> Values:
        """Return the one prediction [1] of an example from those of its segments [S, 1]."""
        return merge_labels(probabilities, how)

    def compare(self, probabilities: Values, decisions: NDArray[Any], targets: NDArray[Any]) -> LabelOutcome:
        """Put truth and predictions side by side; both labels are counted, the positive one is ranked."""
        truth = _one_hot(targets, 2)
        return LabelOutcome(truth, _one_hot(decisions, 2), probabilities, truth[:, 1:])

    def confusion(self, decisions: NDArray[Any], targets: NDArray[Any]) -> NDArray[np.int64]:
        """Return how many rows of each label (first axis) were given each label (second axis), shape [2, 2]."""
        return confusion(targets, decisions, 2)

    def running(self) -> Running:
        """Return empty running figures for the training loop."""
        return running_classes(self.metrics.names, 2)


class Multilabel(Task):
    """Any number of several labels at once. Targets are flags, float32 [n, K]; decisions are flags, bool [n, K].

    Parameters
    ----------
    settings
        The settings of the task.
    name
        Its name.
    labels
        The labels that stand in the data.

    Raises
    ------
    DataError
        If there is no label.
    """

    lesson_kind: ClassVar[LessonKind | None] = "labels"

    def __init__(self, settings: MultilabelSettings, name: str, labels: tuple[str, ...] = ()) -> None:
        self._vocabulary = Vocabulary.build(name, settings.labels, labels)
        names = self._vocabulary.names
        if not names:
            raise DataError(f"task {name!r}: the data have no label; declare `labels`, or leave the task out")
        super().__init__(
            settings,
            name,
            labels=names,
            output_names=names,
            target_shape=(len(names),),
            target_dtype=np.float32,
            decision_dtype=np.bool_,
            row_loss=build_loss(settings.loss, names, task=name),
            decision=build_decision(settings.decision),
            metrics=MetricSet.build(settings.metrics, task=name),
            weight=settings.weight,
        )

    @staticmethod
    def collect_labels(targets: Iterable[Any]) -> tuple[str, ...]:
        """Return the labels that stand in the sets of the data, in natural order."""
        return collect_labels(label for target in dict.fromkeys(targets) for label in _set_of(target))

    def encode(self, target: Any) -> NDArray[Any]:
        """Return the flags of a set of labels; one label alone counts as a set."""
        flags = np.zeros(self.target_shape, dtype=np.float32)
        try:
            labels = _set_of(target)
        except DataError as error:
            raise DataError(f"task {self.name!r}: {error}") from None
        flags[[self._vocabulary.code(label) for label in labels]] = 1.0
        return flags

    def decode(self, encoded: NDArray[Any]) -> list[frozenset[str]]:
        """Return sets of label names for flags [n, K]."""
        return [frozenset(self.labels[code] for code in np.flatnonzero(row)) for row in encoded]

    def view(self, outputs: "Tensor") -> "Tensor":
        """Return the sigmoid of logits [..., K]."""
        return outputs.sigmoid()

    def view_of_targets(self, targets: "Tensor") -> "Tensor":
        """Return the flags [n, K] as numbers."""
        return targets.float()

    def probabilities(self, outputs: NDArray[Any]) -> Values:
        """Return the sigmoid of logits [n, K]."""
        return _sigmoid(outputs)

    def lesson_of(self, probabilities: Values) -> NDArray[np.float32]:
        """Return logits of probabilities [n, K]."""
        return logits_of_labels(probabilities)

    def soft_losses(self, prediction: Framed, lesson: Framed, temperature: float) -> "Tensor":
        """Return the loss of every row [n] against softened labels; see `motet.tasks.lessons`."""
        return soft_labels(prediction.values, lesson.values, temperature)

    def merge(self, probabilities: Values, how: MergeRule) -> Values:
        """Return the one prediction [K] of an example from those of its segments [S, K]."""
        return merge_labels(probabilities, how)

    def compare(self, probabilities: Values, decisions: NDArray[Any], targets: NDArray[Any]) -> LabelOutcome:
        """Put truth and predictions side by side; every label is counted and ranked on its own."""
        truth = targets > 0.5
        return LabelOutcome(truth, decisions.astype(bool), probabilities, truth)

    def confusion(self, decisions: NDArray[Any], targets: NDArray[Any]) -> NDArray[np.int64]:
        """Return for each label how many rows without and with it (second axis) were given it, shape [K, 2, 2]."""
        truth, decided = (targets > 0.5).astype(np.int64), decisions.astype(np.int64)
        return np.stack([confusion(truth[:, code], decided[:, code], 2) for code in range(self.output_size)])

    def running(self) -> Running:
        """Return empty running figures for the training loop."""
        return running_labels(self.metrics.names, self.output_size)


def _one_hot(codes: NDArray[Any], num_labels: int) -> Flags:
    flags: Flags = codes[:, None] == np.arange(num_labels)
    return flags


def _sigmoid(logits: NDArray[Any]) -> Values:
    probabilities: Values = np.exp(-np.logaddexp(0.0, -logits.astype(np.float64)))
    return probabilities


def _set_of(target: Any) -> Iterable[Any]:
    """Return the labels of one multilabel target.

    Raises
    ------
    DataError
        If it is a row of numbers, which could be flags as well as labels.
    """
    if isinstance(target, set | frozenset):
        return target
    if isinstance(target, tuple | list) and not all(isinstance(label, str) for label in target):
        raise DataError(f"{target!r} is not a set of labels; turn rows of flags into sets of label names")
    return target if isinstance(target, tuple | list) else (target,)
