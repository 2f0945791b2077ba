"""A run: its folder, going on, and that nothing that is fitted or selected sees test rows."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.experiment.memory import in_memory
from tests.reliability.small import MIXED, PADDED, differences, small_experiment

import motet
from motet import tensor_file
from motet.evaluation.predictions import Predictions
from motet.files import JsonLines
from motet.model import Model
from motet.runs.folder import RunFolder, read_json


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[motet.Experiment, Path]:
    """An experiment of two seeds and two folds, and the folder of its run."""
    folder = tmp_path_factory.mktemp("trained")
    experiment = small_experiment(folder / "store", PADDED, seeds=[3, 4], training={"epochs": 3})
    motet.train(experiment, folder / "run")
    return experiment, folder / "run"


def test_the_folder_explains_itself(trained: tuple[motet.Experiment, Path]) -> None:
    experiment, path = trained
    run = RunFolder(path)
    assert motet.load_experiment(run.experiment) == experiment
    assert read_json(run.environment)["packages"]["motet"]
    data = read_json(run.data)
    assert list(data) == ["speakers", "scenes"]
    assert data["speakers"]["skipped"] == {}
    assert sum(data["scenes"]["targets"]["scene"]["labels"].values()) == 24
    assert run.folds() == [(3, 1), (3, 2), (4, 1), (4, 2)]
    log = run.log.read_text()
    for words in (
        "30 maps computed, 0 from the store",
        "model.encoder.0 (rnn",
        "seed 4, fold 2 of 2",
        "epoch 3/3",
        "run done",
    ):
        assert words in log
    for place in run.folds():
        fold = run.fold(*place)
        assert [record["epoch"] for record in JsonLines(fold.metrics).read()] == [1, 2, 3]
        assert {path.stem for path in fold.predictions.iterdir()} == {"digit", "speaker", "scene"}
        scores = read_json(fold.scores)
        assert (scores["seed"], scores["fold"]) == place
        assert np.sum(scores["tasks"]["scene"]["confusion"]["counts"]) == scores["rows"]["test"]["scenes"]["rows"]


def test_the_result_is_the_mean_over_folds_and_seeds(trained: tuple[motet.Experiment, Path]) -> None:
    _, path = trained
    run = RunFolder(path)
    result = read_json(run.result)
    assert (result["schema"], result["run"], result["seeds"], result["folds"]) == (1, path.as_posix(), [3, 4], 2)
    scores = [read_json(run.fold(*place).scores) for place in run.folds()]
    for task in ("digit", "speaker", "scene"):
        for metric in ("uar", "accuracy", "f1_macro"):
            found = result["tasks"][task][metric]
            assert found["value"] == pytest.approx(np.mean([each["tasks"][task]["metrics"][metric] for each in scores]))
            assert 0 <= found["low"] <= found["value"] <= found["high"] <= 1


def test_every_row_is_tested_once_a_seed_by_a_model_that_did_not_train_on_it(
    trained: tuple[motet.Experiment, Path],
) -> None:
    _, path = trained
    run = RunFolder(path)
    task = Model.load(run.fold(3, 1).best).tasks["digit"]
    parts = [Predictions.from_csv(run.fold(*place).predictions / "digit.csv", task) for place in run.folds()]
    for first, second in (parts[:2], parts[2:]):
        assert not set(first.ids) & set(second.ids)
        assert len(set(first.ids) | set(second.ids)) == 30


def test_predictions_are_those_of_the_model_that_was_best_on_development_rows(
    trained: tuple[motet.Experiment, Path],
) -> None:
    _, path = trained
    run = RunFolder(path)
    for place in run.folds():
        fold = run.fold(*place)
        records = JsonLines(fold.metrics).read()
        values = [np.mean([metrics["uar"] for metrics in record["dev"].values()]) for record in records]
        assert Model.load(fold.best).document.notes["epoch"] == 1 + int(np.argmax(values))
        assert [kept.name for kept in sorted(fold.path.glob("epoch-*"))] == [
            f"epoch-000{epoch}.safetensors" for epoch in (1, 2, 3)
        ]
    evaluated = motet.evaluate(path)
    assert evaluated["tasks"] == read_json(run.result)["tasks"]


@pytest.mark.parametrize(
    ("keep", "files"),
    [
        ("best", {"best", "last"}),
        ("last", {"last"}),
        ({"kind": "every", "epochs": 2}, {"best", "last", "epoch-0002", "epoch-0004"}),
        ("all", {"best", "last", *(f"epoch-000{epoch}" for epoch in range(1, 6))}),
    ],
)
def test_what_is_kept(tmp_path: Path, keep: Any, files: set[str]) -> None:
    training = {"epochs": 5, "keep": keep}
    experiment = small_experiment(tmp_path / "store", MIXED, split={"kind": "holdout", "dev": 0.3}, training=training)
    run = motet.train(experiment, tmp_path / "run")
    fold = RunFolder(run.path).fold(1, 1)
    assert {path.stem for path in fold.path.glob("*.safetensors")} == files
    assert run.model().document.notes["epoch"] == 5 or "best" in files


def test_without_development_rows_the_last_epoch_predicts(tmp_path: Path) -> None:
    experiment = small_experiment(
        tmp_path / "store", MIXED, split={"kind": "holdout", "dev": 0}, training={"keep": "best"}
    )
    run = motet.train(experiment, tmp_path / "run")
    fold = RunFolder(run.path).fold(1, 1)
    assert not fold.best.exists()
    assert run.model().document.notes["epoch"] == 3
    assert all(record["dev"] == {} for record in JsonLines(fold.metrics).read())
    assert motet.evaluate(run.path)["tasks"] == run.result["tasks"]


def test_going_on_wants_the_same_settings(trained: tuple[motet.Experiment, Path]) -> None:
    experiment, path = trained
    other = motet.Experiment(**{**dict(experiment), "seeds": [3, 4], "mixup": {"alpha": 0.5}})
    training = experiment.training.model_copy(update={"batch_size": 7})
    with pytest.raises(motet.ConfigError) as error:
        motet.train(other.model_copy(update={"training": training}), path)
    head, *differing = error.value.problems
    assert "holds a run of other settings; name another folder with -o, or go back to these:" in head
    assert differing == [
        "mixup: None there, {'alpha': 0.5, 'share': 1.0} here",
        "training.batch_size: 10 there, 7 here",
    ]


def test_an_option_that_is_newer_than_the_run_has_its_default(trained: tuple[motet.Experiment, Path]) -> None:
    experiment, path = trained
    file = RunFolder(path).experiment
    text = file.read_text()
    older = "".join(line for line in text.splitlines(keepends=True) if not line.startswith(("mixup:", "segments:")))
    assert older != text
    file.write_text(older)
    motet.train(experiment, path)
    assert file.read_text() == text


def test_where_and_how_often_may_change(trained: tuple[motet.Experiment, Path]) -> None:
    experiment, path = trained
    training = experiment.training.model_copy(update={"checkpoint_s": 5.0, "threads": 1, "device": "cpu"})
    evaluation = experiment.evaluation.model_copy(
        update={"interval": experiment.evaluation.interval.model_copy(update={"resamples": 20})}
    )
    changed = experiment.model_copy(update={"training": training, "evaluation": evaluation})
    result = motet.train(changed, path).result
    assert motet.load_experiment(RunFolder(path).experiment) == changed, "the folder says how the run went on"
    motet.train(experiment, path)
    assert motet.load_experiment(RunFolder(path).experiment) == experiment
    assert result["tasks"].keys() == read_json(RunFolder(path).result)["tasks"].keys()


def test_a_run_wants_a_folder_and_not_a_file(trained: tuple[motet.Experiment, Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(motet.ConfigError, match="file: is a file, and a run wants a folder; name another one with -o"):
        motet.train(trained[0], tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_pictures_that_a_kill_left_out_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra plots")
    experiment = small_experiment(tmp_path / "store", MIXED, training={"epochs": 1}, evaluation={"plots": True})
    run = RunFolder(motet.train(experiment, tmp_path / "run").path)
    whole, other = run.fold(1, 1), run.fold(1, 2)
    pictures = sorted(path.name for path in other.path.glob("*.png"))
    for path in other.path.glob("[cl]*.png"):
        path.unlink()
    before = {path: path.stat().st_mtime_ns for path in whole.path.glob("*.png")}
    motet.train(experiment, run.path)
    assert sorted(path.name for path in other.path.glob("*.png")) == pictures
    assert {path: path.stat().st_mtime_ns for path in whole.path.glob("*.png")} == before, "what is there stays"


def test_going_on_wants_the_same_data(tmp_path: Path) -> None:
    def experiment(**changed: Any) -> motet.Experiment:
        return in_memory(tmp_path / "store", **changed)

    motet.train(experiment(), tmp_path / "run")
    motet.train(experiment(), tmp_path / "run")
    for changed in ({"loud": {3: 2.0}}, {"relabelled": (5,)}, {"regrouped": (5,)}, {"refolded": (4, 5)}):
        with pytest.raises(
            motet.ConfigError, match="the recordings, targets or maps of 'memory' changed since the run"
        ):
            motet.train(experiment(**changed), tmp_path / "run")


@pytest.mark.parametrize("scaling", ["standard", "min_max", {"kind": "robust", "per": "global"}])
def test_test_rows_change_nothing_but_their_own_predictions(tmp_path: Path, scaling: Any) -> None:
    """The promise: test rows that are louder, longer or otherwise labelled leave weights and choices as they are."""
    plain = in_memory(tmp_path / "store", scaling=scaling, training={"epochs": 3, "keep": "best"})
    motet.train(plain, tmp_path / "plain")
    task = Model.load(RunFolder(tmp_path / "plain").fold(1, 1).best).tasks["colour"]
    tested = Predictions.from_csv(RunFolder(tmp_path / "plain").fold(1, 1).predictions / "colour.csv", task)
    rows = [int(name.removeprefix("noise-")) for name in tested.ids]
    assert 0 in rows, "the longest one is tested on"
    changed = in_memory(
        tmp_path / "store", scaling=scaling, loud=dict.fromkeys(rows, 50.0), relabelled=tuple(rows),
        training={"epochs": 3, "keep": "best"},
    )  # fmt: skip
    motet.train(changed, tmp_path / "changed")
    one, two = (Model.load(RunFolder(tmp_path / name).fold(1, 1).best) for name in ("plain", "changed"))
    assert all(torch.equal(value, two.state_dict()[name]) for name, value in one.state_dict().items())
    described = [model.describe().data_sets["memory"] for model in (one, two)]
    assert described[0].length_s == described[1].length_s
    assert described[0].digest != described[1].digest
    assert one.describe().states == two.describe().states
    metrics = [RunFolder(tmp_path / name).fold(1, 1).metrics.read_bytes() for name in ("plain", "changed")]
    assert metrics[0] == metrics[1]
    assert "seed-1/fold-1/predictions/colour.csv" in differences(tmp_path / "plain", tmp_path / "changed")


def test_the_monitored_metric_chooses_the_epoch(tmp_path: Path) -> None:
    for monitor in ("intensity.mae", "activity.accuracy"):
        source = {"kind": "generated", "content": "sensors", "examples": 40, "classes": 3, "duration_s": 0.5}
        experiment = small_experiment(
            tmp_path / "store", MIXED, data={"sensors": {"source": source}}, signal={}, segments=None, sampling="mixed",
            features={"kind": "spectrogram", "window_s": 0.1, "hop_s": 0.05},
            split={"kind": "holdout", "dev": 0.4},
            training={"epochs": 6, "keep": "best", "monitor": monitor, "optimizer": {"learning_rate": 0.1}},
        )  # fmt: skip
        run = motet.train(experiment, tmp_path / monitor)
        task, metric = monitor.split(".")
        values = [record["dev"][task][metric] for record in JsonLines(RunFolder(run.path).fold(1, 1).metrics).read()]
        best = values.index(min(values) if metric == "mae" else max(values)) + 1
        assert run.model().document.notes["epoch"] == best
        if metric == "mae":
            assert math.inf > min(values) > 0


def test_a_warm_start_begins_with_the_weights_of_another_run(tmp_path: Path) -> None:
    """Of layers of equal shape: a head for other labels begins anew."""
    split = {"kind": "holdout", "dev": 0}
    first = motet.train(small_experiment(tmp_path / "store", MIXED, split=split), tmp_path / "first")
    source = RunFolder(first.path).fold(1, 1).last
    training = {"epochs": 1, "warm_start": str(source), "optimizer": {"kind": "sgd", "learning_rate": 1e-12}}
    data: dict[str, Any] = dict(small_experiment(tmp_path / "store", MIXED).data)
    data = {"speakers": data["speakers"], "scenes": {"source": {**dict(data["scenes"].source), "classes": 2}}}
    second = motet.train(
        small_experiment(tmp_path / "store", MIXED, split=split, data=data, training=training), tmp_path / "second"
    )
    before, after = first.model().network.state_dict(), second.model().network.state_dict()
    same = [name for name, value in after.items() if before[name].shape == value.shape]
    assert 0 < len(same) < len(after)
    assert all(torch.allclose(before[name], after[name], atol=1e-6) for name in same)
    assert (
        f"warm start: {len(same)} of {len(after)} tensors taken from {source}" in RunFolder(second.path).log.read_text()
    )


def test_a_warm_start_from_another_network_is_refused(tmp_path: Path) -> None:
    tensor_file.write(tmp_path / "other.safetensors", {"model.network.another.weight": torch.ones(3)}, {})
    experiment = small_experiment(tmp_path / "store", training={"warm_start": str(tmp_path / "other.safetensors")})
    with pytest.raises(
        motet.ConfigError, match=r"training\.warm_start: .*other\.safetensors shares no weight with this"
    ):
        motet.train(experiment, tmp_path / "run")


def test_a_run_says_what_its_models_saw(trained: tuple[motet.Experiment, Path]) -> None:
    _, path = trained
    run = RunFolder(path)
    data = read_json(run.data)
    document = Model.load(run.fold(3, 2).best).document
    assert {name: own.digest for name, own in document.data_sets.items()} == {
        name: own["digest"] for name, own in data.items()
    }
    assert (document.notes["seed"], document.notes["fold"]) == (3, 2)
    assert document.data_sets["speakers"].inputs["signal"].rate_hz == 2000


def test_the_json_of_a_result_holds_no_nan(trained: tuple[motet.Experiment, Path]) -> None:
    json.loads(RunFolder(trained[1]).result.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
