from pathlib import Path
from typing import Any

import pytest

from motet.errors import ConfigError, DataError
from motet.sources.corpora.compare import Compare
from motet.sources.corpora.settings import CompareSettings
from motet.sources.example import Example
from tests.sources.conftest import Tree

NAMES = ["wav/train_0001.wav", "wav/devel_0001.wav", "wav/test_0001.wav"]


def listed(folder: Path, **settings: Any) -> list[Example]:
    return list(Compare(CompareSettings(path=str(folder), **settings)).examples())


def write(folder: Path, name: str, text: str) -> None:
    (folder / "lab").mkdir(exist_ok=True)
    (folder / "lab" / name).write_text(text)


def test_2018_leaves_the_rows_of_test_out(tree: Tree) -> None:
    folder = tree(NAMES)
    write(folder, "ComParE2018_AtypicalAffect.tsv", "file_name\temotion\ntrain_0001.wav\thappy\ndevel_0001.wav\tsad\n")
    dev, test, train = listed(folder, targets="emotion")
    assert (train.targets, train.partition) == ({"emotion": "happy"}, "train")
    assert (dev.targets, dev.partition) == ({"emotion": "sad"}, "dev")
    assert (test.targets, test.partition) == ({}, "test")


def test_2020_marks_the_labels_of_test(tree: Tree) -> None:
    folder = tree(NAMES)
    write(folder, "labels.csv", "file_name,label\ntrain_0001.wav,mask\ndevel_0001.wav,clear\ntest_0001.wav,?\n")
    assert [example.targets for example in listed(folder)] == [{"label": "clear"}, {}, {"label": "mask"}]


def test_2020_elderly_has_two_targets_and_two_columns_of_files(tree: Tree) -> None:
    folder = tree(NAMES)
    rows = [
        "filename,filename_audio,id_story,A_cat,V_cat",
        "t1.txt,train_0001.wav,s1,L,H",
        "t2.txt,devel_0001.wav,s2,M,M",
    ]
    write(folder, "labels.csv", "\n".join(rows))
    *_, train = listed(folder, targets=["A_cat", "V_cat"], group="id_story")
    assert (train.targets, train.group) == ({"A_cat": "L", "V_cat": "H"}, "s1")


def test_2021_has_a_table_for_each_partition(tree: Tree) -> None:
    folder = tree(NAMES)
    for part, label in [("train", "positive"), ("devel", "negative"), ("test", "?")]:
        write(folder, f"{part}.csv", f"filename,label\n{part}_0001.wav,{label}\n")
    assert [example.targets.get("label") for example in listed(folder)] == ["negative", None, "positive"]


def test_what_does_not_fit_is_refused(tree: Tree) -> None:
    folder = tree(NAMES)
    (folder / "lab").mkdir()
    with pytest.raises(DataError, match="lab: holds no table of labels"):
        listed(folder)
    write(folder, "labels.csv", "name,label\ntrain_0001.wav,x\n")
    with pytest.raises(ConfigError, match="has no column file_name or filename"):
        listed(folder)
    write(folder, "labels.csv", "filename,label\ntrain_0001.wav,x\n")
    with pytest.raises(ConfigError, match="there is no column 'labl'; did you mean 'label'"):
        listed(folder, targets="labl")
    (folder / "wav/take_1.wav").touch()
    with pytest.raises(DataError, match=r"take_1\.wav: begins with no partition"):
        listed(folder)
