"""Data sets of Hugging Face `datasets` that lie on the disk: a column of recordings, and columns of targets."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motet.errors import DataError
from motet.signals.readers.hugging_face import HuggingFaceRow, saved
from motet.signals.recording import Recording
from motet.signals.settings import ReaderSettings
from motet.sources.example import Example, Target
from motet.sources.partitions import role_named
from motet.sources.settings import HuggingFaceSettings
from motet.sources.source import DEFAULT_READER, INPUT, TaskDefaults
from motet.sources.targets import default_task

Convert = Callable[[Any], Target | None]


@dataclass(frozen=True, slots=True)
class HuggingFace:
    """A data set that `save_to_disk` has written.

    Examples
    --------
    >>> HuggingFace(HuggingFaceSettings(path="minds14")).settings.recording
    'audio'
    """

    settings: HuggingFaceSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the rows of all splits in their order; see `Source.examples`."""
        settings = self.settings
        folder = Path(settings.path)
        rate_hz = settings.rate_hz if settings.rate_hz is not None else reader.rate_hz
        splits = saved(folder)
        predefined = len(splits) > 1
        for split, data in splits.items():
            self._check(data, split)
            columns = {
                task: (data.data.column(column), _converter(data.features[column]))
                for task, column in self._targets(data).items()
            }
            groups = data.data.column(settings.group) if settings.group else None
            for row in range(data.num_rows):
                targets = {task: convert(cells[row].as_py()) for task, (cells, convert) in columns.items()}
                group = None if groups is None else groups[row].as_py()
                yield Example(
                    f"{split}/{row}" if split else str(row),
                    {INPUT: Recording(HuggingFaceRow(folder, split, row, settings.recording, rate_hz))},
                    {task: target for task, target in targets.items() if target is not None},
                    group=None if group is None else str(group),
                    partition=role_named(split) if predefined else None,
                )

    def tasks(self) -> TaskDefaults:
        """Return a task for every column of targets."""
        data = next(iter(saved(Path(self.settings.path)).values()))
        tasks = {}
        for task, column in self._targets(data).items():
            convert = _converter(data.features[column])
            tasks[task] = default_task(convert(cell.as_py()) for cell in data.data.column(column)[:100])
        return tasks

    def _targets(self, data: Any) -> dict[str, str]:
        """Return the column of each task; where none is named, all columns of class labels."""
        if self.settings.targets:
            return dict(self.settings.targets)
        return {name: name for name, feature in data.features.items() if _names(feature) or _names(_inner(feature))}

    def _check(self, data: Any, split: str) -> None:
        settings = self.settings
        wanted = [settings.recording, *self.settings.targets.values(), *([settings.group] if settings.group else [])]
        absent = [name for name in wanted if name not in data.features]
        if absent:
            raise DataError(
                f"{settings.path}{f' {split}' if split else ''}: there is no column {', '.join(absent)}; there are "
                f"{', '.join(data.features)}: correct `recording`, `targets` or `group`"
            )


def _converter(feature: Any) -> Convert:
    """Return what turns a cell into a target: class labels by their names; a negative one is missing."""
    names, inner = _names(feature), _names(_inner(feature))
    if names:
        return lambda cell: None if cell is None or cell < 0 else names[cell]
    if inner:
        return lambda cell: None if cell is None else frozenset(inner[code] for code in cell)
    return _plain


def _plain(cell: Any) -> Target | None:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, list):
        texts = all(isinstance(item, str) for item in cell)
        return frozenset(cell) if texts else tuple(float(item) for item in cell)
    if cell is None or isinstance(cell, str | int | float):
        return cell
    raise DataError(f"a target is of type {type(cell).__name__}; name columns of labels or numbers in `targets`")


def _names(feature: Any) -> Sequence[str]:
    return getattr(feature, "names", None) or ()


def _inner(feature: Any) -> Any:
    return getattr(feature, "feature", None)
