"""Which models teach: the models of a run by seed and fold, or one file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motet.errors import ConfigError, MotetError, located
from motet.experiment.settings import Experiment
from motet.experiment.settings.teachers import TeacherSettings
from motet.files import digest_bytes, digest_file
from motet.model import Model
from motet.runs.folder import FoldFolder, RunFolder, predicting_model

TEACHERS = "teachers."
"""How the names of what identifies teachers begin."""
Place = tuple[int, int]
"""Seed and number (from 1) of a fold."""


@dataclass(frozen=True, slots=True, eq=False)
class Teacher:
    """A teacher as it lies on the disk.

    Parameters
    ----------
    task
        The task that it teaches.
    settings
        What the experiment says of it.
    run
        The run that its models are of; None for a file that lies in none.
    models
        The file of its model by seed and fold of that run; one under None where nobody knows these.
    """

    task: str
    settings: TeacherSettings
    run: RunFolder | None
    models: Mapping[Place | None, Path]

    @property
    def path(self) -> str:
        """Where its settings stand."""
        return f"{TEACHERS}{self.task}"

    @property
    def there(self) -> str:
        """What the task is called there."""
        return self.settings.task or self.task

    def place(self, seed: int, number: int) -> Place | None:
        """Return seed and fold of the model that teaches in a fold here; None for a file without a run.

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
            f"{self.path}: {self.settings.run} has no model of fold {number}, only {_shown(known)}; give both "
            f"experiments the same folds, or name one for all with {self.path}.fold"
        )

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
            raise located(error, f"{self.path}.run") from error

    def describe(self) -> dict[str, Any]:
        """Return what identifies the models that may teach, as JSON."""
        digests = {_name(place): digest_file(file) for place, file in self.models.items()}
        return {
            "run": self.settings.run,
            "models": {name: digest.hex() for name, digest in digests.items()},
            "digest": digest_bytes(*digests.values()).hex(),
        }


def find_teachers(experiment: Experiment) -> dict[str, Teacher]:
    """Return the teacher of every task that has one; no model is loaded.

    Raises
    ------
    ConfigError
        With all that have no finished model.
    """
    found, problems = {}, list[str]()
    for task, settings in experiment.teachers.items():
        try:
            found[task] = _find(task, settings)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(*problems)
    return found


def describe_teachers(teachers: Mapping[str, Teacher]) -> dict[str, Any]:
    """Return what identifies all teachers, by the place of their settings."""
    return {teacher.path: teacher.describe() for teacher in teachers.values()}


def _find(task: str, settings: TeacherSettings) -> Teacher:
    path = Path(settings.run)
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
            f"teachers.{task}.run: {settings.run} holds no finished model; name the folder of a run that `motet train` "
            "has finished, or a .safetensors file"
        )
    return Teacher(task, settings, run, _named(task, settings, models))


def _named(task: str, settings: TeacherSettings, models: Mapping[Place | None, Path]) -> Mapping[Place | None, Path]:
    """Return the model that the settings name alone, or all."""
    if settings.fold is None:
        return models
    seed, number = settings.fold.split("/")
    place = int(seed), int(number)
    if place not in models:
        known = [each for each in models if each is not None]
        raise ConfigError(
            f"teachers.{task}.fold: {settings.run} has no finished model of {settings.fold}; there is {_shown(known)}"
        )
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
