"""Tasks made of tasks: new targets computed from others, row by row; see `motet.data.relabel_settings`."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from motet.config.wording import did_you_mean
from motet.data.dataset import DataSet
from motet.data.relabel import relabelled
from motet.data.relabel_settings import (
    ActivitySettings,
    BinsSettings,
    CopySettings,
    DistancesSettings,
    GroupsSettings,
    LabelSetSettings,
    ProductSettings,
)
from motet.data.table import ABSENT, Coded
from motet.errors import ConfigError, DataError
from motet.sources.example import Target, is_events, label_set
from motet.sources.trace import Trace
from motet.tasks.labels import label_text

AnyDerived = (
    GroupsSettings
    | CopySettings
    | LabelSetSettings
    | DistancesSettings
    | ActivitySettings
    | ProductSettings
    | BinsSettings
)


def derive(data_set: DataSet, name: str, settings: AnyDerived) -> DataSet:
    """Return a view with one more target.

    Raises
    ------
    DataError
        If there is a target of this name already, one that it is made of is missing or of another kind.

    Examples
    --------
    >>> from motet.signals.recording import Recording
    >>> from motet.sources.example import Example
    >>> voices = [Example(word, {"signal": Recording(None)}, {"emotion": word}) for word in ("calm", "fearful", "sad")]
    >>> stress = GroupsSettings(of="emotion", labels={"no": ["calm"], "yes": ["fearful"]})
    >>> list(derive(DataSet.of("voices", voices), "stress", stress).targets("stress"))
    ['no', 'yes', None]
    """
    where = f"data set '{data_set.name}', derived task '{name}'"
    if name in data_set.task_names:
        raise DataError(f"{where}: there is a target of this name already; give the derived one another name")
    missing = [base for base in settings.needs if base not in data_set.task_names]
    if missing:
        raise DataError(
            f"{where}: no example has a target '{missing[0]}'{did_you_mean(missing[0], data_set.task_names)}; its "
            f"targets are {', '.join(data_set.task_names) or 'none'}"
        )
    columns = [data_set.table.targets[base] for base in settings.needs]
    try:
        column = _product(columns, settings) if isinstance(settings, ProductSettings) else _each(columns[0], settings)
    except DataError as error:
        raise DataError(*(f"{where}: {problem}" for problem in error.problems)) from error
    return replace(data_set, table=replace(data_set.table, targets={**data_set.table.targets, name: column}))


def in_order(derived: Mapping[str, AnyDerived]) -> dict[str, AnyDerived]:
    """Return derived tasks so that each comes after those that it is made of.

    Raises
    ------
    ConfigError
        If some are made of each other.
    """
    ordered: dict[str, AnyDerived] = {}
    waiting = dict(derived)
    while waiting:
        ready = [name for name, settings in waiting.items() if not any(base in waiting for base in settings.needs)]
        if not ready:
            how = "are made of each other" if len(waiting) > 1 else "is made of itself"
            raise ConfigError(f"derive: {', '.join(waiting)} {how}; make one of them of a target")
        ordered |= {name: waiting.pop(name) for name in ready}
    return ordered


def without_targets(data_set: DataSet, settings: AnyDerived) -> str | None:
    """Return why distances are known of no row of a data set, and what to do; None where they are known of some."""
    if not isinstance(settings, DistancesSettings):
        return None
    targets = data_set.table.targets[settings.of].values
    if any(_distances(target, settings) is not None for target in targets):
        return None
    events = [event for target in targets if is_events(target) for event in target]
    counted = [event for event in events if settings.labels is None or event.label in settings.labels]
    if not counted:
        found = "only labels without times" if any(isinstance(target, frozenset) for target in targets) else "no events"
        return (
            f"distances are those from onsets and to offsets, but of {settings.of!r} there are {found}; name a "
            "task of events with times, or leave it out"
        )
    longest_s = max(event.offset_s - event.onset_s for event in counted)
    return (
        f"no event of {settings.of!r} is heard at one of the moments, which come every {settings.step_s:g} s: the "
        f"longest lasts {longest_s:g} s; lower step_s"
    )


def default_kind(targets: Coded[Any], settings: AnyDerived) -> str:
    """Return the kind of task that derived targets are, unless `tasks` says otherwise."""
    if isinstance(settings, DistancesSettings):
        return "time_regression"  # also where no row has any
    first = next(iter(targets.values), None)
    if isinstance(first, frozenset):
        return "multilabel"
    if is_events(first):
        return "events"
    if isinstance(first, Trace):
        return "time_regression"
    return "regression" if isinstance(first, float | tuple) else "multiclass"


def _each(column: Coded[Any], settings: AnyDerived) -> Coded[Any]:
    """Derive every different value once."""
    if isinstance(settings, CopySettings):
        return column
    rule = _rule(settings)
    values = [rule(value) for value in column.values]
    known = list(dict.fromkeys(value for value in values if value is not None))
    codes = [ABSENT if value is None else known.index(value) for value in values]
    return Coded(np.asarray([*codes, ABSENT], dtype=np.int32)[column.codes], tuple(known))


def _rule(settings: AnyDerived) -> Callable[[Target], Target | None]:
    match settings:
        case GroupsSettings():
            names = {label: group for group, labels in settings.labels.items() for label in labels}
            return lambda target: relabelled(target, lambda label: names.get(label, settings.rest))
        case LabelSetSettings():
            return label_set
        case DistancesSettings():
            return lambda target: _distances(target, settings)
        case ActivitySettings():
            nothing = frozenset(settings.nothing)
            return lambda target: settings.present if label_set(target) - nothing else settings.absent
        case BinsSettings():
            return lambda target: settings.labels[bisect_right(settings.edges, _number(target, settings.of))]
    raise AssertionError("a product has columns of its own")


def _distances(target: Target, settings: DistancesSettings) -> Trace | None:
    """Return the seconds since the onset and until the offset of the event that is heard; None where none ever is."""
    if isinstance(target, frozenset):
        return None  # labels without times
    if not is_events(target):
        raise DataError(f"distances are those of events, but {settings.of!r} has the target {target!r}")
    events = sorted(event for event in target if settings.labels is None or event.label in settings.labels)
    last_s = max((event.offset_s for event in events), default=0.0)
    times_s = np.arange(int(last_s / settings.step_s) + 1) * settings.step_s
    values = np.full((len(times_s), 2), np.nan)
    for event in events:
        inside = (times_s >= event.onset_s) & (times_s < event.offset_s)
        values[inside] = np.stack([times_s - event.onset_s, event.offset_s - times_s], axis=1)[inside]
    return None if np.isnan(values).all() else Trace(times_s, values, ("since_onset", "until_offset"))


def _number(target: Target, task: str) -> float:
    if isinstance(target, int | float):
        return float(target)
    raise DataError(f"bins divide numbers, but {task!r} has the target {target!r}; use groups for labels")


def _product(columns: list[Coded[Any]], settings: ProductSettings) -> Coded[Any]:
    for base, column in zip(settings.of, columns, strict=True):
        if any(isinstance(value, frozenset | tuple | float) for value in column.values):
            raise DataError(f"a product joins single labels, but {base!r} has others; leave it out")
    codes = np.stack([column.codes for column in columns], axis=1)
    held = (codes != ABSENT).all(axis=1)
    pairs, numbers = np.unique(codes[held], axis=0, return_inverse=True)
    labels = [
        settings.separator.join(label_text(column.values[code]) for column, code in zip(columns, pair, strict=True))
        for pair in pairs.tolist()
    ]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice is not None:
        raise DataError(f"two combinations are called {twice!r}; choose another separator")
    joined = np.full(len(codes), ABSENT, dtype=np.int32)
    joined[held] = numbers.reshape(-1)
    return Coded(joined, tuple(labels))
