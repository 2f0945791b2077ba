"""Experiments that learn from losses of the network's own: alone, and beside tasks."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.reliability.small import LOGMEL, SPEAKERS, differences
from torch import Tensor, nn

import motet
from motet.data import Column
from motet.errors import ConfigError
from motet.experiment.dry_run import dry_run
from motet.experiment.evaluate import evaluate
from motet.model import read_network_weights
from motet.runs import plots
from motet.runs.folder import RunFolder
from motet.training import loop


class Code(nn.Module):
    """Restore masked frames from a small code of every row; with tasks, predict them from it."""

    def __init__(self, inputs: Any, outputs: Any, tells: bool = True, empty: bool = False) -> None:
        super().__init__()
        size = inputs["signal"].bins
        self.body, self.back = nn.Linear(size, 4), nn.Linear(4, size)
        self.heads = nn.ModuleDict({task: nn.Linear(4, int(count)) for task, count in outputs.items()})
        self.tells, self.empty = tells, empty

    def forward(self, inputs: dict[str, Tensor]) -> Any:
        frames = inputs["signal"].transpose(1, 2).flatten(2)
        code = torch.tanh(self.body(frames * (torch.rand_like(frames[:, :, :1]) < 0.5)))
        outputs = {task: head(code.mean(1)) for task, head in self.heads.items()}
        if self.empty or not (self.tells or self.training):
            return outputs
        losses = {"restored": (self.back(code) - frames).square().mean((1, 2)), "size": code.abs().mean((1, 2))}
        return outputs, losses


class Drawn(nn.Module):
    """A weight that a loss draws to 3; it has nothing to do with the rows."""

    def __init__(self, inputs: Any, outputs: Any) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))
        self.other = nn.Parameter(torch.zeros(()))

    def forward(self, inputs: dict[str, Tensor]) -> Any:
        rows = torch.ones(len(inputs["signal"]))
        return {}, {"one": rows * (self.weight - 3).square(), "two": rows * self.other}


def written(folder: Path, network: Any = Code, **changed: Any) -> motet.Experiment:
    given: dict[str, Any] = {
        "name": "own",
        "data": {"speakers": {"source": SPEAKERS, "tasks": changed.pop("tasks", {})}},
        "signal": {"rate_hz": 2000},
        "features": LOGMEL,
        "segments": {"length_s": 0.1},
        "split": {"kind": "holdout", "dev": 0.3},
        "model": {"network": network},
        "store": {"path": str(folder / "store")},
        "evaluation": {"interval": {"resamples": 20}, "plots": False},
    }
    training = {"epochs": 3, "batch_size": 10, **changed.pop("training", {})}
    return motet.Experiment(**{**given, **changed, "training": training})


def records(run: motet.Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in RunFolder(run.path).fold(1, 1).metrics.read_text().splitlines()]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> motet.Run:
    """A run without any task."""
    folder = tmp_path_factory.mktemp("alone")
    return motet.train(written(folder, training={"monitor": "losses.restored"}), folder / "run")


def test_a_run_without_tasks_learns_and_tells_its_losses(alone: motet.Run) -> None:
    found = records(alone)
    assert [list(record["loss"]) for record in found] == [["restored", "size"]] * 3
    assert found[-1]["loss"]["restored"] < found[0]["loss"]["restored"]
    assert list(found[0]["dev"]) == ["losses"]
    assert alone.result["tasks"] == {}
    scores = json.loads(RunFolder(alone.path).fold(1, 1).scores.read_text())
    assert alone.result["losses"]["restored"]["value"] == scores["losses"]["restored"]
    best = min(range(3), key=lambda epoch: found[epoch]["dev"]["losses"]["restored"])
    assert scores["epoch"] == best + 1
    log = RunFolder(alone.path).log.read_text()
    assert "have no target" not in log
    assert f"| losses restored {found[0]['dev']['losses']['restored']:.4f} | losses size " in log


def test_a_kept_run_is_evaluated_as_it_was_tested(alone: motet.Run) -> None:
    again = evaluate(alone.path, experiment=alone.experiment)
    assert again["losses"] == alone.result["losses"]
    dev = evaluate(alone.path, part="dev", experiment=alone.experiment)["losses"]["restored"]["value"]
    assert dev == min(record["dev"]["losses"]["restored"] for record in records(alone))


def test_a_run_without_tasks_is_drawn(alone: motet.Run) -> None:
    if plots.can_draw():
        folder = RunFolder(alone.path)
        assert [path.name for path in plots.draw_fold(folder.fold(1, 1))] == ["learning-curve.png"]
        assert plots.is_drawn(folder.fold(1, 1))
        assert plots.draw_run(folder).is_file()


def test_its_weights_are_the_start_of_another_run(alone: motet.Run, tmp_path: Path) -> None:
    start = RunFolder(alone.path).fold(1, 1).best
    training = {"warm_start": str(start), "epochs": 0}
    run = motet.train(written(tmp_path, tasks={"digit": "multiclass"}, training=training), tmp_path / "second")
    own, before = run.model().network.state_dict(), read_network_weights(start)
    assert set(before) < set(own)
    assert all(torch.equal(own[name], before[name]) for name in before)
    assert list(run.result["tasks"]) == ["digit"]


def test_without_a_monitor_the_weighted_sum_selects(tmp_path: Path) -> None:
    run = motet.train(written(tmp_path, training={"losses": {"size": 100.0}, "epochs": 4}), tmp_path / "run")
    sums = [record["dev"]["losses"]["restored"] + 100 * record["dev"]["losses"]["size"] for record in records(run)]
    scores = json.loads(RunFolder(run.path).fold(1, 1).scores.read_text())
    assert scores["epoch"] == sums.index(min(sums)) + 1


def test_losses_have_weights(tmp_path: Path) -> None:
    """Plain gradient descent: w goes a share 2 * weight * rate of the way to 3, the other down by weight * rate."""
    sgd = {"kind": "sgd", "learning_rate": 0.1, "momentum": 0.0, "nesterov": False}
    training = {"losses": {"one": 0.5, "two": 2.0}, "optimizer": sgd, "epochs": 1, "keep": "last"}
    run = motet.train(written(tmp_path, Drawn, training=training), tmp_path / "run")
    steps = records(run)[0]["step"]
    weights = run.model().network.state_dict()
    assert weights["module.weight"].item() == pytest.approx(3 * (1 - 0.9**steps), rel=1e-5)
    assert weights["module.other"].item() == pytest.approx(-0.2 * steps, rel=1e-5)
    cut = {**training, "micro_batches": 3}
    parts = motet.train(written(tmp_path, Drawn, training=cut), tmp_path / "parts").model().network.state_dict()
    torch.testing.assert_close(parts, weights)


class DrawnHere(nn.Module):
    """A layer whose weight a loss of the rows that come to it draws to 3."""

    def __init__(self, shape: Any) -> None:
        super().__init__()
        self.shape = shape
        self.weight = nn.Parameter(torch.zeros(()))

    def forward(self, column: Column) -> Any:
        return column, {"drawn": torch.ones(len(column.values)) * (self.weight - 3).square()}


@pytest.mark.parametrize("parts", [1, 3])
def test_rows_that_lack_the_input_of_a_layer_do_not_count_in_its_losses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: int
) -> None:
    """In every step with such rows, however few, w goes a fifth of the way to 3."""
    shares: list[float] = []
    descended = loop.take_step

    def step(training: Any, batch: Any) -> None:
        descended(training, batch)
        shares.append(len(batch.inputs["mel"].values) / batch.size if "mel" in batch.inputs else 0.0)

    monkeypatch.setattr(loop, "take_step", step)
    given: dict[str, Any] = {
        "data": {
            "voices": {"source": SPEAKERS, "features": {"mel": LOGMEL}, "tasks": {"digit": "multiclass"}},
            "noises": {
                "source": {**SPEAKERS, "seed": 2},
                "features": {"other": LOGMEL},
                "tasks": {"speaker": "multiclass"},
            },
        },
        "model": {"encoder": {"mel": [DrawnHere], "other": []}, "fusion": "mean"},
    }
    sgd = {"kind": "sgd", "learning_rate": 0.1, "momentum": 0.0, "nesterov": False}
    training = {"optimizer": sgd, "epochs": 2, "keep": "last", "micro_batches": parts}
    run = motet.train(written(tmp_path, **given, training=training), tmp_path / "run")
    steps = [share for share in shares if share]
    assert any(share < 1 for share in steps)
    weight = run.model().network.state_dict()["encoders.mel.0.weight"]
    assert weight.item() == pytest.approx(3 * (1 - 0.8 ** len(steps)), rel=1e-5)


@pytest.mark.parametrize("objective", [{"kind": "uncertainty"}, {"kind": "nash_mtl"}, {"kind": "weighted"}])
def test_beside_tasks_they_are_added_to_what_an_objective_makes(tmp_path: Path, objective: Any) -> None:
    tasks = {"digit": "multiclass", "speaker": "multiclass"}
    training = {"objective": objective, "losses": {"size": 0.0}, "epochs": 1}
    run = motet.train(written(tmp_path, tasks=tasks, training=training), tmp_path / "run")
    assert list(records(run)[0]["loss"]) == ["digit", "speaker", "restored", "size"]
    assert list(records(run)[0]["dev"]) == ["digit", "speaker", "losses"]
    before = motet.train(
        written(tmp_path, tasks=tasks, training={**training, "epochs": 0}), tmp_path / "before"
    ).model().network.state_dict()  # fmt: skip
    after = run.model().network.state_dict()
    assert not torch.equal(after["module.back.weight"], before["module.back.weight"])


def test_stopped_and_resumed_is_never_having_stopped(alone: motet.Run, tmp_path: Path) -> None:
    stopped: Callable[..., None] = loop.take_step
    with pytest.MonkeyPatch.context() as patch:
        for stop in (1, 3):

            def step(*args: Any, at: int = stop) -> None:
                stopped(*args)
                if args[0].position.total_steps == at:
                    signal.raise_signal(signal.SIGTERM)

            patch.setattr(loop, "take_step", step)
            with pytest.raises(KeyboardInterrupt):
                motet.train(alone.experiment, tmp_path / "run")
    motet.train(alone.experiment, tmp_path / "run")
    assert differences(tmp_path / "run", alone.path) == []


def test_a_dry_run_names_them(tmp_path: Path) -> None:
    plan = dry_run(written(tmp_path))
    assert plan.losses == ("restored", "size")
    assert [(row.task, row.train) for row in plan.rows] == [(None, plan.rows[0].train)]
    assert dry_run(written(tmp_path, tasks={"digit": "multiclass"})).losses is None


def test_without_development_figures_the_last_epoch_is_kept(tmp_path: Path) -> None:
    run = motet.train(written(tmp_path, {"kind": Code, "tells": False}), tmp_path / "run")
    assert [record["dev"] for record in records(run)] == [{}, {}, {}]
    assert "losses" not in run.result
    assert not RunFolder(run.path).fold(1, 1).best.exists()


@pytest.mark.parametrize(
    ("training", "message"),
    [
        ({"losses": {"restord": 1.0}}, r"training\.losses\.restord: .*no loss 'restord'; did you mean 'restored'"),
        ({"monitor": "losses.code"}, r"monitor: is 'losses\.code', but in evaluation .* it returns restored, size"),
    ],
)
@pytest.mark.parametrize("way", [dry_run, motet.train])
def test_names_that_are_none_are_refused_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, training: Any, message: str, way: Callable[..., Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=message):
        way(written(tmp_path, training=training))


def test_a_network_that_tells_nothing_cannot_be_looked_at(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"training\.stopping: looks at development rows, but there is no task, and"):
        dry_run(written(tmp_path, {"kind": Code, "tells": False}, training={"stopping": "patience"}))
    with pytest.raises(ConfigError, match="data: there is no task, and the network returns no loss of its own"):
        dry_run(written(tmp_path, {"kind": Code, "empty": True}))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model": {"encoder": ["rnn"]}}, "data: no data set has a task, and a built network has no losses"),
        ({"training": {"objective": "gls"}}, r"training\.objective: combines the losses of tasks, and there is none"),
        ({"training": {"procedure": "alternating"}}, r"training\.procedure: alternates between tasks, and there is"),
        (
            {"model": {"sharing": "soft"}, "tasks": {"digit": "multiclass"}, "training": {"losses": {"share": 1.0}}},
            r"training\.losses\.share: a built network has no loss 'share' of its own; it has sharing",
        ),
        (
            {"model": {}, "tasks": {"digit": "multiclass"}, "training": {"monitor": "losses.size"}},
            r"training\.monitor: is 'losses\.size', but a built network tells no losses",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        written(tmp_path, **changed)


def test_a_model_without_tasks_predicts_nothing(alone: motet.Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the model has no task, so there is nothing to predict"):
        motet.predict(alone.model(), [tmp_path])
