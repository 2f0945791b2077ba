from pathlib import Path
from typing import Any

import pytest

from motet.errors import ConfigError, DataError
from motet.signals.readers.text import TextFile
from motet.sources.example import Example
from motet.sources.folders import Folders
from motet.sources.settings import FoldersSettings
from tests.sources.conftest import Tree


def listed(folder: Path, **settings: Any) -> list[Example]:
    """Return the examples of a folder."""
    return list(Folders(FoldersSettings.model_validate({"path": str(folder), **settings})).examples())


def test_folders_are_classes(tree: Tree) -> None:
    examples = listed(tree(["dog/b.wav", "cat/x/1.flac", "dog/a.mp3", "README.txt", "dog/notes.pdf"]), task="pet")
    assert [(example.id, example.targets["pet"]) for example in examples] == [
        ("cat/x/1.flac", "cat"),
        ("dog/a.mp3", "dog"),
        ("dog/b.wav", "dog"),
    ]
    assert (examples[0].partition, examples[0].folds, examples[0].group) == (None, None, None)


def test_folders_are_partitions_of_classes(tree: Tree) -> None:
    examples = listed(tree(["train/dog/a.wav", "Validation/cat/a.wav", "test/dog/a.wav"]))
    found = {example.id: (example.partition, example.targets["label"]) for example in examples}
    assert found == {
        "Validation/cat/a.wav": ("dev", "cat"),
        "test/dog/a.wav": ("test", "dog"),
        "train/dog/a.wav": ("train", "dog"),
    }


@pytest.mark.parametrize("name", ["fold_{}", "Fold{}", "fold-{}", "fold {}"])
def test_folders_are_folds_of_classes(tree: Tree, name: str) -> None:
    examples = listed(tree(f"{name.format(number)}/dog/{number}.wav" for number in (1, 2, 10)))
    assert [list(example.folds or {}) for example in examples] == [["1", "2", "10"]] * 3
    in_fold_10 = {example.id.rpartition("/")[2]: (example.folds or {})["10"] for example in examples}
    assert in_fold_10 == {"1.wav": "train", "2.wav": "train", "10.wav": "test"}


@pytest.mark.parametrize(
    ("files", "settings", "message"),
    [
        (["dog/a.pdf"], {}, r"no recordings in class folders \(looked for .*\.wav.*\); correct `path`, or"),
        (["dog/a.wav", "b.wav"], {}, r"(?s)/b\.wav: lies in no class folder.*or name them in `exclude`"),
        (["dog/a.wav", "cat/b.pdf"], {}, r"/cat: this folder holds no recordings"),
        (["dog/a.wav", "dog/a.txt"], {}, r"holds files of several kinds: dog/a\.wav \(sound\), dog/a\.txt \(text\)"),
        (["train/a.wav"], {}, r"(?s)train/a\.wav: lies in no class folder.*or write layout: classes"),
        (["fold_1/a/x.wav", "b/a/x.wav"], {"layout": "folds"}, r"b/a/x\.wav: does not lie in a folder fold_N"),
        (["train/a/x.wav", "b/a/x.wav"], {"layout": "partitions"}, r"b/a/x\.wav: the partition is 'b'; it must be"),
        (["D/x.wav"], {"labels": {"A": "rest"}}, r"D/x\.wav: label is 'D', which `labels` does not name"),
    ],
)
def test_trees_that_are_not_understood_are_refused(
    tree: Tree, files: list[str], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        listed(tree(files), **settings)


def test_files_are_chosen_by_extension_and_left_out_by_name(tree: Tree) -> None:
    folder = tree(["dog/a.wav", "dog/a.txt", "dog/bad.wav", "notes/b.pdf", "c.wav"])
    exclude = ["notes", "c.wav", "*/bad.*"]
    assert [example.id for example in listed(folder, extensions=".WAV", exclude=exclude)] == ["dog/a.wav"]


def test_text_needs_a_rate(tree: Tree) -> None:
    folder = tree(["A/1.txt", "README.txt"])
    with pytest.raises(ConfigError, match=r"1\.txt carries no sampling rate"):
        listed(folder)
    (example,) = listed(folder, rate_hz=173.61, labels={"A": "rest"})
    assert example.inputs["signal"].reader == TextFile(folder / "A" / "1.txt", 173.61)
    assert example.targets == {"label": "rest"}


def test_epilepsy(motet_data: Path) -> None:
    labels = {**dict.fromkeys("ABCD", "rest"), "E": "seizure"}
    examples = listed(motet_data / "bonn", task="state", labels=labels, rate_hz=173.61)
    assert [example.targets["state"] for example in examples].count("seizure") == 100
    assert len(examples) == 500
    signal = examples[-1].inputs["signal"].read()
    assert signal.values.shape == (1, 4097)
    assert signal.rate_hz == 173.61
