"""A corpus: several data sets as one sequence of rows, and several tasks with their encoded targets.

Rows of a corpus are numbered through: those of the first data set, then those of the second, and so on. A task that
two data sets share by name is one task, with one set of labels and one head.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, TypeVar

import numpy as np
from numpy.typing import NDArray

from motet.config import Settings
from motet.config.wording import differences
from motet.data.dataset import DataSet, Rows
from motet.data.strata import classes
from motet.data.table import ABSENT, Coded
from motet.errors import ConfigError, DataError
from motet.tasks.task import Task

S = TypeVar("S", bound=Settings)
Uses = Mapping[str, Sequence[str]]

_SHOWN = 5


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """The encoded targets of a task for all rows of a corpus.

    Parameters
    ----------
    values
        Shape [N, ...]; zero where a row has no target. Lists of entries are objects, shape [N].
    present
        Which rows have a target, shape [N].
    """

    values: NDArray[Any]
    present: NDArray[np.bool_]


class RowCounts(TypedDict):
    """Rows of one data set, and those with a target by task."""

    rows: int
    tasks: dict[str, int]


class Corpus:
    """Data sets and tasks.

    Parameters
    ----------
    data_sets
        By name, in the order of their rows.
    tasks
        By name, with their labels.
    uses
        The tasks that each data set has targets for; the first is the one whose classes a sampler balances.
    taught
        The tasks that a teacher teaches: nothing of them must occur.

    Raises
    ------
    DataError
        If a target cannot be encoded (the message names data set, example and task), a data set has no target for a
        task that it uses, or some of its examples lack an input.
    """

    def __init__(
        self, data_sets: Mapping[str, DataSet], tasks: Mapping[str, Task], uses: Uses, taught: Collection[str] = ()
    ) -> None:
        self.data_sets = dict(data_sets)
        self.tasks = dict(tasks)
        self.taught = frozenset(taught)
        self.uses = {name: tuple(uses.get(name, ())) for name in self.data_sets}
        sizes = [len(data_set) for data_set in self.data_sets.values()]
        self.edges = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        for data_set in self.data_sets.values():
            _check_inputs(data_set)
        self.targets = {name: self._encode(name) for name in self.tasks}

    def __len__(self) -> int:
        return int(self.edges[-1])

    def rows_of(self, data_set: str) -> Rows:
        """Return the rows of a data set."""
        number = list(self.data_sets).index(data_set)
        return np.arange(self.edges[number], self.edges[number + 1])

    def data_set_numbers(self, rows: Rows) -> NDArray[np.int64]:
        """Return the position of each row's data set among `data_sets`, shape [n]."""
        return np.searchsorted(self.edges, rows, side="right") - 1

    def locate(self, row: int) -> tuple[DataSet, int]:
        """Return a row's data set and its row in there."""
        number = int(self.data_set_numbers(np.asarray([row]))[0])
        return list(self.data_sets.values())[number], int(row - self.edges[number])

    def count(self, rows: Rows) -> dict[str, RowCounts]:
        """Return how many of the rows are of each data set, and how many have a target of each of its tasks."""
        numbers = self.data_set_numbers(rows)
        counts: dict[str, RowCounts] = {}
        for number, (name, uses) in enumerate(self.uses.items()):
            own = rows[numbers == number]
            with_target = {task: int(self.targets[task].present[own].sum()) for task in uses}
            counts[name] = {"rows": len(own), "tasks": with_target}
        return counts

    def kinship(self) -> NDArray[np.int64]:
        """Return numbers [N], equal for rows of one data set with targets of the same tasks: mixup stays within."""
        numbers = self.data_set_numbers(np.arange(len(self)))
        for targets in self.targets.values():
            numbers = np.unique(2 * numbers + targets.present, return_inverse=True)[1]
        return numbers.astype(np.int64)

    def classes(self, task: str | None = None) -> NDArray[np.int64]:
        """Return the class of each row [N], numbered through over the data sets.

        Parameters
        ----------
        task
            The task whose classes count; by default, and where a data set has no such task, its first. Rows
            without a target are a class of their own.
        """
        numbers, first = np.zeros(len(self), dtype=np.int64), 0
        for name, data_set in self.data_sets.items():
            uses = self.uses[name]
            if uses:
                numbers[self.rows_of(name)] = classes(data_set.targets(task if task in uses else uses[0])) + 1
            numbers[self.rows_of(name)] += first
            first = int(numbers[self.rows_of(name)].max()) + 1
        return np.unique(numbers, return_inverse=True)[1].astype(np.int64)

    def _encode(self, name: str) -> Targets:
        task = self.tasks[name]
        values = np.zeros((len(self), *task.target_shape), dtype=task.target_dtype)
        present = np.zeros(len(self), dtype=bool)
        for data_set_name, data_set in self.data_sets.items():
            if name not in self.uses[data_set_name]:
                continue
            column, rows = data_set.targets(name), self.rows_of(data_set_name)
            encoded = _encode_values(column, data_set, task)
            values[rows] = encoded[column.codes]
            present[rows] = column.present
        return Targets(values, present)


def shared_settings(by_data_set: Mapping[str, Mapping[str, S]]) -> dict[str, S]:
    """Return the settings of every task of several data sets.

    Parameters
    ----------
    by_data_set
        Settings by task, by data set.

    Raises
    ------
    ConfigError
        If two data sets give different settings to a task of one name.

    Examples
    --------
    >>> from motet.tasks.settings import RegressionSettings
    >>> list(shared_settings({"a": {"age": RegressionSettings()}, "b": {"age": RegressionSettings()}}))
    ['age']
    """
    found: dict[str, tuple[str, S]] = {}
    problems = []
    for data_set, tasks in by_data_set.items():
        for task, settings in tasks.items():
            first, known = found.setdefault(task, (data_set, settings))
            if known != settings:
                problems.append(
                    f"data.{data_set}.tasks.{task}: differs from data.{first}.tasks.{task} "
                    f"({differences(settings, known)}), but a name is one task with one head: make both alike, or "
                    "give one another name"
                )
    if problems:
        raise ConfigError(*problems)
    return {task: settings for task, (_, settings) in found.items()}


def raw_targets(data_sets: Mapping[str, DataSet], uses: Uses, task: str) -> list[Any]:
    """Return every different raw target of a task over all data sets that use it, to list its labels from.

    Raises
    ------
    DataError
        If a data set has no target of a task that it uses.
    """
    columns = [data_sets[name].targets(task) for name, tasks in uses.items() if task in tasks]
    return [value for column in columns for value in column.counts()]


def _encode_values(column: Coded[Any], data_set: DataSet, task: Task) -> NDArray[Any]:
    """Encode every different value once; the last row stands for none."""
    encoded = np.zeros((len(column.values) + 1, *task.target_shape), dtype=task.target_dtype)
    problems = []
    for code in np.unique(column.codes[column.codes != ABSENT]).tolist():
        try:
            encoded[code] = task.encode(column.values[code])
        except DataError as error:
            row = int(np.flatnonzero(column.codes == code)[0])
            problems.append(f"data set '{data_set.name}', example '{data_set.example(row).id}': {error}")
    if problems:
        more = len(problems) - _SHOWN
        raise DataError(*problems[:_SHOWN], *([f"data set '{data_set.name}': and {more} more"] if more > 0 else []))
    return encoded


def _check_inputs(data_set: DataSet) -> None:
    for name in data_set.input_names:
        without = [row for row, recording in enumerate(data_set.recordings(name)) if recording is None]
        if without:
            raise DataError(
                f"data set '{data_set.name}': {len(without)} of {len(data_set)} examples lack the input '{name}', the "
                f"first is '{data_set.example(without[0]).id}', but all examples of a data set have the same inputs: "
                "complete them, leave them out, or make them a data set of their own"
            )
