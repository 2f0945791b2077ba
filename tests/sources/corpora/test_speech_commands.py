from pathlib import Path
from typing import Any

import pytest

from motet.errors import DataError
from motet.sources.corpora.settings import SpeechCommandsSettings
from motet.sources.corpora.speech_commands import SpeechCommands
from motet.sources.example import Example
from tests.sources.conftest import Tree

NAMES = [
    "bed/00176480_nohash_0.wav",
    "yes/00176480_nohash_1.wav",
    "yes/0a7c2a8d_nohash_0.wav",
    "no/d5b963aa_nohash_0.wav",
    "_background_noise_/pink_noise.wav",
    "_background_noise_/README.md",
]


@pytest.fixture
def folder(tree: Tree) -> Path:
    made = tree(NAMES)
    (made / "validation_list.txt").write_text("yes/0a7c2a8d_nohash_0.wav\n")
    (made / "testing_list.txt").write_text("no/d5b963aa_nohash_0.wav\n")
    return made


def listed(folder: Path, **settings: Any) -> list[Example]:
    return list(SpeechCommands(SpeechCommandsSettings(path=str(folder), **settings)).examples())


def test_lists_are_partitions_and_speakers_groups(folder: Path) -> None:
    found = [(example.targets["word"], example.group, example.partition) for example in listed(folder)]
    assert found == [
        ("bed", "00176480", "train"),
        ("no", "d5b963aa", "test"),
        ("yes", "00176480", "train"),
        ("yes", "0a7c2a8d", "dev"),
    ]


def test_other_words_are_unknown(folder: Path) -> None:
    assert [example.targets["word"] for example in listed(folder, words=["yes", "no"])] == [
        "unknown",
        "no",
        "yes",
        "yes",
    ]
    with pytest.raises(DataError, match=r"holds no maybe, but bed, no, yes; correct `words`"):
        listed(folder, words=["yes", "maybe"])


def test_no_second_of_silence_is_on_two_sides(folder: Path) -> None:
    silent = [example for example in listed(folder, silence=True) if example.targets["word"] == "silence"]
    assert [example.partition for example in silent] == ["train"] * 48 + ["dev"] * 6 + ["test"] * 6
    assert silent[1].id == "_background_noise_/pink_noise.wav#1-2"
    assert {example.group for example in silent} == {
        f"_background_noise_/pink_noise, {role}" for role in ("train", "dev", "test")
    }
    (folder / NAMES[4]).unlink()
    with pytest.raises(DataError, match="holds no recordings; restore the folder, or write silence: false"):
        listed(folder, silence=True)


def test_lists_must_be_there(folder: Path) -> None:
    (folder / "testing_list.txt").unlink()
    with pytest.raises(DataError, match=r"testing_list\.txt: there is no such file"):
        listed(folder)


def test_other_names_are_refused(folder: Path) -> None:
    (folder / "yes/loud.wav").touch()
    with pytest.raises(DataError, match=r"yes/loud\.wav: is not named as a word"):
        listed(folder)


def test_parts_are_chosen_and_a_single_one_is_left_to_be_split(folder: Path) -> None:
    found = [(example.id, example.partition) for example in listed(folder, parts=["train", "dev"])]
    assert found == [(NAMES[0], "train"), (NAMES[1], "train"), (NAMES[2], "dev")]
    assert [(example.id, example.partition) for example in listed(folder, parts=["test"])] == [(NAMES[3], None)]
    silent = [example.id for example in listed(folder, parts=["dev"], silence=True)]
    assert silent == [f"{NAMES[4]}#{second}-{second + 1}" for second in range(48, 54)] + [NAMES[2]]


@pytest.fixture
def test_set(tree: Tree) -> Path:
    """Return speech_commands_test_set_v0.02, which names words that are no commands in the file."""
    return tree(
        [
            "_silence_/1.wav",
            "_unknown_/bed_00176480_nohash_0.wav",
            "no/d5b963aa_nohash_0.wav",
            "yes/d5b963aa_nohash_1.wav",
        ]
    )


def test_the_archive_of_the_test_set_tests(test_set: Path) -> None:
    found = [(example.targets["word"], example.group, example.partition) for example in listed(test_set)]
    assert found == [("bed", "00176480", "test"), ("no", "d5b963aa", "test"), ("yes", "d5b963aa", "test")]
    commands = listed(test_set, words=["no", "yes"], silence=True)
    assert [(example.id, example.targets["word"], example.group) for example in commands] == [
        ("_silence_/1.wav", "silence", None),
        ("_unknown_/bed_00176480_nohash_0.wav", "unknown", "00176480"),
        ("no/d5b963aa_nohash_0.wav", "no", "d5b963aa"),
        ("yes/d5b963aa_nohash_1.wav", "yes", "d5b963aa"),
    ]


def test_what_the_archive_of_the_test_set_lacks_is_told(test_set: Path) -> None:
    with pytest.raises(DataError, match="holds no recording for train or dev, but 3 others; correct `parts`"):
        listed(test_set, parts=["train", "dev"])
    (test_set / "_silence_/1.wav").unlink()
    with pytest.raises(DataError, match=r"_silence_: holds no recordings; .* silence: false"):
        listed(test_set, silence=True)
    (test_set / "_unknown_/00176480_nohash_0.wav").touch()
    with pytest.raises(DataError, match=r"_unknown_/00176480_nohash_0\.wav: is not named as a word"):
        listed(test_set)
