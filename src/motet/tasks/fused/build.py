"""From settings to fused tasks. All that can be refused is refused here, before anything is trained."""

from collections.abc import Callable, Mapping
from typing import Any

from motet.config.wording import did_you_mean
from motet.errors import ConfigError
from motet.tasks.classification import Binary, Multiclass, Multilabel
from motet.tasks.events.task import Events
from motet.tasks.fused.condition import Condition
from motet.tasks.fused.fused import Fused, Known
from motet.tasks.fused.gate import Gate
from motet.tasks.fused.mean import Mean
from motet.tasks.fused.order import AnyFuse
from motet.tasks.fused.product import Product, joint_labels
from motet.tasks.fused.rows import exclude_each_other, has_one_label
from motet.tasks.fused.settings import ConditionSettings, GateSettings, MeanSettings, ProductSettings
from motet.tasks.settings import MulticlassSettings
from motet.tasks.task import Task

BuildTask = Callable[[Any, str, tuple[str, ...]], Task]
"""Returns a task of some settings, a name and labels."""

_KINDS: Mapping[type, Callable[..., Fused]] = {
    GateSettings: Gate,
    ConditionSettings: Condition,
    ProductSettings: Product,
    MeanSettings: Mean,
}


def task_settings(settings: AnyFuse, bases: Mapping[str, Task]) -> Any:
    """Return the settings of the task that decides and scores: its own, else those of what it is made of."""
    if settings.task is not None:
        return settings.task
    return MulticlassSettings() if isinstance(settings, ProductSettings) else next(iter(bases.values())).settings


def labels_of(settings: AnyFuse, bases: Mapping[str, Task], known: Mapping[str, Known]) -> tuple[str, ...]:
    """Return the labels of a fused task, from the tasks that it is made of and from their targets in all data."""
    if isinstance(settings, ProductSettings):
        return joint_labels(settings, [*bases.values()], [known[name] for name in bases])
    return next(iter(bases.values())).labels


def bases_of(name: str, settings: AnyFuse, tasks: Mapping[str, Task]) -> dict[str, Task]:
    """Return the tasks that a fused task is made of.

    Raises
    ------
    ConfigError
        If one is not there, or is none that can be fused like this.
    """
    missing = [base for base in settings.needs if base not in tasks]
    if missing:
        raise ConfigError(
            *(
                f"fuse.{name}: there is no task {base!r}{did_you_mean(base, tasks)}; tasks are {', '.join(tasks)}"
                for base in missing
            )
        )
    twice = [base for base in settings.needs if settings.needs.count(base) > 1]
    if twice:
        raise ConfigError(f"fuse.{name}: is made of {twice[0]!r} twice; name each task once")
    bases = {base: tasks[base] for base in settings.needs}
    problems = [
        f"fuse.{name}: {base!r} has no probabilities of labels, but is {task.kind}; fuse binary, "
        "multiclass, multilabel, events, activity or onsets"
        for base, task in bases.items()
        if not isinstance(task, Binary | Multiclass | Multilabel | Events)
    ]
    problems += _mismatches(name, settings, bases)
    if problems:
        raise ConfigError(*problems)
    return bases


def build_fused(
    name: str, settings: AnyFuse, own: Any, labels: tuple[str, ...], bases: Mapping[str, Task], build: BuildTask
) -> Fused:
    """Build a fused task.

    Parameters
    ----------
    own
        The settings of the task that decides and scores.
    labels
        Its labels.
    bases
        What `bases_of` returned.

    Raises
    ------
    ConfigError
        If the settings do not fit the tasks.
    """
    if isinstance(settings, ProductSettings) and len(labels) < 2:
        raise ConfigError(
            f"fuse.{name}: {len(labels)} combinations of {' and '.join(map(repr, bases))} occur; a product wants rows "
            "with targets of all of them"
        )
    task = build(own, name, labels)
    if task.labels != labels:
        raise ConfigError(
            f"fuse.{name}.task: has the labels {', '.join(task.labels[:12])}, but what it is made of gives "
            f"{', '.join(labels[:12])}; leave its labels out"
        )
    first = next(iter(bases.values()))
    exclusive = isinstance(settings, ProductSettings) or exclude_each_other(first)
    framed = False if isinstance(settings, ProductSettings) else first.per_frame
    if (
        exclude_each_other(task) != exclusive
        or task.per_frame != framed
        or len(task.output_names) != len(labels if exclusive else first.output_names)
    ):
        raise ConfigError(
            f"fuse.{name}.task: is {task.kind}, which cannot be told from what it is made of "
            f"({', '.join(f'{base}: {own.kind}' for base, own in bases.items())}); give it the kind "
            f"{'multiclass' if exclusive else 'of ' + repr(first.name)}"
        )
    return _KINDS[type(settings)](settings, task, bases)


def _mismatches(name: str, settings: AnyFuse, bases: Mapping[str, Task]) -> list[str]:
    """Return why tasks cannot be fused in this way."""
    first, *others = bases.values()
    if isinstance(settings, ProductSettings):
        return [
            f"fuse.{name}: a product joins tasks of one label each, but {base!r} is {task.kind}; leave it out"
            for base, task in bases.items()
            if not has_one_label(task)
        ]
    if isinstance(settings, MeanSettings):
        return [
            f"fuse.{name}: a mean is of tasks with equal labels and of one kind, but {first.name!r} is "
            f"{_described(first)} and {other.name!r} is {_described(other)}; make them alike, or leave one out"
            for other in others
            if _described(other) != _described(first)
        ]
    (by,) = others
    if isinstance(settings, ConditionSettings) and not has_one_label(by):
        return [f"fuse.{name}.by: {by.name!r} is {by.kind}, but a scene is one label of several"]
    if by.per_frame and not first.per_frame:
        return [
            f"fuse.{name}.by: {by.name!r} is told frame by frame and {first.name!r} once a recording; gate a task of "
            "frames, or by a task of recordings"
        ]
    return []


def _described(task: Task) -> str:
    kind = "binary" if isinstance(task, Binary) else "multiclass" if exclude_each_other(task) else "multilabel"
    return f"{'events' if task.per_frame else kind} ({', '.join(task.labels)})"
