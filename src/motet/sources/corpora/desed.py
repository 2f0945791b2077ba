"""DESED: sounds of ten classes at home, recorded and synthetic, as in DCASE 2019 and 2020, task 4.

Tables below `metadata`, with tabs between columns: `train/weak.tsv` (filename, event_labels with commas between them),
`train/synthetic20/soundscapes.tsv` and `validation/validation.tsv` (filename, onset, offset, event_label; a row an
event, one without times where nothing is heard), `train/unlabel_in_domain.tsv` (filename). Recordings lie below
`audio` in the folder that is named as the table, or in that of the table. Editions differ in further tables; the
header of each says what is known.

Source: N. Turpault et al., "Sound Event Detection in Domestic Environments with Weakly Labeled Data and Soundscape
Synthesis", DCASE 2019, and the README of the data set (github.com/turpaultn/DESED).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from motet.errors import DataError
from motet.signals.settings import ReaderSettings
from motet.sources.corpora.clips import Clip, SoundFiles, event_at, examples_of
from motet.sources.corpora.settings import DesedSettings
from motet.sources.example import Event, Example, Role, Target
from motet.sources.listing import several
from motet.sources.manifest import Manifest, read_manifest
from motet.sources.source import DEFAULT_READER, TaskDefaults

_STRONG = ("onset", "offset", "event_label")
_WEAK = "event_labels"


@dataclass(frozen=True, slots=True)
class Desed:
    """DESED in the folders of its publisher; `path` holds `audio` and `metadata`.

    Examples
    --------
    >>> Desed(DesedSettings(path="DESED/dataset")).tasks()
    {'events': {'kind': 'events'}}
    """

    settings: DesedSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the recordings in the order of their files; see `Source.examples`."""
        return examples_of(self.settings.path, self._clips(), reader)

    def tasks(self) -> TaskDefaults:
        """Return the one task."""
        return {"events": {"kind": "events"}}

    def _clips(self) -> list[Clip]:
        folder = Path(self.settings.path)
        files = SoundFiles.below(str(folder / "audio"))
        clips: list[Clip] = []
        absent: list[str] = []
        for table in self.settings.tables:
            place = folder / "metadata" / table
            for name, targets in _targets(read_manifest(place, delimiter="\t")).items():
                found = _find(files, PurePosixPath(table), name)
                if found is None:
                    absent.append(f"{place}: lists {name}, but it is not there")
                    continue
                role: Role = "train" if table.startswith("train/") else "test"
                clips.append(Clip(f"audio/{found}", targets, partition=role))
        if absent and (self.settings.missing == "error" or not clips):
            raise several(absent, f"unpack the recordings below {folder / 'audio'} again, or write missing: skip")
        return clips


def _find(files: SoundFiles, table: PurePosixPath, name: str) -> str | None:
    """Return the file of a recording: in the folder that is named as its table, or in that of the table."""
    return files.find(str(table.with_suffix("") / name)) or files.find(str(table.parent / name))


def _targets(table: Manifest) -> dict[str, dict[str, Target]]:
    """Return what is known of each recording of a table."""
    names = table.text("filename")
    if _WEAK in table.columns:
        cells = table.column(_WEAK).cells
        return {
            name: {"events": frozenset(label.strip() for label in str(cell or "").split(",") if label.strip())}
            for name, cell in zip(names, cells, strict=True)
        }
    if not set(_STRONG) & set(table.columns):
        return {name: {} for name in names}
    events: dict[str, list[Event]] = {name: [] for name in names}
    for row, (name, *cells) in enumerate(zip(names, *(table.column(each).cells for each in _STRONG), strict=True)):
        if all(cell is None for cell in cells):
            continue  # a recording in which nothing is heard
        if any(cell is None for cell in cells):
            raise DataError(
                f"{table.place(row)}: an event has {', '.join(_STRONG)}, or none of them; restore the table"
            )
        events[name].append(event_at(table.place(row), *map(str, cells)))
    return {name: {"events": tuple(sorted(of_recording))} for name, of_recording in events.items()}
