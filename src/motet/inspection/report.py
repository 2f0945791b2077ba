"""The report of a data set: what it holds, by row, recording, label and split, and its problems, ranked."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from motet.data.dataset import DataSet
from motet.inspection.health import recording_problems
from motet.inspection.labels import TargetTable, label_problems, target_tables
from motet.inspection.measures import Measured, measure
from motet.inspection.problems import Problem, ranked
from motet.inspection.splits import content_problems, group_problems, sides_of


@dataclass(frozen=True, slots=True)
class DataSetReport:
    """What was found in a data set.

    Parameters
    ----------
    name
        The data set.
    rows, groups
        Rows, and different groups among them.
    splits
        Rows by side of every predefined split: `{"partition": {"train": 80, "test": 20}}`.
    read
        Recordings that were read, by input; the others were left out by `most`.
    measured
        Figures by input and row of every recording that was read, or why it could not be.
    tables
        The targets by task.
    problems
        The gravest first.
    """

    name: str
    rows: int
    groups: int
    splits: Mapping[str, Mapping[str, int]]
    read: Mapping[str, int]
    measured: Mapping[str, Mapping[int, Measured | str]]
    tables: Mapping[str, TargetTable]
    problems: tuple[Problem, ...]

    def contents(self) -> list[bytes | None]:
        """Return what stands for the content of each row [n]; None where it was not read."""
        found: list[bytes | None] = []
        for row in range(self.rows):
            own = [inputs.get(row) for inputs in self.measured.values()]
            known = [measured.digest for measured in own if isinstance(measured, Measured)]
            found.append(b"".join(known) if len(known) == len(own) else None)
        return found

    def recordings(self, name: str) -> dict[str, Any]:
        """Return the figures of an input over all its recordings, ready for JSON."""
        good = [found for found in self.measured[name].values() if isinstance(found, Measured)]
        durations = np.array([found.duration_s for found in good]) if good else np.zeros(1)
        return {
            "read": self.read[name],
            "unreadable": len(self.measured[name]) - len(good),
            "rates_hz": _counts(found.rate_hz for found in good),
            "channels": _counts(found.channels for found in good),
            "duration_s": {
                "total": float(durations.sum()),
                "min": float(durations.min()),
                "median": float(np.median(durations)),
                "max": float(durations.max()),
            },
            "peak": max((found.peak for found in good), default=0.0),
            "median_level": float(np.median([found.level for found in good])) if good else 0.0,
        }

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {
            "rows": self.rows,
            "groups": self.groups,
            "splits": {name: dict(sides) for name, sides in self.splits.items()},
            "inputs": {name: self.recordings(name) for name in self.measured},
            "targets": {task: asdict(table) for task, table in self.tables.items()},
            "problems": [asdict(problem) for problem in self.problems],
        }


def inspect_data_set(
    data_set: DataSet, *, most: int | None = None, count: Callable[[int], None] = lambda number: None
) -> DataSetReport:
    """Look at every row of a data set, and read its recordings once.

    Parameters
    ----------
    most
        How many rows are read, evenly over the data set; None for all. Rows that are not read still count in tables.
    count
        Called with the number of recordings that were read since the last call.
    """
    rows = _chosen(len(data_set), most)
    measured: dict[str, dict[int, Measured | str]] = {}
    for name in data_set.input_names:
        column = data_set.recordings(name)
        own = measured.setdefault(name, {})
        for row in rows:
            recording = column[row]
            own[row] = "the row lacks this input" if recording is None else measure(recording)
            count(1)
    tables = target_tables(data_set)
    report = DataSetReport(
        data_set.name,
        len(data_set),
        len(data_set.groups.counts()),
        {name: _counts(side for side in sides if side is not None) for name, sides in sides_of(data_set).items()},
        {name: len(own) for name, own in measured.items()},
        measured,
        tables,
        (),
    )
    problems = [*group_problems(data_set), *label_problems(data_set, tables)]
    problems += content_problems(data_set, report.contents())
    for name, own in measured.items():
        named = {_name(data_set, row, name): found for row, found in own.items()}
        problems += recording_problems(named)
    return replace(report, problems=tuple(ranked(problems)))


def _name(data_set: DataSet, row: int, input_name: str) -> str:
    return data_set.ids[row] if len(data_set.input_names) == 1 else f"{data_set.ids[row]} ({input_name})"


def _chosen(size: int, most: int | None) -> list[int]:
    if most is None or most >= size:
        return list(range(size))
    return sorted(set(np.linspace(0, size - 1, most).round().astype(int).tolist()))


def _counts(values: Any) -> dict[str, int]:
    counts = Counter(values)
    return {f"{value:g}" if isinstance(value, float) else str(value): number for value, number in counts.most_common()}
