"""Procedures with weights of their own as experiments: stopped and resumed, tried before training, and refused."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.reliability.small import CNN, LOGMEL, SCENES, SPEAKERS, differences

import motet
from motet import tensor_file
from motet.errors import ConfigError
from motet.experiment.dry_run import dry_run
from motet.experiment.evaluate import evaluate
from motet.runs.folder import RunFolder
from motet.training import loop

LAYER_WISE: dict[str, Any] = {
    "data": {"speakers": {"source": SPEAKERS}, "scenes": {"source": SCENES}},
    "model": {"encoder": [CNN], "trunk": [{"kind": "rnn", "hidden": 3}]},
    "training": {
        "procedure": {"kind": "layer_wise", "epochs": 2, "noise": 0.2},
        "schedule": "one_cycle",
        "stopping": {"kind": "patience", "epochs": 1},
        "clip_norm": 1.0,
    },
}
JUDGE = {"kind": "cnn", "channels": [3], "normalisation": "none", "dropout": 0.2}
GAN: dict[str, Any] = {
    "data": {
        "speakers": {
            "source": SPEAKERS,
            "tasks": {"clean": {"kind": "dense", "metrics": ["mse"]}, "digit": {"kind": "multiclass"}},
        }
    },
    "augment": ["noise"],
    "model": {"encoder": [{"kind": "rnn", "hidden": 3}]},
    "training": {
        "procedure": {"kind": "gan", "task": "clean", "loss": "bce", "discriminator": [JUDGE]},
        "schedule": "cosine",
        "micro_batches": 2,
    },
}
WAYS: dict[str, dict[str, Any]] = {"layer_wise": LAYER_WISE, "gan": GAN}


def written(folder: Path, way: dict[str, Any], **changed: Any) -> motet.Experiment:
    given: dict[str, Any] = {
        "name": "small",
        "signal": {"rate_hz": 2000},
        "features": LOGMEL,
        "split": {"kind": "holdout", "dev": 0.3},
        "store": {"path": str(folder / "store")},
        "evaluation": {"interval": {"resamples": 20}, "plots": False},
    }
    training = {"epochs": 3, "batch_size": 10, **way["training"], **changed.pop("training", {})}
    return motet.Experiment(**{**given, **way, **changed, "training": training})


def train_and_stop(experiment: motet.Experiment, run: Path, at: int) -> None:
    take_step = loop.take_step

    def step(*args: Any) -> None:
        take_step(*args)
        if args[0].position.total_steps == at:
            signal.raise_signal(signal.SIGINT)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "take_step", step)
        with pytest.raises(KeyboardInterrupt):
            motet.train(experiment, run)


@pytest.fixture(scope="module", params=list(WAYS))
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[motet.Run, str]:
    """A run that was never stopped, and its procedure."""
    folder = tmp_path_factory.mktemp(str(request.param))
    return motet.train(written(folder, WAYS[str(request.param)]), folder / "run"), str(request.param)


def test_stopped_and_resumed_is_never_having_stopped(trained: tuple[motet.Run, str], tmp_path: Path) -> None:
    run, _ = trained
    for step in (1, 5, 6):
        train_and_stop(run.experiment, tmp_path / "run", step)
    motet.train(run.experiment, tmp_path / "run")
    assert differences(tmp_path / "run", run.path) == []


def test_what_they_keep_is_in_the_resume_state_alone(trained: tuple[motet.Run, str]) -> None:
    run, kind = trained
    folder = RunFolder(run.path).fold(1, 1)
    last, best = (set(tensor_file.read(file)[0]) for file in (folder.last, folder.best))
    kept = {name for name in last if name.startswith("resume.procedure")}
    weights = {"layer_wise": "resume.procedure.decoders.trunk/0.frames.weight",
               "gan": "resume.procedure.discriminator.judge.weight"}  # fmt: skip
    assert weights[kind] in kept
    assert any(name.startswith("resume.procedure_optimizer.") and name.endswith("exp_avg_sq") for name in kept)
    assert {name for name in last if name.startswith("model.")} == best


def test_pre_training_is_told_but_nothing_is_validated_in_it(trained: tuple[motet.Run, str]) -> None:
    run, kind = trained
    folder = RunFolder(run.path).fold(1, 1)
    records = [json.loads(line) for line in folder.metrics.read_text().splitlines()]
    if kind == "gan":
        assert list(records[0]["loss"]) == ["clean", "digit", "clean.adversarial", "clean.discriminator"]
        return
    before, after = records[:4], records[4:]
    assert [list(record["loss"]) for record in before] == [["encoder.signal.0"]] * 2 + [["trunk.0"]] * 2
    assert all(record["dev"] == record["train"] == {} for record in before)
    assert all(list(record["dev"]) == ["digit", "speaker", "scene"] for record in after)
    assert json.loads(folder.scores.read_text())["epoch"] > 4
    assert "epoch 1/7 loss" in RunFolder(run.path).log.read_text()


def test_a_run_is_evaluated_as_any_other(trained: tuple[motet.Run, str]) -> None:
    run, _ = trained
    assert evaluate(run.path)["tasks"] == run.result["tasks"]


LAYERS = {"encoder": [{"kind": "cnn", "channels": [2] * 4}]}


@pytest.mark.parametrize(
    ("way", "changed", "message"),
    [
        ("layer_wise", {"model": {"sharing": "soft"}}, r"training\.procedure: .*which model\.sharing: soft has not"),
        (
            "layer_wise",
            {"training": {"epochs": 0}},
            r"training\.procedure: pre-trains what training\.epochs then train",
        ),
        ("gan", {"training": {"procedure": {"kind": "gan", "task": "clear"}}}, r"task: there is no task 'clear'"),
        ("gan", {"training": {"procedure": {"kind": "gan", "task": "digit"}}}, r"task: 'digit' predicts no map"),
        ("gan", {"mixup": {}}, r"training\.procedure: judges pairs of input and map, and mixup"),
        ("gan", {"training": {"procedure": {"kind": "gan"}}}, r"training\.procedure\.task"),
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path: Path, way: str, changed: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        written(tmp_path, WAYS[way], **changed)


@pytest.mark.parametrize(
    ("way", "changed", "message"),
    [
        ("layer_wise", {"model": {"encoder": ["pool"]}}, r"training\.procedure: there is no layer to pre-train"),
        (
            "gan",
            {"training": {"procedure": {"kind": "gan", "task": "clean", "discriminator": LAYERS["encoder"]}}},
            r"stage 3 of 4 of training\.procedure\.discriminator\.0",
        ),
    ],
)
@pytest.mark.parametrize("how", ["dry run", "training"])
def test_networks_that_cannot_be_are_refused_before_anything_is_read(
    tmp_path: Path, way: str, changed: Any, message: str, how: str
) -> None:
    experiment = written(tmp_path, WAYS[way], **changed)
    with pytest.raises(ConfigError, match=message):
        dry_run(experiment) if how == "dry run" else motet.train(experiment, tmp_path / "run")
    assert not (tmp_path / "run" / "seed-1").exists()
