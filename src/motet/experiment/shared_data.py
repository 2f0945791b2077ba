"""Data sets that several runs read: each is listed, extracted and identified once, as long as its settings are alike.

What a run does with the rows (`scaling`, `segments`, `split`) is no part of what is shared.
"""

import json
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

from motet.config import Settings, dump
from motet.config.user_code import components_of
from motet.experiment.settings import DataSetSettings, Experiment
from motet.files import DigestCache
from motet.store.store import Store

T = TypeVar("T")

_OF_A_RUN = ("scaling", "segments", "split")


class SharedData:
    """What was done with data sets, kept for the next run that asks for the same. Leaving it closes the stores."""

    def __init__(self) -> None:
        self._closing = ExitStack()
        self._made: dict[tuple[str, str], Any] = {}

    def once(self, what: str, key: str, make: Callable[[], T]) -> T:
        """Return what was made under this key, or make it."""
        if (what, key) not in self._made:
            self._made[what, key] = make()
        made: T = self._made[what, key]
        return made

    def holds(self, what: str, key: str) -> bool:
        """Tell whether something was made under this key."""
        return (what, key) in self._made

    def store(self, folder: Path) -> tuple[Store, DigestCache]:
        """Return the store of a folder, opened once, and the digests of recordings beside it."""

        def opened() -> tuple[Store, DigestCache]:
            return self._closing.enter_context(Store(folder)), DigestCache(folder / "digests")

        return self.once("store", str(folder.absolute()), opened)

    def own_store(self) -> tuple[Store, DigestCache]:
        """Return a store for this process alone, for maps that nothing identifies."""

        def made() -> str:
            return self._closing.enter_context(tempfile.TemporaryDirectory(prefix="motet-"))

        return self.store(Path(self.once("folder", "", made)))

    def __enter__(self) -> "SharedData":
        """Return itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the stores."""
        self._closing.close()


def key_of(experiment: Experiment, name: str, *, whole: bool = True) -> str:
    """Return what decides the rows and maps of a data set: equal text, equal rows and maps."""
    alike = DataSetSettings.model_construct(**{**dict(experiment.data_set(name)), **dict.fromkeys(_OF_A_RUN)})
    teachers = {task: own for task, own in experiment.teachers.items() if task in (alike.tasks or ())}
    taught = sorted((task, own.teaches(name)) for task, own in teachers.items())
    read = experiment.model.named_encoders
    made = [dump(experiment.store), _dumped(experiment.derive), taught, read and sorted(read)]
    return json.dumps([name, whole, experiment.seed, *made, dump(alike), _code([alike, experiment.derive])])


def noise_key(experiment: Experiment, keys: Mapping[str, str] | None = None) -> str:
    """Return what decides the recordings that can be mixed in; with keys of data sets, also how each stores them."""
    return json.dumps([experiment.seed, _dumped(experiment.noise), _code(experiment.noise), keys])


def _dumped(named: Mapping[str, Settings]) -> dict[str, Any]:
    return {name: dump(own) for name, own in named.items()}


def _code(settings: Any) -> list[str | int]:
    """Return what identifies the user's own code: the digest of its file, or which object in Python it is."""
    return [component.digest or id(component.target) for component in components_of(settings)]
