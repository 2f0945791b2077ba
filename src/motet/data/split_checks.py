"""What is refused of a split, whoever made it; see `motet.data.splits`."""

import numpy as np
from numpy.typing import NDArray

from motet.data.corpus import Corpus
from motet.data.dataset import DataSet
from motet.data.roles import DEV, TEST, TRAIN, UNUSED, FoldSplit, SplitOfDataSet
from motet.data.settings import OneSidedSettings
from motet.errors import DataError
from motet.tasks.task import Task


def check_data_set(
    data_set: DataSet, settings: SplitOfDataSet, fold: str, roles: NDArray[np.int8], units: NDArray[np.int64]
) -> None:
    """Look at the roles [n] that a data set has in one fold.

    Raises
    ------
    DataError
        If a group stands on two sides, or there are no test or dev rows though the settings promise them.
    """
    where = f"data set '{data_set.name}', fold '{fold}'"
    seen = np.zeros((int(units.max()) + 1, 3), dtype=np.int64)
    used = roles != UNUSED
    np.add.at(seen, (units[used], roles[used]), 1)
    torn = np.flatnonzero((seen > 0).sum(axis=1) > 1)
    if len(torn):
        raise DataError(f"{where}: {_describe_torn(data_set, units, torn, seen)}")
    promised = not (isinstance(settings, OneSidedSettings) and settings.side == "train")
    if promised and not (roles == TEST).any():
        bound = ""
        if len(data_set) > 1 and not units.any():
            bound = f", as all are of one group{_named(data_set)} and stand together"
        elif data_set.groups.present.any():
            bound = " (a test row of some label would be its last, as where a task tells the group that rows stand in)"
        raise DataError(
            f"{where}: no row of {len(data_set)} is left to test on{bound}: add data, give a larger test share, or "
            f"split by another kind in data.{data_set.name}.split"
        )
    if settings.dev and not (roles == DEV).any() and (roles == TRAIN).any():
        lacking = "no training row can be spared without taking the last of some label or group: add data"
        if settings.dev == "partition":
            lacking = "the publisher's partition has no dev row: give a share, such as 0.15"
        raise DataError(f"{where}: dev is {settings.dev!r}, but {lacking}, or set data.{data_set.name}.split.dev to 0")


def _named(data_set: DataSet) -> str:
    group = data_set.groups[0]
    return "" if group is None else f" '{group}'"


def _describe_torn(
    data_set: DataSet, units: NDArray[np.int64], torn: NDArray[np.int64], seen: NDArray[np.int64]
) -> str:
    row = int(np.flatnonzero(units == torn[0])[0])
    group = data_set.groups[row]
    what = f"example '{data_set.ids[row]}'" if group is None else f"group '{group}'"
    counts = zip(("train", "dev", "test"), seen[torn[0]].tolist(), strict=True)
    sides = " and ".join(f"{count} in {role}" for role, count in counts if count)
    more = f" ({len(torn)} such in all)" if len(torn) > 1 else ""
    return (
        f"{what} has {sides}, but a group stands on one side only{more}: correct the groups or the split of the "
        f"source, or split by the seed, as in data.{data_set.name}.split: {{kind: kfold}}"
    )


def check_corpus(corpus: Corpus, fold: FoldSplit, *, trains: bool = True) -> None:
    """Look at one fold of a corpus, which needs no training rows where nothing is trained.

    Raises
    ------
    DataError
        If nothing trains or nothing is tested, or a task or a label has no training rows; all such are listed.
    """
    for role, rows in (("train on", fold.train), ("test on", fold.test)):
        if not len(rows) and (trains or role == "test on"):
            raise DataError(
                f"fold '{fold.name}': no data set has a row to {role}: give at least one of them such rows in "
                "split or data.NAME.split"
            )
    untaught = [task for name, task in corpus.tasks.items() if name not in corpus.taught]
    problems = [problem for task in untaught for problem in _untrained(corpus, task, fold)]
    if problems and trains:
        raise DataError(*problems)


def _untrained(corpus: Corpus, task: Task, fold: FoldSplit) -> list[str]:
    """Return what is wrong where a label of a task, or the task itself, has no training rows."""
    targets = corpus.targets[task.name]
    trained = fold.train[targets.present[fold.train]]
    users = ", ".join(f"'{name}'" for name, uses in corpus.uses.items() if task.name in uses)
    if not len(trained):
        return [
            f"data set {users}, task '{task.name}', fold '{fold.name}': no training row has a target: add data, "
            "split by another kind, or leave the task out"
        ]
    if task.decision_dtype.kind == "f":
        return []
    having = np.flatnonzero(targets.present)
    flags = task.label_flags(targets.values[having])
    problems = []
    for code in np.flatnonzero(~flags[np.isin(having, trained)].any(axis=0)):
        rows = having[flags[:, code]]
        where = ", ".join(f"'{name}' ({_rows(own['rows'])})" for name, own in corpus.count(rows).items() if own["rows"])
        problems.append(
            f"data set {where or users}, task '{task.name}', label '{task.labels[code]}', fold '{fold.name}': has "
            f"{_rows(len(rows))} but none to train on: add data, split by another kind, or drop the label"
        )
    return problems


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
