"""Sub-challenges of the Computational Paralinguistics Challenge (ComParE) 2018 to 2021.

`wav/train_0001.wav`, `devel_...`, `test_...`, and in `lab/` what is known of them: one table (2018 .tsv, 2019 and 2020
`labels.csv`) or one for each partition (2021 `train.csv`, `devel.csv`, `test.csv`). A column names the file
(`file_name`, `filename`, in 2020 also `filename_audio`), the others are targets, such as `label`, `emotion`, `A_cat`.
The labels of test are `?`, empty, or the rows are not there at all; such files have no target.

Source: B. Schuller et al., "The INTERSPEECH 2018 (2019, 2020, 2021) Computational Paralinguistics Challenge",
Interspeech; the layouts as the organisers' toolkit auDeep (M. Freitag et al., JMLR 18(173), 2018) reads them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from motet.errors import ConfigError, DataError
from motet.signals.settings import ReaderSettings
from motet.sources.corpora.clips import Clip, SoundFiles, examples_of, stem
from motet.sources.corpora.settings import CompareSettings
from motet.sources.example import Example
from motet.sources.listing import list_files, several
from motet.sources.manifest import Manifest, read_manifest
from motet.sources.partitions import role_named
from motet.sources.source import DEFAULT_READER, TaskDefaults

_FILE_COLUMNS = ("file_name", "filename", "filename_audio")
_UNKNOWN = ("", "?")


@dataclass(frozen=True, slots=True)
class Compare:
    """A sub-challenge in the folders of its publisher.

    Examples
    --------
    >>> Compare(CompareSettings(path="ComParE2020_Mask")).tasks()
    {'label': {'kind': 'multiclass'}}
    """

    settings: CompareSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the recordings in the order of their files; see `Source.examples`."""
        return examples_of(self.settings.path, self._clips(), reader)

    def tasks(self) -> TaskDefaults:
        """Return a task for each column of targets."""
        return {name: {"kind": "multiclass"} for name in self.settings.targets}

    def _clips(self) -> list[Clip]:
        folder = Path(self.settings.path)
        files = SoundFiles.below(str(folder / "wav"))
        wrong = [name for name in files.names if role_named(name.split("_")[0]) is None]
        if wrong:
            raise several(
                (f"{files.folder}/{name}: begins with no partition" for name in wrong),
                "a name begins with train_, devel_ or test_; correct `path` or the names",
            )
        known = self._known(folder / "lab")
        return [
            Clip(
                f"wav/{name}",
                {task: label for task in self.settings.targets if (label := cells.get(task)) is not None},
                group=cells.get(self.settings.group) if self.settings.group else None,
                partition=role_named(name.split("_")[0]),
            )
            for name in files.names
            for cells in [known.get(stem(name), {})]
        ]

    def _known(self, folder: Path) -> Mapping[str, Mapping[str, str | None]]:
        tables = [
            read_manifest(folder / name, missing=_UNKNOWN)
            for name in list_files(str(folder), extensions=[".csv", ".tsv"])
        ]
        if not tables:
            raise DataError(f"{folder}: holds no table of labels; restore it, or correct `path`")
        known: dict[str, dict[str, str | None]] = {}
        for table in tables:
            for row, file in enumerate(table.text(_file_column(table))):
                cells = {name: table.columns[name][row] for name in self._columns(table)}
                known.setdefault(stem(file), {}).update(
                    {name: None if cell is None else str(cell) for name, cell in cells.items()}
                )
        return known

    def _columns(self, table: Manifest) -> list[str]:
        wanted = [*self.settings.targets, *([self.settings.group] if self.settings.group else [])]
        for name in wanted:
            table.column(name)
        return wanted


def _file_column(table: Manifest) -> str:
    found = next((name for name in reversed(_FILE_COLUMNS) if name in table.columns), None)
    if found is None:
        raise ConfigError(
            f"{table.path}: has no column {' or '.join(_FILE_COLUMNS)}, but {', '.join(table.columns)}; correct `path`"
        )
    return found
