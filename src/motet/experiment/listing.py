"""Data sets as an experiment lists them: rows, tasks and pipelines, before anything is decoded."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from motet import catalog
from motet.config import Settings, UserComponent
from motet.config.wording import did_you_mean
from motet.data.corpus import Corpus, raw_targets, shared_settings
from motet.data.dataset import DataSet
from motet.data.derive import default_kind
from motet.data.table import ABSENT, Coded
from motet.errors import ConfigError, DataError
from motet.experiment.inputs import inputs_of
from motet.experiment.relabelling import Basis, by_task, check_derived, derive_tasks, relabel
from motet.experiment.settings import CompleteDataSet, Experiment
from motet.experiment.tasks import build_tasks, check_agreement, labels_in, tasks_of
from motet.pipeline import InputSettings
from motet.sources.iterables import IterableSource
from motet.sources.source import Source
from motet.sources.strings import Strings
from motet.tasks.map_settings import DenseSettings
from motet.tasks.task import Task

logger = logging.getLogger("motet")


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
    labels
        The labels of its tasks, by name, before any row was left out to try things out.
    bases
        By the name of each derived task, what it is made of.
    """

    data_set: DataSet
    settings: CompleteDataSet
    tasks: dict[str, Settings]
    inputs: dict[str, tuple[str, InputSettings]]
    labels: dict[str, tuple[str, ...]]
    bases: dict[str, Basis]


def list_data(experiment: Experiment, *, whole: bool = True) -> dict[str, Listed]:
    """List every data set, without decoding anything.

    Parameters
    ----------
    whole
        Whether every label that the settings name must occur. Other data, evaluated with a model, may lack some.

    Raises
    ------
    DataError, ConfigError
        If a source finds nothing, or its examples do not fit the settings.
    """
    listed = {name: list_data_set(experiment, name, whole=whole) for name in experiment.data}
    check_whole(experiment, listed, whole=whole)
    return listed


def check_whole(experiment: Experiment, listed: Mapping[str, Listed], *, whole: bool) -> None:
    """Refuse derived tasks and signals of inputs that no data set has, where the data are those of a training."""
    if whole:
        _check_signals(listed)
        check_derived(experiment.derive, [part.bases for part in listed.values()])


def _check_signals(listed: Mapping[str, Listed]) -> None:
    """Refuse `signal.inputs` of what is neither a feature nor a recording anywhere."""
    there = {
        name: part.settings.features if isinstance(part.settings.features, dict) else part.data_set.input_names
        for name, part in listed.items()
    }
    every = list(dict.fromkeys(str(own) for inputs in there.values() for own in inputs))
    unknown = {own: None for part in listed.values() for own in part.settings.signal.inputs if own not in every}
    if unknown:
        raise ConfigError(
            *(
                f"signal.inputs.{own}: there is no input {own!r}{did_you_mean(own, every)}; inputs are "
                f"{', '.join(every)}"
                for own in unknown
            )
        )


def data_sets(experiment: Experiment) -> dict[str, DataSet]:
    """Return the data sets of an experiment by name, listed and not decoded, to look at or to take views of.

    A view (`select`, `filter`, `limit`, `limit_labels`, `drop_label`, `upsample`, `downsample`) can be the `source`
    of a data set.

    Examples
    --------
    >>> experiment = Experiment(data={"scenes": {"source": {"kind": "generated", "examples": 12, "classes": 3}}})
    >>> data_sets(experiment)["scenes"].describe()["rows"]
    12
    """
    return {name: part.data_set for name, part in list_data(experiment).items()}


def build_corpus(
    listed: Mapping[str, Listed], tasks: Mapping[str, Task] | None = None, *, taught: Collection[str] = ()
) -> Corpus:
    """Encode the targets of listed data sets.

    Parameters
    ----------
    tasks
        Those of a model, whose labels may be more than these data hold; None to list labels from the data.
    taught
        The tasks that a teacher teaches.

    Raises
    ------
    ConfigError
        If a data set has a task that the model has not, or nothing tells the labels of one that is only taught.
    DataError
        If a target cannot be encoded.
    """
    data_sets = {name: part.data_set for name, part in listed.items()}
    uses = {name: tuple(part.tasks) for name, part in listed.items()}
    if tasks is not None:
        foreign = [
            f"data.{name}.tasks.{task}: the model has no such task; it has {', '.join(tasks)}"
            for name, own in uses.items()
            for task in own
            if task not in tasks
        ]
        if foreign:
            raise ConfigError(*foreign)
        used = {task for own in uses.values() for task in own}
        return Corpus(data_sets, {name: task for name, task in tasks.items() if name in used}, uses, taught)
    by_data_set = {name: part.tasks for name, part in listed.items()}
    check_agreement({name: _of_targets(part) for name, part in listed.items()}, by_data_set)
    settings = shared_settings(by_data_set)
    _check_labels_known(listed, settings, taught)
    built: dict[str, Task] = build_tasks(settings, lambda task: raw_targets(data_sets, uses, task))
    return Corpus(data_sets, built, uses, taught)


def list_data_set(experiment: Experiment, name: str, *, whole: bool = True) -> Listed:
    """List one data set; of the experiment, only that data set's settings, `derive`, the seed and what is read count.

    Parameters
    ----------
    whole
        As for `list_data`.

    Raises
    ------
    DataError, ConfigError
        As `list_data`.
    """
    settings = experiment.data_set(name)
    source, data_set = _read(name, settings)
    mapless = _mapless(experiment, name, settings, data_set)
    data_set = with_own_maps(data_set, settings.tasks or {}, without=mapless)
    known = source.tasks()
    data_set = relabel(data_set, settings, tuple(known if settings.tasks is None else settings.tasks), whole=whole)
    data_set, bases = derive_tasks(data_set, settings.derive, experiment.derive, whole=whole)
    data_set = with_no_targets(data_set, [task for task in settings.tasks or () if task in experiment.teachers])
    rules = {**experiment.derive, **settings.derive}
    derived = {task: {"kind": default_kind(data_set.table.targets[task], rules[task])} for task in bases}
    tasks = tasks_of(name, settings, {**known, **derived}, data_set)
    data_set = _with_targets(data_set, tasks, settings, whole=whole)
    labels = {task: labels_in(data_set, task, own) for task, own in tasks.items()}
    if not any(_teaches(experiment, name, task) for task in tasks):
        data_set = _labelled(data_set, settings.unlabelled, tuple(tasks))
    data_set = _limited(data_set, settings, tuple(tasks), experiment.seed)
    there = {task: own for task, own in tasks.items() if task not in mapless}
    inputs = inputs_of(name, settings, data_set.input_names, there, experiment.model)
    return Listed(data_set, settings, tasks, inputs, labels, bases)


def _with_targets(data_set: DataSet, tasks: Collection[str], settings: CompleteDataSet, *, whole: bool) -> DataSet:
    """Return a data set with the targets of its tasks, and those that its rows are split, limited or balanced by.

    Raises
    ------
    ConfigError
        If there is no such target.
    """
    there = data_set.task_names
    unknown = {name: option for name, option in settings.used_targets.items() if name not in there}
    if unknown and whole:
        raise ConfigError(
            *(
                f"data.{data_set.name}.{option}: no example has a target {name!r}"
                f"{did_you_mean(name, there)}; there is {', '.join(there)}"
                for name, option in unknown.items()
            )
        )
    stratify = settings.stratify
    named = None if stratify is None else tuple(name for name in stratify if name in there)
    used = [name for name in there if name in settings.used_targets]
    targets = {name: data_set.table.targets[name] for name in dict.fromkeys([*tasks, *used])}
    return replace(data_set, table=replace(data_set.table, targets=targets), stratify=named)


def _teaches(experiment: Experiment, name: str, task: str) -> bool:
    """Tell whether a teacher says something of a task of every training row of a data set, with a target or not."""
    teacher = experiment.teachers.get(task)
    return teacher is not None and teacher.teaches(name)


def _labelled(data_set: DataSet, unlabelled: Literal["keep", "drop"], tasks: Sequence[str]) -> DataSet:
    """Return the rows that have a target, or all, and tell how many have none.

    Parameters
    ----------
    tasks
        Those whose targets count.

    Raises
    ------
    DataError
        If they are to be dropped, and none is left.
    """
    having = np.zeros(len(data_set), dtype=bool)
    for task in tasks:
        having |= data_set.targets(task).present
    without = len(data_set) - int(having.sum())
    if not without or (not tasks and unlabelled == "keep"):
        return data_set
    if unlabelled == "drop" and without == len(data_set):
        raise DataError(
            f"data.{data_set.name}.unlabelled: drop leaves no row, as none has a target"
            f"{' of ' * bool(tasks)}{' or '.join(tasks)}; write keep, or leave it out"
        )
    what = "left out" if unlabelled == "drop" else "kept; unlabelled: drop leaves them out"
    logger.info("data %s: %d of %d rows have no target of %s: %s", data_set.name, without, len(data_set),
                " or ".join(tasks), what)  # fmt: skip
    return data_set.select(np.flatnonzero(having)) if unlabelled == "drop" else data_set


def _limited(data_set: DataSet, settings: CompleteDataSet, tasks: Sequence[str], seed: int) -> DataSet:
    """Return the rows that are used at all."""
    if settings.limit_labels_in == "all":
        where = f"data.{data_set.name}.limit_labels"
        for task, limits in by_task(where, settings.limit_labels, tasks).items():
            data_set = data_set.limit_labels(task, limits, seed=seed)
    return data_set if settings.limit is None else data_set.limit(settings.limit, seed=seed)


def _read(name: str, settings: CompleteDataSet) -> tuple[Source, DataSet]:
    own: Any = settings.source
    if isinstance(own, UserComponent) and isinstance(own.target, DataSet):
        return IterableSource(own.target), replace(own.target, name=name)
    source: Source = catalog.build("source", own)
    if settings.strings is not None:
        source = Strings(source, settings.strings)
    return source, DataSet.of(name, source.examples(settings.signal.reader))


def with_own_maps(data_set: DataSet, tasks: Mapping[str, Settings], *, without: Collection[str] = ()) -> DataSet:
    """Return a data set in which every row has the targets of dense tasks: these are its own maps.

    Parameters
    ----------
    without
        Tasks of whose maps it has none.
    """
    of = {name: settings.of for name, settings in tasks.items() if isinstance(settings, DenseSettings)}
    codes = np.zeros(len(data_set.table.ids), dtype=np.int32)
    maps = {name: Coded(codes, (input_,)) for name, input_ in of.items() if name not in without}
    targets = {**data_set.table.targets, **maps}
    return replace(data_set, table=replace(data_set.table, targets=targets)) if maps else data_set


def _mapless(experiment: Experiment, name: str, settings: CompleteDataSet, data_set: DataSet) -> list[str]:
    """Return the dense tasks whose input a data set lacks, so that its rows learn them of a teacher alone."""
    own = settings.features if isinstance(settings.features, dict) else data_set.input_names
    return [
        task
        for task, each in (settings.tasks or {}).items()
        if isinstance(each, DenseSettings) and each.of not in own and _teaches(experiment, name, task)
    ]


def with_no_targets(data_set: DataSet, taught: Collection[str]) -> DataSet:
    """Return a data set in which tasks that a teacher teaches are known, also where no row has a target of them."""
    absent: Coded[Any] = Coded(np.full(len(data_set.table.ids), ABSENT, dtype=np.int32), ())
    targets = dict.fromkeys(taught, absent) | data_set.table.targets
    return replace(data_set, table=replace(data_set.table, targets=targets)) if taught else data_set


def _of_targets(part: Listed) -> dict[str, tuple[str, ...]]:
    """Return the labels of those tasks that a data set has targets of."""
    return {task: labels for task, labels in part.labels.items() if part.data_set.targets(task).counts()}


def _check_labels_known(listed: Mapping[str, Listed], settings: Mapping[str, Any], taught: Collection[str]) -> None:
    """Refuse tasks that are only taught and declare no labels: the file alone is to say what is predicted."""
    having = {task for part in listed.values() for task in _of_targets(part)}
    problems = [
        f"data.{name}.tasks.{task}.labels: is not given, and no example has a target of {task!r}, which only a teacher "
        "knows; declare the teacher's labels here"
        for name, part in listed.items()
        for task in part.tasks
        if task in taught and task not in having and getattr(settings[task], "labels", ()) is None
    ]
    if problems:
        raise ConfigError(*problems)
