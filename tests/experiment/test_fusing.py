"""Fused tasks, from settings to results, saved models, new recordings and comparisons."""

import csv
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import motet
from motet.cli.dry_run import plan_json, plan_text
from motet.evaluation.frame_file import read_frames
from motet.experiment.compare import compare
from motet.experiment.dry_run import dry_run
from motet.experiment.evaluate import evaluate
from motet.experiment.predict import predict
from motet.experiment.run import train
from motet.experiment.sweep import load_sweep
from motet.files.json_lines import JsonLines
from motet.model import Model
from motet.runs.folder import RunFolder, read_json

VOICES = {
    "kind": "generated", "content": "speakers", "examples": 48, "classes": 3, "groups": 3, "rate_hz": 4000,
    "duration_s": 0.3,
}  # fmt: skip
FUSE: dict[str, Any] = {
    "second": {"kind": "mean", "of": ["told", "digit"]},
    "both": {"kind": "product", "of": ["digit", "speaker"]},
    "told": {"kind": "condition", "of": "digit", "by": "speaker", "exponent": "tuned"},
}


def make(folder: Path, fuse: dict[str, Any] = FUSE, **parts: Any) -> motet.Experiment:
    data = {
        "voices": {"source": VOICES},
        "more": {"source": {**VOICES, "seed": 5, "examples": 30}, "tasks": {"digit": "multiclass"}},
    }
    given = {
        "data": data,
        "features": {"kind": "logmel", "bands": 8},
        "model": {"encoder": [{"kind": "cnn", "channels": [4]}]},
        "split": {"kind": "holdout", "test": 0.3, "dev": 0.2},
        "training": {"epochs": 2},
        "evaluation": {"plots": False, "interval": {"resamples": 20}},
        "store": {"path": str(folder / "store")},
    }
    return motet.Experiment(fuse=fuse, **{**given, **parts})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> motet.Run:
    folder = tmp_path_factory.mktemp("fused")
    return train(make(folder), folder / "run")


def rows_of(run: motet.Run, task: str) -> list[dict[str, str]]:
    with (run.path / "seed-1/fold-1/predictions" / f"{task}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_fused_tasks_stand_in_every_file_of_a_run(run: motet.Run) -> None:
    assert list(run.result["tasks"]) == ["digit", "speaker", "both", "told", "second"]
    fold = RunFolder(run.path).fold(1, 1)
    assert list(read_json(fold.scores)["tasks"]) == ["digit", "speaker", "both", "told", "second"]
    assert list(JsonLines(fold.metrics).read()[-1]["dev"]) == ["digit", "speaker", "both", "told", "second"]
    labels = {row["target"] for row in rows_of(run, "both")}
    assert labels <= {f"{digit}+speaker_{number}" for digit in range(3) for number in (1, 2, 3)}


def test_predictions_are_those_that_the_formula_makes_of_the_others(run: motet.Run) -> None:
    single = {
        name: {row["id"]: row for row in rows_of(run, name) if row["data_set"] == "voices"}
        for name in ("digit", "speaker")
    }
    for row in rows_of(run, "both"):
        digit, speaker = row["target"].split("+")
        assert (digit, speaker) == (single["digit"][row["id"]]["target"], single["speaker"][row["id"]]["target"])
        product = float(single["digit"][row["id"]][f"probability.{digit}"]) * float(
            single["speaker"][row["id"]][f"probability.{speaker}"]
        )
        assert float(row[f"probability.{row['target']}"]) == pytest.approx(product)


def test_a_row_without_a_target_of_a_part_is_fused_from_its_prediction(run: motet.Run) -> None:
    assert {row["data_set"] for row in rows_of(run, "told")} == {"voices", "more"}
    assert {row["data_set"] for row in rows_of(run, "speaker")} == {"voices"}
    assert {row["data_set"] for row in rows_of(run, "both")} == {"voices"}


def test_evaluating_and_predicting_give_what_the_run_gave(run: motet.Run, tmp_path: Path) -> None:
    assert evaluate(run.path)["tasks"] == run.result["tasks"]
    noise = np.random.default_rng(1).standard_normal(1200).astype(np.float32) * 0.1
    soundfile.write(tmp_path / "new.wav", noise, 4000)
    model = Model.load(run.path / "seed-1/fold-1/best.safetensors")
    (found,) = predict(model, [tmp_path / "new.wav"], like="voices").tasks.values()
    assert list(found) == ["digit", "speaker", "both", "told", "second"]
    assert sum(found["both"].probabilities.values()) == pytest.approx(1)
    state = model.fused["told"].state()
    assert np.shape(state["table"]) == (3, 3)
    mean = [(found["told"].probabilities[label] + found["digit"].probabilities[label]) / 2 for label in "012"]
    assert list(found["second"].probabilities.values()) == pytest.approx(mean)


def test_runs_are_compared_by_fused_tasks_too(run: motet.Run, tmp_path: Path) -> None:
    other = train(make(tmp_path, {"both": FUSE["both"]}), tmp_path / "run")
    found = {one["task"]: one for one in compare([run.path, other.path])["comparisons"]}
    assert found.keys() == {"digit", "speaker", "both"}
    assert found["both"]["metrics"]["uar"]["difference"]["value"] == 0


def test_fusing_changes_nothing_that_is_learned(run: motet.Run, tmp_path: Path) -> None:
    plain = train(make(tmp_path, {}), tmp_path / "run")
    assert plain.result["tasks"] == {name: run.result["tasks"][name] for name in ("digit", "speaker")}
    with_fused, without = (one.model().network.state_dict() for one in (run, plain))
    assert all(with_fused[name].equal(value) for name, value in without.items())


def test_a_fused_metric_may_select_the_model(tmp_path: Path) -> None:
    monitored = make(tmp_path, training={"epochs": 1, "monitor": "both.accuracy"})
    assert dry_run(monitored).fused.keys() == {"told", "both", "second"}
    with pytest.raises(motet.ConfigError, match=r"there is no 'both\.ccc'; there is .*both\.uar"):
        dry_run(make(tmp_path, training={"monitor": "both.ccc"}))


def test_a_dry_run_tells_of_fused_tasks(tmp_path: Path) -> None:
    plan = dry_run(make(tmp_path))
    assert "# both: product of digit and speaker, fused after the fact: multiclass, 9 labels" in plan_text(plan)
    assert plan_json(plan)["fused"]["told"] == {
        "kind": "multiclass", "labels": ["0", "1", "2"], "fuse": "condition", "of": ["digit", "speaker"],
    }  # fmt: skip


def test_combinations_leave_out_what_lacks_a_part(tmp_path: Path) -> None:
    settings = {"voices": {"source": VOICES, "tasks": {"digit": "multiclass", "speaker": "multiclass"}}}
    grid = load_sweep({"data": settings, "fuse": FUSE, "combine": {"tasks": [1, "all"]}})
    assert {point.name: list(point.experiment.fuse) for point in grid.points} == {
        "tasks=digit": [], "tasks=speaker": [], "tasks=digit+speaker": ["second", "both", "told"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fuse", "message"),
    [
        ({"digit": FUSE["both"]}, r"fuse\.digit: is made of itself"),
        ({"losses": FUSE["both"]}, r"fuse\.losses: losses of the network's own are told under this name; rename it"),
        (
            {"digit": {"kind": "mean", "of": ["speaker", "speaker_2"]}},
            r"fuse\.digit: there is a task of this name that is learned; rename it",
        ),
        ({"x": {"kind": "gate", "of": "digit", "by": "quiet"}}, r"fuse\.x: there is no task 'quiet'"),
        ({"x": {**FUSE["both"], "truth": "both_of_them"}}, r"fuse\.x: there is no task 'both_of_them'"),
        (
            {"x": {"kind": "mean", "of": ["y", "digit"]}, "y": {"kind": "mean", "of": ["x", "digit"]}},
            r"fuse\.x: x, y are made of each other",
        ),
    ],
)
def test_wrong_relations_are_told_before_training(fuse: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(motet.ConfigError, match=message):
        dry_run(make(tmp_path, fuse))


def test_what_has_no_rows_is_told_before_training(tmp_path: Path) -> None:
    apart = {
        "voices": {"source": VOICES, "tasks": {"speaker": "multiclass"}},
        "more": {"source": {**VOICES, "seed": 5, "examples": 30}, "tasks": {"digit": "multiclass"}},
    }
    with pytest.raises(motet.ConfigError, match=r"0 combinations of 'digit' and 'speaker' occur"):
        dry_run(make(tmp_path, {"both": FUSE["both"]}, data=apart))
    with pytest.raises(motet.ConfigError, match=r"no training row with targets of 'digit' and 'speaker'.*in `table`"):
        dry_run(make(tmp_path, {"told": FUSE["told"]}, data=apart))
    with pytest.raises(motet.ConfigError, match=r"fuse\.told\.exponent: is tuned on development rows, but fold"):
        dry_run(make(tmp_path, {"told": FUSE["told"]}, split={"kind": "holdout", "test": 0.3, "dev": 0.0}))


def events(folder: Path, head: dict[str, Any], **parts: Any) -> motet.Experiment:
    street = {
        "source": {"kind": "generated", "content": "events", "examples": 24, "duration_s": 1.0, "rate_hz": 4000},
        "tasks": {
            "timeline": {"kind": "events", "decision": "threshold", "metrics": ["segment_f1"]},
            "busy": {"kind": "activity", "decision": "threshold", "metrics": ["segment_f1"]},
        },
        "derive": {"busy": {"kind": "copy", "of": "timeline"}},
    }
    layer = {"kind": "cnn", "channels": [4], "pooling": {"kind": "max", "size": [1, 4]}}
    slower = {"kind": "cnn", "channels": [4], "pooling": {"kind": "max", "size": [2, 1]}}
    own = {"layers": [slower]} if head else {}
    return make(
        folder,
        {"heard": {"kind": "gate", "of": "timeline", "by": "busy"}},
        data={"street": street},
        model={"encoder": [layer], "heads": {"busy": own}},
        training={"epochs": 1},
        **parts,
    )


def test_frames_are_gated_by_frames(tmp_path: Path) -> None:
    run = train(events(tmp_path, {}, segments={"length_s": 0.6, "hop_s": 0.4}), tmp_path / "run")
    assert list(run.result["tasks"]) == ["timeline", "busy", "heard"]
    assert evaluate(run.path)["tasks"] == run.result["tasks"]
    with pytest.raises(motet.ConfigError, match=r"'timeline' gives a frame every .* 'busy' one every"):
        dry_run(events(tmp_path, {"layers": True}))


TAGGED: dict[str, Any] = {
    "street": {
        "source": {"kind": "generated", "content": "events", "examples": 30, "duration_s": 1.0, "rate_hz": 4000},
        "derive": {
            "tags": {"kind": "labels", "of": "timeline"},
            "busy": {"kind": "copy", "of": "timeline"},
            "bells": {"kind": "activity", "of": "timeline", "nothing": ["beep", "hum"]},
        },
        "tasks": {
            "timeline": {"kind": "events", "decision": "threshold", "metrics": ["segment_f1"]},
            "busy": {"kind": "activity", "metrics": ["segment_f1"]},
            "tags": {"kind": "multilabel"},
            "bells": {"kind": "binary"},
        },
    }
}
IN_TIME: dict[str, Any] = {
    "heard": {"kind": "gate", "of": "tags", "by": "busy", "truth": "timeline", "exponent": "tuned"},
    "where": {"kind": "product", "of": ["bells", "timeline"]},
    "both": {"kind": "mean", "of": ["tags", "timeline"]},
    "again": {"kind": "condition", "of": "heard", "by": "bells"},
}


@pytest.fixture(scope="module")
def in_time(tmp_path_factory: pytest.TempPathFactory) -> motet.Run:
    folder = tmp_path_factory.mktemp("in_time")
    layer = {"kind": "cnn", "channels": [4], "pooling": {"kind": "max", "size": [1, 4]}}
    parts = {"segments": {"length_s": 0.6, "hop_s": 0.4}, "training": {"epochs": 1}, "model": {"encoder": [layer]}}
    return train(make(folder, IN_TIME, data=TAGGED, **parts), folder / "run")


def test_what_is_told_of_recordings_is_gated_in_time(in_time: motet.Run) -> None:
    assert list(in_time.result["tasks"]) == ["timeline", "busy", "tags", "bells", "heard", "where", "both", "again"]
    folder = in_time.path / "seed-1/fold-1/predictions"
    active, heard = (read_frames(folder / f"{name}.frames.safetensors") for name in ("busy", "heard"))
    exponent = in_time.model().fused["heard"].exponent
    labels = in_time.model().tasks["tags"].labels
    for row, act, found in zip(rows_of(in_time, "tags"), active, heard, strict=True):
        tags = np.array([float(row[f"probability.{label}"]) for label in labels])
        np.testing.assert_allclose(found.values, act.values**exponent * tags, rtol=1e-5)
        assert found.grid == act.grid
    assert [row["target"] for row in rows_of(in_time, "heard")] == [
        row["target"] for row in rows_of(in_time, "timeline")
    ]


def test_events_made_of_recordings_are_evaluated_and_predicted_again(in_time: motet.Run, tmp_path: Path) -> None:
    assert evaluate(in_time.path)["tasks"] == in_time.result["tasks"]
    noise = np.random.default_rng(1).standard_normal(4000).astype(np.float32) * 0.1
    soundfile.write(tmp_path / "new.wav", noise, 4000)
    (found,) = predict(in_time.path, [tmp_path / "new.wav"]).tasks.values()
    assert list(found) == list(in_time.result["tasks"])
    bells, timeline = found["bells"].probabilities, found["timeline"].probabilities
    (positive,) = bells
    joined = {name.split("+")[1]: value for name, value in found["where"].probabilities.items() if "present" in name}
    assert joined
    for label, value in joined.items():
        assert value == pytest.approx(bells[positive] * timeline[label], rel=1e-4)


def test_stopping_and_going_on_gives_the_same_figures(run: motet.Run, caplog: pytest.LogCaptureFixture) -> None:
    folder = RunFolder(run.path)
    before = read_json(folder.result)["tasks"]
    folder.fold(1, 1).scores.unlink()
    folder.result.unlink()
    with caplog.at_level(logging.WARNING, logger="motet"):
        assert train(run.experiment, run.path).result["tasks"] == before
