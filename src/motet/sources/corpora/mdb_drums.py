"""MDB Drums: the drums of 23 tracks of MedleyDB, every stroke annotated.

`audio/drum_only/TRACK_Drum.wav` and `audio/full_mix/TRACK_MIX.wav` beside `annotations/class/TRACK_class.txt` (six
classes) and `annotations/subclass/TRACK_subclass.txt` (21), whose rows are an onset in seconds, a tab, and a class.
Recordings are also found directly in `audio`. Strokes are events whose offset is their onset.

Source: C. Southall et al., "MDB Drums: An Annotated Subset of MedleyDB for Automatic Drum Transcription", ISMIR 2017.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from motet.errors import DataError
from motet.signals.settings import ReaderSettings
from motet.sources.corpora.clips import Clip, SoundFiles, examples_of, read_rows, seconds, stem
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
        absent = [f"{tables[name]}: has the strokes of {name}, but is not there" for name in names]
        absent = [problem for name, problem in zip(names, absent, strict=True) if not tables[name].is_file()]
        if absent:
            raise several(absent, "restore the annotations, or remove the recordings")
        return [Clip(name, {"strokes": self._strokes(tables[name])}, group=tracks[name]) for name in names]

    def _table(self, folder: Path, track: str) -> Path:
        kind = self.settings.annotations
        return folder / "annotations" / kind / f"{track}_{kind}.txt"

    def _strokes(self, table: Path) -> tuple[Event, ...]:
        rows = [(seconds(cells[0], place), cells[1]) for place, cells in read_rows(table, columns=2)]
        kept = self.settings.labels
        return tuple(sorted(Event(onset_s, onset_s, label) for onset_s, label in rows if not kept or label in kept))
