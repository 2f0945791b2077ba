"""The folder of a run: what lies where, and how it is written.

    RUN/
      .lock                held by the process that trains here
      experiment.yaml      resolved settings
      code/                copies of the user's own files that the settings name
      environment.json     versions and machine
      data.json            rows, labels and digests of every data set
      run.log              every step with its time
      result.json          the result over all folds and seeds; its presence says that the run is done
      overview.png         learning curves and predictions of all folds together, where matplotlib is installed
      seed-S/fold-K/
        metrics.jsonl      one record an epoch: losses, metrics on development rows
        last.safetensors   the model and the resume state; best.safetensors, epoch-N.safetensors: models
        predictions/       TASK.csv, one row an example
        scores.json        test scores per task and label, confusion matrix; its presence says that the fold is done
        *.png              learning curve; confusion matrix, or values, of every task
        tensorboard/       event files, where tensorboardX is installed

Every file but the logs is written whole or not at all.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motet.errors import ConfigError, DataError
from motet.files import atomic_write, remove_stale

Json = dict[str, Any]

CODE = "code"
"""The folder of the user's own files, as settings name it."""


@dataclass(frozen=True, slots=True)
class FoldFolder:
    """The part of a run's folder that belongs to one seed and fold."""

    path: Path

    @property
    def metrics(self) -> Path:
        """One JSON record an epoch."""
        return self.path / "metrics.jsonl"

    @property
    def last(self) -> Path:
        """The model and resume state of the last saved step."""
        return self.path / "last.safetensors"

    @property
    def best(self) -> Path:
        """The model of the epoch that was best on development rows."""
        return self.path / "best.safetensors"

    @property
    def next_best(self) -> Path:
        """A better model, until the resume state knows of it."""
        return self.path / "next-best.safetensors"

    @property
    def scores(self) -> Path:
        """Test scores; written last."""
        return self.path / "scores.json"

    @property
    def predictions(self) -> Path:
        """The folder of the predictions."""
        return self.path / "predictions"

    @property
    def tensorboard(self) -> Path:
        """The folder of the event files."""
        return self.path / "tensorboard"

    def epoch(self, number: int) -> Path:
        """Return where the model of an epoch (from 1) is kept."""
        return self.path / f"epoch-{number:04d}.safetensors"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of a run."""

    path: Path

    @property
    def lock(self) -> Path:
        """Held by the process that trains here."""
        return self.path / ".lock"

    @property
    def experiment(self) -> Path:
        """Resolved settings."""
        return self.path / "experiment.yaml"

    @property
    def environment(self) -> Path:
        """Versions and machine."""
        return self.path / "environment.json"

    @property
    def data(self) -> Path:
        """Rows, labels and digests."""
        return self.path / "data.json"

    @property
    def code(self) -> Path:
        """The folder of the user's own files."""
        return self.path / CODE

    @property
    def log(self) -> Path:
        """Every step with its time."""
        return self.path / "run.log"

    @property
    def result(self) -> Path:
        """The result over all folds and seeds."""
        return self.path / "result.json"

    def fold(self, seed: int, fold: int) -> FoldFolder:
        """Return the folder of a seed and a fold (from 1)."""
        return FoldFolder(self.path / f"seed-{seed}" / f"fold-{fold}")

    def folds(self) -> list[tuple[int, int]]:
        """Return (seed, fold) of every fold that was begun, in order."""
        found = []
        for path in self.path.glob("seed-*/fold-*"):
            seed, fold = path.parent.name.removeprefix("seed-"), path.name.removeprefix("fold-")
            if seed.lstrip("-").isdigit() and fold.isdigit():
                found.append((int(seed), int(fold)))
        return sorted(found)

    def holds_work(self) -> bool:
        """Tell whether something would be lost with this folder: a model, or figures."""
        begun = [self.fold(seed, number) for seed, number in self.folds()]
        return any(fold.last.is_file() or fold.scores.is_file() for fold in begun)

    def remove_stale(self) -> None:
        """Remove what killed writers left; for the process that holds the lock."""
        folds = [self.fold(*begun) for begun in self.folds()]
        for place in (self.path, self.code, *(fold.path for fold in folds), *(fold.predictions for fold in folds)):
            remove_stale(place, older_than_s=0)


def predicting_model(folder: FoldFolder) -> Path:
    """Return the model that predicts: the best on development rows, or the last where none was selected."""
    return folder.best if folder.best.is_file() else folder.last


def open_existing(path: Path) -> RunFolder:
    """Return the folder of a run that was begun.

    Raises
    ------
    ConfigError
        If there is none.
    """
    folder = RunFolder(path)
    if not folder.experiment.is_file():
        raise ConfigError(f"{path}: is not the folder of a run (it has no experiment.yaml); name what -o named")
    return folder


def write_json(path: Path, document: Any) -> None:
    """Write a JSON document atomically, indented, keys as they come. NaN becomes null."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as file:
        file.write((json.dumps(finite(document), indent=2, allow_nan=False) + "\n").encode())


def read_json(path: Path) -> Json:
    """Read a JSON document.

    Raises
    ------
    DataError
        If the file is missing or damaged.
    """
    try:
        document: Json = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error}); run `motet train` again to rebuild it") from error
    except ValueError as error:
        raise DataError(
            f"{path}: is damaged ({error}); delete it, and run the same `motet train` again, which rebuilds it"
        ) from error
    return document


def finite(value: Any) -> Any:
    """Return a document with None for every number that is not finite: JSON has none."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value
