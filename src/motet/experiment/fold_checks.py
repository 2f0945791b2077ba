"""What an experiment wants of the rows of a fold, asked before anything is read, and again when some were skipped."""

from collections.abc import Mapping

import numpy as np

from motet.config import UserComponent
from motet.data.corpus import Corpus
from motet.data.roles import FoldSplit
from motet.errors import ConfigError, MotetError, located
from motet.experiment.folds import split_folds
from motet.experiment.fusing import check_fused_rows
from motet.experiment.listing import Listed
from motet.experiment.settings import Experiment
from motet.features.settings import NoScalingSettings
from motet.tasks.fused.fused import Fused
from motet.training.settings import PlateauSettings


def checked_folds(
    experiment: Experiment, listed: Mapping[str, Listed], corpus: Corpus, fused: Mapping[str, Fused]
) -> list[FoldSplit]:
    """Return the folds of the first seed, once those of every seed are found to be of use.

    Raises
    ------
    ConfigError
        If split, stopping, schedule, scaling or a fused task do not fit the data.
    DataError
        If the data cannot be split.
    """
    found: list[FoldSplit] = []
    for seed in experiment.all_seeds:
        try:
            folds = split_folds(listed, corpus, seed=seed, trains=experiment.training.epochs > 0)
            for fold in folds:
                check_dev_rows(experiment, fold)
                check_scalings(listed, corpus, fold)
                check_fused_rows(fused, corpus, fold)
        except MotetError as error:
            if experiment.seeds is None:
                raise
            raise located(error, f"seed {seed}") from error
        found = found or folds
    return found


def check_dev_rows(experiment: Experiment, fold: FoldSplit) -> None:
    """Refuse what looks at development rows where a fold has none: it would never act.

    Raises
    ------
    ConfigError
        Naming the settings that look at them.
    """
    settings = experiment.training
    looking = {
        "training.stopping": settings.stopping is not None,
        "training.schedule": isinstance(settings.schedule, PlateauSettings),
        "training.monitor": settings.monitor is not None,
    }
    problems = [
        f"{path}: looks at development rows, but fold {fold.name!r} has none; give split.dev a share such as 0.15, or "
        "leave this out"
        for path, looks in looking.items()
        if looks and not len(fold.dev)
    ]
    if problems:
        raise ConfigError(*problems)


def check_scalings(listed: Mapping[str, Listed], corpus: Corpus, fold: FoldSplit) -> None:
    """Refuse a scaling that a data set has for itself where none of its rows trains: nothing could fit it.

    Raises
    ------
    ConfigError
        Naming the data sets.
    """
    numbers = np.unique(corpus.data_set_numbers(fold.train)).tolist()
    trained = {name for number, name in enumerate(corpus.data_sets) if number in numbers}
    alone = {name for name, part in listed.items() if not getattr(part.settings.scaling, "shared", False)}
    problems = [
        f"data.{name}.scaling: fold {fold.name!r} has no training rows of this data set to fit it on; set "
        "scaling.shared: true to use what the others fit, or scaling: none"
        for name in listed
        if not isinstance(listed[name].settings.scaling, NoScalingSettings | UserComponent)
        and not (trained & ({name} if name in alone else listed.keys() - alone))
    ]
    if problems:
        raise ConfigError(*problems)
