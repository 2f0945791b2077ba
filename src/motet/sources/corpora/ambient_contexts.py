"""Ambient acoustic contexts of Park et al. 2020: seconds of AudioSet's segments, labelled anew by many listeners.

The archive unpacks to `audioset_1sec`, with a folder for each segment, `id_VIDEO_START_END`, and in it for each of its
seconds, NN from 00 on, the recording `id_VIDEO_START_END_NN.wav` and `id_VIDEO_START_END_NN_labels.txt`. A row of it is
the index, the code and the quoted name of a class of AudioSet, `69,/m/03qtwd,"Crowd"`; what is none of the classes that
were asked for is `-1,none,"None of the above"`. Some seconds have no labels; these are not used.

The names are those of AudioSet (`sounds`). The ten contexts are groups of them (`contexts`), made as CombinaTorch makes
them: `silence` and `leftover`, which is all else, give way to any other context of the same second.

Source: C. Park, C. Min, S. Bhattacharya, F. Kawsar, "Augmenting Conversational Agents with Ambient Acoustic Contexts",
MobileHCI 2020. The layout is that which two public readers rely on, `ParkAudiosetDataset` of CombinaTorch (K. Callebaut
2021; folders, names, columns, groups) and FedSTAR (V. Tsouvalas et al. 2022; names), and the rows are those of the copy
`flwrlabs/ambient-acoustic-context`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from motet.errors import DataError
from motet.signals.settings import ReaderSettings
from motet.sources.corpora.clips import Clip, SoundFiles, examples_of, read_rows
from motet.sources.corpora.settings import AmbientContextsSettings
from motet.sources.corpora.vectors import stored_vectors
from motet.sources.example import Example
from motet.sources.listing import list_files, several
from motet.sources.source import DEFAULT_READER, TaskDefaults

_LABELS = "_labels.txt"
_SILENCE, _LEFTOVER = "silence", "leftover"
_CONTEXTS: Mapping[str, tuple[str, ...]] = {
    "applause": ("Applause", "Clapping"),
    "crowd": ("Crowd", "Chatter", "Hubbub, speech noise, speech babble"),
    "door": ("Door", "Knock"),
    "laughter": ("Laughter",),
    _SILENCE: ("Silence",),
    "speech": ("Speech", "Female speech, woman speaking", "Male speech, man speaking", "Conversation"),
    "television": ("Television",),
    "typing": ("Typing", "Clicking"),
    "walk": ("Walk, footsteps",),
}
_CONTEXT_OF = {label: context for context, labels in _CONTEXTS.items() for label in labels}


@dataclass(frozen=True, slots=True)
class AmbientContexts:
    """Seconds with their contexts, as recordings or as stored vectors.

    Examples
    --------
    >>> AmbientContexts(AmbientContextsSettings(path="audioset_1sec")).tasks()
    {'contexts': {'kind': 'multilabel'}}
    """

    settings: AmbientContextsSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the labelled seconds in the order of their names; see `Source.examples`."""
        return examples_of(self.settings.path, self._clips(), reader)

    def tasks(self) -> TaskDefaults:
        """Return the contexts; `sounds`, the labels that they are made of, is there by name."""
        return {"contexts": {"kind": "multilabel"}}

    def _clips(self) -> list[Clip]:
        labels = self._labels()
        clips = self._vectors(labels) if self.settings.vectors else self._recordings(labels)
        absent = [name for name in labels if name not in clips]
        if absent and (self.settings.missing == "error" or not clips):
            what = "vector" if self.settings.vectors else "recording"
            raise several(
                (f"{self.settings.path}/{name}{_LABELS}: the {what} of this second is not there" for name in absent),
                f"bring each {what} back, correct the path, or write missing: skip",
            )
        return list(clips.values())

    def _labels(self) -> Mapping[str, frozenset[str]]:
        """Return the labels of each second, by its path without an ending."""
        folder = Path(self.settings.path)
        found = {}
        for name in list_files(str(folder), extensions=[_LABELS]):
            labels = frozenset(cells[2] for _, cells in read_rows(folder / name, columns=3, delimiter=","))
            if labels:
                found[name.removesuffix(_LABELS)] = labels
        if not found:
            raise DataError(f"{folder}: holds no NAME{_LABELS} with labels; `path` is the folder audioset_1sec")
        return found

    def _recordings(self, labels: Mapping[str, frozenset[str]]) -> dict[str, Clip]:
        files = SoundFiles.below(self.settings.path)
        found = {name: file for name in labels if (file := files.find(name)) is not None}
        return {name: _clip(file, name, labels[name]) for name, file in found.items()}

    def _vectors(self, labels: Mapping[str, frozenset[str]]) -> dict[str, Clip]:
        short = {name: name.rsplit("/", 1)[-1] for name in labels}
        vectors = stored_vectors(Path(self.settings.vectors or ""), list(short.values()))
        return {
            name: Clip(name, _targets(labels[name]), group=_segment(name), recording=vectors[own])
            for name, own in short.items()
            if own in vectors
        }


def _clip(file: str, name: str, labels: frozenset[str]) -> Clip:
    return Clip(file, _targets(labels), group=_segment(name))


def _targets(labels: frozenset[str]) -> dict[str, frozenset[str]]:
    return {"contexts": contexts(labels), "sounds": labels}


def _segment(name: str) -> str:
    """Return the segment that a second is cut from, which stands before its number."""
    return name.rsplit("/", 1)[-1].rpartition("_")[0]


def contexts(labels: frozenset[str]) -> frozenset[str]:
    """Return the contexts of the labels of a second.

    Examples
    --------
    >>> sorted(contexts(frozenset({"Chatter", "Clapping", "Silence", "Cough"})))
    ['applause', 'crowd']
    >>> sorted(contexts(frozenset({"Cough"})))
    ['leftover']
    """
    found = {_CONTEXT_OF.get(label, _LEFTOVER) for label in labels}
    for weak in (_SILENCE, _LEFTOVER):
        if len(found) > 1:
            found.discard(weak)
    return frozenset(found)
