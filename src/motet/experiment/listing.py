"""Data sets as an experiment lists them: rows, tasks and pipelines, before anything is decoded."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from motet import catalog
from motet.config import Settings
from motet.data.corpus import Corpus, raw_targets, shared_settings
from motet.data.dataset import DataSet
from motet.errors import ConfigError
from motet.experiment.settings import CompleteDataSet, Experiment
from motet.experiment.tasks import build_tasks, tasks_of
from motet.pipeline import InputSettings
from motet.sources.iterables import IterableSource
from motet.tasks.task import Task


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """A data set that is listed but not read.

    Parameters
    ----------
    data_set
        Its rows.
    settings
        Its settings, complete.
    tasks
        Settings of its tasks, by name.
    inputs
        The pipeline of every input of the network, by name, and the recording that it reads.
    """

    data_set: DataSet
    settings: CompleteDataSet
    tasks: dict[str, Settings]
    inputs: dict[str, tuple[str, InputSettings]]


def list_data(experiment: Experiment) -> dict[str, Listed]:
    """List every data set, without decoding anything.

    Raises
    ------
    DataError, ConfigError
        If a source finds nothing, or its examples do not fit the settings.
    """
    return {name: _list(experiment, name) for name in experiment.data}


def build_corpus(listed: Mapping[str, Listed]) -> Corpus:
    """Encode the targets of listed data sets."""
    data_sets = {name: part.data_set for name, part in listed.items()}
    uses = {name: tuple(part.tasks) for name, part in listed.items()}
    settings = shared_settings({name: part.tasks for name, part in listed.items()})
    tasks: dict[str, Task] = build_tasks(settings, lambda task: raw_targets(data_sets, uses, task))
    return Corpus(data_sets, tasks, uses)


def _list(experiment: Experiment, name: str) -> Listed:
    settings = experiment.data_set(name)
    source = catalog.build("source", settings.source)
    if not hasattr(source, "examples"):
        source = IterableSource(source)
    data_set = DataSet.of(name, source.examples(settings.signal.reader))
    tasks = tasks_of(name, settings, source, data_set)
    targets = {task: data_set.table.targets[task] for task in tasks}
    data_set = replace(data_set, table=replace(data_set.table, targets=targets))
    if settings.limit is not None:
        data_set = data_set.limit(settings.limit, seed=experiment.seed)
    return Listed(data_set, settings, tasks, _inputs(name, settings, data_set))


def _inputs(name: str, settings: CompleteDataSet, data_set: DataSet) -> dict[str, tuple[str, InputSettings]]:
    """Return for every input of the network the recording that it reads and its pipeline."""
    recordings = data_set.input_names
    features: Any = settings.features
    if not isinstance(features, dict):
        return {recording: (recording, _pipeline(settings, features)) for recording in recordings}
    if len(recordings) == 1:
        return {feature: (recordings[0], _pipeline(settings, features[feature])) for feature in features}
    if set(features) != set(recordings):
        raise ConfigError(
            f"data.{name}.features: named {', '.join(features)}, but the examples have the recordings "
            f"{', '.join(recordings)}; give each recording a feature of its name, or one feature to all"
        )
    return {feature: (feature, _pipeline(settings, features[feature])) for feature in features}


def _pipeline(settings: CompleteDataSet, feature: Any) -> InputSettings:
    return InputSettings.model_construct(signal=settings.signal, feature=feature)
