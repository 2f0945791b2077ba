"""Classes or tags of clips times activity in frames: events, each with its label and its times.

Axes: n rows, K labels of the clips, T frames, E events.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from motet.tasks.counting import Values
from motet.tasks.events.event_list import is_weak, united, weak_labels
from motet.tasks.frames import as_objects
from motet.tasks.fused.activity import ActiveLabels, check_nothing
from motet.tasks.fused.fused import Fused, Known
from motet.tasks.fused.settings import GateSettings
from motet.tasks.task import Task


class GateInTime(Fused):
    """The probability P(k) of a label of a clip, times the probability a(t) that anything is active in a frame.

    P'(k, t) = P(k) a(t)^g: what is heard is told once a clip, when is told frame by frame, and both make events, as in
    the first step of Pankajakshan et al. (see `Gate`) with a classifier in place of a detector. Labels stand side by
    side in every frame, also those of classes; the label `nothing` is no event and is left out.

    The targets are the times of activity with the label of the clip: none where the clip has no label. Where it has
    several, nobody knows which of them is heard when, and they are labels without times.

    Parameters
    ----------
    settings
        Its settings.
    task
        What decides and scores, a task of events.
    bases
        The task of clips and that of activity.

    Raises
    ------
    ConfigError
        If a label that is named is unknown, or is left out where labels do not exclude each other.

    Examples
    --------
    >>> from motet.features.feature_map import TimeGrid
    >>> from motet.tasks import Events, FrameValues, Multiclass
    >>> from motet.tasks.events.settings import EventsSettings
    >>> from motet.tasks.settings import MulticlassSettings
    >>> sound = Multiclass(MulticlassSettings(), "sound", ("bell", "dog"))
    >>> busy = Events(EventsSettings(), "busy", ("active",))
    >>> heard = Events(EventsSettings(), "heard", ("bell", "dog"))
    >>> gate = GateInTime(GateSettings(of="sound", by="busy"), heard, {"sound": sound, "busy": busy})
    >>> active = as_objects([FrameValues(np.array([[0.5], [1.0]], np.float32), TimeGrid(0.0, 0.1))])
    >>> gate.fuse({"sound": np.array([[0.75, 0.25]]), "busy": active})[0].values.tolist()
    [[0.375, 0.125], [0.75, 0.25]]
    """

    told_by_all = True

    def __init__(self, settings: GateSettings, task: Task, bases: Mapping[str, Task]) -> None:
        super().__init__(settings, task, bases)
        self._of, by = bases.values()
        self._active = ActiveLabels.of(self.name, settings, by)
        check_nothing(self.name, settings, self._of)
        self._outputs = [self._of.output_names.index(label) for label in task.labels]
        self._labels = [self._of.labels.index(label) for label in task.labels]

    def told(self, known: Mapping[str, Known]) -> Known:
        """Return when each row's label is active."""
        of, by = (known[name] for name in self.bases)
        present: NDArray[np.bool_] = of.present & by.present
        values = as_objects(np.zeros((0, 3)) for _ in present)
        rows = np.flatnonzero(present)
        flags = self._of.label_flags(of.values[rows])[:, self._labels]
        for row, own in zip(rows.tolist(), flags, strict=True):
            values[row] = self._timed(np.flatnonzero(own).tolist(), by.values[row])
        return Known(values, present)

    def combine(self, *parts: Values) -> Values:
        """Return the probabilities of frames [T, K] from those of the clip [1, K] and of activity."""
        outputs, telling = parts
        spread: Values = outputs[:, self._outputs] * self._active.probability(telling) ** self.exponent
        return spread

    def _timed(self, codes: list[int], activity: Values) -> Values:
        """Return the events [E, 3] of a clip from its labels and the events of activity."""
        active = activity[self._active.among(activity[:, 2])]
        if not codes or not len(active):
            return np.zeros((0, 3))
        if is_weak(active) or len(codes) > 1:
            return weak_labels(codes)
        active[:, 2] = codes[0]
        return united(active)
