"""ESC-10 and ESC-50: environmental sounds, 2,000 clips of 5 s in five folds.

Two layouts are known: the one of ESC-10 (`NNN - Name/FOLD-CLIP-TAKE.ogg`) and the one of ESC-50 (`audio/` and
`meta/esc50.csv`). CLIP is the recording on freesound.org that a clip was cut from: the group.

Source: K. J. Piczak, "ESC: Dataset for Environmental Sound Classification", ACM Multimedia 2015.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from motet.errors import ConfigError, DataError
from motet.signals.readers.by_suffix import reader_for
from motet.signals.recording import Recording
from motet.signals.settings import ReaderSettings
from motet.sources.corpora.settings import EscSettings
from motet.sources.example import Example, fold_roles
from motet.sources.listing import list_files, several
from motet.sources.manifest import read_manifest
from motet.sources.source import DEFAULT_READER, INPUT, TaskDefaults

_CLIP = re.compile(r"(?:[0-9]+ - (?P<label>[^/]+)/)?(?P<fold>[0-9]+)-(?P<clip>[0-9]+)-[A-Z](?:-[0-9]+)?\.(?:ogg|wav)")
_META = "meta/esc50.csv"
_AUDIO = "audio"


@dataclass(frozen=True, slots=True)
class _Clip:
    name: str
    label: str
    fold: str
    group: str


@dataclass(frozen=True, slots=True)
class Esc:
    """ESC-10 or ESC-50 in the folders of its publisher.

    Examples
    --------
    >>> Esc(EscSettings(path="esc10")).tasks()
    {'sound': {'kind': 'multiclass'}}
    """

    settings: EscSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the clips in the order of their names; see `Source.examples`."""
        folder = Path(self.settings.path)
        clips = _from_meta(folder, self.settings) if (folder / _META).is_file() else _from_names(folder, self.settings)
        folds = fold_roles(clip.fold for clip in clips)
        for clip in clips:
            yield Example(
                id=clip.name,
                inputs={INPUT: Recording(reader_for(folder / clip.name, reader))},
                targets={self.settings.task: clip.label},
                group=clip.group,
                folds=folds[clip.fold],
            )

    def tasks(self) -> TaskDefaults:
        """Return the one task."""
        return {self.settings.task: {"kind": "multiclass"}}


def _from_names(folder: Path, settings: EscSettings) -> list[_Clip]:
    if settings.subset == "esc10":
        raise ConfigError(f"source.subset is esc10, which needs {folder / _META}; restore that file or write all")
    names = list_files(str(folder), extensions=[".ogg", ".wav"])
    matches = [_CLIP.fullmatch(name) for name in names]
    wrong = [name for name, match in zip(names, matches, strict=True) if match is None or match["label"] is None]
    if wrong or not names:
        found = (f"{folder}/{name}: is not named as a clip of ESC" for name in wrong)
        raise several(
            found if names else [f"{folder}: holds no clips"],
            f"a clip is 'NNN - Name/FOLD-CLIP-TAKE.ogg', as in ESC-10, or listed in {_META}, as in ESC-50; correct "
            "`path` or the names",
        )
    return [
        _Clip(name, match["label"], match["fold"], match["clip"])
        for name, match in zip(names, matches, strict=True)
        if match is not None
    ]


def _from_meta(folder: Path, settings: EscSettings) -> list[_Clip]:
    manifest = read_manifest(folder / _META)
    files, labels, folds, sources, tens = (
        manifest.text(column) for column in ("filename", "category", "fold", "src_file", "esc10")
    )
    rows = zip(files, labels, folds, sources, tens, strict=True)
    clips = [
        _Clip(f"{_AUDIO}/{file}", label.replace("_", " "), fold, source)
        for file, label, fold, source, ten in rows
        if settings.subset == "all" or ten.lower() == "true"
    ]
    present = set(list_files(str(folder / _AUDIO)))
    missing = [clip.name for clip in clips if clip.name.removeprefix(f"{_AUDIO}/") not in present]
    if missing:
        raise several(
            (f"{folder}/{name}: {_META} lists this clip, but it is not there" for name in missing),
            "download the data set again, or remove the rows of what is missing",
        )
    if not clips:
        raise DataError(f"{folder / _META}: marks no row as esc10; download the data set again, or write subset: all")
    return sorted(clips, key=lambda clip: clip.name)
