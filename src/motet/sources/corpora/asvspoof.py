"""ASVspoof 2015: genuine speech of 106 speakers, and speech made to sound like theirs by ten systems.

`CM_protocol/cm_train.trn`, `cm_develop.ndx` and `cm_evaluation.ndx` (also with .txt behind) have a row for each file:
speaker, file, system (or `human`), and `human` or `spoof`; the file is `wav/SPEAKER/FILE.wav`. Partitions share no
speakers. Spoofed speech is nobody's: its speaker is `unknown`.

Source: Z. Wu et al., "ASVspoof 2015: the First Automatic Speaker Verification Spoofing and Countermeasures Challenge",
Interspeech 2015, and the README of the data set; `unknown` after P. Georgiev et al., IMWUT 1(3), 2017.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from motet.errors import DataError
from motet.signals.settings import ReaderSettings
from motet.sources.corpora.clips import Clip, SoundFiles, examples_of, read_rows
from motet.sources.corpora.settings import AsvSpoofSettings
from motet.sources.example import Example, Role, Target
from motet.sources.source import DEFAULT_READER, TaskDefaults

_FOLDER = "CM_protocol"
_PROTOCOLS: dict[Role, str] = {"train": "cm_train.trn", "dev": "cm_develop.ndx", "test": "cm_evaluation.ndx"}
_KEYS = ("human", "spoof")


@dataclass(frozen=True, slots=True)
class AsvSpoof:
    """ASVspoof 2015 in the folders of its publisher.

    Examples
    --------
    >>> AsvSpoof(AsvSpoofSettings(path="ASVspoof2015")).tasks()["genuine"]
    {'kind': 'binary', 'positive': 'spoof'}
    """

    settings: AsvSpoofSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the utterances in the order of their files; see `Source.examples`."""
        return examples_of(self.settings.path, self._clips(), reader)

    def tasks(self) -> TaskDefaults:
        """Return whether speech is genuine and, where speakers may stand on both sides, who speaks."""
        genuine = {"genuine": {"kind": "binary", "positive": "spoof"}}
        return genuine if self.settings.grouped else {**genuine, "speaker": {"kind": "multiclass"}}

    def _clips(self) -> list[Clip]:
        folder = Path(self.settings.path)
        rows = [(role, place, cells) for role in self.settings.parts for place, cells in _rows(folder, role)]
        paths = [f"wav/{cells[0]}/{cells[1]}.wav" for _, _, cells in rows]
        found = SoundFiles.below(str(folder)).located(paths, table=_FOLDER)
        return [
            Clip(
                name,
                _targets(place, cells),
                group=cells[0] if self.settings.grouped else None,
                partition=role if len(self.settings.parts) > 1 else None,
            )
            for name, (role, place, cells) in zip(found, rows, strict=True)
            if name is not None
        ]


def _rows(folder: Path, role: Role) -> Iterator[tuple[str, list[str]]]:
    plain = folder / _FOLDER / _PROTOCOLS[role]
    with_ending = plain.with_name(f"{plain.name}.txt")
    return read_rows(with_ending if with_ending.is_file() else plain, columns=4, delimiter=None)


def _targets(place: str, cells: list[str]) -> dict[str, Target]:
    speaker, _, system, key = cells[:4]
    if key not in _KEYS:
        raise DataError(f"{place}: ends in '{key}', but it must be human or spoof; restore the protocol")
    return {"genuine": key, "speaker": speaker if key == "human" else "unknown", "system": system}
