"""Tables of labels by task and side of a split, statistics of numbers, and what is wrong with them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from motet.data.dataset import DataSet
from motet.inspection.problems import Problem, Severity, counted
from motet.inspection.splits import sides_of
from motet.sources.example import are_numbers, is_events, label_set
from motet.sources.trace import Trace

_UNBALANCED = 10.0
_FEW = 10
_MANY_LABELS = 0.5
_REMEDY_OF_LABELS = "look at uar, not accuracy; sampling: {kind: balanced, by: class}, or class_weights: balanced"
_REMEDY_OF_EVENTS = "look at the figures of every label, not only at those of all events together"
_ROLES: tuple[tuple[str, Severity, str], ...] = (
    ("train", "wrong", "training refuses this: drop the label, or split anew"),
    ("test", "doubtful", "nothing is learnt about it there: pool the folds, or split anew (split: {kind: kfold})"),
)


@dataclass(frozen=True, slots=True)
class TargetTable:
    """What is known of the targets of a task.

    Parameters
    ----------
    kind
        labels, sets of labels, numbers, tuples of numbers, events (of some rows labels without times), or traces.
    missing
        Rows without a target.
    labels
        Rows by label (of events: events by label), the most frequent first; empty for numbers.
    by_side
        Rows by label for every side of the predefined splits: `{"partition test": {"dog": 3}}`.
    statistics
        Of numbers: min, mean, std and max, one value each or one for every place of a tuple; of traces over moments.
    """

    kind: str
    missing: int
    labels: Mapping[str, int]
    by_side: Mapping[str, Mapping[str, int]]
    statistics: Mapping[str, tuple[float, ...]]

    @property
    def holds_labels(self) -> bool:
        """Whether these are labels; whole numbers are taken for codes where each comes ten times on average."""
        return bool(self.labels) and (
            self.kind != "whole numbers" or 10 * len(self.labels) <= sum(self.labels.values())
        )


def target_tables(data_set: DataSet) -> dict[str, TargetTable]:
    """Return the table of every task."""
    sides = sides_of(data_set)
    return {task: _table(data_set, task, sides) for task in data_set.task_names}


def label_problems(data_set: DataSet, tables: Mapping[str, TargetTable]) -> Iterator[Problem]:
    """Yield what is wrong with the labels of every task."""
    for task, table in tables.items():
        if table.missing:
            absent = [
                name for name, there in zip(data_set.ids, data_set.targets(task).present, strict=True) if not there
            ]
            yield Problem.of(
                "note",
                "missing targets",
                absent,
                f"{counted(table.missing, 'row')} of {len(data_set):,} have no target of {task!r}",
                "they train other tasks only; drop the task, or fill the targets in, if they should not be missing",
            )
        if table.holds_labels:
            yield from _counts(task, table)
            yield from _absent(task, table)


def _table(data_set: DataSet, task: str, sides: Mapping[str, list[str | None]]) -> TargetTable:
    targets = data_set.targets(task)
    missing = int((~targets.present).sum())
    kind = _kind(targets.values)
    values = [value for value in targets if value is not None]
    if kind in ("numbers", "tuples of numbers"):
        return TargetTable(kind, missing, {}, {}, _statistics(values))
    if kind == "traces":
        known = [row for trace in values for row in trace.values[~np.isnan(trace.values).any(axis=1)]]
        return TargetTable(kind, missing, {}, {}, _statistics(known) if known else {})
    labels = _labels(values)
    by_side: dict[str, dict[str, int]] = {}
    for where, side in sides.items():
        for role in ("train", "dev", "test"):
            own = [value for value, found in zip(targets, side, strict=True) if found == role and value is not None]
            if role in side:
                by_side[f"{where} {role}"] = _labels(own)
    return TargetTable(kind, missing, labels, by_side, {})


def _kind(values: tuple[Any, ...]) -> str:
    if any(isinstance(value, frozenset) or is_events(value) for value in values):
        untimed = any(isinstance(value, frozenset) for value in values)
        return "sets of labels" if untimed and not any(value and is_events(value) for value in values) else "events"
    if values and all(isinstance(value, Trace) for value in values):
        return "traces"
    if not are_numbers(values):
        return "labels"
    if isinstance(values[0], tuple):
        return "tuples of numbers"
    return "whole numbers" if all(isinstance(value, int) for value in values) else "numbers"


def _labels(values: list[Any]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for value in values:
        if value and is_events(value):
            counts.update(event.label for event in value)
        else:
            counts.update(label_set(value))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _statistics(values: list[Any]) -> dict[str, tuple[float, ...]]:
    numbers = np.asarray([np.atleast_1d(value) for value in values], dtype=np.float64)
    found = {"min": numbers.min(0), "mean": numbers.mean(0), "std": numbers.std(0), "max": numbers.max(0)}
    return {name: tuple(float(number) for number in column) for name, column in found.items()}


def _counts(task: str, table: TargetTable) -> Iterator[Problem]:
    most, least = max(table.labels.values()), min(table.labels.values())
    rows = sum(table.labels.values())
    if len(table.labels) > _MANY_LABELS * rows and table.kind == "labels":
        yield Problem(
            "doubtful",
            "almost every row its own label",
            f"task {task!r} has {counted(len(table.labels), 'label')} for {counted(rows, 'row')}",
            "an identifier is no target: leave the task out",
            rows,
            tuple(list(table.labels)[:5]),
        )
        return
    few = [label for label, count in table.labels.items() if count < _FEW]
    if few:
        yield Problem(
            "doubtful",
            "rare labels",
            f"task {task!r}: {counted(len(few), 'label')} with fewer than {_FEW} rows ({least:,} at least)",
            "gather more, merge or drop them (drop_label, labels: {...}): figures of them mean little",
            sum(table.labels[label] for label in few),
            tuple(few[:5]),
        )
    if most > _UNBALANCED * least:
        yield Problem(
            "doubtful",
            "unbalanced labels",
            f"task {task!r}: {most:,} rows of {next(iter(table.labels))!r} against {least:,} of "
            f"{list(table.labels)[-1]!r}",
            _REMEDY_OF_EVENTS if table.kind == "events" else _REMEDY_OF_LABELS,
            rows,
            (),
        )


def _absent(task: str, table: TargetTable) -> Iterator[Problem]:
    """Yield labels that stand in no training or test row of a predefined split, over all its sides together."""
    for role, severity, remedy in _ROLES:
        sides = {
            side: [label for label in table.labels if label not in counts]
            for side, counts in table.by_side.items()
            if side.endswith(f" {role}")
        }
        lacking = {side: labels for side, labels in sides.items() if labels}
        if lacking:
            first, absent = next(iter(lacking.items()))
            others = f", and others in {len(lacking) - 1} more" if len(lacking) > 1 else ""
            labels = list(dict.fromkeys(label for own in lacking.values() for label in own))
            yield Problem(
                severity,
                f"label without {'training' if role == 'train' else role} rows",
                f"task {task!r}: {', '.join(map(repr, absent[:3]))} in no row of {first}{others}",
                remedy,
                sum(table.labels[label] for label in labels),
                tuple(labels[:5]),
            )
