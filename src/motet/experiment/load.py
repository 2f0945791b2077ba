"""An experiment from its file."""

from collections.abc import Sequence
from pathlib import Path

from motet.config import Context, validate
from motet.config import load as load_tree
from motet.experiment.settings import Experiment


def load_experiment(path: Path | str, overrides: Sequence[str] = (), *, allow_code: bool = False) -> Experiment:
    """Read an experiment file.

    Parameters
    ----------
    overrides
        `key=value` by dotted path, as on the command line.
    allow_code
        Whether the classes that it names as `./mine.py:Name` may be run.

    Raises
    ------
    ConfigError
        With every problem and its place.
    """
    context = Context(allow_code=allow_code, folder=Path(path).parent, check_files=True)
    return validate(Experiment, load_tree(path, overrides), context)
