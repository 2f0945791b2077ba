"""Speech Commands: one-second words of many speakers, in files `WORD/SPEAKER_nohash_N.wav`.

`validation_list.txt` and `testing_list.txt` name the files of these partitions, chosen by speaker; the rest trains.
`_background_noise_` holds six longer recordings of noise, from which `silence` takes seconds.

The archive of the test set (speech_commands_test_set_v0.02) has no lists, and all of it tests: ten words, `_silence_`,
and `_unknown_`, in files `_unknown_/WORD_SPEAKER_nohash_N.wav`. Its words are recordings of the large archive's testing
list, which therefore must not train beside it: `parts: [train, dev]`.

Source: P. Warden, "Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition", arXiv:1804.03209, 2018,
sections 5 and 7, and the README of version 0.02: ten words, `unknown` for all others, and `silence`. Published set-ups
draw silence for all partitions from the same seconds; here the first 48 s of each noise train, the next 6 s are
development and the last 6 s are tested.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from motet.errors import DataError
from motet.signals.settings import ReaderSettings
from motet.sources.corpora.clips import Clip, SoundFiles, examples_of, read_rows, stem
from motet.sources.corpora.settings import SpeechCommandsSettings
from motet.sources.example import Example, Role
from motet.sources.listing import several
from motet.sources.source import DEFAULT_READER, TaskDefaults

_NOISE, _SILENCE, _UNKNOWN = "_background_noise_", "_silence_", "_unknown_"
_LISTS: dict[Role, str] = {"dev": "validation_list.txt", "test": "testing_list.txt"}
_NOISE_S: dict[Role, range] = {"train": range(48), "dev": range(48, 54), "test": range(54, 60)}


@dataclass(frozen=True, slots=True)
class SpeechCommands:
    """Speech Commands, or the archive of its test set, in the folders of its publisher.

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
        files, parts = SoundFiles.below(self.settings.path), self.settings.parts
        quiet = (f"{_NOISE}/", f"{_SILENCE}/")
        noises = [name for name in files.names if name.startswith(quiet)]
        spoken = _spoken(files, [name for name in files.names if not name.startswith(quiet)])
        self._check_words({word for word, _ in spoken.values()})
        tests = _is_test_set(files)
        roles: Mapping[str, Role] = dict.fromkeys(spoken, "test") if tests else _roles(files)
        clips = [self._word(name, *said, roles.get(name, "train")) for name, said in spoken.items()]
        if self.settings.silence:
            clips += _silent(files, noises) if tests else _silence(files, noises)
        kept = [clip for clip in clips if clip.partition in parts]
        if not kept:
            raise DataError(
                f"{files.folder}: holds no recording for {' or '.join(parts)}, but {len(clips)} others; correct `parts`"
            )
        return kept if len(parts) > 1 else [replace(clip, partition=None) for clip in kept]

    def _check_words(self, found: set[str]) -> None:
        unknown = [word for word in self.settings.words or () if word not in found]
        if unknown:
            known = ", ".join(sorted(found))
            raise DataError(f"{self.settings.path}: holds no {', '.join(unknown)}, but {known}; correct `words`")

    def _word(self, name: str, word: str, speaker: str, role: Role) -> Clip:
        label = word if self.settings.words is None or word in self.settings.words else "unknown"
        return Clip(name, {"word": label}, group=speaker, partition=role)


def _spoken(files: SoundFiles, names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the word and the speaker that each name tells."""
    told = {name: _said(name) for name in names}
    wrong = [name for name, said in told.items() if said is None]
    if wrong:
        raise several(
            (f"{files.folder}/{name}: is not named as a word of Speech Commands" for name in wrong),
            "a name is WORD/SPEAKER_nohash_N.wav; correct `path` or the names",
        )
    return {name: said for name, said in told.items() if said is not None}


def _said(name: str) -> tuple[str, str] | None:
    word, _, file = name.partition("/")
    speaker, ending, _ = file.partition("_nohash_")
    if word == _UNKNOWN:
        word, _, speaker = speaker.rpartition("_")
    return (word, speaker) if word and ending and "/" not in file else None


def _is_test_set(files: SoundFiles) -> bool:
    """Tell the archive of the test set by its folders, which the other does not have."""
    return any(name.startswith((f"{_UNKNOWN}/", f"{_SILENCE}/")) for name in files.names)


def _roles(files: SoundFiles) -> dict[str, Role]:
    roles: dict[str, Role] = {}
    for role, table in _LISTS.items():
        paths = [cells[0] for _, cells in read_rows(Path(files.folder) / table, columns=1)]
        roles |= {name: role for name in files.located(paths, table=table) if name is not None}
    return roles


def _silent(files: SoundFiles, noises: Sequence[str]) -> list[Clip]:
    """Return the silence of the test set's archive, which is cut already."""
    if not noises:
        raise DataError(f"{files.folder}/{_SILENCE}: holds no recordings; restore the folder, or write silence: false")
    return [Clip(noise, {"word": "silence"}, partition="test") for noise in noises]


def _silence(files: SoundFiles, noises: Sequence[str]) -> list[Clip]:
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
