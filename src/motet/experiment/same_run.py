"""The folder of a run: made for an experiment, or found to hold this very experiment on these very data."""

import shutil
from collections.abc import Iterator, Mapping
from typing import Any

from motet.config import Context, load, to_yaml, validate
from motet.config.document import read_document
from motet.config.user_code import components_of
from motet.errors import ConfigError
from motet.experiment.code import changed_code, copy_code, holds_code, with_copies_named
from motet.experiment.data import OpenData
from motet.experiment.other_runs import OTHERS
from motet.experiment.settings import Experiment
from motet.files import atomic_write
from motet.runs.folder import RunFolder, read_json, write_json

_FREE = (
    "store.path", "evaluation.batch_size", "evaluation.interval", "evaluation.plots",
    "training.checkpoint_s", "training.device", "training.threads",
)  # fmt: skip
"""Settings that may differ when a run goes on: they say where it runs and what is told of it, not what is trained."""


def check_place(folder: RunFolder) -> None:
    """Refuse a folder that holds files of other things. Hidden ones do not count: a killed run may leave some.

    Raises
    ------
    ConfigError
        If it does, or if it is no folder.
    """
    if folder.path.exists() and not folder.path.is_dir():
        raise ConfigError(f"{folder.path}: is a file, and a run wants a folder; name another one with -o")
    others = [] if not folder.path.is_dir() else [one for one in folder.path.iterdir() if one.name[0] != "."]
    if others and not folder.experiment.is_file():
        raise ConfigError(f"{folder.path}: holds other files and no run; name another folder with -o")


def begin_run(folder: RunFolder, experiment: Experiment) -> Experiment:
    """Make the folder of a run, or check that it holds this very experiment; one where nothing was done yet may change.

    Returns
    -------
    Experiment
        The same, which calls the files of user code as their copies in the folder.

    Raises
    ------
    ConfigError
        If it holds another one; every setting that differs is named.
    """
    kept = with_copies_named(experiment)
    if not folder.holds_work():
        folder.data.unlink(missing_ok=True)
        for begun in folder.folds():
            shutil.rmtree(folder.fold(*begun).path)
        _write_experiment(folder, kept)
        copy_code(experiment, folder)
        return kept
    differing = changed_settings(folder, experiment)
    if differing:
        raise ConfigError(
            f"{folder.path}: holds a run of other settings; name another folder with -o, or go back to these:",
            *differing,
        )
    _write_experiment(folder, kept)  # the settings that may differ are now these
    return kept


def changed_settings(folder: RunFolder, experiment: Experiment) -> list[str]:
    """Return what a run of an experiment in this folder would differ in from the one that was begun there."""
    before = _begun_with(folder, experiment)
    now = read_document(to_yaml(with_copies_named(experiment)), "here", []).plain()
    differing = [
        f"{path}: {old!r} there, {new!r} here"
        for path, old, new in _differences(before, now)
        if not any(path == free or path.startswith(f"{free}.") for free in _FREE)
    ]
    return differing + list(changed_code(experiment, folder))


def _begun_with(folder: RunFolder, experiment: Experiment) -> Any:
    """Return the settings in a folder, with their defaults where a newer version has more options."""
    tree = load(folder.experiment)
    context = Context(allow_code=holds_code(experiment), folder=folder.path, given=components_of(experiment))
    try:
        whole = with_copies_named(validate(Experiment, tree, context))
        return read_document(to_yaml(whole), "there", []).plain()
    except ConfigError:  # what cannot be read any more is told as it stands
        return tree.root.plain()


def _write_experiment(folder: RunFolder, experiment: Experiment) -> None:
    with atomic_write(folder.experiment) as file:
        file.write(to_yaml(experiment).encode())


def check_same_data(folder: RunFolder, described: dict[str, Any]) -> None:
    """Write what the data are, or check that they are still the same: else rows that trained could come to test.

    Raises
    ------
    ConfigError
        If a run goes on, or is evaluated, with other data.
    """
    if not folder.data.is_file():
        write_json(folder.data, described)
        return
    every = changed_data(folder, described)
    changed = [name for name in every if not name.startswith(OTHERS)]
    others = [name for name in every if name.startswith(OTHERS)]
    if others:
        raise ConfigError(
            *(
                f"{name}.run: {described[name]['run']} holds other models than when the run in {folder.path} began, "
                "and a run uses the same ones to its end; bring them back, or start a new run with -o"
                for name in others
            )
        )
    if changed:
        names = ", ".join(repr(name) for name in changed)
        raise ConfigError(
            f"{folder.path}: the recordings, targets or maps of {names} changed since the run began, so nobody knows "
            "which of them it was trained on; bring them back, or start a new run with -o"
        )


def changed_data(folder: RunFolder, described: dict[str, Any]) -> list[str]:
    """Return the data sets that are no longer what the run of this folder was begun with."""
    before = read_json(folder.data)
    return [name for name, now in described.items() if before.get(name, {}).get("digest") != now["digest"]]


def describe_data(data: OpenData) -> dict[str, Any]:
    """Return rows, labels, what was skipped, and a digest of maps and targets, by data set."""
    described = {
        name: {**part.data_set.describe(), "digest": data.digest(name), "skipped": data.skipped[name]}
        for name, part in data.listed.items()
    }
    noise = {f"noise.{name}": {**own.data_set.describe(), "digest": own.digest()} for name, own in data.noise.items()}
    return described | noise


def _differences(before: Any, now: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in dict.fromkeys([*before, *now]):
            yield from _differences(before.get(key), now.get(key), f"{path}.{key}" if path else str(key))
    elif before != now:
        yield path, before, now
