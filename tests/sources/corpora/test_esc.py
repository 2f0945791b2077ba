from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from motet.errors import ConfigError, DataError
from motet.sources.corpora.esc import Esc
from motet.sources.corpora.settings import EscSettings
from motet.sources.example import Example
from tests.sources.conftest import Tree

META = """filename,fold,target,category,esc10,src_file,take
1-100032-A-0.wav,1,0,dog,True,100032,A
2-9-A-14.wav,2,14,chirping_birds,False,9,A
2-9-B-14.wav,2,14,chirping_birds,False,9,B
"""


def listed(folder: Path, **settings: Any) -> list[Example]:
    """Return the clips of a folder."""
    return list(Esc(EscSettings(path=str(folder), **settings)).examples())


def test_folders_of_esc10(tree: Tree) -> None:
    folder = tree(
        ["001 - Dog bark/1-30226-A.ogg", "001 - Dog bark/2-7-B.ogg", "010 - Fire crackling/5-1-A.ogg", "A.txt"]
    )
    examples = listed(folder, task="event")
    assert [example.targets for example in examples] == [
        {"event": "Dog bark"},
        {"event": "Dog bark"},
        {"event": "Fire crackling"},
    ]
    assert [example.group for example in examples] == ["30226", "7", "1"]
    assert examples[2].folds == {"1": "train", "2": "train", "5": "test"}
    assert examples[0].id == "001 - Dog bark/1-30226-A.ogg"


def test_meta_of_esc50(tree: Tree) -> None:
    folder = tree(["meta/esc50.csv", "audio/1-100032-A-0.wav", "audio/2-9-A-14.wav", "audio/2-9-B-14.wav"])
    (folder / "meta/esc50.csv").write_text(META)
    examples = listed(folder)
    assert [example.targets["sound"] for example in examples] == ["dog", "chirping birds", "chirping birds"]
    assert [example.group for example in examples] == ["100032", "9", "9"]
    assert examples[0].folds == {"1": "test", "2": "train"}
    assert [example.id for example in listed(folder, subset="esc10")] == ["audio/1-100032-A-0.wav"]


def test_clips_that_meta_lists_must_be_there(tree: Tree) -> None:
    folder = tree(["meta/esc50.csv", "audio/2-9-A-14.wav"])
    (folder / "meta/esc50.csv").write_text(META)
    with pytest.raises(DataError, match=r"(?s)1-100032-A-0\.wav: meta/esc50\.csv lists this clip, but .*2-9-B"):
        listed(folder)
    (folder / "meta/esc50.csv").write_text(META.replace("True", "False"))
    with pytest.raises(DataError, match=r"esc50\.csv: marks no row as esc10; .*write subset: all"):
        listed(folder, subset="esc10")


def test_esc10_cannot_be_told_without_meta(tree: Tree) -> None:
    with pytest.raises(ConfigError, match=r"source\.subset is esc10, which needs .*esc50\.csv"):
        listed(tree(["001 - Dog bark/1-30226-A.ogg"]), subset="esc10")


@pytest.mark.parametrize("name", ["001 - Dog bark/x.ogg", "dogs/1-2-A.ogg", "1-2-A.ogg"])
def test_other_names_are_refused(tree: Tree, name: str) -> None:
    with pytest.raises(DataError, match=rf"(?s){name}: is not named as a clip of ESC.*a clip is 'NNN - Name/FOLD"):
        listed(tree(["001 - Dog bark/1-30226-A.ogg", name]))


def test_an_empty_folder_is_refused(tree: Tree) -> None:
    with pytest.raises(DataError, match=r"holds no clips"):
        listed(tree(["ATTRIBUTION.txt"]))


def test_environmental_sounds(motet_data: Path) -> None:
    examples = listed(motet_data / "esc10")
    assert set(Counter(example.targets["sound"] for example in examples).values()) == {40}
    for fold in "12345":
        roles = [(example.folds or {})[fold] for example in examples]
        assert (roles.count("test"), roles.count("train")) == (80, 320)
    sides: dict[str | None, set[str]] = {}
    for example in examples:
        sides.setdefault(example.group, set()).add(example.id.split("/")[1][0])
    assert all(len(folds) == 1 for folds in sides.values())
    assert examples[0].inputs["signal"].read().rate_hz == 44100.0
