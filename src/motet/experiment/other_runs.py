"""Models of other runs that an experiment uses: its teachers, and networks that enter its own.

A run is named by its folder or by the file of a model. In a fold here the model of the same seed and fold is used.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motet.errors import ConfigError, MotetError, located
from motet.experiment.settings import Experiment
from motet.files import digest_bytes, digest_file
from motet.model import Model
from motet.runs.folder import FoldFolder, RunFolder, predicting_model

OTHERS = ("teachers.", "model.parallel.")
"""How the names of what identifies the models of other runs begin."""
Place = tuple[int, int]
"""Seed and number (from 1) of a fold."""


@dataclass(frozen=True, slots=True, eq=False)
class OtherRun:
    """Models as they lie on the disk.

    Parameters
    ----------
    where
        Where the settings stand that name them.
    named
        The folder or file that these name.
    run
        The run that the models are of; None for a file that lies in none.
    models
        The file of a model by seed and fold of that run; one under None where nobody knows these.
    """

    where: str
    named: str
    run: RunFolder | None
    models: Mapping[Place | None, Path]

    def place(self, seed: int, number: int) -> Place | None:
        """Return seed and fold of the model that is used in a fold here; None for a file without a run.

        That of the same seed and fold; of a run without this seed, of its first; of one model, that.

        Raises
        ------
        ConfigError
            If nothing says which.
        """
        places = list(self.models)
        if len(places) == 1:
            return places[0]
        known = [place for place in places if place is not None]
        for place in [(seed, number), *(place for place in known if place[1] == number)]:
            if place in known:
                return place
        raise ConfigError(
            f"{self.where}: {self.named} has no model of fold {number}, only {_shown(known)}; give both "
            f"experiments the same folds, or name one for all with {self.where}.fold"
        )

    def file(self, seed: int, number: int) -> Path:
        """Return the file of the model that is used in a fold here.

        Raises
        ------
        ConfigError
            As `place`.
        """
        return self.models[self.place(seed, number)]

    def model(self, place: Place | None, *, allow_code: bool) -> Model:
        """Load a model.

        Raises
        ------
        ConfigError
            If it holds code of a user's own, which may not run.
        DataError
            If its file is damaged.
        """
        try:
            return Model.load(self.models[place], allow_code=allow_code)
        except MotetError as error:
            raise located(error, f"{self.where}.run") from error

    def describe(self) -> dict[str, Any]:
        """Return what identifies the models that may be used, as JSON."""
        digests = {_name(place): digest_file(file) for place, file in self.models.items()}
        return {
            "run": self.named,
            "models": {name: digest.hex() for name, digest in digests.items()},
            "digest": digest_bytes(*digests.values()).hex(),
        }


def warm_start_of(experiment: Experiment) -> OtherRun | None:
    """Return the model whose weights the network begins with."""
    named = experiment.training.warm_start
    return None if named is None else find_run("training.warm_start", named, None)


def other_runs(experiment: Experiment) -> list[OtherRun]:
    """Return what an experiment uses of other runs to its end, teachers and parallel networks; no model is loaded.

    Raises
    ------
    ConfigError
        With all that have no finished model.
    """
    named = {f"teachers.{task}": settings for task, settings in experiment.teachers.items()} | {
        f"model.parallel.{name}": settings for name, settings in experiment.model.parallel.items()
    }
    found, problems = [], list[str]()
    for where, settings in named.items():
        try:
            found.append(find_run(where, settings.run, settings.fold))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(*problems)
    return found


def describe_runs(runs: Iterable[OtherRun]) -> dict[str, Any]:
    """Return what identifies the models of some runs, by the place of their settings."""
    return {other.where: other.describe() for other in runs}


def find_run(where: str, named: str, fold: str | None) -> OtherRun:
    """Return the models of a run that settings name.

    Parameters
    ----------
    where
        Where these stand.
    named
        The folder of a run or of one of its folds, or the file of a model.
    fold
        SEED/FOLD of the only model that may be used; None for all.

    Raises
    ------
    ConfigError
        If there is no finished model.
    """
    path = Path(named)
    own = FoldFolder(path)
    if path.is_dir() and predicting_model(own).is_file():
        path = predicting_model(own)
    if not path.is_dir():
        run, place = _run_of(path)
        models: dict[Place | None, Path] = {place: path}
    else:
        run = RunFolder(path)
        done = [each for each in run.folds() if run.fold(*each).scores.is_file()]
        models = {each: predicting_model(run.fold(*each)) for each in done}
    if not all(file.is_file() for file in models.values()) or not models:
        raise ConfigError(
            f"{where}.run: {named} holds no finished model; name the folder of a run that `motet train` "
            "has finished, or a .safetensors file"
        )
    return OtherRun(where, named, run, models if fold is None else _only(where, named, fold, models))


def _only(where: str, named: str, fold: str, models: Mapping[Place | None, Path]) -> Mapping[Place | None, Path]:
    """Return the one model of a fold."""
    seed, number = fold.split("/")
    place = int(seed), int(number)
    if place not in models:
        known = [each for each in models if each is not None]
        raise ConfigError(f"{where}.fold: {named} has no finished model of {fold}; there is {_shown(known)}")
    return {place: models[place]}


def _run_of(file: Path) -> tuple[RunFolder | None, Place | None]:
    """Return the run that a model lies in, with its seed and fold, where it lies in one."""
    folder = file.absolute().parent
    if len(folder.parents) < 2:
        return None, None
    run = RunFolder(folder.parents[1])
    for place in run.folds():
        if run.fold(*place).path == folder and run.experiment.is_file():
            return run, place
    return None, None


def _name(place: Place | None) -> str:
    return "file" if place is None else f"{place[0]}/{place[1]}"


def _shown(places: list[Place]) -> str:
    return ", ".join(map(_name, places)) or "one that no run tells of"
