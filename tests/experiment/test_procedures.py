"""Procedures with weights of their own as experiments: stopped and resumed, tried before training, and refused."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.reliability.small import CNN, LOGMEL, SCENES, SPEAKERS, differences

import motet
from motet import tensor_file
from motet.cli.dry_run import plan_json, plan_text, show
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


def fixed(tmp_path: Path, way: str, **changed: Any) -> motet.Experiment:
    """Rows of 6 frames of 6 bands, so that memory is told."""
    return written(tmp_path, WAYS[way], segments={"length_s": 0.1}, **changed)


def test_a_dry_run_counts_the_second_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    experiment = fixed(tmp_path, "gan")
    plan, joint = dry_run(experiment), dry_run(fixed(tmp_path, "gan", training={"procedure": "joint"}))
    assert plan.procedure is not None
    assert plan.memory is not None
    assert joint.memory is not None
    assert [(one.path, one.kind, str(one.in_shapes[0]), one.num_parameters) for one in plan.procedure.layers or ()] == [
        ("training.procedure.discriminator.0", "cnn, stage 1 of 1", "[C=2, T=6, F=6]", 3 * 2 * 9 + 3),
        ("training.procedure.discriminator", "judge", "[C=3, T=3, F=3]", 3 * 3 + 1),
    ]
    assert plan.num_parameters == joint.num_parameters
    assert plan.memory.weights - joint.memory.weights == 4 * 4 * (57 + 10)
    assert plan.memory.step is not None
    assert joint.memory.step is not None
    assert plan.memory.step - joint.memory.step > 2 * 4 * 5 * (
        2 * 36 + 3 * 36
    )  # of 5 rows input and convolution, twice
    show(experiment, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["procedure"] | {"layers": len(told["procedure"]["layers"])} == {
        "kind": "gan", "layers": 2, "parameters": 67, "epochs_before": 0,
    }  # fmt: skip
    show(experiment, as_json=False)
    assert "# PROCEDURE gan: trained beside the network, and no part of the model\n" in capsys.readouterr().out


def test_a_dry_run_counts_decoders_and_the_epochs_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    experiment = fixed(tmp_path, "layer_wise")
    plan, joint = dry_run(experiment), dry_run(fixed(tmp_path, "layer_wise", training={"procedure": "joint"}))
    assert plan.procedure is not None
    assert plan.memory is not None
    assert joint.memory is not None
    found = motet.train(experiment, tmp_path / "run")
    tensors, _ = tensor_file.read(RunFolder(found.path).fold(1, 1).last)
    sizes = {name: value.numel() for name, value in tensors.items() if name.startswith("resume.procedure.decoders")}
    assert plan.procedure.num_parameters == sum(sizes.values())
    assert [(one.path, one.kind) for one in plan.procedure.layers or ()] == [
        ("model.encoder.signal.0", "decoder"), ("model.trunk.0", "decoder"),
    ]  # fmt: skip
    layers = [one.num_parameters for one in plan.layers or () if one.path in ("model.encoder.0", "model.trunk.0")]
    moments = 2 * (sum(sizes.values()) + sum(layers))
    assert plan.memory.weights - joint.memory.weights == 4 * (2 * sum(sizes.values()) + moments)
    assert plan.memory.step == joint.memory.step
    show(experiment, as_json=True)
    assert json.loads(capsys.readouterr().out)["procedure"]["epochs_before"] == 4
    show(experiment, as_json=False)
    assert "# 4 epochs of its own come before the 3 of training.epochs: 7 in all\n" in capsys.readouterr().out
    assert "epoch 1/7 loss" in RunFolder(found.path).log.read_text()


def test_a_dry_run_knows_nothing_of_a_procedure_of_the_users_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Own:
        def __call__(self, training: loop.Training, batch: Any) -> None:
            loop.descend(training, batch)

    plans = [dry_run(fixed(tmp_path, "gan", training={"procedure": procedure})) for procedure in (Own, "alternating")]
    own, alternating = (plan_text(plan) for plan in plans)
    assert "Own\n# what it trains beside the network, and for how long before, is not known\n" in own
    assert "PROCEDURE" not in alternating
    told = plan_json(plans[0])["procedure"]
    assert (told["layers"], told["parameters"], told["epochs_before"]) == (None, None, None)


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
        (
            "gan",
            {"training": {"monitor": "clean.adversarial"}},
            r"^training\.monitor: 'clean\.adversarial' is told of training rows alone, .* the task, as clean\.mse$",
        ),
        (
            "gan",
            {"training": {"monitor": "clean.discriminator"}},
            r"^training\.monitor: 'clean\.discriminator' is told",
        ),
        ("gan", {"training": {"monitor": "digit.adversarial"}}, r"the task 'digit' does not report 'adversarial'"),
        (
            "gan",
            {"training": {"losses": {"clean.adversarial": 0.5}}},
            r"^training\.losses: 'clean\.adversarial' is a loss of procedure: gan, where training\.procedure\.weight",
        ),
        (
            "gan",
            {"training": {"losses": {"clean": {"discriminator": 0.5}}}},
            r"^training\.losses: 'clean\.discriminator' is a loss of procedure: gan",
        ),
        (
            "gan",
            {"training": {"losses": {"adversarial": 0.5}}},
            r"no loss 'adversarial' of its own; .*, and weigh that of a discriminator in training\.procedure\.weight$",
        ),
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
