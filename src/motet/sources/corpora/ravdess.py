"""RAVDESS: 24 actors speak and sing two statements in eight emotions.

`Actor_AA/MM-CC-EE-II-SS-RR-AA.wav`, the parts being modality (03 is audio alone), vocal channel (01 speech, 02 song),
emotion, intensity, statement, repetition and actor (odd is male, even is female). `stress` is derived: fearful against
neutral, absent from the other emotions.

Source: S. R. Livingstone and F. A. Russo, "The Ryerson Audio-Visual Database of Emotional Speech and Song", PLoS ONE
13(5), 2018; `stress` after P. Georgiev et al., "Low-resource multi-task audio sensing for mobile and embedded devices
via shared deep neural network representations", IMWUT 1(3), 2017.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from motet.errors import DataError
from motet.signals.settings import ReaderSettings
from motet.sources.corpora.clips import Clip, SoundFiles, examples_of
from motet.sources.corpora.settings import RavdessSettings
from motet.sources.example import Example, Target
from motet.sources.listing import several
from motet.sources.source import DEFAULT_READER, TaskDefaults

_NAME = re.compile(r"03-0([12])-0([1-8])-0([12])-0([12])-0[12]-([0-9]{2})\.[A-Za-z0-9]+")
_CHANNELS = {"1": "speech", "2": "song"}
_EMOTIONS = {
    "1": "neutral",
    "2": "calm",
    "3": "happy",
    "4": "sad",
    "5": "angry",
    "6": "fearful",
    "7": "disgust",
    "8": "surprised",
}
_INTENSITIES = {"1": "normal", "2": "strong"}
_STATEMENTS = {"1": "kids", "2": "dogs"}
_STRESS = ("neutral", "fearful")


@dataclass(frozen=True, slots=True)
class Ravdess:
    """RAVDESS in the folders of its publisher.

    Examples
    --------
    >>> list(Ravdess(RavdessSettings(path="ravdess")).tasks())
    ['emotion', 'intensity', 'statement', 'sex', 'stress']
    """

    settings: RavdessSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the utterances in the order of their names; see `Source.examples`."""
        return examples_of(self.settings.path, self._clips(), reader)

    def tasks(self) -> TaskDefaults:
        """Return the tasks; the vocal channel is one where both are wanted."""
        names = ["emotion", "intensity", "statement", "sex"] + ["channel"] * (self.settings.channel == "all")
        return {name: {"kind": "multiclass"} for name in names} | {"stress": {"kind": "binary", "positive": "fearful"}}

    def _clips(self) -> list[Clip]:
        files = SoundFiles.below(self.settings.path)
        matches = {name: _NAME.fullmatch(name.rsplit("/", 1)[-1]) for name in files.names}
        wrong = [name for name, match in matches.items() if match is None]
        if wrong:
            raise several(
                (f"{files.folder}/{name}: is not named as an audio file of RAVDESS" for name in wrong),
                "a name is 03-CC-EE-II-SS-RR-AA, as in 03-01-06-01-02-01-12.wav; correct `path` or the names",
            )
        clips = [_clip(name, match) for name, match in matches.items() if match is not None]
        kept = [clip for clip in clips if self.settings.channel in ("all", clip.targets["channel"])]
        if not kept:
            raise DataError(f"{files.folder}: holds no {self.settings.channel}; correct `channel` or `path`")
        return kept


def _clip(name: str, match: re.Match[str]) -> Clip:
    channel, emotion, intensity, statement, actor = match.groups()
    targets: dict[str, Target] = {
        "emotion": _EMOTIONS[emotion],
        "intensity": _INTENSITIES[intensity],
        "statement": _STATEMENTS[statement],
        "sex": "male" if int(actor) % 2 else "female",
        "channel": _CHANNELS[channel],
    }
    if _EMOTIONS[emotion] in _STRESS:
        targets["stress"] = _EMOTIONS[emotion]
    return Clip(name, targets, group=f"actor_{actor}")
