"""Test sets that their publishers hand out apart: one experiment trains on one folder and tests on the other."""

import csv
from pathlib import Path
from typing import Any

import pytest
from tests.sources.corpora import layouts
from tests.sources.corpora.layouts import Layout, write_layout

from motet.experiment.dry_run import dry_run
from motet.experiment.run import train
from motet.experiment.settings import Experiment

PARTS: dict[str, Any] = {
    "features": {"kind": "logmel", "bands": 8, "window_s": 0.032, "hop_s": 0.016},
    "scaling": {"kind": "standard", "shared": True},
    "training": {"epochs": 1, "batch_size": 4, "threads": 1},
    "evaluation": {"plots": False, "interval": {"resamples": 10}},
}


def make(folder: Path, data: dict[str, Any], **parts: Any) -> Experiment:
    """Return an experiment with a store of its own."""
    return Experiment(data=data, **{**PARTS, "store": {"path": str(folder / "store")}, **parts})


def written(folder: Path, layout: Layout, *, duration_s: float = 0.2) -> str:
    """Write a corpus, and return where it is."""
    write_layout(folder, layout, duration_s=duration_s)
    return str(folder)


def rows(experiment: Experiment, task: str) -> list[tuple[str, str, int, int, int]]:
    """Return the rows of a task by fold and data set: for training, for development and for testing."""
    plan = dry_run(experiment)
    return [(row.fold, row.data_set, row.train, row.dev, row.test) for row in plan.rows if row.task == task]


def predicted(run: Path, task: str) -> list[tuple[str, str, str]]:
    """Return the data set, the recording and the target of every test row."""
    with (run / "seed-1/fold-1/predictions" / f"{task}.csv").open(encoding="utf-8", newline="") as file:
        return [(row["data_set"], row["id"], row["target"]) for row in csv.DictReader(file)]


@pytest.fixture
def scenes(tmp_path: Path) -> dict[str, Any]:
    """Return both data sets of DCASE 2017, task 1."""
    development = written(tmp_path / "TUT-acoustic-scenes-2017-development", layouts.dcase_scenes(folds=4))
    evaluation = written(tmp_path / "TUT-acoustic-scenes-2017-evaluation", layouts.dcase_scenes_evaluation())
    return {
        "scenes": {"source": {"kind": "dcase_scenes", "path": development}, "use": "train"},
        "unheard": {"source": {"kind": "dcase_scenes", "path": evaluation}, "use": "test"},
    }


def test_scenes_are_learned_in_one_folder_and_tested_in_the_other(scenes: dict[str, Any], tmp_path: Path) -> None:
    experiment = make(tmp_path, scenes, model={"encoder": [{"kind": "cnn", "channels": [4]}]})
    found = rows(experiment, "scene")
    assert [(name, test) for _, name, _, _, test in found] == [("scenes", 0), ("unheard", 6)]
    assert found[0][2] + found[0][3] == 45
    assert found[0][3] > 0
    train(experiment, tmp_path / "run")
    assert predicted(tmp_path / "run", "scene") == [
        *(("unheard", f"audio/{number}.wav", scene) for number, scene in enumerate(["beach", "beach", "bus", "bus"])),
        ("unheard", "audio/4.wav", "home"),
        ("unheard", "audio/5.wav", "home"),
    ]


def test_the_evaluation_set_is_tested_beside_every_fold(scenes: dict[str, Any], tmp_path: Path) -> None:
    data = {name: {"source": own["source"]} for name, own in scenes.items()}
    found = rows(make(tmp_path, data, model={"encoder": [{"kind": "cnn", "channels": [4]}]}), "scene")
    assert [(fold, name, test) for fold, name, _, _, test in found] == [
        (str(fold), name, test) for fold in range(1, 5) for name, test in (("scenes", 9), ("unheard", 6))
    ]


def test_events_are_learned_in_one_folder_and_tested_in_the_other(tmp_path: Path) -> None:
    development = written(tmp_path / "TUT-sound-events-2017-development", layouts.dcase_events(), duration_s=2.0)
    evaluation = written(
        tmp_path / "TUT-sound-events-2017-evaluation", layouts.dcase_events_evaluation(), duration_s=2.0
    )
    data = {
        "street": {"source": {"kind": "dcase_events", "path": development}, "use": "train"},
        "unheard": {"source": {"kind": "dcase_events", "path": evaluation}, "use": "test"},
    }
    model = {"encoder": [{"kind": "rnn", "hidden": 8}]}
    experiment = make(tmp_path, data, model=model)
    assert [(name, *of_set) for _, name, *of_set in rows(experiment, "events")] == [
        ("street", 7, 1, 0),
        ("unheard", 0, 0, 3),
    ]
    train(experiment, tmp_path / "run")
    assert {data_set for data_set, _, _ in predicted(tmp_path / "run", "events")} == {"unheard"}


def test_words_are_tested_on_the_archive_of_the_test_set(tmp_path: Path) -> None:
    said = layouts.speech_commands(words=("bed", "no", "yes"))
    training = written(tmp_path / "speech_commands_v0.02", {**said, "_background_noise_/hum.wav": ""}, duration_s=60.0)
    testing = written(tmp_path / "speech_commands_test_set_v0.02", layouts.speech_commands_test_set())
    source = {"kind": "speech_commands", "words": ["no", "yes"], "silence": True}
    data = {
        "words": {"source": {**source, "path": training, "parts": ["train", "dev"]}, "use": "train"},
        "unheard": {"source": {**source, "path": testing}, "use": "test"},
    }
    segments = {"length_s": 0.2, "crop": "start"}
    model = {"encoder": [{"kind": "cnn", "channels": [4]}]}
    experiment = make(tmp_path, data, model=model, segments=segments, split={"kind": "folds", "dev": "partition"})
    assert [(name, *of_set) for _, name, *of_set in rows(experiment, "word")] == [
        ("words", 18 + 48, 3 + 6, 0),
        ("unheard", 0, 0, 8),
    ]


@pytest.mark.parametrize(
    ("layout", "source", "task", "train", "test"),
    [
        (layouts.fsdkaggle2018(), {"kind": "fsdkaggle2018"}, "sound", 18, 9),
        (layouts.asvspoof2015(), {"kind": "asvspoof2015"}, "genuine", 48, 12),
    ],
)
def test_a_part_is_a_test_set_of_its_own(
    layout: Layout, source: dict[str, Any], task: str, train: int, test: int, tmp_path: Path
) -> None:
    source = {**source, "path": written(tmp_path / "corpus", layout)}
    data = {
        "heard": {"source": {**source, "parts": ["train"]}, "use": "train"},
        "unheard": {"source": {**source, "parts": ["test"]}, "use": "test"},
    }
    found = rows(make(tmp_path, data, model={"encoder": [{"kind": "cnn", "channels": [4]}]}), task)
    assert [(name, train + dev, test) for _, name, train, dev, test in found] == [
        ("heard", train, 0),
        ("unheard", 0, test),
    ]
