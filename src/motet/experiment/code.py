"""The user's own files in the folder of a run.

Every file that an experiment names as `./mine.py:Name` is copied to `code/`, and the settings of the run and of its
models name the copy. So a run can be moved or sent, and evaluated when the file itself has long been changed.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from motet.config import UserComponent
from motet.config.user_code import components_of, with_components
from motet.config.user_files import file_digest
from motet.experiment.settings import Experiment
from motet.files import atomic_write
from motet.runs.folder import CODE, RunFolder


def holds_code(experiment: Experiment) -> bool:
    """Tell whether an experiment names files of user code, which somebody has therefore allowed to run."""
    return any(component.path is not None for component in components_of(experiment))


def with_copies_named(experiment: Experiment) -> Experiment:
    """Return the experiment with its files of user code called as their copies in a run's folder: `code/mine.py`."""
    names = _names(experiment)

    def rename(component: UserComponent) -> UserComponent:
        if component.path is None:
            return component
        return component.model_copy(update={"kind": f"{CODE}/{names[component.path]}:{component.name}"})

    return with_components(experiment, rename)


def copy_code(experiment: Experiment, folder: RunFolder) -> None:
    """Copy every file of user code that an experiment names into the folder of its run."""
    for path, name in _names(experiment).items():
        copy = folder.code / name
        if copy.is_file() and file_digest(copy) == file_digest(path):
            continue
        copy.parent.mkdir(exist_ok=True)
        with atomic_write(copy) as file:
            file.write(path.read_bytes())


def changed_code(experiment: Experiment, folder: RunFolder) -> Iterator[str]:
    """Yield the files of user code that are no longer what the run was begun with."""
    for path, name in _names(experiment).items():
        copy = folder.code / name
        if not copy.is_file() or file_digest(copy) != file_digest(path):
            yield f"{CODE}/{name}: {path} has another content"


def _names(experiment: Experiment) -> Mapping[Path, str]:
    """Return what each file is called in the run's folder; files of one name are numbered as they come."""
    names: dict[Path, str] = {}
    for component in components_of(experiment):
        if component.path is not None and component.path not in names:
            alike = sum(path.name == component.path.name for path in names)
            names[component.path] = f"{component.path.stem}-{alike + 1}.py" if alike else component.path.name
    return names
