"""Tasks with events: what happens when, whether anything does, and when something starts.

Axes: n rows, T frames, K labels, E events. Targets and decisions are lists of events, float64 [E, 3]: see
`motet.tasks.events.event_list`. Raw targets are tuples of objects with `onset_s`, `offset_s` and `label` (such as
`motet.sources.Event`), or sets of labels where times are unknown.
"""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motet.config import UserComponent
from motet.errors import DataError
from motet.tasks.counting import Values
from motet.tasks.events.counts import count_tags
from motet.tasks.events.decisions import Spans, build_event_decision, plain_events
from motet.tasks.events.event_list import EventTable, by_onset, is_weak, united, weak_labels
from motet.tasks.events.losses import strong_loss, valid_frames, weak_loss
from motet.tasks.events.rasterise import clip_labels, rasterise, rasterise_onsets, weak_rows
from motet.tasks.events.running import running_frames
from motet.tasks.events.scores import EventOutcome
from motet.tasks.events.settings import ActivitySettings, EventsSettings, OnsetsSettings
from motet.tasks.frames import FrameTask, as_objects
from motet.tasks.labels import Vocabulary, collect_labels
from motet.tasks.lessons import soft_labels
from motet.tasks.losses import build_loss
from motet.tasks.metrics import MetricSet
from motet.tasks.running import Running
from motet.tasks.task import Framed, LessonKind, PerFrame

AnySettings = EventsSettings | ActivitySettings | OnsetsSettings


class Events(FrameTask):
    """What happens, from when to when; several labels at once.

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

    Examples
    --------
    >>> task = Events(EventsSettings(), "sounds", ("bell", "dog"))
    >>> task.encode(frozenset({"dog"})).tolist()
    [[nan, nan, 1.0]]
    >>> task.to_plain(np.array([[0.5, 1.25, 0.0]]))
    [[0.5, 1.25, 'bell']]
    """

    lesson_kind: ClassVar[LessonKind | None] = "frames"

    def __init__(self, settings: AnySettings, name: str, labels: tuple[str, ...] = ()) -> None:
        declared = (settings.label,) if isinstance(settings, ActivitySettings) else settings.labels
        self._vocabulary = Vocabulary.build(name, declared, labels)
        names = self._vocabulary.names
        if not names:
            raise DataError(f"task {name!r}: the data have no event; declare `labels`, or leave the task out")
        self._pooling = None if isinstance(settings, OnsetsSettings) else settings.weak_pooling
        super().__init__(
            settings,
            name,
            labels=names,
            output_names=names,
            target_shape=(),
            target_dtype=object,
            decision_dtype=object,
            row_loss=build_loss(settings.loss, names, task=name),
            decision=build_event_decision(settings.decision, len(names)),  # type: ignore[arg-type]
            metrics=MetricSet.build(settings.metrics, task=name),
            weight=settings.weight,
        )
        self._may_be_weak = True

    @property
    def output_size(self) -> int:
        """The number of outputs for every frame: K, and as many scores where attention pools frames."""
        return PerFrame(len(self.labels) * (2 if self._pooling == "attention" else 1))

    @staticmethod
    def collect_labels(targets: Iterable[Any]) -> tuple[str, ...]:
        """Return the labels of all events, and of rows whose times are unknown, in natural order."""
        return collect_labels(label for target in targets for label in _labels_of(target))

    def encode(self, target: Any) -> NDArray[np.float64]:
        """Return the events of a recording, or its labels without times.

        Raises
        ------
        DataError
            If it is neither, or a label is unknown.
        """
        if isinstance(target, set | frozenset):
            return weak_labels([self._code(label) for label in target if self._is_wanted(label)])
        events = [event for event in _events_of(target, self.name) if self._is_wanted(event.label)]
        rows = [(event.onset_s, event.offset_s, self._code(event.label)) for event in events]
        return by_onset(np.array(rows, dtype=np.float64).reshape(-1, 3))

    def decode(self, encoded: NDArray[Any]) -> list[Any]:
        """Return lists of onset, offset and label for n lists of events."""
        return [self.to_plain(events) for events in encoded]

    def to_plain(self, encoded: NDArray[np.float64]) -> list[Any]:
        """Return onset, offset and label of every event; None for what is unknown."""
        return [
            [*(None if np.isnan(time) else time for time in times), self.labels[int(code)] if code >= 0 else None]
            for *times, code in encoded.tolist()
        ]

    def from_plain(self, plain: list[Any]) -> NDArray[np.float64]:
        """Return the events of what `to_plain` returned."""
        codes = {label: code for code, label in enumerate(self.labels)} | {None: -1}
        rows = [(onset, offset, codes[label]) for onset, offset, label in plain]
        return np.array(rows, dtype=np.float64).reshape(-1, 3)

    def label_flags(self, targets: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which labels the events of each target have, shape [n, K]."""
        flags = np.zeros((len(targets), len(self.labels)), dtype=np.bool_)
        for row, events in enumerate(targets):
            flags[row, events[events[:, 2] >= 0, 2].astype(np.int64)] = True
        return flags

    def cut(self, target: NDArray[np.float64], start_s: float, stop_s: float) -> NDArray[np.float64]:
        """Return the events that reach into a segment, in seconds from its start; labels without times all stay."""
        if is_weak(target):
            return target
        inside = target[(target[:, 0] <= stop_s) & (target[:, 1] >= start_s)]
        shifted: Values = inside - np.array([start_s, start_s, 0.0])
        return shifted

    def view(self, outputs: Tensor) -> Tensor:
        """Return the sigmoid of raw outputs [..., K], scores of attention included."""
        return outputs.sigmoid()

    def frame_probabilities(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the sigmoid of logits [T, K]; scores of attention are left out."""
        logits = outputs[:, : len(self.labels)].astype(np.float64)
        return np.exp(-np.logaddexp(0.0, -logits)).astype(np.float32)

    def fit(self, targets: NDArray[Any]) -> None:
        """Look whether any of the training targets [n] has no times."""
        self._may_be_weak = any(is_weak(target) for target in targets)

    def losses(self, prediction: Framed, target: Framed) -> Tensor:
        """Return the loss of every row [n]: the mean over its frames, or of its pooled probabilities."""
        outputs, counts = self._outputs(prediction), _counts(target)
        valid = valid_frames(outputs, prediction.lengths)
        losses = strong_loss(self._row_loss, outputs, self._frames(prediction, target), valid)
        if self._pooling is None or not self._may_be_weak:
            return losses
        assert not isinstance(self.settings, OnsetsSettings), "onsets have no labels without times"
        labels = clip_labels(target.values, counts, len(self.labels)).to(outputs.dtype)
        scores = prediction.values[..., len(self.labels) :] if self._pooling == "attention" else None
        weak = self.settings.weak_weight * weak_loss(outputs, labels, valid, self._pooling, scores)
        return torch.where(weak_rows(target.values, counts), weak, losses)

    def lesson(self, outputs: Tensor) -> Tensor:
        """Return logits [n, T, K]; scores of attention are left out."""
        return outputs[..., : len(self.labels)]

    def soft_losses(self, prediction: Framed, lesson: Framed, temperature: float) -> Tensor:
        """Return the loss of every row [n] against softened labels: the mean over its valid frames."""
        outputs = self._outputs(prediction)
        valid = valid_frames(outputs, prediction.lengths)

        def soft(predictions: Tensor, targets: Tensor) -> Tensor:
            return soft_labels(predictions, targets, temperature)

        return strong_loss(soft, outputs, lesson.values, valid)

    def followed(self, prediction: Framed, target: Framed) -> tuple[Tensor, Tensor]:
        """Return the logits and targets of all valid frames whose targets are known, a line each."""
        outputs = self._outputs(prediction)
        known = valid_frames(outputs, prediction.lengths) & ~weak_rows(target.values, _counts(target))[:, None]
        return outputs[known], self._frames(prediction, target)[known]

    def tune(self, probabilities: NDArray[Any], targets: NDArray[Any]) -> None:
        """Choose the values of the decision on development rows whose times are known."""
        known = np.flatnonzero([not is_weak(target) for target in targets])
        tune = getattr(self._decision, "tune", None)
        if tune is not None and len(known):
            tune(list(probabilities[known]), EventTable.of(list(targets[known])))

    def decide(self, probabilities: NDArray[Any]) -> NDArray[Any]:
        """Return the events of every recording: n lists, in an array of objects."""
        decided: EventTable = self._decision(list(probabilities))  # type: ignore[arg-type, assignment]
        return as_objects(decided.lists())

    def compare(self, probabilities: NDArray[Any], decisions: NDArray[Any], targets: NDArray[Any]) -> EventOutcome:
        """Put true and decided events side by side; of rows without times only their labels are."""
        known = [not is_weak(target) for target in targets]
        lists = [events if know else np.zeros((0, 3)) for events, know in zip(decisions, known, strict=True)]
        return EventOutcome(
            EventTable.of(list(targets)),
            EventTable.of(lists),
            durations_s=np.array([len(row.values) * row.grid.step_s for row in probabilities]) * known,
            num_labels=len(self.labels),
            tags=count_tags(self.label_flags(targets), self.label_flags(decisions)),
            metrics={each.kind: each for each in self.settings.metrics if not isinstance(each, UserComponent)},
            sweep=lambda thresholds: self._sweep(probabilities, known, thresholds),
        )

    def running(self) -> Running:
        """Return empty running figures for the training loop: F1 of frames."""
        return running_frames()

    def _sweep(self, probabilities: NDArray[Any], known: list[bool], thresholds: Sequence[float]) -> list[EventTable]:
        rows = list(probabilities)
        found = self._decision.at if isinstance(self._decision, Spans) else plain_events
        where = np.array(known, dtype=bool)
        return [table.select(where[table.rows]) for table in found(rows, thresholds)]

    def _code(self, label: Any) -> int:
        return self._vocabulary.code(label)

    def _is_wanted(self, label: Any) -> bool:
        return getattr(self.settings, "others", "refuse") == "refuse" or label in self._vocabulary.codes

    def _outputs(self, prediction: Framed) -> Tensor:
        return prediction.values[..., : len(self.labels)].float()

    def _frames(self, prediction: Framed, target: Framed) -> Tensor:
        """Return what the frames of a prediction should be, [n, T, K]."""
        assert prediction.grid is not None, "a prediction of frames has a grid"
        sizes = {"num_frames": prediction.values.shape[1], "num_classes": len(self.labels)}
        if isinstance(self.settings, OnsetsSettings):
            return rasterise_onsets(
                target.values, _counts(target), prediction.grid, lengths=prediction.lengths,
                width=self.settings.width_frames, **sizes,
            )  # fmt: skip
        return rasterise(target.values, _counts(target), prediction.grid, lengths=prediction.lengths, **sizes)


class Activity(Events):
    """Whether anything happens, from when to when: events of all labels are one.

    Parameters
    ----------
    settings
        The settings of the task.
    name
        Its name.
    labels
        Not used: there is one label, whose name stands in the settings.

    Examples
    --------
    >>> Activity(ActivitySettings(), "busy").encode(frozenset({"dog", "bell"})).tolist()
    [[nan, nan, 0.0]]
    """

    def encode(self, target: Any) -> NDArray[np.float64]:
        """Return when anything happens: events that touch or overlap are one."""
        return united(super().encode(target))

    def _code(self, label: Any) -> int:
        return 0


class Onsets(Events):
    """When something starts, such as a drum; several labels at once. An onset ends where it starts.

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

    def encode(self, target: Any) -> NDArray[np.float64]:
        """Return the onsets of a recording.

        Raises
        ------
        DataError
            If only its labels are known, or one is unknown.
        """
        if isinstance(target, set | frozenset):
            raise DataError(
                f"task {self.name!r}: {set(target)!r} are labels without times, but onsets are times; give events, or "
                "use the task events"
            )
        events = super().encode(target)
        events[:, 1] = events[:, 0]
        return events


def _counts(target: Framed) -> Tensor:
    assert target.lengths is not None, "a list of events has a length"
    return target.lengths


def _labels_of(target: Any) -> Iterable[Any]:
    if isinstance(target, set | frozenset):
        return target
    return (event.label for event in _events_of(target, None))


def _events_of(target: Any, task: str | None) -> tuple[Any, ...]:
    """Return the events of a raw target.

    Raises
    ------
    DataError
        If it is something else.
    """
    if isinstance(target, tuple) and all(hasattr(event, "onset_s") for event in target):
        return target
    where = "" if task is None else f"task {task!r}: "
    raise DataError(
        f"{where}{target!r} is no tuple of events; give each event its onset, offset and label, or a set of labels "
        "where times are unknown"
    )
