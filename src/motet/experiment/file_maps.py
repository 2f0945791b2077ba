"""What the maps are like that a model makes of files: which tasks make them, how long they are, when, and how loud.

Axes: C channel, T frame.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motet.errors import ConfigError
from motet.experiment.file_way import FileWay, Items
from motet.features.feature_map import FeatureMap, TimeGrid
from motet.features.settings import WaveformSettings
from motet.model import InputDocument, Model
from motet.signals.signal import Signal
from motet.tasks.dense import Dense
from motet.tasks.map_settings import SiSdrLossSettings

PredictedMap = Signal | FeatureMap
"""A waveform, or any other map."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """What the map of a file is like, whatever is predicted.

    Parameters
    ----------
    frames
        How many there are.
    grid
        Their time in the file.
    gain
        By what preparation multiplied the level of the file, [C, 1] or [1, 1].
    """

    frames: int
    grid: TimeGrid
    gain: NDArray[np.float64]


class FileMaps:
    """The maps of the dense tasks of a model, for files that go the way of one of its data sets.

    Parameters
    ----------
    model
        The model.
    way
        How it reads files.

    Attributes
    ----------
    tasks
        The input that is the target of each dense task.
    fitted
        The input whose level a waveform is brought to, of each task that no loss taught a level.

    Raises
    ------
    ConfigError
        If the data set has no such input, so that nobody knows how its maps are scaled.
    """

    def __init__(self, model: Model, way: FileWay) -> None:
        self.model, self.way = model, way
        self.tasks = {name: model.map_of(name) for name, task in model.tasks.items() if isinstance(task, Dense)}
        for task, of in self.tasks.items():
            if of not in way.document.inputs:
                there = [name for name, own in model.document.data_sets.items() if of in own.inputs]
                raise ConfigError(
                    f"task {task!r} makes the input {of!r}, which {way.data_set!r} does not have; say with --like that "
                    f"recordings go the way of {' or '.join(there)}, or predict without maps"
                )
        self.fitted = {
            name: given
            for name in self.tasks
            if (given := model.map_from(name)) is not None
            and is_waveform(self.of_task(name))
            and is_waveform(way.document.inputs[given])
            and all(isinstance(loss, SiSdrLossSettings) for loss in model.tasks[name].settings.loss)
        }

    def places(self, path: str, items: Items) -> dict[str, Place]:
        """Return what the map of a file is like, by task.

        Raises
        ------
        DataError
            If the file cannot be prepared as the target was.
        """
        return {task: self._place(path, items, task, of) for task, of in self.tasks.items()}

    def of_task(self, task: str) -> InputDocument:
        """Return what the model says of the input that is the target of a task."""
        return self.way.document.inputs[self.tasks[task]]

    def _place(self, path: str, items: Items, task: str, of: str) -> Place:
        """Return the place of a map.

        A target that is made of the file itself lasts as long as its own preparation leaves it. One that was
        another recording lasts as long as the input that is changed into it, and has its level.
        """
        own = self.of_task(task)
        if own.content == "signals" and own.recording == self.way.heard:
            signal, gain = self.model.pipeline(self.way.data_set, of).prepare(self.way.recording(path, own))
            feature = self.model.pipeline(self.way.data_set, of).feature(own.rate_hz)
            samples = round(signal.num_samples * own.rate_hz / signal.rate_hz)
            given = self.fitted.get(task, of)
            level = _level(gain, own) if given == of else self._gain(path, given, own)
            return Place(feature.num_frames(samples), feature.grid(signal.start_s), level)
        name = of if of in items else self.model.map_from(task) or next(iter(items))
        seen = self.way.maps([items])[name]
        frames = int(seen.frames(np.zeros(1, dtype=np.int64))[0])
        if name == of:
            return Place(frames, seen.grid, np.ones((1, 1)))
        ratio = seen.grid.step_s / own.step_s if own.step_s else 0.0
        return Place(max(1, round(frames * ratio)), TimeGrid(own.start_s, own.step_s), self._gain(path, name, own))

    def _gain(self, path: str, name: str, target: InputDocument) -> NDArray[np.float64]:
        """Return the gain of an input that is changed into the target."""
        own, pipeline = self.way.document.inputs[name], self.model.pipeline(self.way.data_set, name)
        if own.content != "signals" or not pipeline.changes_level:
            return np.ones((1, 1))
        _, gain = pipeline.prepare(self.way.recording(path, own))
        return _level(gain, target)


def is_waveform(own: InputDocument) -> bool:
    """Tell whether a map of an input is a waveform: the feature of that name, of signals."""
    return isinstance(own.pipeline.feature, WaveformSettings) and own.content == "signals"


def _level(gain: NDArray[np.float64], target: InputDocument) -> NDArray[np.float64]:
    """Return a gain as that of a target: only that of a waveform of as many channels can be undone."""
    return gain if is_waveform(target) and len(gain) in (1, target.channels) else np.ones((1, 1))
