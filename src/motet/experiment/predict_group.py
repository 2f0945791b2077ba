"""Predicting files that are held in memory together, with every task of a model.

Labels, numbers and events are predicted as evaluation does, segment by segment where it cuts recordings. A map has to
be of the whole recording: where evaluation looks at one segment, maps are predicted from as many as cover it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from motet.data.corpus import Corpus
from motet.data.dataset import DataSet
from motet.data.loader import Loader
from motet.data.segments import Segments
from motet.errors import MotetError
from motet.evaluation.predict import predict_batches
from motet.evaluation.predicted import Predicted
from motet.experiment.file_maps import FileMaps, Place, PredictedMap
from motet.experiment.file_way import FileWay, Items
from motet.experiment.gathered_maps import Gathered
from motet.experiment.map_files import MapFile, MapFiles
from motet.experiment.preparation import segments_of
from motet.maps import Maps
from motet.model import Model
from motet.signals.recording import Recording
from motet.sources.example import Example
from motet.tasks.dense import Dense
from motet.tasks.task import Task


@dataclass(frozen=True, slots=True)
class TaskPrediction:
    """What is predicted of one task.

    Parameters
    ----------
    decision
        A label, a sorted list of labels (multilabel), a number by name (regression), a tuple of entries such as
        events; of a dense task its map, a `Signal` or a `FeatureMap`, or where that was written, the file.
    probabilities
        By label; of a binary task, of the positive one; of a regression, the values again; of frames, the largest; of
        a map none.
    """

    decision: str | list[str] | dict[str, float] | tuple[Any, ...] | PredictedMap | MapFile
    probabilities: dict[str, float]


@dataclass(frozen=True, slots=True)
class Heard:
    """A file as a model hears it.

    Parameters
    ----------
    items
        Its map by input.
    places
        What the maps of it are like that the model predicts, by task.
    """

    items: Items
    places: dict[str, Place]


@dataclass(frozen=True, slots=True)
class GroupPredictor:
    """Predicts files, some at a time.

    Parameters
    ----------
    maps
        What becomes of predicted maps; None where none are predicted.
    files
        Where they are written; None where they are returned.
    batch_size
        Files or segments at once.
    """

    model: Model
    way: FileWay
    maps: FileMaps | None
    files: MapFiles | None
    device: torch.device
    batch_size: int

    def hear(self, path: str) -> Heard:
        """Read a file.

        Raises
        ------
        DataError, ConfigError
            If it cannot be used; the message names it.
        """
        items = self.way.read(path)
        return Heard(items, {} if self.maps is None else self.maps.places(path, items))

    def __call__(self, group: Mapping[str, Heard]) -> dict[str, dict[str, TaskPrediction]]:
        """Return the predictions of every task by path.

        Raises
        ------
        MotetError
            If the model predicts what is not finite.
        """
        maps = self.way.maps([heard.items for heard in group.values()])
        found: dict[str, list[TaskPrediction]] = {}
        for segments, tasks in self._passes():
            gathered = None if self.maps is None else Gathered(self.maps, maps, len(group), segments)
            predicted = self._predict(list(group), maps, segments, tasks, gathered)
            found |= {name: _decided(self.model.scored[name], list(group), part) for name, part in predicted.items()}
            if gathered is not None:
                dense = (name for name in tasks if isinstance(self.model.tasks[name], Dense))
                found |= {name: list(self._whole(name, group, gathered)) for name in dense}
        order = [name for name in self.model.scored if name in found]
        return {path: {name: found[name][row] for name in order} for row, path in enumerate(group)}

    def _passes(self) -> Iterator[tuple[Segments | None, list[str]]]:
        """Yield how files are cut, and the tasks that are predicted from that; two ways only where they differ."""
        own = segments_of(self.model, self.way.data_set)
        covering = None if own is None else own.covering()
        dense = [] if self.maps is None else list(self.maps.tasks)
        others = [name for name, task in self.model.tasks.items() if not isinstance(task, Dense)]
        cuts = [(own, others + dense)] if covering is own else [(own, others), (covering, dense)]
        yield from ((segments, tasks) for segments, tasks in cuts if tasks)

    def _predict(
        self,
        paths: Sequence[str],
        maps: Mapping[str, Maps],
        segments: Segments | None,
        tasks: Sequence[str],
        gathered: Gathered | None,
    ) -> dict[str, Predicted]:
        """Predict some tasks of files; maps are gathered."""
        nowhere: Recording[Any] = Recording(None)  # type: ignore[arg-type]  # the loader reads maps, never recordings
        examples = (Example(id=path, inputs={"file": nowhere}, targets={}) for path in paths)
        corpus = Corpus({self.way.data_set: DataSet.of(self.way.data_set, examples)}, {}, {})
        loader = Loader(corpus, {self.way.data_set: maps}, {self.way.data_set: segments})
        return predict_batches(
            self.model,
            loader.evaluate(np.arange(len(paths)), batch_size=self.batch_size),
            device=self.device,
            merge=lambda row: self.way.document.merge,
            wanted=lambda batch: dict.fromkeys(tasks),
            maps=None if gathered is None else gathered.take,
        )

    def _whole(self, task: str, group: Mapping[str, Heard], gathered: Gathered) -> Iterator[TaskPrediction]:
        """Yield the map of every file, or where they are written, its file."""
        for row, (path, heard) in enumerate(group.items()):
            whole = gathered.whole(task, row, heard.places[task], path)
            kept: PredictedMap | MapFile = whole if self.files is None else self.files.write(task, path, whole)
            yield TaskPrediction(kept, {})


def _decided(task: Task, paths: Sequence[str], predicted: Predicted) -> list[TaskPrediction]:
    broken = np.flatnonzero(~task.finite(predicted.probabilities))
    if len(broken):
        raise MotetError(f"{paths[broken[0]]}: the model predicts values of {task.name!r} that are not finite")
    found = task.describe(predicted.probabilities, task.decide(predicted.probabilities))
    return [TaskPrediction(decision, probabilities) for decision, probabilities in found]
