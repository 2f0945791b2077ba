"""Models of other runs: which one belongs to a fold here, and whether it may have been trained on what tests here."""

import csv
from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motet.data.corpus import Corpus
from motet.errors import ConfigError
from motet.runs.folder import FoldFolder, RunFolder, predicting_model

Rows = NDArray[np.int64]


def model_of(where: str, path: Path, *, fold: str | None, seed: int, number: int) -> Path:
    """Return the file of the model that belongs to a fold here.

    That of the same seed and fold; of a run without this seed, of its first; of one model, that.

    Parameters
    ----------
    where
        Where the run is named, for messages.
    path
        The folder of a run, or the file of a model.
    fold
        SEED/FOLD of the model for all folds.
    seed, number
        The fold here, from 1.

    Raises
    ------
    ConfigError
        If there is none.
    """
    if path.is_file():
        return path
    run = RunFolder(path)
    done = [place for place in run.folds() if run.fold(*place).scores.is_file()]
    if not done:
        raise ConfigError(
            f"{where}.run: {path} holds no finished model; name the folder of a run that `motet train` has finished, "
            "or a .safetensors file"
        )
    named = {f"{place[0]}/{place[1]}": place for place in done}
    if fold is not None and fold not in named:
        raise ConfigError(f"{where}.fold: {path} has no finished model of {fold}; there is {', '.join(named)}")
    alike = [place for place in ((seed, number), *done) if place in done and place[1] == number]
    chosen = named[fold] if fold is not None else alike[0] if alike else done[0] if len(done) == 1 else None
    if chosen is None:
        raise ConfigError(
            f"{where}: {path} has no model of fold {number}, only {', '.join(named)}; give both experiments the same "
            f"folds, or name one for all with {where}.fold"
        )
    return predicting_model(run.fold(*chosen))


def not_tested_there(model: Path, data_sets: Collection[str], corpus: Corpus, rows: Rows) -> list[str] | None:
    """Return the rows here of data sets that a model knows by name, which its own run did not test it on.

    It may have been trained or selected on them.

    Parameters
    ----------
    model
        The file of the model.
    data_sets
        The names of the data sets that it was made with.
    rows
        Rows of the corpus here.

    Returns
    -------
    list or None
        Their ids; None where the file lies beside no predictions, so that nobody can tell.
    """
    predictions = FoldFolder(model.parent).predictions
    files = sorted(predictions.glob("*.csv"))
    if not files:
        return None
    tested: set[tuple[str, str]] = set()
    for file in files:
        with file.open(encoding="utf-8", newline="") as text:
            tested |= {(line["data_set"], line["id"]) for line in csv.DictReader(text)}
    places = [corpus.locate(row) for row in np.unique(rows).tolist()]
    named = [(data_set.name, data_set.ids[row]) for data_set, row in places if data_set.name in data_sets]
    return [f"{data_set}/{id_}" for data_set, id_ in named if (data_set, id_) not in tested]
