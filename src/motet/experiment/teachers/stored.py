"""What a teacher says of every training row before training begins: of each as a whole, heard in the teacher's own way.

A recording goes the way that those of a data set of the teacher's went: its pipeline, scaling, segments and merge, as
with `motet predict`. Its maps lie in the store beside all others.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from motet.data.corpus import Corpus
from motet.data.dataset import DataSet
from motet.data.loader import Loader
from motet.errors import DataError
from motet.evaluation.predict import predict_batches
from motet.experiment.data import OpenData
from motet.experiment.file_way import check_map
from motet.experiment.preparation import segments_of
from motet.experiment.progress import ProgressFactory, no_progress
from motet.experiment.settings import Experiment
from motet.experiment.teachers.find import Teacher
from motet.experiment.teachers.ways import recording_of_input
from motet.extraction import extract_recordings
from motet.maps import LiveMaps, Maps, StoredMaps
from motet.model import InputDocument, Model
from motet.signals.augment import AugmentationChain
from motet.signals.recording import Recording

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Questions:
    """Asks teachers of the rows of an experiment.

    Parameters
    ----------
    device
        Where the teachers compute.
    workers, progress
        As for `motet.train`.
    """

    experiment: Experiment
    data: OpenData
    device: torch.device
    workers: int | None = None
    progress: ProgressFactory = no_progress

    def ask(self, teacher: Teacher, model: Model, way: str, data_set: DataSet) -> NDArray[Any]:
        """Return the probabilities (values of a regression) of every row of a data set, as the teacher's task.

        They are [n, K], of a task of frames `FrameValues` in an array of objects [n].

        Parameters
        ----------
        way
            The data set of the teacher's whose way the recordings go.

        Raises
        ------
        DataError
            With all recordings that the teacher cannot hear.
        """
        document, settings = model.document.data_sets[way], self.experiment
        maps = {name: self._maps(teacher, model, way, name, data_set) for name in model.read_inputs(way)}
        heard = Corpus({way: replace(data_set, name=way)}, {}, {})
        loader = Loader(heard, {way: maps}, {way: segments_of(model, way)})
        size = settings.evaluation.batch_size or 2 * settings.training.batch_size
        predicted = predict_batches(
            model.to(self.device),
            loader.evaluate(np.arange(len(data_set)), batch_size=size),
            device=self.device,
            merge=lambda row: document.merge,
            wanted=lambda batch: {teacher.there: None},
        )
        return predicted[teacher.there].probabilities

    def _maps(self, teacher: Teacher, model: Model, way: str, name: str, data_set: DataSet) -> Maps:
        """Return the maps of an input of the teacher's, stored where they are not yet."""
        own, pipeline = model.document.data_sets[way].inputs[name], model.pipeline(way, name)
        recordings = _recordings(data_set, recording_of_input(own, data_set, teacher))
        shared = self.data.shared
        store, cache = shared.store(Path(self.experiment.store.path)) if pipeline.identified else shared.own_store()
        bar = self.progress(f"extracting {data_set.name} for {teacher.path}", len(recordings))
        found = extract_recordings(
            pipeline, recordings, store, cache, precision=own.precision, workers=self.workers, progress=bar
        )
        if found.failures:
            raise DataError(
                *found.failures.values(),
                f"{teacher.path}: {len(found.failures)} of {len(recordings)} recordings of data.{data_set.name} cannot "
                "be used as the teacher's were; repair or remove them, or choose a teacher with other features",
            )
        stored = StoredMaps(
            store, store.find(found.keys), pipeline=pipeline, recordings=recordings, precision=own.precision
        )
        return _as_heard(stored, model, way, name, own, f"{teacher.path}, data set {data_set.name!r}")


def _as_heard(stored: StoredMaps, model: Model, way: str, name: str, own: InputDocument, place: str) -> Maps:
    """Return features, also where signals are stored because they were varied when the teacher was trained."""
    pipeline, rate_hz = model.pipeline(way, name), stored.rate_hz
    maps: Maps = stored
    if pipeline.stored == "signal":
        own_rate_hz = pipeline.settings.signal.rate_hz or round(1.0 / stored.grid.step_s, 6)
        maps = LiveMaps(stored, pipeline.feature(own_rate_hz), AugmentationChain(()), seed=0, stage="")
    check_map(place, maps, rate_hz, own)
    return maps


def _recordings(data_set: DataSet, name: str) -> list[Recording[Any]]:
    """Return the recordings of an input; the corpus has checked that none is missing."""
    return [recording for recording in data_set.recordings(name) if recording is not None]
