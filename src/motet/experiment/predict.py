"""Predicting recordings that belong to no data set: files and folders, with a saved model or that of a run.

A recording goes the way that the recordings of one data set of the model went: the same pipeline, scaling, segments
and decision. So what is predicted of a test row here is what the run predicted. Maps of dense tasks are returned whole,
or written.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from motet.errors import ConfigError, DataError
from motet.experiment.file_maps import FileMaps
from motet.experiment.file_way import FileWay
from motet.experiment.map_files import MapFiles
from motet.experiment.predict_group import GroupPredictor, Heard, TaskPrediction
from motet.experiment.progress import ProgressFactory, no_progress
from motet.experiment.which_model import choose_data_set, open_model
from motet.model import Model
from motet.sources.listing import list_files
from motet.tasks.dense import Dense
from motet.training.devices import choose_device

logger = logging.getLogger("motet")

_GROUP_FILES = 256
_GROUP_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class FilePredictions:
    """Predictions of every task for some files.

    Parameters
    ----------
    tasks
        By path and task.
    skipped
        Why, by path.
    """

    tasks: dict[str, dict[str, TaskPrediction]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


def predict(
    model: Model | Path | str,
    paths: Sequence[Path | str],
    *,
    like: str | None = None,
    fold: str | None = None,
    maps: bool = True,
    output: Path | str | None = None,
    on_error: Literal["stop", "skip"] = "stop",
    allow_code: bool = False,
    device: str = "auto",
    batch_size: int = 64,
    progress: ProgressFactory = no_progress,
) -> FilePredictions:
    """Predict every task of a model for recordings.

    Parameters
    ----------
    model
        A model, its file, or the folder of a run.
    paths
        Recordings, and folders of recordings, which are searched for files of known endings.
    like
        The data set whose way the recordings go; needed where a model has several ways.
    fold
        SEED/FOLD of the run's model; by default the first.
    maps
        Whether dense tasks are predicted too. Without `output` all of their maps are held in memory.
    output
        A folder into which maps are written, see `motet.experiment.map_files`; those of recordings before one that
        cannot be used may be written already when that is told.
    on_error
        What recordings that cannot be used mean: stop and list them all, or skip and list them.
    batch_size
        Recordings or segments at once.

    Raises
    ------
    ConfigError
        If there is no such model, it has no task, or it must be said which way recordings go or where maps go.
    DataError
        With all recordings that cannot be used; or if no recording is left.
    """
    found = model if isinstance(model, Model) else open_model(Path(model), fold=fold, allow_code=allow_code)
    where = choose_device(device)
    found.to(where)
    way = FileWay(found, choose_data_set(found, like))
    _check_predicts(found, maps=maps, output=output)
    result = FilePredictions()
    files: dict[str, str] = {}
    for path, name in _files(way, paths, result.skipped):
        files.setdefault(path, name)
    made = FileMaps(found, way) if maps and any(isinstance(task, Dense) for task in found.tasks.values()) else None
    written = None if made is None or output is None else MapFiles(Path(output), files, made.tasks, paths)
    predictor = GroupPredictor(found, way, made, written, where, batch_size)
    count = progress("predicting", len(files))
    for group in _groups(predictor, list(files), result.skipped, ends_at_failure=on_error == "stop"):
        result.tasks.update(predictor(group))
        count(len(group))
    if result.skipped and (on_error == "stop" or not result.tasks):
        remedy = "repair them or leave them out, or pass them over with --on-error skip"
        those = "1 recording" if len(result.skipped) == 1 else f"{len(result.skipped)} recordings"
        raise DataError(*result.skipped.values(), f"{those} cannot be used; {remedy}")
    if not result.tasks:
        raise DataError(f"{', '.join(map(str, paths))}: no recordings (looked for {', '.join(way.suffixes)})")
    return result


def _check_predicts(model: Model, *, maps: bool, output: Path | str | None) -> None:
    """Refuse a model without tasks, a folder for maps where there are none, and maps alone where there is no folder."""
    dense = [name for name, task in model.tasks.items() if isinstance(task, Dense)]
    if not model.tasks:
        raise ConfigError(
            "the model has no task, so there is nothing to predict; start another training from it with "
            "training.warm_start, and predict with that"
        )
    if output is not None and not (maps and dense):
        raise ConfigError(
            f"-o {output}: is for maps of dense tasks, and the model predicts {', '.join(model.tasks)}; leave it out, "
            "the table goes to standard output"
        )
    if not maps and len(dense) == len(model.tasks):
        raise ConfigError(
            f"the model predicts maps only ({', '.join(dense)}); name the folder that they are written into, -o DIR"
        )
    if not maps and dense:
        logger.info("maps of %s are not written; -o DIR writes them", ", ".join(dense))


def _groups(
    predictor: GroupPredictor, paths: Sequence[str], failures: dict[str, str], *, ends_at_failure: bool
) -> Iterator[dict[str, Heard]]:
    """Yield files as the model hears them by path, as many as fit into memory, and note why others are not heard.

    Parameters
    ----------
    ends_at_failure
        Whether what follows a failure is only looked at, because nobody will use it.
    """
    group: dict[str, Heard] = {}
    num_bytes = 0
    for path in paths:
        try:
            heard = predictor.hear(path)
        except (DataError, ConfigError) as error:
            failures[path] = str(error)
            continue
        if failures and ends_at_failure:
            continue
        group[path] = heard
        num_bytes += sum(item[1].nbytes for item in heard.items.values())
        if len(group) == _GROUP_FILES or num_bytes > _GROUP_BYTES:
            yield group
            group, num_bytes = {}, 0
    if group:
        yield group


def _files(way: FileWay, paths: Sequence[Path | str], failures: dict[str, str]) -> Iterator[tuple[str, str]]:
    """List files as they are named, and those of known endings in folders, sorted; note what is not there.

    Each stands beside its name: its path below the folder that was named, or its own name.
    """
    for path in map(Path, paths):
        if path.is_dir():
            for name in list_files(str(path), extensions=way.suffixes):
                yield f"{path.as_posix()}/{name}", name
        elif path.exists():
            yield path.as_posix(), path.name
        else:
            failures[path.as_posix()] = f"{path}: there is no such file or folder"
