"""An experiment from its file, from what a file would say, or from the folder of its run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from motet.config import Context, Tree, validate
from motet.config import load as load_tree
from motet.config.nodes import Node
from motet.config.user_code import components_of
from motet.errors import ConfigError
from motet.experiment.settings import VARIATION, Experiment
from motet.runs.folder import RunFolder, open_existing


def load_experiment(
    path: Path | str | Mapping[str, Any], overrides: Sequence[str] = (), *, allow_code: bool = False
) -> Experiment:
    """Read an experiment.

    Parameters
    ----------
    path
        The file; or what it would say, with paths from the working folder.
    overrides
        `key=value` by dotted path, as on the command line.
    allow_code
        Whether the classes that it names as `./mine.py:Name` may be run.

    Raises
    ------
    ConfigError
        With every problem and its place.
    """
    context = Context(allow_code=allow_code, check_files=True)
    tree = Tree(Node.of(path), tuple(overrides)) if isinstance(path, Mapping) else load_tree(path, overrides)
    _refuse_variation(tree)
    return validate(Experiment, tree, context)


def reopen(
    path: Path, *, allow_code: bool = False, experiment: Experiment | None = None
) -> tuple[RunFolder, Experiment]:
    """Return the folder and the experiment of a run that was begun.

    Parameters
    ----------
    experiment
        The experiment as it was in Python, where it held objects of the user's own.
    """
    folder = open_existing(path)
    context = Context(allow_code=allow_code, folder=path, given=components_of(experiment))
    return folder, validate(Experiment, load_tree(folder.experiment), context)


def _refuse_variation(tree: Tree) -> None:
    """Say which verb runs a file that describes several runs."""
    for name in VARIATION:
        if tree.root.child(name) is not None:
            place = tree.root.place_of((name,), key=True)
            told = f"{name}: this describes several runs of an experiment; run them with `motet sweep`, or leave it out"
            raise ConfigError(f"{place}: {told}" if place else told)
