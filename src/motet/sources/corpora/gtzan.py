"""GTZAN: 1,000 excerpts of 30 s in ten genres, `genres/GENRE/GENRE.NNNNN.wav` (or .au).

The set holds repeated, mislabelled and distorted excerpts. The fault-filtered partition leaves these out and keeps an
artist on one side; its lists (`train_filtered.txt`, `valid_filtered.txt`, `test_filtered.txt`, rows
`blues/blues.00029.wav`) are published apart from the recordings and are put beside them.

Source: G. Tzanetakis and P. Cook, "Musical Genre Classification of Audio Signals", IEEE TSAP 10(5), 2002; the
partition: C. Kereliuk, B. L. Sturm and J. Larsen, "Deep Learning and Music Adversaries", IEEE TMM 17(11), 2015.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from motet.signals.settings import ReaderSettings
from motet.sources.corpora.clips import Clip, SoundFiles, examples_of, read_rows
from motet.sources.corpora.settings import GtzanSettings
from motet.sources.example import Example, Role
from motet.sources.listing import several
from motet.sources.source import DEFAULT_READER, TaskDefaults

_NAME = re.compile(r"(?:.*/)?(?P<genre>[^/]+)/(?P=genre)\.[0-9]{5}\.[A-Za-z0-9]+")
_LISTS: dict[Role, str] = {"train": "train_filtered.txt", "dev": "valid_filtered.txt", "test": "test_filtered.txt"}


@dataclass(frozen=True, slots=True)
class Gtzan:
    """GTZAN in the folders of its publisher.

    Examples
    --------
    >>> Gtzan(GtzanSettings(path="gtzan")).tasks()
    {'genre': {'kind': 'multiclass'}}
    """

    settings: GtzanSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the excerpts in the order of their files; see `Source.examples`."""
        return examples_of(self.settings.path, self._clips(), reader)

    def tasks(self) -> TaskDefaults:
        """Return the one task."""
        return {"genre": {"kind": "multiclass"}}

    def _clips(self) -> list[Clip]:
        files = SoundFiles.below(self.settings.path)
        matches = {name: _NAME.fullmatch(name) for name in files.names}
        wrong = [name for name, match in matches.items() if match is None]
        if wrong:
            raise several(
                (f"{files.folder}/{name}: is not named as an excerpt of GTZAN" for name in wrong),
                "a name is GENRE/GENRE.NNNNN.wav, as in genres/blues/blues.00000.wav; correct `path` or the names",
            )
        clips = [Clip(name, {"genre": match["genre"]}) for name, match in matches.items() if match is not None]
        return _filtered(files, clips) if self.settings.filtered else clips


def _filtered(files: SoundFiles, clips: list[Clip]) -> list[Clip]:
    by_path = {clip.path: clip for clip in clips}
    above = clips[0].path.removesuffix("/".join(clips[0].path.split("/")[-2:]))
    kept = []
    for role, table in _LISTS.items():
        paths = [above + cells[0] for _, cells in read_rows(Path(files.folder) / table, columns=1)]
        found = [by_path[name] for name in files.located(paths, table=table) if name is not None]
        kept += [Clip(clip.path, clip.targets, partition=role) for clip in found]
    return kept
