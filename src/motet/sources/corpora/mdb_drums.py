"""MDB Drums: the drums of 23 tracks of MedleyDB, every stroke annotated.

`audio/drum_only/TRACK_Drum.wav` and `audio/full_mix/TRACK_MIX.wav` beside `annotations/class/TRACK_class.txt` (six
classes) and `annotations/subclass/TRACK_subclass.txt` (21), whose rows are an onset in seconds, a tab, and a class.
Recordings are also found directly in `audio`. Strokes are events whose offset is their onset.

Source: C. Southall et al., "MDB Drums: An Annotated Subset of MedleyDB for Automatic Drum Transcription", ISMIR 2017.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from motet.errors import DataError
from motet.signals.settings import ReaderSettings
from motet.sources.corpora.clips import Clip, SoundFiles, event_at, examples_of, read_rows, stem
from motet.sources.corpora.settings import MdbDrumsSettings
from motet.sources.example import Event, Example
from motet.sources.listing import several
from motet.sources.source import DEFAULT_READER, TaskDefaults

_ENDINGS = {"drum_only": "_Drum", "full_mix": "_MIX"}


@dataclass(frozen=True, slots=True)
class MdbDrums:
    """MDB Drums in the folders of its publisher.

    Examples
    --------
    >>> MdbDrums(MdbDrumsSettings(path="mdb")).tasks()
    {'strokes': {'kind': 'onsets'}}
    """

    settings: MdbDrumsSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the tracks in the order of their names; see `Source.examples`."""
        return examples_of(self.settings.path, self._clips(), reader)

    def tasks(self) -> TaskDefaults:
        """Return the one task."""
        return {"strokes": {"kind": "onsets"}}

    def _clips(self) -> list[Clip]:
        folder, ending = Path(self.settings.path), _ENDINGS[self.settings.audio]
        names = [f"audio/{name}" for name in SoundFiles.below(f"{folder}/audio").names if stem(name).endswith(ending)]
        if not names:
            raise DataError(f"{folder}/audio: holds no TRACK{ending}.wav; correct `audio` or `path`")
        tracks = {name: stem(name).rsplit("/", 1)[-1].removesuffix(ending) for name in names}
        tables = {name: self._table(folder, track) for name, track in tracks.items()}
        absent = [name for name, table in tables.items() if not table.is_file()]
        if absent:
            raise several(
                (f"{tables[name]}: has the strokes of {name}, but is not there" for name in absent),
                "restore the annotations, or remove the recordings",
            )
        strokes = {name: list(_strokes(table)) for name, table in tables.items()}
        self._check_labels({stroke.label for of_track in strokes.values() for stroke in of_track})
        return [Clip(name, {"strokes": self._kept(strokes[name])}, group=tracks[name]) for name in names]

    def _table(self, folder: Path, track: str) -> Path:
        kind = self.settings.annotations
        return folder / "annotations" / kind / f"{track}_{kind}.txt"

    def _check_labels(self, found: set[str]) -> None:
        unknown = [label for label in self.settings.labels if label not in found]
        if unknown:
            known = ", ".join(sorted(found))
            raise DataError(f"{self.settings.path}: no stroke is {', '.join(unknown)}, but {known}; correct `labels`")

    def _kept(self, strokes: Iterable[Event]) -> tuple[Event, ...]:
        labels = self.settings.labels
        return tuple(sorted(stroke for stroke in strokes if not labels or stroke.label in labels))


def _strokes(table: Path) -> Iterator[Event]:
    return (event_at(place, cells[0], cells[0], cells[1]) for place, cells in read_rows(table, columns=2))
