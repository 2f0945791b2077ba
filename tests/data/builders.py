"""Small data sets, corpora and maps in memory."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet.data.corpus import Corpus, raw_targets
from motet.data.dataset import DataSet
from motet.draws import Occasion
from motet.features.feature_map import TimeGrid
from motet.files import DigestCache
from motet.signals.recording import Recording
from motet.sources.example import Example, Role, Target, fold_roles
from motet.tasks.classification import Multiclass, Multilabel
from motet.tasks.regression import Regression
from motet.tasks.settings import MulticlassSettings, MultilabelSettings, RegressionSettings
from motet.tasks.task import Task

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A reader of nothing, for rows that are never decoded."""

    name: str

    def read(self, start_s: float, end_s: float | None) -> Any:
        raise AssertionError("rows are never decoded here")

    def digest(self, cache: DigestCache) -> bytes:
        return self.name.encode()

    def describe(self) -> str:
        return self.name


def example(
    number: int | str,
    targets: Mapping[str, Target] | None = None,
    *,
    group: str | None = None,
    folds: Mapping[str, Role] | None = None,
    partition: Role | None = None,
    inputs: Iterable[str] = ("signal",),
) -> Example:
    recordings: dict[str, Recording[Any]] = {name: Recording(Place(f"{number}.{name}")) for name in inputs}
    return Example(str(number), recordings, targets or {}, group, folds, partition)


def data_set(name: str, examples: Iterable[Example]) -> DataSet:
    return DataSet.of(name, examples)


def in_folds(name: str, num_rows: int, folds: Sequence[str], task: str = "sound", labels: str = "ab") -> DataSet:
    """Rows in the publisher's folds, their labels in turn."""
    roles = fold_roles(folds)
    return data_set(
        name,
        (
            example(row, {task: labels[row % len(labels)]}, folds=roles[folds[row // len(labels) % len(folds)]])
            for row in range(num_rows)
        ),
    )


def in_partition(name: str, sizes: Mapping[Role | None, int], task: str = "digit", labels: str = "01") -> DataSet:
    """Rows in the publisher's partition, so many of each role, their labels in turn."""
    roles = [role for role, size in sizes.items() for _ in range(size)]
    return data_set(
        name,
        (example(row, {task: labels[row % len(labels)]}, partition=role) for row, role in enumerate(roles)),
    )


def plain(name: str, num_rows: int, task: str = "word", labels: str = "xy") -> DataSet:
    """Rows with neither folds nor partition nor groups, their labels in turn."""
    return data_set(name, (example(row, {task: labels[row % len(labels)]}) for row in range(num_rows)))


def grouped(name: str, groups: Sequence[str], task: str = "word", labels: str = "xy") -> DataSet:
    """Rows in groups, their labels in turn."""
    return data_set(
        name,
        (example(row, {task: labels[row % len(labels)]}, group=group) for row, group in enumerate(groups)),
    )


_TASKS: dict[str, Callable[[str, tuple[str, ...]], Task]] = {
    "multiclass": lambda name, labels: Multiclass(MulticlassSettings(), name, labels),
    "multilabel": lambda name, labels: Multilabel(MultilabelSettings(), name, labels),
    "regression": lambda name, labels: Regression(RegressionSettings(), name, labels),
}
_LABELS = {
    "multiclass": Multiclass.collect_labels,
    "multilabel": Multilabel.collect_labels,
    "regression": Regression.collect_labels,
}


def corpus_of(*data_sets: DataSet, kinds: Mapping[str, str] | None = None) -> Corpus:
    """All tasks of all data sets, multiclass where nothing else is said."""
    by_name = {found.name: found for found in data_sets}
    uses = {name: found.task_names for name, found in by_name.items()}
    tasks: dict[str, Task] = {}
    for name in dict.fromkeys(task for names in uses.values() for task in names):
        kind = (kinds or {}).get(name, "multiclass")
        tasks[name] = _TASKS[kind](name, _LABELS[kind](raw_targets(by_name, uses, name)))
    return Corpus(by_name, tasks, uses)


class Maps:
    """Maps in memory, each [T, C, F], that remember the occasions on which they were read."""

    def __init__(self, maps: Sequence[NDArray[np.float32]], step_s: float = 0.01) -> None:
        self.maps = list(maps)
        self.channels, self.bins = self.maps[0].shape[1:]
        self.grid = TimeGrid(0.0, step_s)
        self.occasions: list[Occasion | None] = []
        self._lengths = np.asarray([len(map_) for map_ in self.maps])

    def frames(self, rows: Integers) -> Integers:
        return self._lengths[rows]

    def read_many(
        self,
        rows: Integers,
        starts: Integers,
        stops: Integers,
        out: NDArray[np.float32],
        occasion: Occasion | None = None,
    ) -> None:
        self.occasions.append(occasion)
        for place, (row, start, stop) in enumerate(zip(rows.tolist(), starts.tolist(), stops.tolist(), strict=True)):
            out[place, : stop - start] = self.maps[row][start:stop]


def ragged(lengths: Sequence[int], channels: int = 1, bins: int = 3, seed: int = 0, step_s: float = 0.01) -> Maps:
    """Random maps of these lengths."""
    generator = np.random.default_rng(seed)
    return Maps([generator.normal(size=(length, channels, bins)).astype(np.float32) for length in lengths], step_s)
