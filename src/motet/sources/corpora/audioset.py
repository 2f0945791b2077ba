"""AudioSet: segments of 10 s of YouTube videos, each with the set of its classes (weak labels).

`balanced_train_segments.csv`, `unbalanced_train_segments.csv` and `eval_segments.csv` have, below lines that begin
with `#`, a row for each segment: `YTID, start, end, "/m/CODE,/m/CODE"`; `ontology.json` names the codes and their
children. The recordings are not published; clips cut to the segments are found anywhere below the folder, named YTID,
YTID_START or YTID_START_END, in seconds or milliseconds, also with a Y in front; a file of another start is not used.
What is published are features, ten vectors a segment, read in place of clips where `features` names their folder.

Source: J. F. Gemmeke et al., "Audio Set: An Ontology and Human-Labeled Dataset for Audio Events", ICASSP 2017, and the
page of the data set.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from motet.errors import DataError
from motet.features.feature_map import FeatureMap
from motet.signals.recording import Recording
from motet.signals.settings import ReaderSettings
from motet.sources.corpora.audioset_features import Segment, find_features
from motet.sources.corpora.clips import Clip, SoundFiles, examples_of, read_rows, seconds, stem
from motet.sources.corpora.settings import AudioSetSettings
from motet.sources.example import Example, Role
from motet.sources.listing import several
from motet.sources.source import DEFAULT_READER, TaskDefaults

_ONTOLOGY = "ontology.json"
_NAME = re.compile(r"Y?(?P<video>[\w-]{11})(?:_(?P<start>[0-9]+(?:\.[0-9]+)?)(?:_[0-9.]+)?)?")


@dataclass(frozen=True, slots=True)
class AudioSet:
    """Segments of AudioSet with the tables of their publisher.

    Examples
    --------
    >>> AudioSet(AudioSetSettings(path="audioset")).tasks()
    {'sounds': {'kind': 'multilabel'}}
    """

    settings: AudioSetSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the segments in the order of their clips; see `Source.examples`."""
        return examples_of(self.settings.path, self._clips(), reader)

    def tasks(self) -> TaskDefaults:
        """Return the one task."""
        return {"sounds": {"kind": "multilabel"}}

    def _clips(self) -> list[Clip]:
        folder = Path(self.settings.path)
        names, parents = _ontology(folder / _ONTOLOGY)
        above = parents if self.settings.ancestors else {}
        rows = [
            _Row(place, table, (cells[0], seconds(cells[1], place)), cells[3])
            for table in self.settings.segments
            for place, cells in read_rows(folder / table, columns=4, delimiter=",", comment="#")
        ]
        found = self._features(rows) if self.settings.features else self._files(rows)
        absent = [row for row in rows if row.segment not in found]
        if absent and (self.settings.missing == "error" or not found):
            what = "are no features" if self.settings.features else "is no clip"
            raise several(
                (f"{row.place}: there {what} of {row.segment[0]} from {row.segment[1]:g} s on" for row in absent),
                f"put clips named YTID or YTID_START below {folder}, correct `features`, or write missing: skip",
            )
        clips = []
        for row in rows:
            if row.segment in found:
                path, recording = found[row.segment]
                labels = _labels(row.codes.split(","), names, above, row.place)
                group, role = row.segment[0], _role(row.table)
                clips.append(Clip(path, {"sounds": labels}, group=group, partition=role, recording=recording))
        return clips

    def _files(self, rows: Sequence["_Row"]) -> dict[Segment, tuple[str, None]]:
        """Return the clip of every segment that has one."""
        files = _by_video(SoundFiles.below(self.settings.path))
        clips = {row.segment: _clip_of(files.get(row.segment[0], []), row.segment[1]) for row in rows}
        return {segment: (clip, None) for segment, clip in clips.items() if clip is not None}

    def _features(self, rows: Sequence["_Row"]) -> dict[Segment, tuple[str, Recording[FeatureMap]]]:
        """Return the features of every segment that has some, named as a clip would be."""
        found = find_features(Path(self.settings.features or ""), (row.segment for row in rows))
        return {segment: (f"{segment[0]}_{segment[1]:g}", Recording(own)) for segment, own in found.items()}


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a table: its place for messages, its table, its segment, and the codes of its classes."""

    place: str
    table: str
    segment: Segment
    codes: str


def _role(table: str) -> Role:
    return "test" if "eval" in table else "train"


def _by_video(files: SoundFiles) -> Mapping[str, list[tuple[str, str | None]]]:
    """Return the files of each video, with the start that their names say."""
    found: dict[str, list[tuple[str, str | None]]] = {}
    for name in files.names:
        match = _NAME.fullmatch(stem(name).rsplit("/", 1)[-1])
        if match is not None:
            found.setdefault(match["video"], []).append((name, match["start"]))
    return found


def _clip_of(files: Iterable[tuple[str, str | None]], start_s: float) -> str | None:
    """Return the file of a segment: a start is in seconds or in milliseconds."""
    fitting = (name for name, start in files if start is None or float(start) in (start_s, 1000 * start_s))
    return next(fitting, None)


def _ontology(path: Path) -> tuple[Mapping[str, str], Mapping[str, list[str]]]:
    """Return the name of each code, and the codes above it."""
    try:
        classes = json.loads(path.read_text(encoding="utf-8"))
        names = {entry["id"]: entry["name"] for entry in classes}
        parents: dict[str, list[str]] = {}
        for entry in classes:
            for child in entry["child_ids"]:
                parents.setdefault(child, []).append(entry["id"])
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: cannot be read as the ontology of AudioSet ({error}); download it again") from None
    return names, parents


def _labels(codes: list[str], names: Mapping[str, str], parents: Mapping[str, list[str]], place: str) -> frozenset[str]:
    found: dict[str, None] = {}
    waiting = [code.strip() for code in codes if code.strip()]
    while waiting:
        code = waiting.pop()
        if code not in names:
            raise DataError(f"{place}: {_ONTOLOGY} names no class {code}; download both again")
        if code not in found:
            found[code] = None
            waiting += parents.get(code, [])
    return frozenset(names[code] for code in found)
