"""What the settings make of a data set's targets before anything is split: see `motet.data.relabel_settings`."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from motet.config.wording import did_you_mean
from motet.data.dataset import DataSet
from motet.data.derive import AnyDerived, derive, in_order, without_targets
from motet.data.relabel import check_labels, drop_labels, labels_of, merge_labels, rename_labels
from motet.data.relabel_settings import ActivitySettings, DistancesSettings, GroupsSettings, flat
from motet.errors import ConfigError, DataError
from motet.experiment.settings import CompleteDataSet

logger = logging.getLogger("motet")


def relabel(data_set: DataSet, settings: CompleteDataSet, tasks: Sequence[str], *, whole: bool = True) -> DataSet:
    """Rename, merge and drop labels, in this order.

    Parameters
    ----------
    tasks
        What is predicted, for settings that need not name the only task.
    whole
        Whether every label that the settings name must occur. Other data, evaluated with a model, may lack some.

    Raises
    ------
    ConfigError
        If the settings name a target that there is not, or no task where there are several.
    DataError
        If a label does not occur, or two labels would be one without being merged.
    """
    name, before = data_set.name, len(data_set)
    dropped = by_task(f"data.{name}.drop_labels", settings.drop_labels, tasks)
    for option, given in (("map", settings.map), ("merge_labels", settings.merge_labels), ("drop_labels", dropped)):
        _check_targets(f"data.{name}.{option}", given, data_set)
    for task, names in settings.map.items():
        data_set = rename_labels(data_set, task, names if whole else _present(data_set, task, names))
        _log(name, task, "map", names)
    for task, groups in settings.merge_labels.items():
        held = groups if whole else {new: list(_present(data_set, task, old)) for new, old in groups.items()}
        data_set = merge_labels(data_set, task, held)
        _log(name, task, "merge_labels", groups)
    for task, labels in dropped.items():
        data_set = drop_labels(data_set, task, labels if whole else list(_present(data_set, task, labels)))
        _log(name, task, "drop_labels", labels)
    if len(data_set) < before:
        logger.info("data %s: %d of %d rows left by drop_labels", name, len(data_set), before)
    return data_set


@dataclass(frozen=True, slots=True)
class Basis:
    """What a derived task is made of in a data set.

    Parameters
    ----------
    labels
        Those that its settings could name; none where they name none.
    problem
        Why no row has a target of it, where that can be said.
    """

    labels: list[str]
    problem: str | None


def derive_tasks(
    data_set: DataSet, own: Mapping[str, AnyDerived], shared: Mapping[str, AnyDerived], *, whole: bool = True
) -> tuple[DataSet, dict[str, Basis]]:
    """Add derived targets: the data set's own, and the experiment's wherever all that they are made of is there.

    Returns
    -------
    DataSet
        With the new targets.
    dict
        By the name of each derived task, what it is made of.

    Raises
    ------
    ConfigError
        If derived tasks are made of each other.
    DataError
        If one of the data set's own cannot be, has no target, or names a label that does not occur.
    """
    bases: dict[str, Basis] = {}
    for name, settings in in_order({**shared, **own}).items():
        if name not in own and not all(base in data_set.task_names for base in settings.needs):
            continue
        if name not in own and name in data_set.task_names:
            continue
        derived = derive(data_set, name, settings)
        labels = named_labels(settings)
        known = labels_of(data_set, settings.needs[0]) if labels else []
        basis = bases[name] = Basis(known, without_targets(data_set, settings))
        if labels and whole and name in own:
            check_labels(data_set, settings.needs[0], labels)
        if basis.problem is not None and whole and name in own:
            raise DataError(f"data set '{data_set.name}', derived task '{name}': {basis.problem}")
        data_set = derived
        logger.info("data %s: task %s is derived (%s) from %s", data_set.name, name, settings.kind,
                    ", ".join(settings.needs))  # fmt: skip
    return data_set, bases


def check_derived(shared: Mapping[str, AnyDerived], bases: Iterable[Mapping[str, Basis]]) -> None:
    """Look at the experiment's derived tasks over all data sets.

    Raises
    ------
    ConfigError
        If no data set has what one is made of, or a target of it, or a label that it names occurs in none of them.
    """
    found = list(bases)
    problems = []
    for name, settings in shared.items():
        held = [own[name] for own in found if name in own]
        if not held:
            problems.append(
                f"derive.{name}: no data set has {' and '.join(map(repr, settings.needs))}, which it is made of; "
                "correct its `of`"
            )
            continue
        known = sorted({label for basis in held for label in basis.labels})
        unknown = [label for label in named_labels(settings) if label not in known]
        option = "nothing" if isinstance(settings, ActivitySettings) else "labels"
        problems += [
            f"derive.{name}.{option}: no data set has the label {label!r} of {settings.needs[0]!r}"
            f"{did_you_mean(label, known)}; there is {', '.join(known)}"
            for label in unknown
        ]
        if not unknown and all(basis.problem for basis in held):
            problems.append(f"derive.{name}: {held[0].problem}")
    if problems:
        raise ConfigError(*problems)


def named_labels(settings: AnyDerived) -> list[str]:
    """Return every label of the task that one is made of which its settings name: in a group, of events, or nothing."""
    match settings:
        case GroupsSettings():
            return [label for labels in settings.labels.values() for label in labels]
        case DistancesSettings():
            return [*(settings.labels or ())]
        case ActivitySettings():
            return [*settings.nothing]
    return []


def by_task(where: str, given: Any, tasks: Sequence[str]) -> dict[str, Any]:
    """Return settings of labels by task.

    Raises
    ------
    ConfigError
        If they name no task where there are several.
    """
    if given is None:
        return {}
    named = flat(given, tasks[0] if len(tasks) == 1 else "")
    if "" in named:
        example = tasks[0] if tasks else "TASK"
        raise ConfigError(
            f"{where}: the data set has the tasks {', '.join(tasks) or 'none'}; say of which these labels are, as in "
            f"{where.rpartition('.')[2]}: {{{example}: ...}}"
        )
    return dict(named)


def _present(data_set: DataSet, task: str, given: Any) -> Any:
    """Return what is said of labels that occur."""
    found = labels_of(data_set, task)
    if isinstance(given, Mapping):
        return {label: value for label, value in given.items() if label in found}
    return [label for label in given if label in found]


def _check_targets(where: str, given: Iterable[str], data_set: DataSet) -> None:
    names = data_set.task_names
    problems = [
        f"{where}.{task}: no example has a target of this name{did_you_mean(task, names)}; there is "
        f"{', '.join(names) or 'none'}"
        for task in given
        if task not in names
    ]
    if problems:
        raise ConfigError(*problems)


def _log(name: str, task: str, option: str, given: Any) -> None:
    logger.info("data %s, task %s: %s %s", name, task, option, given)
