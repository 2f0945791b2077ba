"""Arrays of many examples: .npz, .npy, and text matrices with a row for each example and a file for each channel.

Axes of a stack: N examples, C channels, T samples or frames, F bins.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motet.errors import ConfigError, DataError
from motet.signals.readers.arrays import NumpyFile
from motet.signals.readers.text import TextRows
from motet.signals.recording import Reader, Recording
from motet.signals.settings import ReaderSettings
from motet.sources.codes import CodeNames
from motet.sources.example import Example, Target, fold_roles
from motet.sources.folders import Folders
from motet.sources.maps import NumpyMap
from motet.sources.partitions import role_at
from motet.sources.recordings import with_rate
from motet.sources.settings import ArraysSettings, FoldersSettings
from motet.sources.source import DEFAULT_READER, INPUT, TaskDefaults
from motet.sources.stacks import StackPlace
from motet.sources.targets import Column, default_task, targets_of, typed

_SIGNALS = ("X", "x", "X.npy", "x.npy")
_TARGETS = ("y", "Y", "y.npy", "Y.npy", "y.txt", "Y.txt")
_TASK = "label"
_AXES = {"signals": {2: "[N, T]", 3: "[N, C, T]"}, "maps": {3: "[N, T, F]", 4: "[N, C, T, F]"}}


@dataclass(frozen=True, slots=True)
class Arrays:
    """Stacked arrays, or class folders with one array a file.

    Examples
    --------
    >>> settings = ArraysSettings(path="har", rate_hz=50, signals="acc_*.txt", targets={"activity": "y.txt"})
    >>> Arrays(settings).settings.signals
    ('acc_*.txt',)
    """

    settings: ArraysSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the examples in the order of the arrays; see `Source.examples`."""
        reader = with_rate(reader, self.settings.rate_hz)
        place = _place(self.settings)
        names = _signals(self.settings, place)
        if not names:
            yield from self._folders().examples(reader)
        else:
            yield from self._stacked(place, names, reader)

    def tasks(self) -> TaskDefaults:
        """Return the tasks, told by what the arrays of their targets hold."""
        place = _place(self.settings)
        if not _signals(self.settings, place):
            return self._folders().tasks()
        return {task: default_task(targets) for task, targets in _targets(self.settings, place).items()}

    def _folders(self) -> Folders:
        settings = self.settings
        named = [key for key in ("targets", "group", "fold", "partition") if getattr(settings, key)]
        if named:
            raise ConfigError(
                f"source.{named[0]} names an array, but {settings.path} holds no array X to go with it; name the "
                "arrays in source.signals"
            )
        task = _only_task(settings)
        return Folders(
            FoldersSettings(
                path=settings.path,
                task=task,
                labels=settings.labels.get(task, {}),
                content=settings.content,
                rate_hz=settings.rate_hz,
            )
        )

    def _stacked(self, place: StackPlace, names: list[str], reader: ReaderSettings) -> Iterator[Example]:
        settings = self.settings
        count = _num_examples(settings, place, names)
        read = _row_reader(settings, place, names, reader)
        targets = _targets(settings, place)
        groups, folds, partitions = (
            _single(place, setting, getattr(settings, setting)) for setting in ("group", "fold", "partition")
        )
        for setting, cells in {**targets, "group": groups, "fold": folds, "partition": partitions}.items():
            if cells is not None and len(cells) != count:
                raise DataError(
                    f"{place.path}: there are {count} examples but {len(cells)} rows of {setting}; both must be of the "
                    "same data: correct the files, or `signals` and `targets`"
                )
        roles = fold_roles(folds) if folds else {}
        for row in range(count):
            yield Example(
                id=f"{row:06d}",
                inputs={INPUT: Recording(read(row))},
                targets={task: target for task, cells in targets.items() if (target := cells[row]) is not None},
                group=groups[row] if groups else None,
                folds=roles[folds[row]] if folds else None,
                partition=role_at(partitions[row], f"{place.path} row {row}") if partitions else None,
            )


def _place(settings: ArraysSettings) -> StackPlace:
    path = Path(settings.path)
    return StackPlace.of(path.parent if path.is_file() and path.suffix.lower() != ".npz" else path)


def _signals(settings: ArraysSettings, place: StackPlace) -> list[str]:
    """Return the arrays of the signals; none where the place is a folder of class folders."""
    if settings.signals is not None:
        return place.find(settings.signals, "signals")
    path = Path(settings.path)
    if path != place.path:
        return [path.name]
    found = [name for name in _SIGNALS if name in place.names][:1]
    if not found and place.is_archive:
        raise ConfigError(f"source.signals: {path} holds no X but {', '.join(place.names)}; name the array of signals")
    return found


def _targets(settings: ArraysSettings, place: StackPlace) -> dict[str, list[Target | None]]:
    named = dict(settings.targets)
    if not named:
        named = {_only_task(settings): name for name in [n for n in _TARGETS if n in place.names][:1]}
    unknown = sorted(set(settings.labels) - set(named))
    if unknown:
        raise ConfigError(f"source.labels names the task '{unknown[0]}', which source.targets does not; add it there")
    targets = {}
    for task, name in named.items():
        found = place.find_one(name, f"targets.{task}")
        names = CodeNames.of(task, settings.labels[task]) if task in settings.labels else None
        targets[task] = targets_of(place.columns(found), names=names)
    return targets


def _only_task(settings: ArraysSettings) -> str:
    return next(iter(settings.labels)) if len(settings.labels) == 1 else _TASK


def _single(place: StackPlace, setting: str, name: str | None) -> list[str] | None:
    if name is None:
        return None
    found = place.find_one(name, setting)
    columns = place.columns(found)
    if len(columns) != 1:
        raise DataError(f"{place.path}: {found} has {len(columns)} columns; a {setting} is one value for each example")
    return _without_gaps(columns[0], setting)


def _without_gaps(column: Column, setting: str) -> list[str]:
    cells = typed(column)
    for row, cell in enumerate(cells):
        if cell is None:
            raise DataError(f"{column.place(row)}: the {setting} is missing; fill it in")
    return [str(cell) for cell in cells]


def _num_examples(settings: ArraysSettings, place: StackPlace, names: list[str]) -> int:
    shapes = {name: place.shape(name) for name in names}
    text = [name for name in names if place.is_text(name)]
    if len(names) > 1 and len(text) < len(names):
        raise ConfigError(
            f"source.signals stands for {', '.join(names)}; several of them must be text matrices, one for each "
            "channel: name one array, or stack them into [N, C, T]"
        )
    if text and settings.content == "maps":
        raise ConfigError(f"source.content is maps, but {text[0]} is text; save the maps with numpy.save")
    axes = _AXES[settings.content]
    if not text and len(shapes[names[0]]) not in axes:
        raise DataError(
            f"{place.path}: {names[0]} has shape {list(shapes[names[0]])}; {settings.content} are "
            f"{' or '.join(axes.values())}: reshape it, or correct source.content"
        )
    counts = {name: shape[0] for name, shape in shapes.items()}
    if len(set(counts.values())) != 1 or 0 in counts.values():
        shown = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise DataError(f"{place.path}: the numbers of rows are {shown}; they must be equal and not 0")
    return next(iter(counts.values()))


def _row_reader(
    settings: ArraysSettings, place: StackPlace, names: list[str], reader: ReaderSettings
) -> Callable[[int], Reader[Any]]:
    rate_hz = reader.rate_hz
    if rate_hz is None:
        raise ConfigError("source.rate_hz is not given: arrays carry no rate; give their samples (frames) per second")
    path, key = place.file(names[0]), place.key(names[0])
    if place.is_text(names[0]):
        paths = tuple(place.file(name) for name in names)
        return lambda row: TextRows(paths, rate_hz, row)
    if settings.content == "maps":
        return lambda row: NumpyMap(path, rate_hz, row, key)
    return lambda row: NumpyFile(path, rate_hz, row, key, reader.layout)
