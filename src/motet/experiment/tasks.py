"""The tasks of an experiment: what the settings declare, else what the sources know, with labels listed once."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from motet import catalog
from motet.config import Settings, UserComponent
from motet.config.wording import did_you_mean
from motet.data.corpus import Corpus
from motet.data.dataset import DataSet
from motet.data.relabel import listed
from motet.data.settings import SegmentSettings, sampled_task
from motet.errors import ConfigError, DataError
from motet.experiment.settings import CompleteDataSet, Experiment
from motet.networks.settings import LOSSES
from motet.sources.source import TaskDefaults
from motet.tasks.kinds import TaskSettings
from motet.tasks.merge import MergeRule
from motet.tasks.sequence import Sequence
from motet.tasks.settings import declared_labels
from motet.tasks.task import Task

_TASK: TypeAdapter[Settings] = TypeAdapter(TaskSettings)


def tasks_of(name: str, settings: CompleteDataSet, defaults: TaskDefaults, data_set: DataSet) -> dict[str, Settings]:
    """Return the settings of a data set's tasks by name.

    Parameters
    ----------
    defaults
        What the source knows of its tasks, and what derived ones are, used where none is declared.

    Raises
    ------
    ConfigError
        If a task is declared whose targets no example has, or none is declared nor known.
    """
    declared: Mapping[str, Settings] | None = settings.tasks
    if declared is None:
        declared = {task: _known(name, task, known) for task, known in defaults.items()}
    there = ", ".join(data_set.task_names) or "none"
    unknown = [task for task in declared if task not in data_set.task_names]
    if unknown:
        raise ConfigError(
            *(
                f"data.{name}.tasks.{task}: no example has a target of this name (there are: {there})"
                for task in unknown
            )
        )
    if not declared and settings.tasks is None:
        raise ConfigError(
            f"data.{name}.tasks: name at least one task (the examples have targets: {there}), or write tasks: {{}} "
            "where the network has losses of its own"
        )
    return dict(declared)


def build_tasks(settings: Mapping[str, Settings], targets: Callable[[str], list[Any]]) -> dict[str, Task]:
    """Build every task; labels that are not declared are listed over all data sets, so folds agree on them.

    Parameters
    ----------
    targets
        Returns every different target of a task.
    """
    return {name: _build(name, own, targets(name)) for name, own in settings.items()}


def check_agreement(
    labels: Mapping[str, Mapping[str, tuple[str, ...]]], settings: Mapping[str, Mapping[str, Settings]]
) -> None:
    """Look whether data sets that share a task have the same labels: those that they declare, or else those found.

    Parameters
    ----------
    labels
        Those found, by data set and task.
    settings
        By data set and task.

    Raises
    ------
    ConfigError
        With the labels of both.
    """
    problems, first = [], dict[str, tuple[str, tuple[str, ...]]]()
    for data_set, own in labels.items():
        for task, found in own.items():
            names = _declared(settings[data_set][task]) or found
            other, theirs = first.setdefault(task, (data_set, names))
            if names and theirs and set(names) != set(theirs):
                problems.append(
                    f"data.{data_set}: the task {task!r} has the labels {listed(names)}, but in data.{other} it has "
                    f"{listed(theirs)}; make them agree with map, merge_labels or drop_labels, declare "
                    f"tasks.{task}.labels in both, or give one task another name with derive: {{kind: copy}}"
                )
    if problems:
        raise ConfigError(*problems)


def check_tasks(experiment: Experiment, corpus: Corpus, fused: Mapping[str, Task]) -> None:
    """Look at what settings say of tasks, once those are known that only a source knows of.

    Parameters
    ----------
    fused
        What decides and scores the fused tasks, by name.

    Raises
    ------
    ConfigError
        If `training.monitor` names a task or a metric that there is not or `sampling` such a task, segments are to be
        merged in a way that a task does not have, or targets in time would no longer belong to their recordings.
    """
    problems = [
        *_check_monitor(experiment.training.monitor, {**corpus.tasks, **fused}),
        *_check_sampling(experiment.sampling, corpus.tasks),
    ]
    for data_set, tasks in corpus.uses.items():
        rule = merge_rule(experiment, data_set)
        problems += [
            f"{_merge_path(experiment, data_set)}: the task {task!r} of data.{data_set} cannot be merged by {rule}; "
            f"choose {', '.join(corpus.tasks[task].merge_rules)}"
            for task in tasks
            if rule not in corpus.tasks[task].merge_rules
        ]
        problems += [
            f"{_place(experiment, data_set, 'segments')}: the task {task!r} of data.{data_set} is a text of the whole "
            "recording, of which a segment would hold a part; leave segments out"
            for task in tasks
            if isinstance(corpus.tasks[task], Sequence) and experiment.data_set(data_set).segments is not None
        ]
        if any(corpus.tasks[task].per_frame for task in tasks):
            problems += _moved_time(experiment, data_set)
    if problems:
        raise ConfigError(*dict.fromkeys(problems))


def merge_rule(experiment: Experiment, data_set: str) -> MergeRule:
    """Return how the segments of a data set's examples become one prediction."""
    if experiment.evaluation.merge is not None:
        return experiment.evaluation.merge
    segments = experiment.data_set(data_set).segments
    return "mean" if segments is None else segments.merge


def listed_labels(name: str, settings: Settings, targets: Iterable[Any]) -> tuple[str, ...]:
    """Return the labels that a task is built with: those among its raw targets.

    Raises
    ------
    DataError
        If the targets are none of such a task.
    """
    collect = getattr(catalog.component_class("task", settings), "collect_labels", None)
    if collect is None:
        return ()  # no task at all, which is told where it is built
    try:
        labels: tuple[str, ...] = collect(targets)
    except DataError as error:
        raise DataError(*(f"task {name!r}: {problem}" for problem in error.problems)) from error
    return labels


def labels_in(data_set: DataSet, task: str, settings: Settings) -> tuple[str, ...]:
    """Return the labels of a task in one data set.

    Raises
    ------
    DataError
        If its targets are none of such a task, naming the first example that is wrong by itself or beside the first.
    """
    targets = data_set.targets(task)
    try:
        return listed_labels(task, settings, targets.counts())
    except DataError:
        there = [(own, target) for own, target in zip(data_set.ids, targets, strict=True) if target is not None]
        for own, target in there:
            alone = _label_problems(task, settings, [target])
            if problems := alone or _label_problems(task, settings, [there[0][1], target]):
                place = f"data set {data_set.name!r}, example {own!r}"
                raise DataError(*(f"{place}: {problem}" for problem in problems)) from None
        raise


def _label_problems(task: str, settings: Settings, targets: Iterable[Any]) -> tuple[str, ...]:
    try:
        listed_labels(task, settings, targets)
    except DataError as error:
        return tuple(error.problems)
    return ()


def _known(data_set: str, task: str, plain: object) -> Settings:
    """Return the settings of a task as a source knows them."""
    try:
        return _TASK.validate_python(plain)
    except ValidationError as error:
        raise ConfigError(
            *(
                f"data.{data_set}.source: its tasks() says of {task!r}: "
                f"{'.'.join(map(str, found['loc']))}: {found['msg']}"
                for found in error.errors(include_url=False)
            )
        ) from error


def _declared(settings: Settings) -> tuple[str, ...]:
    labels = getattr(settings, "labels", None)
    return () if isinstance(settings, UserComponent) else declared_labels(labels)


def _moved_time(experiment: Experiment, data_set: str) -> Iterator[str]:
    """Yield what moves a recording, but not the targets that lie at moments of it."""
    settings, own = experiment.data_set(data_set), experiment.data[data_set]
    where = {part: part if getattr(own, part) is None else f"data.{data_set}.{part}" for part in ("signal", "segments")}
    moving = [
        *(("augment", number, step) for number, step in enumerate(experiment.augment)),
        *((f"{where['signal']}.steps", number, step) for number, step in enumerate(settings.signal.steps)),
        *((f"{where['signal']}.augment", number, step) for number, step in enumerate(settings.signal.augment)),
    ]
    for path, number, step in moving:
        if getattr(step, "kind", None) in ("cut", "time_shift", "trim_silence"):
            yield f"{path}.{number}: {step.kind} moves the recordings of data.{data_set} and not their targets in time"
    if settings.segments is not None and settings.segments.pad != "constant":
        yield (
            f"{where['segments']}.pad: {settings.segments.pad} repeats the recordings of data.{data_set} and not their "
            "targets in time; use constant"
        )
    if settings.segments is not None:
        yield from _uncovered(settings.segments, where["segments"], data_set)


def _uncovered(segments: SegmentSettings, path: str, data_set: str) -> Iterator[str]:
    """Yield that evaluation would not see all frames of a recording, and miss what happens there."""
    length_s, hop_s = segments.length_s, segments.hop_s
    if hop_s is None and length_s != "max":
        remedy = "set it" if isinstance(length_s, str) else f"set it to {length_s:g} or less"
        yield (
            f"{path}.hop_s: is not set, so only one segment of every recording of data.{data_set} would be evaluated, "
            f"but its targets lie all over; {remedy}"
        )
    if hop_s is not None and not isinstance(length_s, str) and hop_s > length_s:
        yield (
            f"{path}.hop_s: is {hop_s:g}, more than length_s {length_s:g}, so frames between segments would never be "
            "evaluated; set it to length_s or less"
        )


def _place(experiment: Experiment, data_set: str, part: str) -> str:
    """Return the path of a part of a data set's settings: its own, or the experiment's."""
    return part if getattr(experiment.data[data_set], part) is None else f"data.{data_set}.{part}"


def _merge_path(experiment: Experiment, data_set: str) -> str:
    if experiment.evaluation.merge is not None:
        return "evaluation.merge"
    return "segments.merge" if experiment.data[data_set].segments is None else f"data.{data_set}.segments.merge"


def _check_monitor(monitor: str | None, tasks: Mapping[str, Task]) -> Iterator[str]:
    if monitor is None or monitor.startswith(f"{LOSSES}."):
        return  # losses of the network's own are looked at where the network is tried
    task, _, metric = monitor.partition(".")
    if task not in tasks or metric not in tasks[task].metrics.names:
        known = [f"{name}.{own}" for name, each in tasks.items() for own in each.metrics.names]
        yield f"training.monitor: there is no {monitor!r}; there is {', '.join(known)}"


def _check_sampling(sampling: Settings, tasks: Collection[str]) -> Iterator[str]:
    task = sampled_task(sampling)
    if task is not None and task not in tasks:
        yield (
            f"sampling.task: there is no task {task!r} that is learned{did_you_mean(task, tasks)}; tasks are "
            f"{', '.join(tasks) or 'none'}"
        )


def _build(name: str, settings: Settings, targets: list[Any]) -> Task:
    task: Task = catalog.build("task", settings, name, listed_labels(name, settings, targets))
    return task
