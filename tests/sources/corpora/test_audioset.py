import json
from pathlib import Path
from typing import Any

import pytest

from motet.errors import DataError
from motet.sources.corpora.audioset import AudioSet
from motet.sources.corpora.settings import AudioSetSettings
from motet.sources.example import Example
from tests.sources.conftest import Tree
from tests.sources.corpora.test_ambient_contexts import segment
from tests.sources.test_tfrecords import record

HEAD = """# Segments csv created Sun Mar  5 10:54:31 2017
# num_ytids=2
# YTID, start_seconds, end_seconds, positive_labels
"""
TRAIN = HEAD + '--4gqARaEJE, 0.000, 10.000, "/m/068hy,/m/07q6cd_"\n-0RWZT-miFs, 420.000, 430.000, "/m/09x0r"\n'
EVAL = HEAD + '_zZ0XnQwLRI, 30.000, 40.000, "/m/068hy"\n'
ONTOLOGY = [
    {"id": "/m/0jbk", "name": "Animal", "child_ids": ["/m/068hy"]},
    {"id": "/m/068hy", "name": "Domestic animals, pets", "child_ids": ["/m/07q6cd_"]},
    {"id": "/m/07q6cd_", "name": "Squeak", "child_ids": []},
    {"id": "/m/09x0r", "name": "Speech", "child_ids": []},
]


@pytest.fixture
def folder(tree: Tree) -> Path:
    made = tree(["clips/--4gqARaEJE.wav", "clips/Y-0RWZT-miFs_420000_430000.flac", "eval/_zZ0XnQwLRI_30.000.wav"])
    (made / "balanced_train_segments.csv").write_text(TRAIN)
    (made / "eval_segments.csv").write_text(EVAL)
    (made / "ontology.json").write_text(json.dumps(ONTOLOGY))
    return made


def listed(folder: Path, **settings: Any) -> list[Example]:
    return list(AudioSet(AudioSetSettings(path=str(folder), **settings)).examples())


def test_codes_become_names_and_names_of_clips_vary(folder: Path) -> None:
    pets, speech, test = listed(folder)
    assert pets.targets == {"sounds": frozenset({"Domestic animals, pets", "Squeak"})}
    assert (speech.targets, speech.group, speech.partition) == (
        {"sounds": frozenset({"Speech"})},
        "-0RWZT-miFs",
        "train",
    )
    assert (test.group, test.partition) == ("_zZ0XnQwLRI", "test")


def test_ancestors_are_added(folder: Path) -> None:
    *_, test = listed(folder, ancestors=True)
    assert test.targets["sounds"] == frozenset({"Animal", "Domestic animals, pets"})


def test_clips_that_vanished_are_told_or_skipped(folder: Path) -> None:
    (folder / "clips/--4gqARaEJE.wav").unlink()
    with pytest.raises(DataError, match=r"balanced_train_segments\.csv:4: there is no clip of --4gqARaEJE from 0 s on"):
        listed(folder)
    assert len(listed(folder, missing="skip")) == 2
    (folder / "clips/Y-0RWZT-miFs_420000_430000.flac").unlink()
    with pytest.raises(DataError, match="no clip of --4gqARaEJE"):
        listed(folder, missing="skip", segments="balanced_train_segments.csv")


def test_a_clip_of_another_start_is_not_used(folder: Path) -> None:
    (folder / "eval/_zZ0XnQwLRI_30.000.wav").rename(folder / "eval/_zZ0XnQwLRI_31.wav")
    with pytest.raises(DataError, match=r"eval_segments\.csv:4: there is no clip of _zZ0XnQwLRI"):
        listed(folder)
    (folder / "eval/Y_zZ0XnQwLRI.wav").touch()
    assert len(listed(folder)) == 3


def test_codes_must_be_in_the_ontology(folder: Path) -> None:
    (folder / "ontology.json").write_text(json.dumps(ONTOLOGY[:1]))
    with pytest.raises(DataError, match=r"balanced_train_segments\.csv:4: ontology\.json names no class /m/0"):
        listed(folder)
    (folder / "ontology.json").write_text("{}x")
    with pytest.raises(DataError, match="cannot be read as the ontology"):
        listed(folder)


def test_published_features_stand_for_clips(folder: Path, tmp_path: Path) -> None:
    for video, start_s in (("--4gqARaEJE", 0.0), ("-0RWZT-miFs", 420.0), ("_zZ0XnQwLRI", 30.0)):
        rows = [bytes([second] * 128) for second in range(10)]
        (tmp_path / "features").mkdir(exist_ok=True)
        (tmp_path / "features" / f"{video[:2]}.tfrecord").write_bytes(record(segment(video, start_s, rows)))
    pets, speech, test = listed(folder, features=str(tmp_path / "features"))
    assert [pets.id, speech.id, test.id] == ["--4gqARaEJE_0", "-0RWZT-miFs_420", "_zZ0XnQwLRI_30"]
    assert pets.targets == {"sounds": frozenset({"Domestic animals, pets", "Squeak"})}
    values = test.inputs["signal"].read().values
    assert values.shape == (1, 10, 128)
    assert values[0, :, 0].tolist() == pytest.approx([4 * second / 255 - 2 for second in range(10)])
    (tmp_path / "features" / "--.tfrecord").unlink()
    with pytest.raises(DataError, match=r"segments\.csv:4: there are no features of --4gqARaEJE from 0 s on"):
        listed(folder, features=str(tmp_path / "features"))
    assert len(listed(folder, features=str(tmp_path / "features"), missing="skip")) == 2
