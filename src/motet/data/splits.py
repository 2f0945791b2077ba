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
- *By the seed* is stratified over all tasks of the set, or over the targets that it names, and grouped together.
- *How many*: sets of one fold use it in every fold of the others. All others must have equally many, or
  `folds: N` says how many are run: fold k of N uses a set's fold k, beginning again after its last.
- *One side only*: a set with `use: train` or `use: test` stands there whole, in every fold, whatever the publisher
  says; of its split only `dev` counts, which takes its share of the rows of a set that trains.
- *The same recordings* in several sets, as two extractions of one, stand on the same side in all of them: sets with
  equal settings are split as one.
- *Dev rows* under `folds` and `predefined` are the publisher's where there are any. Else `dev: 0.15` takes that
  share of the training rows, stratified, groups whole, leaving every label in training; `dev: 0` takes none;
  `dev: fold` takes the test rows of the next fold out of training; `dev: partition` those that the publisher's
  partition or fold calls dev.

Refused: a group or a recording on two sides; no test rows where the kind promises them; no dev rows where `dev`
promises them; no training rows at all; a label, or a task, without training rows.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from motet import draws
from motet.data.corpus import Corpus
from motet.data.dataset import DataSet
from motet.data.roles import DEV, TEST, TRAIN, FoldSplit, Roles, SplitOfDataSet, assign, count_folds
from motet.data.shared_recordings import SharedRecordings, clusters
from motet.data.split_checks import check_corpus, check_data_set
from motet.data.strata import Strata
from motet.data.stratify import take_share
from motet.errors import ConfigError


def split_corpus(
    corpus: Corpus, settings: SplitOfDataSet | Mapping[str, SplitOfDataSet], *, seed: int, trains: bool = True
) -> list[FoldSplit]:
    """Split every data set of a corpus; rows are those of the corpus.

    Parameters
    ----------
    settings
        One split for all data sets, or one for each by name.
    seed
        The key of every choice.
    trains
        Whether anything is trained; if not, tasks and labels need no training rows.

    Raises
    ------
    ConfigError
        If the settings do not fit a data set, or the data sets have different numbers of folds.
    DataError
        If a group stands on two sides, a part that is promised has no rows, or a label has no training rows.
    """
    by_name = settings if isinstance(settings, Mapping) else dict.fromkeys(corpus.data_sets, settings)
    shared = SharedRecordings(corpus)
    parts = {names[0]: names for names in clusters(shared.kin, by_name)}
    alone = {name for name, names in parts.items() if len(names) == 1 and name not in shared.torn}
    sets = {name: corpus.data_sets[name] if name in alone else shared.joined(names) for name, names in parts.items()}
    folds = num_folds(sets, by_name)

    def tasks(name: str) -> list[str]:
        """Return the targets that are balanced: of data sets that are split as one, those of each."""
        if name in alone:
            return _stratifying(corpus, name)
        return [f"{each}.{task}" for each in parts[name] for task in _stratifying(corpus, each)]

    splits = {
        name: split_data_set(data_set, by_name[name], seed=seed, tasks=tasks(name), folds=folds)
        for name, data_set in sets.items()
    }
    naming = splits[max(sets, key=lambda name: count_folds(sets[name], by_name[name]))]
    rows = {name: np.concatenate([corpus.rows_of(each) for each in names]) for name, names in parts.items()}
    found = [
        _joined(fold.name, number, [(of_set[number], rows[name]) for name, of_set in splits.items()])
        for number, fold in enumerate(naming)
    ]
    for fold in found:
        shared.check(fold)
        check_corpus(corpus, fold, trains=trains)
    return found


def num_folds(data_sets: Mapping[str, DataSet], settings: Mapping[str, SplitOfDataSet]) -> int:
    """Return how many folds a corpus has.

    Raises
    ------
    ConfigError
        If two data sets have different numbers of folds.
    """
    counts = {name: count_folds(data_set, settings[name]) for name, data_set in data_sets.items()}
    several = {name: count for name, count in counts.items() if count > 1}
    if len(set(several.values())) > 1:
        found = ", ".join(f"'{name}' has {count}" for name, count in several.items())
        most = max(several.values())
        more = " and ".join(
            f"data.{name}.split: {{kind: {getattr(settings[name], 'kind', 'folds')}, folds: {most}}}"
            for name, count in several.items()
            if count < most
        )
        raise ConfigError(
            f"split: the data sets have different numbers of folds ({found}), but a corpus has one: ask for "
            f"equally many, as with {more}"
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
        The targets whose labels are balanced.
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
        check_data_set(data_set, settings, name, roles, units)
        train, dev, test = (np.flatnonzero(roles == code) for code in (TRAIN, DEV, TEST))
        splits.append(FoldSplit(name, train, dev, test, number))
    return splits


def _stratifying(corpus: Corpus, data_set: str) -> list[str]:
    """Return the targets of a data set that every part of a split should have its share of."""
    named = corpus.data_sets[data_set].stratify
    if named is not None:
        return list(named)
    return [name for name in corpus.uses[data_set] if corpus.tasks[name].stratifies]


def _joined(name: str, number: int, parts: Sequence[tuple[FoldSplit, NDArray[np.int64]]]) -> FoldSplit:
    """Return one fold of parts that are given with their rows of the corpus."""
    return FoldSplit(
        name,
        np.sort(np.concatenate([rows[part.train] for part, rows in parts])),
        np.sort(np.concatenate([rows[part.dev] for part, rows in parts])),
        np.sort(np.concatenate([rows[part.test] for part, rows in parts])),
        number,
    )


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
    roles: NDArray[np.int8] = found.roles[number % count].copy()
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
