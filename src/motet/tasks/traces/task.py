"""Values over time: the network predicts a number, or several, for every frame.

The network predicts in standard deviations of the training targets, as a `regression` does; predictions, decisions and
metrics are in the targets' own unit. Raw targets have `times_s` [E], `values` [E, K] and `names`, such as
`motet.sources.Trace`; encoded targets and decisions are moments, float64 [E, 1 + K]: see `motet.tasks.traces.layout`.
Figures compare at the annotated moments, so networks of any output rate are measured alike. Axes: n rows, T frames.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from motet.errors import DataError
from motet.tasks.counting import Values
from motet.tasks.frames import FrameTask, as_objects
from motet.tasks.losses import Constant, build_loss
from motet.tasks.merge import MergeRule
from motet.tasks.metrics import MetricSet
from motet.tasks.running import Running, running_numbers
from motet.tasks.settings import SquaredErrorSettings
from motet.tasks.task import Asked, Framed, LessonKind, PerFrame, Task
from motet.tasks.traces.decisions import build_filter, with_times
from motet.tasks.traces.layout import lay_out, moments_of, paired, within
from motet.tasks.traces.losses import concordance_loss, framewise
from motet.tasks.traces.scores import TraceOutcome
from motet.tasks.traces.settings import ConcordanceLossSettings, TimeRegressionSettings


class TimeRegression(FrameTask):
    """One or several values over time.

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
    >>> task = TimeRegression(TimeRegressionSettings(delay_s=0.5), "affect", ("arousal",))
    >>> task.from_plain([[0.0, 0.25], [0.5, None]]).tolist()
    [[0.0, 0.25], [0.5, nan]]
    """

    merge_rules: ClassVar[tuple[MergeRule, ...]] = ("mean",)
    stratifies: ClassVar[bool] = False
    lesson_kind: ClassVar[LessonKind | None] = "traces"
    asked_when: ClassVar[tuple[Asked, ...]] = ("before", "live")

    def __init__(self, settings: TimeRegressionSettings, name: str, labels: tuple[str, ...] = ()) -> None:
        names = settings.labels or labels
        if not names:
            raise DataError(f"task {name!r}: the data have no value; declare `labels`, or leave the task out")
        loss = settings.loss
        self._concordance = loss if isinstance(loss, ConcordanceLossSettings) else None
        super().__init__(
            settings,
            name,
            labels=names,
            output_names=names,
            target_shape=(),
            target_dtype=object,
            decision_dtype=object,
            row_loss=build_loss(SquaredErrorSettings() if self._concordance else loss, names, task=name),
            decision=build_filter(settings.decision),  # type: ignore[arg-type]
            metrics=MetricSet.build(settings.metrics, task=name),
            weight=settings.weight,
        )
        self._standardise(np.zeros(len(names)), np.ones(len(names)))

    @property
    def output_size(self) -> int:
        """The number of values for every frame, K."""
        return PerFrame(len(self.labels))

    @staticmethod
    def collect_labels(targets: Iterable[Any]) -> tuple[str, ...]:
        """Return the names of the values: those of the annotations, or `value`, or `value_1`, `value_2` and so on.

        Raises
        ------
        DataError
            If annotations have different values.
        """
        found = dict.fromkeys(_names_of(target) for target in targets)
        if len(found) > 1:
            (first, second, *_) = found
            raise DataError(
                f"some annotations have the values {', '.join(first)} and some {', '.join(second)}; give all the same"
            )
        return next(iter(found), ())

    def encode(self, target: Any) -> NDArray[np.float64]:
        """Return the moments of an annotation [E, 1 + K], earlier by the delay.

        Raises
        ------
        DataError
            If it is something else, or has another number of values.
        """
        names = _names_of(target, self.name)
        if len(names) != len(self.labels):
            raise DataError(
                f"task {self.name!r}: an annotation has {len(names)} values, but there are {len(self.labels)}"
            )
        times = np.asarray(target.times_s, dtype=np.float64) - self.settings.delay_s
        return np.concatenate([times[:, None], np.asarray(target.values, dtype=np.float64)], axis=1)

    def decode(self, encoded: NDArray[Any]) -> list[Any]:
        """Return lists of time and values for n lists of moments."""
        return [self.to_plain(moments) for moments in encoded]

    def to_plain(self, encoded: NDArray[np.float64]) -> list[Any]:
        """Return time and values of every moment; None for what is unknown."""
        return [[None if np.isnan(value) else value for value in row] for row in encoded.tolist()]

    def from_plain(self, plain: list[Any]) -> NDArray[np.float64]:
        """Return the moments of what `to_plain` returned."""
        return np.array(plain, dtype=np.float64).reshape(-1, 1 + len(self.labels))

    def cut(self, target: NDArray[np.float64], start_s: float, stop_s: float) -> NDArray[np.float64]:
        """Return the moments of a segment and one more on either side, in seconds from its start."""
        return within(target, start_s, stop_s)

    def label_flags(self, targets: NDArray[Any]) -> NDArray[np.bool_]:
        """Return that every target has all values, shape [n, K]."""
        return np.ones((len(targets), len(self.labels)), dtype=np.bool_)

    def fit(self, targets: NDArray[Any]) -> None:
        """Learn mean and standard deviation of all known values of the training targets [n]."""
        values = np.concatenate([moments[:, 1:] for moments in targets])
        values = values[~np.isnan(values).any(axis=1)]
        if not len(values):
            raise DataError(f"task {self.name!r}: no value of any training row is known; correct the annotations")
        spread = values.std(axis=0)
        self._standardise(values.mean(axis=0), np.where(spread > 1e-12 * np.abs(values).max(axis=0), spread, 1.0))
        fit = getattr(self._row_loss, "fit", None)
        if fit is not None:
            fit((values - self._mean) / self._spread)

    def fit_like(self, teacher: Task) -> None:
        """Take mean and standard deviation of the targets that a teacher was trained on."""
        assert isinstance(teacher, TimeRegression), "a teacher of values over time"
        order = [teacher.output_names.index(name) for name in self.output_names]
        self._standardise(teacher._mean[order], teacher._spread[order])

    def frame_probabilities(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return values in the targets' own unit from outputs [T, K]."""
        return (outputs.astype(np.float64) * self._spread + self._mean).astype(np.float32)

    def losses(self, prediction: Framed, target: Framed) -> Tensor:
        """Return the loss of every row [n] over its known frames, in standard deviations of the training targets."""
        return self._lost(prediction, *self._frames(prediction, target))

    def lesson(self, outputs: Tensor) -> Tensor:
        """Return values in the targets' own unit from outputs [n, T, K]."""
        return outputs / self._scale.on(outputs.device) + self._shift.on(outputs.device)

    def lesson_of(self, probabilities: NDArray[Any]) -> NDArray[Any]:
        """Return the values of the frames of n recordings as moments, in an array of objects."""
        return as_objects(with_times(row, row.values.astype(np.float64)) for row in probabilities)

    def heard(self, said: Framed) -> tuple[Tensor, Tensor | None]:
        """Return the values of the frames of n rows [n, T, K] as moments, which lie between frames of any rate."""
        assert said.grid is not None, "what is said of frames has a grid"
        return moments_of(said.values, said.lengths, said.grid)

    def soft_losses(self, prediction: Framed, lesson: Framed, temperature: float) -> Tensor:
        """Return the loss of every row [n] against a teacher's values, which have no gaps."""
        return self._lost(prediction, *self._frames(prediction, lesson, gapless=True))

    def followed(self, prediction: Framed, target: Framed) -> tuple[Tensor, Tensor]:
        """Return outputs and targets of all known frames, a line each."""
        truth, known = self._frames(prediction, target)
        return prediction.values[known], truth[known]

    def tune(self, probabilities: NDArray[Any], targets: NDArray[Any]) -> None:
        """Choose the values of the decision on development rows."""
        tune = getattr(self._decision, "tune", None)
        if tune is not None:
            tune(list(probabilities), list(targets))

    def decide(self, probabilities: NDArray[Any]) -> NDArray[Any]:
        """Return the predicted moments of every recording: n lists, in an array of objects."""
        return as_objects(self._decision(list(probabilities)))  # type: ignore[arg-type]

    def describe(self, probabilities: NDArray[Any], decisions: NDArray[Any]) -> list[tuple[Any, dict[str, float]]]:
        """Return every row's moments as plain data, and the mean of each value over time."""
        means = [row[:, 1:].mean(axis=0).tolist() for row in decisions]
        named = [dict(zip(self.output_names, row, strict=True)) for row in means]
        return [(tuple(self.to_plain(row)), found) for row, found in zip(decisions, named, strict=True)]

    def compare(self, probabilities: NDArray[Any], decisions: NDArray[Any], targets: NDArray[Any]) -> TraceOutcome:
        """Put annotated and predicted values side by side, at the annotated moments that lie in the recordings."""
        pairs = [paired(moments, target) for moments, target in zip(decisions, targets, strict=True)]
        return TraceOutcome.of(pairs, len(self.labels))

    def running(self) -> Running:
        """Return empty running figures for the training loop, over frames."""
        return running_numbers(self.metrics.names, lambda standardised: standardised, self._spread)

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

    def _lost(self, prediction: Framed, truth: Tensor, known: Tensor) -> Tensor:
        outputs = prediction.values.float()
        if self._concordance is not None:
            return concordance_loss(outputs, truth, known, over_batch=self._concordance.over == "batch")
        return framewise(self._row_loss, outputs, truth, known)

    def _frames(self, prediction: Framed, target: Framed, *, gapless: bool = False) -> tuple[Tensor, Tensor]:
        """Return what frames should be, in standard deviations [n, T, K], and which are known and valid [n, T]."""
        assert prediction.grid is not None, "a prediction of frames has a grid"
        assert target.lengths is not None, "a list of moments has a length"
        num_frames, max_gap_s = prediction.values.shape[1], None if gapless else self.settings.max_gap_s
        truth, known = lay_out(
            target.values, target.lengths, prediction.grid, num_frames=num_frames, max_gap_s=max_gap_s
        )
        if prediction.lengths is not None:
            frames = np.arange(num_frames)
            known &= target.values.new_tensor(frames)[None] < prediction.lengths[:, None]
        standardised = (truth - self._shift.on(truth.device)) * self._scale.on(truth.device)
        return standardised * known[..., None], known


def _names_of(target: Any, task: str | None = None) -> tuple[str, ...]:
    """Return the names of the values of a raw target.

    Raises
    ------
    DataError
        If it is no annotation over time.
    """
    if not hasattr(target, "times_s") or not hasattr(target, "values"):
        where = "" if task is None else f"task {task!r}: "
        raise DataError(
            f"{where}{target!r} is no annotation over time; give motet.sources.Trace(times_s, values), or let the "
            "source read it (`traces`)"
        )
    size = np.asarray(target.values).shape[1]
    plain = ("value",) if size == 1 else tuple(f"value_{number + 1}" for number in range(size))
    return tuple(getattr(target, "names", ())) or plain
