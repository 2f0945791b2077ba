"""The folds of an experiment: data sets split by their settings, then rows limited and balanced where asked."""

import logging
from collections.abc import Mapping

import numpy as np

from motet.data.corpus import Corpus
from motet.data.relabel import check_labels
from motet.data.resampling import Resampling, resample
from motet.data.roles import FoldSplit
from motet.data.splits import split_corpus
from motet.errors import ConfigError
from motet.experiment.listing import Listed
from motet.experiment.relabelling import by_task

logger = logging.getLogger("motet")


def split_folds(
    listed: Mapping[str, Listed], corpus: Corpus, *, seed: int, trains: bool = True, told: bool = False
) -> list[FoldSplit]:
    """Return every fold as it trains and tests.

    Parameters
    ----------
    trains
        Whether anything is trained; if not, tasks and labels need no training rows.
    told
        Whether the log tells what limits and balance made of the rows; folds are split by several who check them.

    Raises
    ------
    ConfigError
        If the settings do not fit a data set.
    DataError
        If a group stands on two sides, a part that is promised has no rows, or a label has no training rows.
    """
    splits = {name: part.settings.split for name, part in listed.items()}
    wanted = resamplings(listed, corpus)
    folds = split_corpus(corpus, splits, seed=seed, trains=trains)
    found = [resample(corpus, fold, wanted, seed=seed) for fold in folds]
    for before, after in zip(folds, found, strict=True):
        for name in wanted if told else ():
            _log(corpus, name, before, after)
    return found


def resamplings(listed: Mapping[str, Listed], corpus: Corpus) -> dict[str, Resampling]:
    """Return what becomes of the rows of each data set whose settings limit or balance labels.

    Raises
    ------
    ConfigError
        If they name no task where the data set has several.
    DataError
        If a label that is limited does not occur.
    """
    found = {}
    for name, part in listed.items():
        settings, tasks = part.settings, corpus.uses[name]
        limits = by_task(f"data.{name}.limit_labels", settings.limit_labels, tasks)
        limited = () if settings.limit_labels_in == "all" else settings.limit_labels_in
        balance = settings.balance
        balanced = None if balance is None else balance.task or _only(f"data.{name}.balance", tasks)
        if limits and limited:
            for task, labels in limits.items():
                check_labels(corpus.data_sets[name], task, labels)
        if (limits and limited) or balance is not None:
            found[name] = Resampling(limits, limited, balance, balanced or "")
    return found


def _only(where: str, tasks: tuple[str, ...]) -> str:
    if len(tasks) != 1:
        raise ConfigError(f"{where}.task: the data set has the tasks {', '.join(tasks)}; name the one that is balanced")
    return tasks[0]


def _log(corpus: Corpus, name: str, before: FoldSplit, after: FoldSplit) -> None:
    for part in ("train", "dev", "test"):
        rows, kept = getattr(before, part), getattr(after, part)
        if not np.array_equal(rows, kept):
            logger.info("fold %s, data %s: limit_labels and balance made %d %s rows of %d", before.name, name,
                        corpus.count(kept)[name]["rows"], part, corpus.count(rows)[name]["rows"])  # fmt: skip
