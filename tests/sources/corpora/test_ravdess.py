from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from motet.errors import DataError
from motet.sources.corpora.ravdess import Ravdess
from motet.sources.corpora.settings import RavdessSettings
from motet.sources.example import Example
from motet.testing import check_source
from tests.sources.conftest import Tree

SPOKEN = "Actor_12/03-01-06-01-02-01-12.wav"
SUNG = "Actor_01/03-02-04-02-01-02-01.wav"


def listed(folder: Path, **settings: Any) -> list[Example]:
    return list(Ravdess(RavdessSettings(path=str(folder), **settings)).examples())


def test_names_are_read_as_published(tree: Tree) -> None:
    (example,) = listed(tree([SPOKEN, SUNG]))
    assert example.id == SPOKEN
    assert example.targets == {
        "emotion": "fearful",
        "intensity": "normal",
        "statement": "dogs",
        "sex": "female",
        "channel": "speech",
        "stress": "fearful",
    }
    assert example.group == "actor_12"


def test_song_and_speech_together_are_a_task(tree: Tree) -> None:
    folder = tree([SPOKEN, SUNG])
    assert [example.targets["channel"] for example in listed(folder, channel="all")] == ["song", "speech"]
    (sung,) = listed(folder, channel="song")
    assert (sung.targets["emotion"], sung.targets["intensity"], sung.targets["sex"]) == ("sad", "strong", "male")
    assert "stress" not in sung.targets
    settings = RavdessSettings(path=str(folder), channel="all")
    assert list(Ravdess(settings).tasks()) == ["emotion", "intensity", "statement", "sex", "channel", "stress"]


@pytest.mark.parametrize("name", ["Actor_01/02-01-06-01-02-01-12.wav", "Actor_01/03-01-09-01-02-01-12.wav", "x.wav"])
def test_other_names_are_refused(tree: Tree, name: str) -> None:
    with pytest.raises(DataError, match=rf"(?s){name}: is not named as an audio file of RAVDESS.*03-CC-EE-II"):
        listed(tree([SPOKEN, name]))


def test_a_channel_that_is_not_there_is_refused(tree: Tree) -> None:
    with pytest.raises(DataError, match="holds no song; correct `channel`"):
        listed(tree([SPOKEN]), channel="song")


def test_acted_emotions(motet_data: Path) -> None:
    examples = listed(motet_data / "ravdess")
    assert Counter(example.targets["emotion"] for example in examples) == {
        "neutral": 72,
        **dict.fromkeys(["calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"], 144),
    }
    assert Counter(example.targets.get("stress") for example in examples) == {None: 864, "neutral": 72, "fearful": 144}
    assert set(Counter(example.group for example in examples).values()) == {60}
    assert Counter(example.targets["sex"] for example in examples) == {"male": 540, "female": 540}
    check_source({"kind": "ravdess", "path": str(motet_data / "ravdess")}, decoded=3)
