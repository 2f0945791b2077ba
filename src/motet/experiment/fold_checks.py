"""What an experiment wants of the rows of a fold, asked before anything is read, and again when some were skipped."""

from motet.data.roles import FoldSplit
from motet.errors import ConfigError
from motet.experiment.settings import Experiment
from motet.training.settings import PlateauSettings


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
