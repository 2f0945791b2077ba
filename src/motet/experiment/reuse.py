"""Whether what is there is what is asked for: runs by their settings and data, stored features by their keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from motet.config import load
from motet.experiment.data import open_data
from motet.experiment.listing import Listed, list_data_set
from motet.experiment.other_runs import OTHERS, describe_runs, other_runs
from motet.experiment.same_run import changed_data, changed_settings, describe_data
from motet.experiment.settings import Experiment
from motet.experiment.shapes import recordings_of
from motet.experiment.shared_data import SharedData, key_of
from motet.files import DigestCache, UnknownDigestError
from motet.pipeline import Pipeline
from motet.runs.folder import RunFolder

State = Literal["missing", "begun", "finished", "outdated"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a run is.

    Parameters
    ----------
    state
        missing: nothing is there; begun: it goes on; finished: it is kept; outdated: settings or data are others now.
    reasons
        Why it is outdated: what differs.
    """

    state: State
    reasons: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class StoredFeatures:
    """What the store holds of one input of one data set.

    Parameters
    ----------
    recordings, stored
        How many there are, and of how many the map is stored.
    new
        How many of those that are not stored were never read before, or changed since.
    """

    data_set: str
    name: str
    recordings: int
    stored: int
    new: int

    def told(self) -> str:
        """Return why maps are reused or computed."""
        missing = self.recordings - self.stored
        parts = [f"{self.stored:,} of {self.recordings:,} maps are stored"]
        if self.new:
            parts.append(f"{self.new:,} recordings are new or changed")
        if missing > self.new:
            parts.append(f"{missing - self.new:,} were never computed with these settings")
        return "; ".join(parts)


def standing_of(folder: RunFolder, experiment: Experiment, shared: SharedData | None = None) -> Standing:
    """Compare a run that may be there with what is asked for.

    Parameters
    ----------
    shared
        Where data are opened, to compare them too; None to compare settings only.
    """
    if not folder.holds_work():
        return Standing("missing")
    reasons = changed_settings(folder, experiment)
    if not reasons and shared is not None and folder.data.is_file():
        with open_data(experiment, shared=shared) as data:
            described = describe_data(data) | describe_runs(other_runs(experiment))
        reasons = [
            f"{name}: is another model now"
            if name.startswith(OTHERS)
            else f"data.{name}: recordings, targets or maps changed"
            for name in changed_data(folder, described)
        ]
    if reasons:
        return Standing("outdated", reasons)
    return Standing("finished" if folder.result.is_file() and _scored_alike(folder, experiment) else "begun")


def stored_features(experiment: Experiment, shared: SharedData) -> list[StoredFeatures]:
    """Look up what the store holds of every input. Recordings whose content is not remembered are read, not decoded.

    Raises
    ------
    DataError
        If a recording cannot be read.
    """
    found: list[StoredFeatures] = []
    for name in experiment.data:
        key = key_of(experiment, name)
        part = shared.once("listed", key, partial(list_data_set, experiment, name))
        found += shared.once("stored", key, partial(_look_up, experiment, part, shared))
    return found


def _look_up(experiment: Experiment, part: Listed, shared: SharedData) -> list[StoredFeatures]:
    folder = Path(experiment.store.path)
    store, cache = shared.store(folder)
    remembered = DigestCache(folder / "digests", reads=False)
    found = []
    for name, (recording, settings) in part.inputs.items():
        pipeline, recordings = Pipeline(settings), recordings_of(part, recording)
        keys, new = [], 0
        for each in recordings:
            try:
                keys.append(pipeline.key(each, remembered, experiment.store.precision))
            except UnknownDigestError:
                key = pipeline.key(each, cache, experiment.store.precision)
                keys.append(key)
                new += bool(store.missing([key]))
        stored = int(store.find(keys).present.sum())
        found.append(StoredFeatures(part.data_set.name, name, len(recordings), stored, new))
    cache.save()
    return found


def _scored_alike(folder: RunFolder, experiment: Experiment) -> bool:
    """Tell whether the figures that are there have the intervals that are asked for."""
    written = load(folder.experiment).root.find(("evaluation", "interval"))
    return written is not None and written.plain() == experiment.evaluation.interval.model_dump(mode="json")
