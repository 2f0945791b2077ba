"""Who trains, who selects the model, and who tests, fold by fold.

A split of a corpus is a list of folds; each names the rows that train, the dev rows that select the model, and
the test rows. A group never stands on both sides, whoever made the split. Each data set is split by its own
settings (`data.NAME.split`, else `split`):

===================== ==================== ===================== ==================== ====================
kind                  set with folds       with a partition      with groups only     with neither
===================== ==================== ===================== ==================== ====================
`folds`               the publisher's      kept, in every fold   k folds, or one      k folds, or one
                                                                 holdout, of groups   holdout, of rows
`kfold`               by the seed, whatever the publisher says; groups stay whole
`leave_one_group_out` a fold for every group; refused where an example has none
`holdout`             by the seed, whatever the publisher says; groups stay whole
`predefined`          refused without test rows in a partition, which is kept
===================== ==================== ===================== ==================== ====================

- *Folds* come before a partition where a set has both. An example absent from a fold is not used in it.
- With a *partition*, every example is in train, dev or test; or none is in train, and then those in neither of
  the others train. A partition without test rows is none, except that its dev rows may be asked for.
- *Neither*, under `folds`: as many folds as the other data sets have; alone, or beside partitions only, one
  fold that holds out `split.test` of the rows.
- *By the seed* is stratified over all tasks of the set and grouped together.
- *How many*: sets of one fold use it in every fold of the others. All others must have equally many, or
  `folds: N` says how many are run: fold k of N uses a set's fold k, beginning again after its last.
- *Dev rows* under `folds` and `predefined` are the publisher's where there are any. Else `dev: 0.15` takes that
  share of the training rows, stratified, groups whole, leaving every label in training; `dev: 0` takes none;
  `dev: fold` takes the test rows of the next fold out of training; `dev: partition` those that the publisher's
  partition or fold calls dev.

Refused: a group on two sides; no test rows where the kind promises them; no dev rows where `dev` promises them;
no training rows at all; a label, or a task, without training rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motet import draws
from motet.data.dataset import DataSet
from motet.data.roles import DEV, TEST, TRAIN, UNUSED, Roles, SplitOfDataSet, assign, count_folds
from motet.data.settings import HoldoutSettings
from motet.data.stratify import Strata, take_share
from motet.errors import ConfigError, DataError

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class FoldSplit:
    """One fold. Rows are numbers of the data set or of the corpus, int64, ascending.

    Parameters
    ----------
    name
        The publisher's name of the fold, the group that is left out, or a number from 1.
    train, dev, test
        Which rows; no row is in two of them, and some may be in none.
    """

    name: str
    train: Rows
    dev: Rows
    test: Rows


def num_folds(data_sets: Mapping[str, DataSet], settings: Mapping[str, SplitOfDataSet]) -> int:
    """Return how many folds a corpus has.

    Raises
    ------
    ConfigError
        If two data sets have different numbers of folds and no `folds: N` says how many to run.
    """
    counts = {name: count_folds(data_set, settings[name]) for name, data_set in data_sets.items()}
    several = {name: count for name, count in counts.items() if count > 1}
    if len(set(several.values())) > 1:
        found = ", ".join(f"'{name}' has {count}" for name, count in several.items())
        raise ConfigError(
            f"split: the data sets have different numbers of folds ({found}), but a corpus has one: "
            "say how many to run with split.folds, as in split: {kind: folds, folds: 5}"
        )
    return max(several.values(), default=1)


def split_data_set(
    data_set: DataSet, settings: SplitOfDataSet, *, seed: int, tasks: Sequence[str], folds: int
) -> list[FoldSplit]:
    """Split one data set into as many folds as its corpus has.

    Parameters
    ----------
    seed
        The key of every choice.
    tasks
        The tasks whose labels are balanced.
    folds
        How many folds to return; see `num_folds`.

    Raises
    ------
    ConfigError
        If the settings do not fit this data set, such as leaving groups out where there are none.
    DataError
        If a group stands on two sides, or a part that is promised has no rows.
    """
    columns = [data_set.targets(task) for task in tasks]
    strata, units = Strata.of(columns, len(data_set)), data_set.units()
    found = assign(data_set, settings, strata, units, seed=seed, folds=folds)
    splits = []
    for number in range(folds):
        roles = _with_dev(data_set, settings, found, number, strata, units, seed=seed)
        name = found.names[number % len(found.names)]
        _check(data_set, settings, name, roles, units)
        splits.append(FoldSplit(name, *(np.flatnonzero(roles == code) for code in (TRAIN, DEV, TEST))))
    return splits


def _with_dev(
    data_set: DataSet,
    settings: SplitOfDataSet,
    found: Roles,
    number: int,
    strata: Strata,
    units: NDArray[np.int64],
    *,
    seed: int,
) -> NDArray[np.int8]:
    """Return the roles [n] of a fold, with dev rows taken out of training where the publisher names none."""
    count = len(found.names)
    roles = found.roles[number % count].copy()
    train = roles == TRAIN
    if settings.dev == "partition":
        roles[train & _says_dev(data_set)] = DEV
    elif settings.dev == "fold":
        if count < 2:
            raise ConfigError(
                f"data.{data_set.name}.split.dev: dev is 'fold', but the data set has one fold only: "
                "give it a share of its own, such as dev: 0.15"
            )
        roles[train & (found.roles[(number + 1) % count] == TEST)] = DEV
    elif settings.dev and train.any() and not (roles == DEV).any():
        key = draws.key(seed, "dev", data_set.name, number)
        roles[np.flatnonzero(train)[_share_of(train, settings.dev, strata, units, key)]] = DEV
    return roles


def _says_dev(data_set: DataSet) -> NDArray[np.bool_]:
    partitions = data_set.partitions
    says: NDArray[np.bool_] = np.asarray([*(role == "dev" for role in partitions.values), False])[partitions.codes]
    return says


def _share_of(
    train: NDArray[np.bool_], share: float, strata: Strata, units: NDArray[np.int64], key: int
) -> NDArray[np.bool_]:
    """Choose a share of the training rows."""
    number = np.cumsum(train) - 1
    inside = train[strata.rows]
    part = Strata(number[strata.rows[inside]], strata.strata[inside], strata.num_strata)
    return take_share(part, np.unique(units[train], return_inverse=True)[1], share, key=key)


def _check(
    data_set: DataSet, settings: SplitOfDataSet, fold: str, roles: NDArray[np.int8], units: NDArray[np.int64]
) -> None:
    where = f"data set '{data_set.name}', fold '{fold}'"
    seen = np.zeros((int(units.max()) + 1, 3), dtype=np.int64)
    used = roles != UNUSED
    np.add.at(seen, (units[used], roles[used]), 1)
    torn = np.flatnonzero((seen > 0).sum(axis=1) > 1)
    if len(torn):
        raise DataError(f"{where}: {_describe_torn(data_set, units, torn, seen)}")
    promised = not (isinstance(settings, HoldoutSettings) and settings.test == 0)
    if promised and not (roles == TEST).any():
        raise DataError(
            f"{where}: no row of {len(data_set)} is left to test on: add data, give a larger test share, or "
            f"split by another kind in data.{data_set.name}.split"
        )
    if settings.dev and not (roles == DEV).any() and (roles == TRAIN).any():
        raise DataError(
            f"{where}: dev is {settings.dev!r}, but no training row can be spared without taking the last of "
            f"some label or group: add data, or set data.{data_set.name}.split.dev to 0"
        )


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
