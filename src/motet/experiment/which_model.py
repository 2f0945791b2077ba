"""Which model predicts new recordings, and whose way they go."""

import logging
from pathlib import Path

from motet.config.wording import did_you_mean
from motet.errors import ConfigError
from motet.experiment.file_way import alike
from motet.model import Model
from motet.runs.folder import FoldFolder, RunFolder, predicting_model

logger = logging.getLogger("motet")


def open_model(path: Path, *, fold: str | None = None, allow_code: bool = False) -> Model:
    """Load a model from its file, or the one that predicts from the folder of a run or of one of its folds.

    Raises
    ------
    ConfigError
        If there is none.
    DataError
        If its file is damaged.
    """
    if not path.is_dir():
        return Model.load(path, allow_code=allow_code)
    own = FoldFolder(path)
    if fold is None and predicting_model(own).is_file():
        return Model.load(predicting_model(own), allow_code=allow_code)
    folder = RunFolder(path)
    there = [place for place in folder.folds() if predicting_model(folder.fold(*place)).is_file()]
    if not there:
        raise ConfigError(f"{path}: holds no model; name the folder of a run, or a .safetensors file")
    named = {f"{seed}/{number}": (seed, number) for seed, number in there}
    if fold is not None and fold not in named:
        raise ConfigError(f"--fold {fold}: {path} has no such model; there is {', '.join(named)}")
    chosen = fold or next(iter(named))
    file = predicting_model(folder.fold(*named[chosen]))
    if len(named) > 1:
        logger.info("model of seed and fold %s, the first of %d: %s", chosen, len(named), file)
    return Model.load(file, allow_code=allow_code)


def choose_data_set(model: Model, like: str | None) -> str:
    """Return the data set whose way new recordings go.

    Raises
    ------
    ConfigError
        If there is no such data set, none is named where ways differ, or its examples are several recordings each.
    """
    names = list(model.document.data_sets)
    if like is not None and like not in names:
        raise ConfigError(
            f"--like {like}: there is no such data set{did_you_mean(like, names)}; there is {', '.join(names)}"
        )
    chosen = like or names[0]
    others = [name for name in names if not alike(model, chosen, name)]
    if like is None and others:
        raise ConfigError(
            f"recordings of {', '.join(names)} were prepared, scaled or cut differently; say whose way new ones go, "
            f"such as --like {chosen}"
        )
    recordings = dict.fromkeys(own.recording for own in model.read_inputs(chosen).values())
    if len(recordings) > 1:
        raise ConfigError(
            f"an example of {chosen!r} is several recordings ({', '.join(recordings)}), and a file is one; list them "
            "in an experiment and use `motet evaluate RUN --data FILE`"
        )
    return chosen
