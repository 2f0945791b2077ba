"""The tasks of an experiment: what the settings declare, else what the sources know, with labels listed once."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter

from motet import catalog
from motet.config import Settings
from motet.data.dataset import DataSet
from motet.errors import ConfigError, DataError
from motet.experiment.settings import CompleteDataSet
from motet.sources.source import Source
from motet.tasks.settings import TaskSettings
from motet.tasks.task import Task

_TASK: TypeAdapter[Settings] = TypeAdapter(TaskSettings)


def tasks_of(name: str, settings: CompleteDataSet, source: Source, data_set: DataSet) -> dict[str, Settings]:
    """Return the settings of a data set's tasks by name.

    Raises
    ------
    ConfigError
        If a task is declared whose targets no example has, or none is declared nor known.
    """
    declared: Mapping[str, Settings] | None = settings.tasks
    tasks = dict(declared or {task: _TASK.validate_python(known) for task, known in source.tasks().items()})
    there = ", ".join(data_set.task_names) or "none"
    unknown = [task for task in tasks if task not in data_set.task_names]
    if unknown:
        raise ConfigError(
            *(
                f"data.{name}.tasks.{task}: no example has a target of this name (there are: {there})"
                for task in unknown
            )
        )
    if not tasks:
        raise ConfigError(f"data.{name}.tasks: name at least one task (the examples have targets: {there})")
    return tasks


def build_tasks(settings: Mapping[str, Settings], targets: Callable[[str], list[Any]]) -> dict[str, Task]:
    """Build every task; labels that are not declared are listed over all data sets, so folds agree on them.

    Parameters
    ----------
    targets
        Returns every different target of a task.
    """
    return {name: _build(name, own, targets(name)) for name, own in settings.items()}


def check_monitor(monitor: str | None, tasks: Mapping[str, Task]) -> None:
    """Look at `training.monitor` once the tasks are known that only a source knows of.

    Raises
    ------
    ConfigError
        If it names a task or a metric that there is not.
    """
    if monitor is None:
        return
    task, _, metric = monitor.partition(".")
    known = [f"{name}.{own}" for name, each in tasks.items() for own in each.metrics.names]
    if task not in tasks or metric not in tasks[task].metrics.names:
        raise ConfigError(f"training.monitor: there is no {monitor!r}; there is {', '.join(known)}")


def listed_labels(name: str, settings: Settings, targets: Iterable[Any]) -> tuple[str, ...]:
    """Return the labels that a task is built with: those among its raw targets.

    Raises
    ------
    DataError
        If the targets are none of such a task.
    """
    try:
        labels: tuple[str, ...] = catalog.component_class("task", settings).collect_labels(targets)
    except DataError as error:
        raise DataError(*(f"task {name!r}: {problem}" for problem in error.problems)) from error
    return labels


def _build(name: str, settings: Settings, targets: list[Any]) -> Task:
    task: Task = catalog.build("task", settings, name, listed_labels(name, settings, targets))
    return task
