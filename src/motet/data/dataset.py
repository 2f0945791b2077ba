"""A data set: examples as rows, and views of it by row. Nothing is decoded here and nothing is copied.

A view keeps its rows as numbers into one shared table; `select`, `filter`, `limit`, `limit_labels`, `drop_label`,
`upsample` and `downsample` return a new view and leave the old one as it is. Labels are the raw targets of the source.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from motet import draws
from motet.data.frequencies import at_most, repeat_to_most, thin_to_least
from motet.data.strata import Strata, classes
from motet.data.stratify import allocate
from motet.data.table import Coded, ExampleTable, read_examples
from motet.errors import DataError
from motet.signals.recording import Recording
from motet.sources.example import Example, Role, Target, are_numbers, is_events, label_set
from motet.sources.trace import Trace

Rows = NDArray[np.int64]

_WHOLE_GROUPS = 10


@dataclass(frozen=True, eq=False)
class DataSet:
    """A named view of some rows of a table of examples.

    Parameters
    ----------
    name
        As in the experiment.
    table
        All examples.
    rows
        The rows of the table that this view holds, int64 [n], in its order; a row may come several times.
    stratify
        The targets of which every part of a split, and what a limit leaves, has its share; None for all.

    Examples
    --------
    >>> from motet.data.dataset import DataSet
    >>> from motet.sources.example import Example
    >>> from motet.signals.recording import Recording
    >>> examples = (Example(str(i), {"signal": Recording(None)}, {"sign": "+-"[i % 2]}) for i in range(6))
    >>> data_set = DataSet.of("signs", examples)
    >>> data_set.limit(4).describe()["targets"]["sign"]["labels"]
    {'+': 2, '-': 2}
    """

    name: str
    table: ExampleTable
    rows: Rows
    stratify: tuple[str, ...] | None = None

    @classmethod
    def of(cls, name: str, examples: Iterable[Example]) -> Self:
        """Read examples once, from any iterable or generator.

        Raises
        ------
        DataError
            If there is no example, an identifier comes twice, or an example cannot be used.
        """
        table = read_examples(name, examples)
        return cls(name, table, np.arange(len(table.ids)))

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Example]:
        return (self.table.example(row) for row in self.rows.tolist())

    @cached_property
    def ids(self) -> list[str]:
        """The identifiers of the rows [n]."""
        return [self.table.ids[row] for row in self.rows.tolist()]

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names of the inputs."""
        return tuple(self.table.inputs)

    @property
    def task_names(self) -> tuple[str, ...]:
        """The names of the targets."""
        return tuple(self.table.targets)

    @cached_property
    def groups(self) -> Coded[str]:
        """What must not stand on both sides of a split [n]."""
        return self.table.groups.take(self.rows)

    @cached_property
    def folds(self) -> Coded[tuple[tuple[str, Role], ...]]:
        """The roles in the publisher's folds [n]."""
        return self.table.folds.take(self.rows)

    @cached_property
    def partitions(self) -> Coded[Role]:
        """The roles in the publisher's partition [n]."""
        return self.table.partitions.take(self.rows)

    def example(self, row: int) -> Example:
        """Return a row of the view as an example."""
        return self.table.example(int(self.rows[row]))

    def recordings(self, name: str) -> list[Recording[Any] | None]:
        """Return the recordings of an input [n]; None where a row lacks it."""
        column = self.table.inputs[name]
        return [column[row] for row in self.rows.tolist()]

    def targets(self, task: str) -> Coded[Any]:
        """Return the raw targets of a task [n].

        Raises
        ------
        DataError
            If no example has such a target.
        """
        if task not in self.table.targets:
            known = ", ".join(self.table.targets) or "none"
            raise DataError(
                f"data set '{self.name}': no example has a target '{task}': its targets are {known}; name one of them"
            )
        return self.table.targets[task].take(self.rows)

    def units(self) -> NDArray[np.int64]:
        """Return what stays together in a split, numbered from 0 [n]: the group, else the example itself."""
        groups = self.groups
        keys = np.where(groups.present, groups.codes.astype(np.int64), len(groups.values) + self.rows)
        numbered: NDArray[np.int64] = np.unique(keys, return_inverse=True)[1].astype(np.int64)
        return numbered

    def select(self, rows: Rows | Sequence[int]) -> "DataSet":
        """Return the view of some of its rows, in the order given."""
        return replace(self, rows=self.rows[np.asarray(rows, dtype=np.int64)])

    def filter(self, keep: Callable[[Example], bool]) -> "DataSet":
        """Return the view of the rows whose example is wanted."""
        return replace(self, rows=self.rows[np.fromiter(map(keep, self), dtype=bool, count=len(self))])

    def limit(self, limit: float, *, seed: int = 0) -> "DataSet":
        """Return a small part of the rows, in their order, with the same mix of labels, folds and partition.

        Whole groups are kept where ten of average size fit; larger groups are themselves made small, each to the
        same fraction.

        Parameters
        ----------
        limit
            A number of rows such as 200, or a fraction such as 0.1. It is never exceeded; with whole groups
            the result may be smaller by less than one group.
        """
        wanted = _wanted(limit, len(self))
        if wanted >= len(self):
            return self
        units = self.units()
        strata = self.task_names if self.stratify is None else self.stratify
        columns = [self.targets(task) for task in strata] + [self.folds, self.partitions]
        rest = len(self)
        if wanted * (int(units.max()) + 1) < _WHOLE_GROUPS * len(self):
            units, rest = np.arange(len(self)), len(self) - wanted
            columns.append(self.groups)
        shares = wanted / len(self), 1 - wanted / len(self)
        key = draws.key(seed, "limit", self.name)
        part = allocate(Strata.of(columns), units, shares, key=key, room=(wanted, rest))
        return self.select(np.flatnonzero(part == 0))

    def limit_labels(self, task: str, limits: Mapping[str, int], *, seed: int = 0) -> "DataSet":
        """Return a view with at most so many rows of each label named; rows without any of them stay."""
        targets = self.targets(task)
        kept = np.ones(len(self), dtype=bool)
        for label, most in limits.items():
            self._having(targets, task, label)
            rows = np.flatnonzero(kept)
            kept[rows] = at_most(targets.take(rows), label, most, key=(seed, self.name, task))
        return self.select(np.flatnonzero(kept))

    def drop_label(self, task: str, label: str) -> "DataSet":
        """Return a view without a label: rows that have only this one leave, sets of labels and events lose it."""
        targets = self.targets(task)
        kept = ~self._having(targets, task, label)
        others = [label_set(value) != {label} for value in targets.values]
        kept |= np.asarray([*others, True])[targets.codes]
        column = self.table.targets[task]
        values = tuple(_without(value, label) for value in column.values)
        table = replace(self.table, targets={**self.table.targets, task: column.renamed(values)})
        return replace(self.select(np.flatnonzero(kept)), table=table)

    def upsample(self, task: str, *, seed: int = 0) -> "DataSet":
        """Return a view in which every label comes as often as the most frequent one: rows come again.

        Rows are repeated whole times first; the rest is drawn without replacement. A row with several labels counts
        as its rarest, a number as its fifth of the rows. Rows without target stay.
        """
        return self.select(repeat_to_most(classes(self.targets(task)), key=(seed, self.name, task)))

    def downsample(self, task: str, *, seed: int = 0) -> "DataSet":
        """Return a view in which every label comes as rarely as the rarest one; counted as by `upsample`."""
        return self.select(thin_to_least(classes(self.targets(task)), key=(seed, self.name, task)))

    def describe(self) -> dict[str, Any]:
        """Return what the view holds, ready for JSON: rows, groups, folds, partition, a table per target."""
        groups = self.groups.counts()
        return {
            "rows": len(self),
            "inputs": list(self.input_names),
            "groups": len(groups) or None,
            "folds": _fold_counts(self.folds),
            "partition": dict(self.partitions.counts()),
            "targets": {task: _describe_targets(self.targets(task)) for task in self.task_names},
        }

    def _having(self, targets: Coded[Any], task: str, label: str) -> NDArray[np.bool_]:
        having = [label in label_set(value) for value in targets.values]
        if not any(having):
            known = ", ".join(sorted(_labels(targets)))
            raise DataError(
                f"data set '{self.name}', task '{task}': no row has the label '{label}': "
                f"its labels are {known}; name one of them"
            )
        found: NDArray[np.bool_] = np.asarray([*having, False])[targets.codes]
        return found


def _without(target: Target, label: str) -> Target:
    if isinstance(target, frozenset):
        return target - {label}
    if is_events(target):
        return tuple(event for event in target if event.label != label)
    return target


def _wanted(limit: float, size: int) -> int:
    return limit if isinstance(limit, int) else max(1, round(limit * size))


def _fold_counts(folds: Coded[tuple[tuple[str, Role], ...]]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for roles, number in folds.counts().items():
        for fold, role in roles:
            of_fold = counts.setdefault(fold, {})
            of_fold[role] = of_fold.get(role, 0) + number
    return counts


def _labels(targets: Coded[Any]) -> set[str]:
    return {label for value in targets.values for label in label_set(value)}


def _names(traces: Sequence[Trace]) -> list[str]:
    return list(dict.fromkeys(name for trace in traces for name in trace.names))


def _describe_targets(targets: Coded[Any]) -> dict[str, Any]:
    counts = targets.counts()
    missing = int((~targets.present).sum())
    traces = [value for value in counts if isinstance(value, Trace)]
    if traces:
        return {"missing": missing, "moments": sum(len(trace.times_s) for trace in traces), "values": _names(traces)}
    if are_numbers(counts) and not all(isinstance(value, int) for value in counts):
        values = np.asarray([np.atleast_1d(value) for value in targets if value is not None], dtype=np.float64)
        statistics = {"min": values.min(0), "mean": values.mean(0), "max": values.max(0)}
        return {"missing": missing, **{name: value.tolist() for name, value in statistics.items()}}
    labels: dict[str, int] = {}
    for value, number in counts.items():
        for label in label_set(value):
            labels[label] = labels.get(label, 0) + number
    return {"missing": missing, "labels": dict(sorted(labels.items()))}
