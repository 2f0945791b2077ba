"""Files whose names say what they hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from motet.errors import DataError
from motet.signals.settings import ReaderSettings
from motet.sources.codes import CodeNames
from motet.sources.example import Example, Target, fold_roles
from motet.sources.listing import list_files, portable, several
from motet.sources.partitions import roles_by
from motet.sources.patterns import FilePattern, filled
from motet.sources.recordings import recording_of, with_rate
from motet.sources.settings import FilenamesSettings, Value, partition_names
from motet.sources.source import DEFAULT_READER, INPUT, TaskDefaults
from motet.sources.trace_files import read_trace

Pieces = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Filenames:
    """Files whose names are cut into pieces; every piece is a target.

    Examples
    --------
    >>> source = Filenames(FilenamesSettings(path="fsdd", pattern="{digit}_{speaker}_{index:d}.wav"))
    >>> list(source.tasks())
    ['digit', 'speaker', 'index']
    """

    settings: FilenamesSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the files in the order of their names; see `Source.examples`."""
        settings = self.settings
        reader = with_rate(reader, settings.rate_hz)
        found = self._find()
        roles = roles_by(settings.partition, ((pieces, name) for name, pieces in found), settings.path)
        folds = fold_roles(str(pieces[settings.fold]) for _, pieces in found) if settings.fold else {}
        names = [CodeNames.of(piece, codes) for piece, codes in settings.labels.items()]
        folder, names_ = Path(settings.path), [name for name, _ in found]
        beside = self._beside(names_, settings.beside, "beside")
        traces = self._beside(names_, {task: own.file for task, own in settings.traces.items()}, "traces")
        for (name, pieces), role in zip(found, roles, strict=True):
            named: dict[str, Target] = {codes.task: codes.name(pieces[codes.task], name) for codes in names}
            named |= {task: read_trace(folder / path, settings.traces[task]) for task, path in traces[name].items()}
            yield Example(
                id=portable(name),
                inputs={
                    own: recording_of(folder / path, settings.content, reader)
                    for own, path in {INPUT: name, **beside[name]}.items()
                },
                targets={**pieces, **named} if named else pieces,
                group=str(pieces[settings.group]) if settings.group else None,
                folds=folds[str(pieces[settings.fold])] if settings.fold else None,
                partition=role,
            )

    def _beside(self, names: list[str], paths: Mapping[str, str], key: str) -> dict[str, dict[str, str]]:
        """Return the paths of what lies beside every file, by its name and theirs."""
        settings, pattern = self.settings, FilePattern.of(self.settings.pattern)
        found = {name: {own: filled(path, pattern.raw(name)) for own, path in paths.items()} for name in names}
        absent = [
            f"{settings.path}/{name}: its {own} {path} is not there"
            for name, others in found.items()
            for own, path in others.items()
            if not (Path(settings.path) / path).is_file()
        ]
        if absent:
            raise several(absent, f"correct `{key}`, or add or remove files so that each has its own")
        return found

    def tasks(self) -> TaskDefaults:
        """Return a task for each piece that is not used for groups, folds or partitions."""
        settings = self.settings
        used = {settings.group, settings.fold, *partition_names(settings.partition)}
        fields = FilePattern.of(settings.pattern).fields
        return {
            name: {"kind": "regression" if kind == "f" and name not in settings.labels else "multiclass"}
            for name, kind in fields.items()
            if name not in used
        } | {name: {"kind": "time_regression"} for name in settings.traces}

    def _find(self) -> list[tuple[str, Pieces]]:
        settings = self.settings
        pattern = FilePattern.of(settings.pattern)
        listed = list_files(settings.path, extensions=[pattern.extension])
        found = [(name, pattern.match(name)) for name in listed]
        matching = [(name, pieces) for name, pieces in found if pieces is not None]
        beside = self._beside([name for name, _ in matching], settings.beside, "beside")
        partners = {path for own in beside.values() for path in own.values()}
        others = [name for name, pieces in found if pieces is None and name not in partners]
        if not matching:
            raise DataError(_nothing(settings, others or list_files(settings.path)))
        if others and settings.unmatched == "error":
            raise several(
                (f"{settings.path}/{name}: does not match '{settings.pattern}'" for name in others),
                "correct `pattern` or the names, or write unmatched: skip",
            )
        return matching


def _nothing(settings: FilenamesSettings, names: list[str]) -> str:
    examples = f"it holds {', '.join(names[:3])}" if names else "it holds no files"
    return f"{settings.path}: no file matches '{settings.pattern}': {examples}; correct `pattern` or `path`"
