"""What a fold refuses before it trains."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import motet
from motet.errors import ConfigError, DataError, MachineError
from motet.experiment.dry_run import dry_run


def _experiment(folder: Path, **options: Any) -> motet.Experiment:
    scenes = {"source": {"kind": "generated", "examples": 24, "classes": 2, "duration_s": 0.2}}
    return motet.Experiment(
        **{
            "data": {"scenes": scenes},
            "features": {"kind": "logmel", "bands": 8, "window_s": 0.05, "hop_s": 0.05},
            "model": {"encoder": [{"kind": "mlp", "hidden": [4]}]},
            "training": {"epochs": 1},
            "split": {"kind": "holdout", "dev": 0.0},
            "store": {"path": str(folder / "store")},
            **options,
        }
    )


@pytest.mark.parametrize(
    "training",
    [{"stopping": "patience"}, {"schedule": "plateau"}, {"monitor": "scene.uar"}],
    ids=lambda training: next(iter(training)),
)
def test_what_looks_at_development_rows_wants_some(training: dict[str, Any], tmp_path: Path) -> None:
    experiment = _experiment(tmp_path, training={"epochs": 1, **training})
    refused = f"training.{next(iter(training))}: looks at development rows"
    with pytest.raises(ConfigError, match=refused):
        motet.train(experiment, tmp_path / "run")
    assert "maps computed" not in (tmp_path / "run" / "run.log").read_text()  # nothing was extracted in vain
    with pytest.raises(ConfigError, match=refused):
        dry_run(experiment)


@pytest.mark.parametrize("kind", ["stratified", "balanced"])
def test_rows_are_drawn_by_a_task_that_is_learned(kind: str, tmp_path: Path) -> None:
    fuse = {"both": {"kind": "product", "of": ["scene", "place"]}}
    derive = {"place": {"kind": "copy", "of": "scene"}}
    by = {"by": "class"} if kind == "balanced" else {}
    for task, instead in (("both", "; tasks are scene, place"), ("scen", "; did you mean 'scene'")):
        sampling = {"kind": kind, "task": task, **by}
        experiment = _experiment(tmp_path, derive=derive, fuse=fuse, sampling=sampling)
        with pytest.raises(ConfigError, match=rf"sampling.task: there is no task '{task}' that is learned{instead}"):
            dry_run(experiment)


@pytest.mark.skipif(torch.cuda.is_available(), reason="asks for a device that the machine lacks")
def test_a_device_that_is_not_there_is_told_before_anything_is_read(tmp_path: Path) -> None:
    experiment = _experiment(tmp_path, training={"epochs": 1, "device": "cuda"})
    with pytest.raises(MachineError, match=r"training.device is 'cuda', which this machine lacks"):
        motet.train(experiment, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "store").exists()


def test_a_scaling_of_its_own_wants_training_rows(tmp_path: Path) -> None:
    scenes = {"source": {"kind": "generated", "examples": 24, "classes": 2, "duration_s": 0.2}}
    only_test = {"source": {**scenes["source"], "seed": 3}, "use": "test"}
    experiment = _experiment(tmp_path, data={"scenes": scenes, "others": only_test})
    with pytest.raises(
        ConfigError, match=r"data.others.scaling: fold '1' has no training rows .* scaling.shared: true"
    ):
        motet.train(experiment, tmp_path / "run")
    shared = experiment.model_copy(update={"scaling": experiment.scaling.model_copy(update={"shared": True})})
    assert motet.train(shared, tmp_path / "shared").result["tasks"]["scene"]


def test_predictions_that_are_gone_are_named(tmp_path: Path) -> None:
    run = motet.train(_experiment(tmp_path), tmp_path / "run")
    predictions = run.path / "seed-1" / "fold-1" / "predictions" / "scene.csv"
    predictions.unlink()
    with pytest.raises(DataError, match=r"scene.csv: predictions cannot be read .* predict again"):
        motet.train(_experiment(tmp_path), tmp_path / "run")


def test_a_class_that_is_no_task_is_named(tmp_path: Path) -> None:
    class Nothing:
        def __init__(self, name: str, labels: tuple[str, ...]) -> None:
            pass

    scenes = {"source": {"kind": "generated", "examples": 24, "classes": 2}, "tasks": {"scene": Nothing}}
    with pytest.raises(ConfigError, match=r"task 'scene': .*Nothing is no task; derive it from motet.tasks.Task"):
        motet.train(_experiment(tmp_path, data={"scenes": scenes}), tmp_path / "run")


@pytest.mark.parametrize("name", ["data.json", "seed-1/fold-1/scores.json"])
def test_the_remedy_for_a_damaged_document_is_one(name: str, tmp_path: Path) -> None:
    run = motet.train(_experiment(tmp_path), tmp_path / "run")
    (run.path / name).write_text("{")
    with pytest.raises(DataError, match=r"is damaged .*; delete it, and run the same `motet train` again"):
        motet.train(_experiment(tmp_path), tmp_path / "run")
    (run.path / name).unlink()
    assert motet.train(_experiment(tmp_path), tmp_path / "run").result == run.result


def test_the_splits_of_all_seeds_are_looked_at_before_the_first_trains(tmp_path: Path) -> None:
    # Every label is in two of eight groups, and whether two folds can part each pair depends on the seed.
    pairs = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7), (7, 0), (0, 3), (1, 4), (2, 5)]
    rows = [
        motet.Example(
            f"{label}.{number}",
            {"signal": motet.Recording.of(np.zeros(800), 4000)},
            {"sound": f"label {label}"},
            group=str(pair[number % 2]),
        )
        for label, pair in enumerate(pairs)
        for number in range(8)
    ]

    def planned(**seeds: Any) -> motet.Experiment:
        data = {"sounds": {"source": rows, "tasks": {"sound": {"kind": "multiclass"}}}}
        return _experiment(tmp_path, data=data, split={"kind": "kfold", "folds": 2, "dev": 0}, **seeds)

    fits: dict[bool, int] = {}
    for seed in range(20):
        try:
            fits.setdefault(dry_run(planned(seed=seed)) is not None, seed)
        except DataError:
            fits.setdefault(False, seed)
    with pytest.raises(DataError, match=rf"^seed {fits[False]}: .* none to train on"):
        dry_run(planned(seeds=[fits[True], fits[False]]))
    with pytest.raises(DataError, match=rf"^seed {fits[False]}: .* none to train on"):
        motet.train(planned(seeds=[fits[True], fits[False]]), tmp_path / "run")
    assert not list((tmp_path / "run").glob("seed-*"))


def test_a_balance_of_weights_that_no_tasks_share_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "motet")
    derive = {"place": {"kind": "copy", "of": "scene"}}
    layers = [{"kind": "mlp", "hidden": [4]}]
    for sharing, objective, told in (("soft", "pcgrad", 1), ("hard", "pcgrad", 0), ("soft", "dwa", 0)):
        caplog.clear()
        model = {"encoder": layers, "sharing": sharing}
        dry_run(_experiment(tmp_path, derive=derive, model=model, training={"objective": objective}))
        assert ["share none, so it does as weighted does" in text for text in caplog.messages] == [True] * told
    dry_run(_experiment(tmp_path, model={"encoder": layers, "sharing": "soft"}, training={"objective": "pcgrad"}))
    assert not caplog.messages
