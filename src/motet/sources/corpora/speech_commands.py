"""Speech Commands: one-second words of many speakers, in files `WORD/SPEAKER_nohash_N.wav`.

`validation_list.txt` and `testing_list.txt` name the files of these partitions, chosen by speaker; the rest trains.
`_background_noise_` holds six longer recordings of noise, from which `silence` takes seconds.

Source: P. Warden, "Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition", arXiv:1804.03209, 2018,
sections 5 and 7, and the README of version 0.02: ten words, `unknown` for all others, and `silence`. Published set-ups
draw silence for all partitions from the same seconds; here the first 48 s of each noise train, the next 6 s are
development and the last 6 s are tested.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from motet.errors import DataError
from motet.signals.settings import ReaderSettings
from motet.sources.corpora.clips import Clip, SoundFiles, examples_of, read_rows, stem
from motet.sources.corpora.settings import SpeechCommandsSettings
from motet.sources.example import Example, Role
from motet.sources.listing import several
from motet.sources.source import DEFAULT_READER, TaskDefaults

_NOISE = "_background_noise_"
_LISTS: dict[Role, str] = {"dev": "validation_list.txt", "test": "testing_list.txt"}
_NOISE_S: dict[Role, range] = {"train": range(48), "dev": range(48, 54), "test": range(54, 60)}


@dataclass(frozen=True, slots=True)
class SpeechCommands:
    """Speech Commands in the folders of its publisher.

    Examples
    --------
    >>> SpeechCommands(SpeechCommandsSettings(path="speech_commands")).tasks()
    {'word': {'kind': 'multiclass'}}
    """

    settings: SpeechCommandsSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the words in the order of their files; see `Source.examples`."""
        return examples_of(self.settings.path, self._clips(), reader)

    def tasks(self) -> TaskDefaults:
        """Return the one task."""
        return {"word": {"kind": "multiclass"}}

    def _clips(self) -> list[Clip]:
        files = SoundFiles.below(self.settings.path)
        spoken = [name for name in files.names if not name.startswith(f"{_NOISE}/")]
        wrong = [name for name in spoken if name.count("/") != 1 or "_nohash_" not in name]
        if wrong:
            raise several(
                (f"{files.folder}/{name}: is not named as a word of Speech Commands" for name in wrong),
                "a name is WORD/SPEAKER_nohash_N.wav; correct `path` or the names",
            )
        self._check_words({name.split("/")[0] for name in spoken})
        roles = _roles(files)
        clips = [self._word(name, roles.get(name, "train")) for name in spoken]
        return clips + (_silence(files) if self.settings.silence else [])

    def _check_words(self, found: set[str]) -> None:
        unknown = [word for word in self.settings.words or () if word not in found]
        if unknown:
            known = ", ".join(sorted(found))
            raise DataError(f"{self.settings.path}: holds no {', '.join(unknown)}, but {known}; correct `words`")

    def _word(self, name: str, role: Role) -> Clip:
        folder, file = name.split("/")
        label = folder if self.settings.words is None or folder in self.settings.words else "unknown"
        return Clip(name, {"word": label}, group=file.split("_nohash_")[0], partition=role)


def _roles(files: SoundFiles) -> dict[str, Role]:
    roles: dict[str, Role] = {}
    for role, table in _LISTS.items():
        paths = [cells[0] for _, cells in read_rows(Path(files.folder) / table, columns=1)]
        roles |= {name: role for name in files.located(paths, table=table) if name is not None}
    return roles


def _silence(files: SoundFiles) -> list[Clip]:
    noises = [name for name in files.names if name.startswith(f"{_NOISE}/")]
    if not noises:
        raise DataError(f"{files.folder}/{_NOISE}: holds no recordings; restore the folder, or write silence: false")
    return [
        Clip(
            noise,
            {"word": "silence"},
            group=f"{stem(noise)}, {role}",
            partition=role,
            start_s=float(second),
            end_s=second + 1.0,
        )
        for noise in noises
        for role, part in _NOISE_S.items()
        for second in part
    ]
