from pathlib import Path
from typing import Any

import pytest

from motet.errors import DataError
from motet.sources.corpora.fsdkaggle import FsdKaggle
from motet.sources.corpora.settings import FsdKaggleSettings
from motet.sources.example import Example
from tests.sources.conftest import Tree

TRAIN = """fname,label,manually_verified,freesound_id,license
00044347.wav,Hi-hat,0,28739,Attribution
001ca53d.wav,Saxophone,1,358827,Attribution
"""
TEST = """fname,label,usage,freesound_id,license
00326aa9.wav,Oboe,Private,355125,Attribution
"""


def listed(folder: Path, **settings: Any) -> list[Example]:
    return list(FsdKaggle(FsdKaggleSettings(path=str(folder), **settings)).examples())


@pytest.mark.parametrize("prefix", ["FSDKaggle2018.", ""])
def test_tables_are_partitions(tree: Tree, prefix: str) -> None:
    train, test = f"{prefix}audio_train", f"{prefix}audio_test"
    folder = tree([f"{train}/00044347.wav", f"{train}/001ca53d.wav", f"{test}/00326aa9.wav"])
    (folder / "FSDKaggle2018.meta").mkdir()
    (folder / "FSDKaggle2018.meta/train_post_competition.csv").write_text(TRAIN)
    (folder / "FSDKaggle2018.meta/test_post_competition_scoring_clips.csv").write_text(TEST)
    found = [(example.targets["sound"], example.partition) for example in listed(folder)]
    assert found == [("Oboe", "test"), ("Hi-hat", "train"), ("Saxophone", "train")]
    verified = [example.id for example in listed(folder, verified=True)]
    assert verified == [f"{test}/00326aa9.wav", f"{train}/001ca53d.wav"]


def test_recordings_must_be_unpacked(tree: Tree) -> None:
    folder = tree(["FSDKaggle2018.meta/README.md"])
    (folder / "FSDKaggle2018.meta/train_post_competition.csv").write_text(TRAIN)
    with pytest.raises(DataError, match=r"holds neither FSDKaggle2018\.audio_train nor audio_train"):
        listed(folder)


def test_the_test_clips_stand_alone(tree: Tree) -> None:
    folder = tree(["FSDKaggle2018.audio_test/00326aa9.wav"])
    (folder / "FSDKaggle2018.meta").mkdir()
    (folder / "FSDKaggle2018.meta/test_post_competition_scoring_clips.csv").write_text(TEST)
    (only,) = listed(folder, parts=["test"])
    assert (only.targets["sound"], only.partition) == ("Oboe", None)
