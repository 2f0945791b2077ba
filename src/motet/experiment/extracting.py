"""The maps of an experiment, put into its store: those of its data sets, and the signals of its noise."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motet.experiment.listing import Listed
from motet.experiment.progress import ProgressFactory
from motet.experiment.settings import Experiment
from motet.experiment.shapes import recordings_of
from motet.experiment.shared_data import SharedData
from motet.extraction import Extraction, extract_recordings
from motet.files import DigestCache
from motet.pipeline import Pipeline, Precision
from motet.signals.recording import Recording
from motet.store.store import Store

logger = logging.getLogger("motet")


@dataclass(frozen=True, slots=True, eq=False)
class Extractor:
    """Computes what a store lacks.

    Parameters
    ----------
    store, cache
        Where maps are kept, and the digests of recordings beside them.
    precision
        Of the maps of data sets. The signals of noise are float32.
    workers
        Processes; None to decide by how long it takes.
    progress
        Called with a label and a total; returns what is called with every count.
    """

    store: Store
    cache: DigestCache
    precision: Precision
    workers: int | None
    progress: ProgressFactory

    def data_set(self, part: Listed) -> dict[str, Extraction]:
        """Store the maps of every input of a data set."""
        name = part.data_set.name
        return {
            input_name: self._extract(
                Pipeline(settings), recordings_of(part, recording), name, precision=self.precision
            )
            for input_name, (recording, settings) in part.inputs.items()
        }

    def noise(self, pipeline: Pipeline, recordings: Sequence[Recording[Any]], name: str) -> Extraction:
        """Store the prepared signals of some recordings of noise."""
        return self._extract(pipeline, recordings, name, precision="float32")

    def _extract(
        self, pipeline: Pipeline, recordings: Sequence[Recording[Any]], name: str, *, precision: Precision
    ) -> Extraction:
        bar = self.progress(f"extracting {name}", len(recordings))
        return extract_recordings(
            pipeline, recordings, self.store, self.cache, precision=precision, workers=self.workers, progress=bar
        )


def open_store(experiment: Experiment, listed: Mapping[str, Listed], shared: SharedData) -> tuple[Store, DigestCache]:
    """Open the experiment's store, or one for this process alone where a Python object made the maps."""
    pipelines = [Pipeline(settings) for part in listed.values() for _, settings in part.inputs.values()]
    if not all(pipeline.identified for pipeline in pipelines):
        logger.warning("a Python object prepares or extracts: its maps are kept for this process only")
        return shared.own_store()
    store, cache = shared.store(Path(experiment.store.path))
    for problem in store.problems():
        logger.warning("%s", problem)
    return store, cache


def log_extractions(data_set: str, extractions: Mapping[str, Extraction]) -> None:
    """Tell how many maps were computed, and how many were there."""
    for input_name, extraction in extractions.items():
        logger.info(
            "data %s, input %s: %d maps computed, %d from the store",
            data_set, input_name, extraction.computed, extraction.reused,
        )  # fmt: skip
