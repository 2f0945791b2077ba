"""Who tests in each fold of one data set, before dev rows are taken out of training; see `motet.data.splits`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motet import draws
from motet.data.dataset import DataSet
from motet.data.settings import (
    FoldsSettings,
    HoldoutSettings,
    KFoldSettings,
    LeaveOneGroupOutSettings,
    OneSidedSettings,
    PredefinedSettings,
)
from motet.data.strata import Strata
from motet.data.stratify import allocate, take_share
from motet.errors import ConfigError, DataError
from motet.sources.example import Role

SplitOfDataSet = (
    FoldsSettings | KFoldSettings | LeaveOneGroupOutSettings | HoldoutSettings | PredefinedSettings | OneSidedSettings
)

UNUSED, TRAIN, DEV, TEST = -1, 0, 1, 2
ROLE_CODES: dict[Role, int] = {"train": TRAIN, "dev": DEV, "test": TEST}


@dataclass(frozen=True, slots=True, eq=False)
class FoldSplit:
    """One fold. Rows are numbers of the data set or of the corpus, int64, ascending.

    Parameters
    ----------
    name
        The publisher's name of the fold, the group that is left out, or a number from 1.
    train, dev, test
        Which rows; no row is in two of them, and some may be in none. A training row may come several times.
    number
        Which fold, from 0.
    """

    name: str
    train: NDArray[np.int64]
    dev: NDArray[np.int64]
    test: NDArray[np.int64]
    number: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Roles:
    """The folds of a data set.

    Parameters
    ----------
    names
        The publisher's names of the folds, the groups that are left out, or numbers from 1.
    roles
        TRAIN, DEV, TEST or UNUSED, int8 [folds, n].
    """

    names: Sequence[str]
    roles: NDArray[np.int8]


def count_folds(data_set: DataSet, settings: SplitOfDataSet) -> int:
    """Return the number of folds of a data set; 1 also where it takes that of the others."""
    match settings:
        case KFoldSettings():
            return settings.folds
        case LeaveOneGroupOutSettings():
            return settings.folds or len(data_set.groups.counts())
        case FoldsSettings():
            publishers = _publisher_folds(data_set)
            if publishers or not _tests(data_set):
                return settings.folds or len(publishers) or 1
    return 1


def assign(
    data_set: DataSet,
    settings: SplitOfDataSet,
    strata: Strata,
    units: NDArray[np.int64],
    *,
    seed: int,
    folds: int,
) -> Roles:
    """Return the roles in a data set's own folds; `folds` is the corpus' number, for a set without folds."""
    match settings:
        case KFoldSettings():
            return _by_seed(data_set, settings.folds, strata, units, seed)
        case LeaveOneGroupOutSettings():
            return _by_group(data_set)
        case HoldoutSettings():
            return _held_out(data_set, settings.test, strata, units, seed)
        case PredefinedSettings():
            return _partition(data_set)
        case OneSidedSettings():
            return Roles(["1"], np.full((1, len(data_set)), ROLE_CODES[settings.side], dtype=np.int8))
    if publishers := _publisher_folds(data_set):
        return _published(data_set, publishers)
    if _tests(data_set):
        return _partition(data_set)
    if folds > 1:
        return _by_seed(data_set, folds, strata, units, seed)
    return _held_out(data_set, settings.test, strata, units, seed)


def _publisher_folds(data_set: DataSet) -> list[str]:
    names = {fold for roles in data_set.folds.counts() for fold, _ in roles}
    return sorted(names, key=lambda name: (len(name), name) if name.isdecimal() else (0, name))


def _tests(data_set: DataSet) -> bool:
    return "test" in data_set.partitions.counts()


def _published(data_set: DataSet, names: Sequence[str]) -> Roles:
    folds = data_set.folds
    table = np.full((len(names), len(folds.values) + 1), UNUSED, dtype=np.int8)
    for value, roles in enumerate(folds.values):
        for fold, role in roles:
            if fold in names:
                table[names.index(fold), value] = ROLE_CODES[role]
    return Roles(names, table[:, folds.codes])


def _partition(data_set: DataSet) -> Roles:
    partitions = data_set.partitions
    counts = partitions.counts()
    if "test" not in counts:
        raise ConfigError(
            f"data.{data_set.name}.split: kind is 'predefined', but no example of the data set is in a test "
            f"partition: split it by the seed, as in data.{data_set.name}.split: {{kind: holdout, test: 0.2}}"
        )
    without = int((~partitions.present).sum())
    if without and "train" in counts:
        raise DataError(
            f"data set '{data_set.name}': {without} of {len(data_set)} examples are in no partition while "
            "others are in train: put every example in one, or only those that do not train"
        )
    codes = np.asarray([*(ROLE_CODES[role] for role in partitions.values), TRAIN], dtype=np.int8)
    return Roles(["1"], codes[partitions.codes][None])


def _by_seed(data_set: DataSet, folds: int, strata: Strata, units: NDArray[np.int64], seed: int) -> Roles:
    num_units = int(units.max()) + 1
    if num_units < folds:
        what = "groups" if data_set.groups.counts() else "examples"
        raise ConfigError(
            f"data.{data_set.name}.split: {folds} folds of {num_units} {what}, but every fold tests on at "
            f"least one: ask for at most {num_units} folds"
        )
    part = allocate(strata, units, [1 / folds] * folds, key=draws.key(seed, "split", data_set.name))
    roles = np.where(part == np.arange(folds)[:, None], TEST, TRAIN).astype(np.int8)
    return Roles([str(number + 1) for number in range(folds)], roles)


def _by_group(data_set: DataSet) -> Roles:
    groups = data_set.groups
    without = int((~groups.present).sum())
    if without:
        raise ConfigError(
            f"data.{data_set.name}.split: kind is 'leave_one_group_out', but {without} of {len(data_set)} "
            "examples have no group: name it with the source's group, or split by another kind"
        )
    names = sorted(groups.counts(), key=lambda name: (len(name), name) if name.isdecimal() else (0, name))
    codes = np.asarray([groups.values.index(name) for name in names])
    return Roles(names, np.where(groups.codes == codes[:, None], TEST, TRAIN).astype(np.int8))


def _held_out(data_set: DataSet, test: float, strata: Strata, units: NDArray[np.int64], seed: int) -> Roles:
    taken = take_share(strata, units, test, key=draws.key(seed, "split", data_set.name))
    return Roles(["1"], np.where(taken, TEST, TRAIN).astype(np.int8)[None])
