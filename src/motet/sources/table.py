"""A manifest whose rows are examples: the path of a recording, and what is known of it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from motet.errors import DataError
from motet.signals.settings import ReaderSettings
from motet.sources.codes import CodeNames
from motet.sources.example import Example, Target, fold_roles
from motet.sources.listing import portable, several
from motet.sources.manifest import Manifest, read_manifest
from motet.sources.partitions import roles_by
from motet.sources.recordings import recording_of, with_rate
from motet.sources.settings import TableSettings, TargetColumns, partition_names
from motet.sources.source import DEFAULT_READER, INPUT, TaskDefaults
from motet.sources.targets import default_task, targets_of, typed
from motet.sources.trace_files import read_trace

Span = tuple[float, float | None]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a manifest.

    Examples
    --------
    >>> Table(TableSettings(path="clips.csv", targets={"emotion": "label"})).settings.recording
    'path'
    """

    settings: TableSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the rows in their order; see `Source.examples`."""
        settings = self.settings
        reader = with_rate(reader, settings.rate_hz)
        manifest = self._read()
        root = Path(settings.root) if settings.root is not None else Path(settings.path).parent
        paths = manifest.text(settings.recording)
        beside = {name: manifest.text(column) for name, column in settings.beside.items()}
        spans = _spans(settings, manifest)
        ids = _ids(settings, manifest, root, paths, spans)
        targets = _targets(settings, manifest)
        annotations = {task: manifest.column(own.file).cells for task, own in settings.traces.items()}
        groups = typed(manifest.column(settings.group)) if settings.group else None
        folds = _folds(manifest, settings.fold) if settings.fold else None
        in_folds = fold_roles(folds) if folds else {}
        values = {name: typed(manifest.column(name)) for name in partition_names(settings.partition)}
        known = (
            ({name: cells[row] for name, cells in values.items()}, manifest.place(row)) for row in range(len(paths))
        )
        roles = roles_by(settings.partition, known, settings.path)
        for row, path in enumerate(paths):
            start_s, end_s = spans[row]
            group = groups[row] if groups else None
            own = {task: cells[row] for task, cells in targets.items()}
            for task, cells in annotations.items():
                file = cells[row]
                trace = None if file is None else read_trace(root / str(file), settings.traces[task])
                own[task] = None if trace is None else trace.between(start_s, end_s)
            files = {INPUT: path, **{name: others[row] for name, others in beside.items()}}
            yield Example(
                id=ids[row],
                inputs={
                    name: recording_of(root / file, settings.content, reader, start_s=start_s, end_s=end_s)
                    for name, file in files.items()
                },
                targets={task: target for task, target in own.items() if target is not None},
                group=None if group is None else str(group),
                folds=in_folds[folds[row]] if folds else None,
                partition=roles[row],
            )

    def tasks(self) -> TaskDefaults:
        """Return the tasks, told by what the columns of their targets hold."""
        found = {task: default_task(cells) for task, cells in _targets(self.settings, self._read()).items()}
        return found | {task: {"kind": "time_regression"} for task in self.settings.traces}

    def _read(self) -> Manifest:
        settings = self.settings
        return read_manifest(Path(settings.path), delimiter=settings.delimiter, missing=settings.missing)


def _folds(manifest: Manifest, name: str) -> list[str]:
    cells = typed(manifest.column(name))
    absent = [f"{manifest.place(row)}: {name} is missing" for row, cell in enumerate(cells) if cell is None]
    if absent:
        raise several(absent, "fill in the fold in which each of these rows is tested, or remove them")
    return [str(cell) for cell in cells]


def _targets(settings: TableSettings, manifest: Manifest) -> dict[str, list[Target | None]]:
    targets = {}
    for task, columns in settings.targets.items():
        if not isinstance(columns, TargetColumns):
            columns = TargetColumns(columns=(columns,) if isinstance(columns, str) else columns)
        targets[task] = targets_of(
            [manifest.column(name) for name in columns.columns],
            meaning=columns.values,
            separator=columns.separator,
            names=CodeNames.of(task, settings.labels[task]) if task in settings.labels else None,
        )
    return targets


def _spans(settings: TableSettings, manifest: Manifest) -> list[Span]:
    starts, ends = (
        targets_of([manifest.column(name)], meaning="number") if name else [None] * len(manifest.lines)
        for name in (settings.start, settings.end)
    )
    spans: list[Span] = []
    problems: list[str] = []
    for row, (start, end) in enumerate(zip(starts, ends, strict=True)):
        start_s, end_s = start or 0.0, end
        assert isinstance(start_s, float)
        assert isinstance(end_s, float | None)
        if start_s < 0 or (end_s is not None and end_s <= start_s):
            shown = "the end" if end_s is None else f"{end_s:g} s"
            problems.append(f"{manifest.place(row)}: the span is {start_s:g} s to {shown}")
        spans.append((start_s, end_s))
    if problems:
        raise several(problems, "a span starts at 0 s or later and ends after its start; correct these rows")
    return spans


def _ids(settings: TableSettings, manifest: Manifest, root: Path, paths: list[str], spans: list[Span]) -> list[str]:
    if settings.id is not None:
        ids = manifest.text(settings.id)
    else:
        ids = [
            _name(path, root, manifest.place(row)) + _span_text(span)
            for row, (path, span) in enumerate(zip(paths, spans, strict=True))
        ]
    first: dict[str, int] = {}
    twice = [row for row, name in enumerate(ids) if first.setdefault(name, row) != row]
    if twice:
        raise several(
            (
                f"{manifest.place(row)}: '{ids[row]}' stands in line {manifest.lines[first[ids[row]]]} too"
                for row in twice
            ),
            "each example has its own id: remove the repeated rows, or name the columns `start` and `end`, or `id`",
        )
    return ids


def _name(path: str, root: Path, place: str) -> str:
    """Return a path as it is on every machine: from the root, with `/`."""
    if PurePath(path).is_absolute():
        try:
            path = str(PurePath(path).relative_to(root.absolute()))
        except ValueError:
            raise DataError(
                f"{place}: {path} does not lie below {root}, so its id would differ from machine to machine; set "
                "`root`, or name a column `id`"
            ) from None
    return portable(os.path.normpath(path).replace(os.sep, "/"))


def _span_text(span: Span) -> str:
    start_s, end_s = span
    if start_s == 0.0 and end_s is None:
        return ""
    return f"#{start_s:g}-{'' if end_s is None else f'{end_s:g}'}"
