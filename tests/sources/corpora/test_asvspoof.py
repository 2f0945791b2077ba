from pathlib import Path
from typing import Any

import pytest

from motet.errors import DataError
from motet.sources.corpora.asvspoof import AsvSpoof
from motet.sources.corpora.settings import AsvSpoofSettings
from motet.sources.example import Example
from tests.sources.conftest import Tree

NAMES = ["wav/T1/T1_1000001.wav", "wav/T1/T1_1000002.wav", "wav/D3/D3_1000001.wav", "wav/E5/E5_1000001.wav"]


@pytest.fixture
def folder(tree: Tree) -> Path:
    made = tree(NAMES)
    (made / "CM_protocol").mkdir()
    (made / "CM_protocol/cm_train.trn").write_text("T1 T1_1000001 human human\nT1 T1_1000002 S3 spoof\n")
    (made / "CM_protocol/cm_develop.ndx.txt").write_text("D3 D3_1000001 human human\n")
    (made / "CM_protocol/cm_evaluation.ndx").write_text("E5 E5_1000001 S10 spoof\n")
    return made


def listed(folder: Path, **settings: Any) -> list[Example]:
    return list(AsvSpoof(AsvSpoofSettings(path=str(folder), **settings)).examples())


def test_protocols(folder: Path) -> None:
    dev, test, genuine, spoofed = listed(folder)
    assert genuine.targets == {"genuine": "human", "speaker": "T1", "system": "human"}
    assert spoofed.targets == {"genuine": "spoof", "speaker": "unknown", "system": "S3"}
    assert (genuine.group, genuine.partition) == ("T1", "train")
    assert [(dev.group, dev.partition), (test.group, test.partition)] == [("D3", "dev"), ("E5", "test")]


def test_one_part_is_left_to_be_split_and_speakers_may_be_told(folder: Path) -> None:
    examples = listed(folder, parts=["train"], grouped=False)
    assert [(example.id, example.group, example.partition) for example in examples] == [
        (NAMES[0], None, None),
        (NAMES[1], None, None),
    ]
    assert list(AsvSpoof(AsvSpoofSettings(path=str(folder), grouped=False)).tasks()) == ["genuine", "speaker"]


def test_other_keys_are_refused(folder: Path) -> None:
    (folder / "CM_protocol/cm_train.trn").write_text("T1 T1_1000001 human bonafide\n")
    with pytest.raises(DataError, match=r"cm_train\.trn:1: ends in 'bonafide', but it must be human or spoof"):
        listed(folder)
