"""FSDKaggle2018: 11,073 clips of freesound.org, 41 classes of everyday sounds.

As published after the competition: `FSDKaggle2018.audio_train/`, `FSDKaggle2018.audio_test/`, and in
`FSDKaggle2018.meta/` the tables `train_post_competition.csv` (fname, label, manually_verified, freesound_id, license)
and `test_post_competition_scoring_clips.csv` (fname, label, usage, ...). The names `audio_train/` and `audio_test/` of
the competition serve too.

Source: E. Fonseca et al., "General-Purpose Tagging of Freesound Audio with AudioSet Labels: Task Description, Dataset,
and Baseline", DCASE 2018, and the README of the data set.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from motet.errors import DataError
from motet.signals.settings import ReaderSettings
from motet.sources.corpora.clips import Clip, SoundFiles, examples_of
from motet.sources.corpora.settings import FsdKaggleSettings
from motet.sources.example import Example, Role
from motet.sources.manifest import Manifest, read_manifest
from motet.sources.source import DEFAULT_READER, TaskDefaults

_META = "FSDKaggle2018.meta"
_TABLES: dict[Role, str] = {
    "train": "train_post_competition.csv",
    "test": "test_post_competition_scoring_clips.csv",
}


@dataclass(frozen=True, slots=True)
class FsdKaggle:
    """FSDKaggle2018 in the folders of its publisher.

    Examples
    --------
    >>> FsdKaggle(FsdKaggleSettings(path="FSDKaggle2018")).tasks()
    {'sound': {'kind': 'multiclass'}}
    """

    settings: FsdKaggleSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the clips in the order of their files; see `Source.examples`."""
        return examples_of(self.settings.path, self._clips(), reader)

    def tasks(self) -> TaskDefaults:
        """Return the one task."""
        return {"sound": {"kind": "multiclass"}}

    def _clips(self) -> list[Clip]:
        folder = Path(self.settings.path)
        return [clip for role in self.settings.parts for clip in self._part(folder, role)]

    def _part(self, folder: Path, role: Role) -> list[Clip]:
        path = folder / _META / _TABLES[role]
        table = read_manifest(path)
        below = _audio(folder, role)
        found = SoundFiles.below(str(folder / below)).located(table.text("fname"), table=path.name)
        kept = _verified(table) if role == "train" and self.settings.verified else [True] * len(found)
        partition = role if len(self.settings.parts) > 1 else None
        return [
            Clip(f"{below}/{name}", {"sound": label}, partition=partition)
            for name, label, keep in zip(found, table.text("label"), kept, strict=True)
            if keep and name is not None
        ]


def _audio(folder: Path, role: Role) -> str:
    names = (f"FSDKaggle2018.audio_{role}", f"audio_{role}")
    found = next((name for name in names if (folder / name).is_dir()), None)
    if found is None:
        raise DataError(f"{folder}: holds neither {' nor '.join(names)}; unpack the recordings there")
    return found


def _verified(table: Manifest) -> list[bool]:
    return [cell in ("1", "True") for cell in table.text("manually_verified")]
