"""AudioSet: segments of 10 s of YouTube videos, each with the set of its classes (weak labels).

`balanced_train_segments.csv`, `unbalanced_train_segments.csv` and `eval_segments.csv` have, below lines that begin
with `#`, a row for each segment: `YTID, start, end, "/m/CODE,/m/CODE"`; `ontology.json` names the codes and their
children. The recordings are not published; clips cut to the segments are found anywhere below the folder, named YTID,
YTID_START or YTID_START_END, in seconds or milliseconds, also with a Y in front; a file of another start is not used.

Source: J. F. Gemmeke et al., "Audio Set: An Ontology and Human-Labeled Dataset for Audio Events", ICASSP 2017, and the
page of the data set.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from motet.errors import DataError
from motet.signals.settings import ReaderSettings
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
        files = _by_video(SoundFiles.below(str(folder)))
        clips, absent = [], []
        for table in self.settings.segments:
            for place, cells in read_rows(folder / table, columns=4, delimiter=",", comment="#"):
                found = _clip_of(files.get(cells[0], []), seconds(cells[1], place))
                if found is None:
                    absent.append(f"{place}: no clip of {cells[0]} is there")
                    continue
                labels = _labels(cells[3].split(","), names, parents if self.settings.ancestors else {}, place)
                clips.append(Clip(found, {"sounds": labels}, group=cells[0], partition=_role(table)))
        if absent and (self.settings.missing == "error" or not clips):
            raise several(absent, f"put clips named YTID or YTID_START below {folder}, or write missing: skip")
        return clips


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
