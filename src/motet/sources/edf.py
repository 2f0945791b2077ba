"""EDF and BDF files with their annotations: whole recordings with events, or a piece of each for every annotation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motet.errors import DataError
from motet.signals.readers.by_suffix import EDF_SUFFIXES
from motet.signals.readers.edf import Annotation, EdfFile, annotations, duration_s
from motet.signals.recording import Recording
from motet.signals.settings import ReaderSettings
from motet.sources.codes import CodeNames
from motet.sources.example import Event, Example, fold_roles
from motet.sources.listing import list_files, portable, several
from motet.sources.patterns import FilePattern
from motet.sources.settings import EdfSettings, Value
from motet.sources.source import DEFAULT_READER, INPUT, TaskDefaults

_ROUNDING_S = 0.005


@dataclass(frozen=True, slots=True)
class Edf:
    """Recordings in EDF or BDF.

    Examples
    --------
    >>> Edf(EdfSettings(path="eegmmidb", task="fist", cut=True)).tasks()
    {'fist': {'kind': 'multiclass'}}
    """

    settings: EdfSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the files in the order of their names, annotations in the order of time; see `Source.examples`."""
        settings = self.settings
        found = self._find()
        folds = fold_roles(str(pieces[settings.fold]) for _, pieces in found) if settings.fold else {}
        self._check_labels([Path(settings.path) / name for name, _ in found])
        for name, pieces in found:
            path = Path(settings.path) / name
            known: dict[str, Any] = {
                "group": str(pieces[settings.group]) if settings.group else portable(name) if settings.cut else None,
                "folds": folds[str(pieces[settings.fold])] if settings.fold else None,
            }
            recording = EdfFile(path, reader.columns)
            if not settings.cut:
                targets = {**pieces, settings.task: self._events(path)}
                yield Example(portable(name), {INPUT: Recording(recording)}, targets, **known)
                continue
            for label, start_s, end_s in self._spans(path):
                targets = {**pieces, settings.task: label}
                inputs = {INPUT: Recording(recording, start_s, end_s)}
                yield Example(f"{portable(name)}#{start_s:g}-{end_s:g}", inputs, targets, **known)

    def tasks(self) -> TaskDefaults:
        """Return the task of the annotations; pieces of the file names are targets that may be named."""
        return {self.settings.task: {"kind": "multiclass" if self.settings.cut else "events"}}

    def _find(self) -> list[tuple[str, dict[str, Value]]]:
        settings = self.settings
        names = list_files(settings.path, extensions=sorted(EDF_SUFFIXES), exclude=settings.exclude)
        if not names:
            raise DataError(f"{settings.path}: holds no .edf or .bdf files; correct `path` or `exclude`")
        if settings.pattern is None:
            return [(name, {}) for name in names]
        pattern = FilePattern.of(settings.pattern)
        found = [(name, pattern.match(name)) for name in names]
        others = [
            f"{settings.path}/{name}: does not match '{settings.pattern}'" for name, pieces in found if pieces is None
        ]
        if others:
            raise several(others, "correct `pattern` or the names, or name these in `exclude`")
        return [(name, pieces) for name, pieces in found if pieces is not None]

    def _events(self, path: Path) -> tuple[Event, ...]:
        """Return the annotations of a recording as events, none of them beyond its end."""
        last_s = duration_s(path)
        return tuple(
            Event(one.onset_s, min(last_s, one.onset_s + (one.duration_s or 0.0)), label)
            for label, one in self._labelled(path)
            if one.onset_s < last_s
        )

    def _spans(self, path: Path) -> list[tuple[str, float, float]]:
        """Return label, start and end of the piece of every annotation."""
        settings, last_s = self.settings, duration_s(path)
        spans, problems = [], []
        for label, one in self._labelled(path):
            length_s = settings.length_s if settings.length_s is not None else one.duration_s
            if not length_s:
                raise DataError(
                    f"{path}: the annotation '{one.text}' at {one.onset_s:g} s has no duration; set length_s"
                )
            start_s = one.onset_s + settings.start_s
            end_s = start_s + length_s
            if start_s < 0 or end_s > last_s + _ROUNDING_S:
                problems.append(
                    f"{path}: the piece of '{one.text}' from {start_s:g} to {end_s:g} s leaves the recording"
                )
            else:
                spans.append((label, round(start_s, 6), round(min(end_s, last_s), 6)))
        if problems and settings.incomplete == "error":
            raise several(problems, "set another start_s or length_s, or incomplete: skip")
        return spans

    def _check_labels(self, paths: Sequence[Path]) -> None:
        """Refuse a name for an annotation that no file has; files are read until all are met."""
        unmet, others = set(self.settings.labels), set[str]()
        for path in paths if unmet else ():
            texts = {one.text for one in annotations(path)}
            others |= texts
            unmet -= texts
            if not unmet:
                return
        if unmet:
            there = ", ".join(sorted(filter(None, others))) or "none at all"
            raise DataError(
                f"{self.settings.path}: no annotation is {', '.join(sorted(unmet))}; there is {there}: correct `labels`"
            )

    def _labelled(self, path: Path) -> Iterator[tuple[str, Annotation]]:
        """Yield annotations with their names; those that `labels` leaves out are left out."""
        settings = self.settings
        names = CodeNames.of(settings.task, settings.labels) if settings.labels else None
        for one in annotations(path):
            if one.text and (names is None or one.text in settings.labels):
                yield names.name(one.text, str(path)) if names else one.text, one
