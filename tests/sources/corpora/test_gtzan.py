from pathlib import Path
from typing import Any

import pytest

from motet.errors import DataError
from motet.sources.corpora.gtzan import Gtzan
from motet.sources.corpora.settings import GtzanSettings
from motet.sources.example import Example
from tests.sources.conftest import Tree

NAMES = ["genres/blues/blues.00000.au", "genres/blues/blues.00029.au", "genres/jazz/jazz.00054.au"]


def listed(folder: Path, **settings: Any) -> list[Example]:
    return list(Gtzan(GtzanSettings(path=str(folder), **settings)).examples())


def test_folders_are_genres(tree: Tree) -> None:
    examples = listed(tree(NAMES))
    assert [example.id for example in examples] == NAMES
    assert [example.targets["genre"] for example in examples] == ["blues", "blues", "jazz"]
    assert all(example.partition is None for example in examples)


@pytest.mark.parametrize("depth", [0, 1])
def test_lists_leave_faults_out(tree: Tree, depth: int) -> None:
    folder = tree([name.split("/", depth)[-1] for name in NAMES])
    (folder / "train_filtered.txt").write_text("blues/blues.00029.wav\n")
    (folder / "valid_filtered.txt").write_text("")
    (folder / "test_filtered.txt").write_text("jazz/jazz.00054.wav\n")
    found = [(example.id.split("/")[-1], example.partition) for example in listed(folder, filtered=True)]
    assert found == [("blues.00029.au", "train"), ("jazz.00054.au", "test")]


def test_what_does_not_fit_is_refused(tree: Tree) -> None:
    folder = tree(NAMES)
    with pytest.raises(DataError, match=r"train_filtered\.txt: there is no such file"):
        listed(folder, filtered=True)
    (folder / "genres/jazz/blues.00001.au").touch()
    with pytest.raises(DataError, match=r"jazz/blues\.00001\.au: is not named as an excerpt of GTZAN"):
        listed(folder)
