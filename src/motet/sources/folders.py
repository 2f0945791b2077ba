"""Folders that are classes: CLASS/FILE, train|dev|test/CLASS/FILE, or fold_N/CLASS/FILE."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from motet.errors import DataError
from motet.signals.readers.by_suffix import ARRAY_SUFFIXES, EDF_SUFFIXES, SOUND_SUFFIXES, TEXT_SUFFIXES
from motet.signals.settings import ReaderSettings
from motet.sources.codes import CodeNames
from motet.sources.example import Example, fold_roles
from motet.sources.listing import list_files, list_folders, portable, several
from motet.sources.partitions import role_at, role_named
from motet.sources.recordings import recording_of, with_rate
from motet.sources.settings import FoldersSettings
from motet.sources.source import DEFAULT_READER, INPUT, TaskDefaults

Layout = Literal["classes", "partitions", "folds"]

_FOLD = re.compile(r"fold[ _-]?(.+)", re.IGNORECASE)
_FAMILIES = {
    "sound": tuple(sorted(SOUND_SUFFIXES)),
    "arrays": tuple(ARRAY_SUFFIXES),
    "text": tuple(TEXT_SUFFIXES),
    "EDF": tuple(EDF_SUFFIXES),
}


@dataclass(frozen=True, slots=True)
class Folders:
    """Class folders. Folders below a class folder belong to the class.

    Examples
    --------
    >>> Folders(FoldersSettings(path="bonn", task="state")).tasks()
    {'state': {'kind': 'multiclass'}}
    """

    settings: FoldersSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the files in the order of their names; see `Source.examples`."""
        settings = self.settings
        reader = with_rate(reader, settings.rate_hz)
        names = _recordings(settings)
        layout = _layout(settings, names)
        _check_depth(settings, names, 2 if layout == "classes" else 3)
        folds = fold_roles(_fold(settings, name) for name in names) if layout == "folds" else {}
        label = _labels(settings)
        folder = Path(settings.path)
        for name in names:
            parts = name.split("/")
            yield Example(
                id=portable(name),
                inputs={INPUT: recording_of(folder / name, settings.content, reader)},
                targets={settings.task: label(portable(parts[0 if layout == "classes" else 1]), name)},
                folds=folds[_fold(settings, name)] if layout == "folds" else None,
                partition=role_at(parts[0], name) if layout == "partitions" else None,
            )

    def tasks(self) -> TaskDefaults:
        """Return the one task."""
        return {self.settings.task: {"kind": "multiclass"}}


def _recordings(settings: FoldersSettings) -> list[str]:
    extensions = settings.extensions or [ending for family in _FAMILIES.values() for ending in family]
    listed = list_files(settings.path, extensions=extensions, exclude=settings.exclude)
    inside = [name for name in listed if "/" in name]
    if not inside:
        raise DataError(
            f"{settings.path}: no recordings in class folders (looked for {', '.join(extensions)}); correct `path`, or "
            "name other `extensions`"
        )
    if settings.extensions is None:
        endings = _FAMILIES[_family(settings.path, inside)]
        listed = [name for name in listed if name.lower().endswith(tuple(endings))]
        inside = [name for name in listed if "/" in name]
    _check_places(settings, listed, inside)
    return inside


def _family(path: str, names: list[str]) -> str:
    found = {
        family: name for family, endings in _FAMILIES.items() for name in names if name.lower().endswith(tuple(endings))
    }
    if len(found) > 1:
        shown = ", ".join(f"{name} ({family})" for family, name in found.items())
        raise DataError(f"{path}: holds files of several kinds: {shown}; name the `extensions` of the recordings")
    return next(iter(found))


def _check_places(settings: FoldersSettings, listed: list[str], inside: list[str]) -> None:
    """Refuse recordings outside of class folders (a text file there is a note), and folders without recordings."""
    notes = _FAMILIES["text"] if settings.extensions is None else ()
    loose = [name for name in listed if "/" not in name and not name.lower().endswith(tuple(notes))]
    used = {name.split("/", 1)[0] for name in inside}
    empty = [name for name in list_folders(settings.path, exclude=settings.exclude) if name not in used]
    problems = [f"{settings.path}/{name}: lies in no class folder" for name in loose]
    problems += [f"{settings.path}/{name}: this folder holds no recordings" for name in empty]
    if problems:
        raise several(problems, "move, fill or remove these, or name them in `exclude`")


def _layout(settings: FoldersSettings, names: list[str]) -> Layout:
    if settings.layout != "auto":
        return settings.layout
    tops = sorted({name.split("/", 1)[0] for name in names})
    found: dict[Layout, list[str]] = {
        "partitions": [top for top in tops if role_named(top)],
        "folds": [top for top in tops if _FOLD.fullmatch(top)],
    }
    for layout, special in found.items():
        if special == tops:
            return layout
        if special:
            others = ", ".join(top for top in tops if top not in special)
            raise DataError(
                f"{settings.path}: {', '.join(special)} look like {layout}, but {others} do not; say which `layout` it "
                "is: classes, partitions or folds"
            )
    return "classes"


def _check_depth(settings: FoldersSettings, names: list[str], depth: int) -> None:
    wrong = [name for name in names if name.count("/") + 1 < depth]
    if wrong:
        raise several(
            (f"{settings.path}/{name}: lies in no class folder" for name in wrong),
            "move these into class folders, or write layout: classes",
        )


def _fold(settings: FoldersSettings, name: str) -> str:
    match = _FOLD.fullmatch(name.split("/", 1)[0])
    if match is None:
        raise DataError(f"{settings.path}/{name}: does not lie in a folder fold_N; rename the folder or the layout")
    return match[1]


def _labels(settings: FoldersSettings) -> Callable[[str, str], str]:
    if not settings.labels:
        return lambda folder, place: folder
    return CodeNames.of(settings.task, settings.labels).name
