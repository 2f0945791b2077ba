from pathlib import Path

import pytest

from motet.errors import DataError
from motet.sources.corpora.settings import UrbanSoundSettings
from motet.sources.corpora.urbansound import UrbanSound
from motet.sources.example import Example
from tests.sources.conftest import Tree

TABLE = """slice_file_name,fsID,start,end,salience,fold,classID,class
100032-3-0-0.wav,100032,0.0,0.317551,1,5,3,dog_bark
100263-2-0-117.wav,100263,58.5,62.5,2,10,2,children_playing
"""
NAMES = ["audio/fold5/100032-3-0-0.wav", "audio/fold10/100263-2-0-117.wav", "metadata/UrbanSound8K.csv"]


def listed(folder: Path) -> list[Example]:
    return list(UrbanSound(UrbanSoundSettings(path=str(folder))).examples())


def test_table_folds_and_sources(tree: Tree) -> None:
    folder = tree(NAMES)
    (folder / NAMES[2]).write_text(TABLE)
    playing, dog = listed(folder)
    assert dog.id == NAMES[0]
    assert dog.targets == {"sound": "dog_bark", "salience": "foreground"}
    assert playing.targets == {"sound": "children_playing", "salience": "background"}
    assert (dog.group, dog.folds) == ("100032", {"5": "test", "10": "train"})


def test_clips_must_be_there(tree: Tree) -> None:
    folder = tree(NAMES[1:])
    (folder / NAMES[2]).write_text(TABLE)
    with pytest.raises(DataError, match=r"audio/fold5/100032-3-0-0\.wav: metadata/UrbanSound8K\.csv lists this"):
        listed(folder)


def test_an_unknown_salience_is_refused(tree: Tree) -> None:
    folder = tree(NAMES)
    (folder / NAMES[2]).write_text(TABLE.replace(",2,10,", ",3,10,"))
    with pytest.raises(DataError, match=r"UrbanSound8K\.csv:3: salience is '3'"):
        listed(folder)
