from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from motet.errors import DataError
from motet.sources.corpora.mdb_drums import MdbDrums
from motet.sources.corpora.settings import MdbDrumsSettings
from motet.sources.example import Event, Example, is_events
from tests.sources.conftest import Tree

NAMES = [
    "audio/drum_only/MusicDelta_Punk_Drum.wav",
    "audio/full_mix/MusicDelta_Punk_MIX.wav",
    "annotations/class/MusicDelta_Punk_class.txt",
    "annotations/subclass/MusicDelta_Punk_subclass.txt",
]


@pytest.fixture
def folder(tree: Tree) -> Path:
    made = tree(NAMES)
    (made / NAMES[2]).write_text("0.020000 \t CY \n0.022449 \t SD \n0.010000 \t KD \n")
    (made / NAMES[3]).write_text("0.020000 \t CRC \n0.022449 \t SDF \n0.010000 \t KD \n")
    return made


def listed(folder: Path, **settings: Any) -> list[Example]:
    return list(MdbDrums(MdbDrumsSettings(path=str(folder), **settings)).examples())


def test_strokes_are_events_without_length(folder: Path) -> None:
    (example,) = listed(folder)
    assert example.id == NAMES[0]
    assert example.group == "MusicDelta_Punk"
    assert example.targets["strokes"] == (
        Event(0.01, 0.01, "KD"),
        Event(0.02, 0.02, "CY"),
        Event(0.022449, 0.022449, "SD"),
    )


def test_mix_subclasses_and_some_labels(folder: Path) -> None:
    (example,) = listed(folder, audio="full_mix", annotations="subclass", labels=["KD", "SDF"])
    assert example.id == NAMES[1]
    strokes = example.targets["strokes"]
    assert is_events(strokes)
    assert [stroke.label for stroke in strokes] == ["KD", "SDF"]


def test_labels_that_never_occur_and_impossible_times_are_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="no stroke is BD, but CY, KD, SD; correct `labels`"):
        listed(folder, labels=["BD", "SD"])
    (folder / NAMES[2]).write_text("-1.0 \t CY \n")
    with pytest.raises(DataError, match=r"_class\.txt:1: event 'CY' lasts from -1"):
        listed(folder)


def test_what_is_not_there_is_named(folder: Path) -> None:
    (folder / NAMES[2]).unlink()
    with pytest.raises(DataError, match=r"MusicDelta_Punk_class\.txt: has the strokes of audio/.*, but is not there"):
        listed(folder)
    (folder / NAMES[1]).unlink()
    with pytest.raises(DataError, match=r"holds no TRACK_MIX\.wav; correct `audio`"):
        listed(folder, audio="full_mix")


def test_drums(motet_data: Path) -> None:
    examples = listed(motet_data / "mdbdrums")
    assert len(examples) == len({example.group for example in examples}) == 13
    labels: Counter[str] = Counter()
    for example in examples:
        strokes = example.targets["strokes"]
        assert is_events(strokes)
        labels.update(stroke.label for stroke in strokes)
        assert strokes[-1].onset_s < example.inputs["signal"].read().duration_s
    assert labels == {"HH": 731, "KD": 634, "SD": 470, "CY": 168, "OT": 70, "TT": 50}
