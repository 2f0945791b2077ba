from pathlib import Path
from typing import Any

import pytest

from motet.errors import DataError
from motet.sources.corpora.desed import Desed
from motet.sources.corpora.settings import DesedSettings
from motet.sources.example import Event, Example
from tests.sources.conftest import Tree

WEAK = "filename\tevent_labels\nYa_0.wav\tSpeech,Dog\nYb_0.wav\tDog\n"
STRONG = "filename\tonset\toffset\tevent_label\n"
UNLABELLED = "train/unlabel_in_domain.tsv"


@pytest.fixture
def folder(tree: Tree) -> Path:
    made = tree(
        [
            "audio/train/weak/Ya_0.wav",
            "audio/train/weak/Yb_0.flac",
            "audio/train/synthetic20/soundscapes/0.wav",
            "audio/train/unlabel_in_domain/Yc_0.wav",
            "audio/validation/Yd_0.wav",
            "audio/validation/Ye_0.wav",
            "metadata/train/synthetic20/x",
            "metadata/validation/x",
        ]
    )
    tables = {
        "train/weak.tsv": WEAK,
        "train/synthetic20/soundscapes.tsv": f"{STRONG}0.wav\t2.0\t3.5\tDog\n0.wav\t0.5\t1.0\tSpeech\n",
        UNLABELLED: "filename\nYc_0.wav\n",
        "validation/validation.tsv": f"{STRONG}Yd_0.wav\t0.1\t10\tSpeech\nYe_0.wav\t\t\t\n",
    }
    for name, text in tables.items():
        (made / "metadata" / name).write_text(text)
    return made


def listed(folder: Path, **settings: Any) -> list[Example]:
    return list(Desed(DesedSettings(path=str(folder), **settings)).examples())


def test_some_rows_have_times_some_labels_alone(folder: Path) -> None:
    found = {example.id: (example.targets["events"], example.partition) for example in listed(folder)}
    assert found == {
        "audio/train/synthetic20/soundscapes/0.wav": ((Event(0.5, 1.0, "Speech"), Event(2.0, 3.5, "Dog")), "train"),
        "audio/train/weak/Ya_0.wav": (frozenset({"Dog", "Speech"}), "train"),
        "audio/train/weak/Yb_0.flac": (frozenset({"Dog"}), "train"),
        "audio/validation/Yd_0.wav": ((Event(0.1, 10.0, "Speech"),), "test"),
        "audio/validation/Ye_0.wav": ((), "test"),
    }


def test_recordings_without_labels_have_no_target(folder: Path) -> None:
    (example,) = listed(folder, tables=UNLABELLED)
    assert (example.targets, example.partition) == ({}, "train")


def test_recordings_that_vanished_are_told_or_skipped(folder: Path) -> None:
    (folder / "audio/train/weak/Ya_0.wav").unlink()
    with pytest.raises(DataError, match=r"weak\.tsv: lists Ya_0\.wav, but it is not there(?s:.*)missing: skip"):
        listed(folder)
    assert len(listed(folder, missing="skip")) == 4


def test_half_an_event_is_refused(folder: Path) -> None:
    (folder / "metadata/validation/validation.tsv").write_text(f"{STRONG}Yd_0.wav\t0.1\t\tSpeech\n")
    with pytest.raises(DataError, match=r"validation\.tsv:2: an event has onset, offset, event_label, or none"):
        listed(folder)
