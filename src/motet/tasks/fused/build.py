"""From settings to fused tasks. All that can be refused is refused here, before anything is trained."""

from collections.abc import Callable, Mapping
from typing import Any

from motet.config.wording import did_you_mean
from motet.errors import ConfigError
from motet.tasks.classification import Binary, Multiclass, Multilabel
from motet.tasks.events.task import Events
from motet.tasks.fused.combinations import joint_labels
from motet.tasks.fused.condition import Condition
from motet.tasks.fused.fused import Fused, Known
from motet.tasks.fused.gate import Gate
from motet.tasks.fused.gate_in_time import GateInTime
from motet.tasks.fused.in_time import labels_in_time, settings_in_time
from motet.tasks.fused.mean import Mean
from motet.tasks.fused.order import AnyFuse
from motet.tasks.fused.product import Product
from motet.tasks.fused.product_in_time import ProductInTime
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
    first, framed = next(iter(bases.values())), _framed(bases)
    if framed and (isinstance(settings, ProductSettings) or not first.per_frame):
        return settings_in_time(framed[0])
    return MulticlassSettings() if isinstance(settings, ProductSettings) else first.settings


def labels_of(settings: AnyFuse, bases: Mapping[str, Task], known: Mapping[str, Known]) -> tuple[str, ...]:
    """Return the labels of a fused task, from the tasks that it is made of and from their targets in all data."""
    if isinstance(settings, ProductSettings):
        return joint_labels(settings, [*bases.values()], [known[name] for name in bases])
    first = next(iter(bases.values()))
    if isinstance(settings, GateSettings) and _kind(settings, bases) is GateInTime:
        return labels_in_time(first, settings.nothing)
    return first.labels


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
    twice = [base for base in settings.made_of if settings.made_of.count(base) > 1]
    if twice:
        raise ConfigError(f"fuse.{name}: is made of {twice[0]!r} twice; name each task once")
    bases = {base: tasks[base] for base in settings.made_of}
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
    name: str,
    settings: AnyFuse,
    own: Any,
    labels: tuple[str, ...],
    bases: Mapping[str, Task],
    build: BuildTask,
    *,
    truth: Task | None = None,
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
    truth
        The task whose targets score it, where its settings name one.

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
    _check_kind(name, settings, task, bases)
    if truth is not None and _described(truth) != _described(task):
        raise ConfigError(
            f"fuse.{name}.truth: {truth.name!r} is {_described(truth)}, but what it scores is {_described(task)}; name "
            "a task of that kind with these labels, or leave it out"
        )
    return _kind(settings, bases)(settings, task, bases)


def _kind(settings: AnyFuse, bases: Mapping[str, Task]) -> Callable[..., Fused]:
    """Return the class of a fused task."""
    if _framed(bases) and isinstance(settings, ProductSettings):
        return ProductInTime
    if _framed(bases) and isinstance(settings, GateSettings) and not bases[settings.of].per_frame:
        return GateInTime
    return _KINDS[type(settings)]


def _framed(bases: Mapping[str, Task]) -> list[Task]:
    return [task for task in bases.values() if task.per_frame]


def _check_kind(name: str, settings: AnyFuse, task: Task, bases: Mapping[str, Task]) -> None:
    """Refuse a task of a kind that what it is made of cannot be told as."""
    first, in_time = next(iter(bases.values())), bool(_framed(bases))
    exclusive = not in_time and (isinstance(settings, ProductSettings) or exclude_each_other(first))
    num_outputs = len(task.labels if exclusive or in_time else first.output_names)
    if (
        exclude_each_other(task) != exclusive
        or isinstance(task, Events) != in_time
        or len(task.output_names) != num_outputs
    ):
        kind = "multiclass" if exclusive else "events" if in_time else f"of {first.name!r}"
        raise ConfigError(
            f"fuse.{name}.task: is {task.kind}, which cannot be told from what it is made of "
            f"({', '.join(f'{base}: {own.kind}' for base, own in bases.items())}); give it the kind {kind}"
        )


def _mismatches(name: str, settings: AnyFuse, bases: Mapping[str, Task]) -> list[str]:
    """Return why tasks cannot be fused in this way."""
    if isinstance(settings, ProductSettings):
        return _unjoined(name, bases)
    first, *others = bases.values()
    if isinstance(settings, MeanSettings):
        return [
            f"fuse.{name}: a mean is of tasks with equal labels and of one kind, but {first.name!r} is "
            f"{_described(first)} and {other.name!r} is {_described(other)}; make them alike, or leave one out"
            for other in others
            if _side_by_side(other) != _side_by_side(first) or other.labels != first.labels
        ]
    (by,) = others
    if isinstance(settings, ConditionSettings) and not has_one_label(by):
        return [f"fuse.{name}.by: {by.name!r} is {by.kind}, but a scene is one label of several; name such a task"]
    return []


def _unjoined(name: str, bases: Mapping[str, Task]) -> list[str]:
    """Return why tasks cannot be joined to a product."""
    framed = [task.name for task in _framed(bases)]
    several = (
        [
            f"fuse.{name}: a product has one task of frames at most, but {' and '.join(map(repr, framed))} are told "
            "frame by frame; leave one out, or gate one by the other"
        ]
        if len(framed) > 1
        else []
    )
    return several + [
        f"fuse.{name}: a product joins tasks of one label each, but {base!r} is {task.kind}; leave it out"
        for base, task in bases.items()
        if not has_one_label(task) and not task.per_frame
    ]


def _side_by_side(task: Task) -> str:
    """Return how labels stand to each other."""
    return "binary" if isinstance(task, Binary) else "multiclass" if exclude_each_other(task) else "multilabel"


def _described(task: Task) -> str:
    return f"{'events' if task.per_frame else _side_by_side(task)} ({', '.join(task.labels)})"
