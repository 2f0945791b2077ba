"""The user's own loss combination, optimizer, schedule and stopping rule, each in a training."""

import json
import signal
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

import motet
from motet.errors import ConfigError
from tests.user_code.conftest import Train
from tests.user_code.tones import tiny

TASKS = {"pitch": "multiclass", "loudness": "regression"}


def _weights(run: motet.Run) -> Tensor:
    """Return the weights after the last step."""
    model = motet.Model.load(run.path / "seed-1/fold-1/last.safetensors", experiment=run.experiment)
    return torch.cat([weight.flatten() for weight in model.network.state_dict().values()])


class Uncertainty(nn.Module):
    """A loss combination with trained weights: Kendall et al., CVPR 2018, equation 10."""

    seen: ClassVar[list[set[str]]] = []

    def __init__(self, tasks: list[str]) -> None:
        super().__init__()
        self.log_variances = nn.ParameterDict({task: nn.Parameter(torch.zeros(())) for task in tasks})

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        self.seen.append(set(losses))
        terms = [loss * (-self.log_variances[task]).exp() + self.log_variances[task] for task, loss in losses.items()]
        return torch.stack(terms).sum()


def test_a_loss_combination(train: Train) -> None:
    Uncertainty.seen.clear()
    run = train(TASKS, training={"objective": {"kind": Uncertainty, "tasks": list(TASKS)}})
    assert Uncertainty.seen
    assert all(losses == set(TASKS) for losses in Uncertainty.seen)
    assert not torch.equal(_weights(run), _weights(train(TASKS)))
    resumed = safetensors.torch.load_file(run.path / "seed-1/fold-1/last.safetensors")
    assert 0 < abs(resumed["resume.objective.log_variances.pitch"].item()) < 1


def test_a_function_is_a_loss_combination(train: Train) -> None:
    run = train(TASKS, training={"objective": lambda losses: losses["pitch"] + 0.0 * losses["loudness"]})
    heads = {name: weight for name, weight in run.model().network.state_dict().items() if "heads" in name}
    initial = train(TASKS, training={"epochs": 0}).model().network.state_dict()
    changed = {name: not torch.equal(weight, initial[name]) for name, weight in heads.items()}
    assert sorted(changed.values()) == [False, False, True, True]


class Signs(torch.optim.Optimizer):
    """An optimizer: a step of one length, whatever the gradient."""

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, reverse: bool = False) -> None:
        super().__init__(parameters, {"lr": lr})
        self.sign = 1.0 if reverse else -1.0

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.add_(self.sign * group["lr"] * parameter.grad.sign())


def test_an_optimizer(train: Train) -> None:
    initial = _weights(train(training={"epochs": 0}))
    trained = _weights(train(training={"optimizer": {"kind": Signs, "lr": 0.25}, "batch_size": 24}))
    steps = (trained - initial).abs()
    assert set(torch.round(steps, decimals=4).tolist()) <= {0.0, 0.25}
    assert steps.max() > 0


def test_an_optimizer_of_pytorch(train: Train) -> None:
    run = train(training={"optimizer": {"kind": torch.optim.RMSprop, "lr": 0.01, "alpha": 0.5}})
    assert not torch.equal(_weights(run), _weights(train(training={"epochs": 0})))


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (
            torch.optim.SGD([nn.Parameter(torch.zeros(1))], 0.1),
            "is an object, but the optimizer is made anew",
        ),
        (list, "is no torch.optim.Optimizer; derive it from that class"),
        ({"kind": torch.optim.SGD, "rate": 1}, r"unexpected keyword argument 'rate'; it is called with \(list\)"),
    ],
)
def test_what_is_no_optimizer_is_refused(train: Train, optimizer: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        train(training={"optimizer": optimizer})


class Halving:
    """A schedule: half the rate after every epoch, and what it hears."""

    asked: ClassVar[list[tuple[int, int, int]]] = []
    heard: ClassVar[list[float]] = []

    def __init__(self, base: float) -> None:
        self.base = base

    def __call__(self, step: int, *, total_steps: int, steps_per_epoch: int) -> float:
        self.asked.append((step, total_steps, steps_per_epoch))
        return self.base ** (step // steps_per_epoch)

    def observe(self, value: float) -> None:
        self.heard.append(value)


def test_a_schedule(train: Train) -> None:
    Halving.asked.clear()
    Halving.heard.clear()
    run = train(training={"epochs": 2, "schedule": {"kind": Halving, "base": 0.5}})
    assert Halving.asked == [(step, 6, 3) for step in range(6)]
    assert len(Halving.heard) == 2
    frozen = train(training={"epochs": 2, "schedule": lambda step, *, total_steps, steps_per_epoch: float(step < 3)})
    assert torch.equal(_weights(frozen), _weights(train()))
    assert not torch.equal(_weights(run), _weights(frozen))


def test_a_schedule_gives_a_factor(train: Train) -> None:
    with pytest.raises(ConfigError, match=r"training.schedule: .* returned -1 for step 0, but the learning rate is"):
        train(training={"schedule": lambda step, *, total_steps, steps_per_epoch: -1})


class Enough:
    """A stopping rule: so many epochs."""

    heard: ClassVar[list[int]] = []

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def observe(self, epoch: int, value: float) -> bool:
        self.heard.append(epoch)
        return epoch >= self.epochs


def test_a_stopping_rule(train: Train) -> None:
    Enough.heard.clear()
    run = train(training={"epochs": 9, "stopping": {"kind": Enough, "epochs": 2}})
    assert Enough.heard == [1, 2]
    records = (run.path / "seed-1/fold-1/metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(record)["epoch"] for record in records] == [1, 2]


def test_what_an_object_learns_does_not_reach_the_next_training(train: Train) -> None:
    class Counting:
        """A stopping rule with a state."""

        def __init__(self) -> None:
            self.epochs = 0

        def observe(self, epoch: int, value: float) -> bool:
            self.epochs += 1
            return self.epochs == 2

    rule = Counting()
    for _ in range(2):
        run = train(training={"epochs": 3, "stopping": rule})
        assert len((run.path / "seed-1/fold-1/metrics.jsonl").read_text(encoding="utf-8").splitlines()) == 2
    assert rule.epochs == 0


class Hearing:
    """A schedule with a state, which can be told to interrupt the training as Ctrl-C does."""

    interrupt_at: ClassVar[int | None] = None

    def __init__(self) -> None:
        self.factor = 1.0

    def __call__(self, step: int, *, total_steps: int, steps_per_epoch: int) -> float:
        if step == self.interrupt_at:
            signal.raise_signal(signal.SIGINT)
        return self.factor

    def observe(self, value: float) -> None:
        self.factor *= 0.5 + value / 4

    def state(self) -> dict[str, float]:
        return {"factor": self.factor}

    def restore(self, state: dict[str, float]) -> None:
        self.factor = state["factor"]


class Patient:
    """A stopping rule with a state."""

    def __init__(self, epochs: int) -> None:
        self.epochs, self.heard = epochs, 0

    def observe(self, epoch: int, value: float) -> bool:
        self.heard += 1
        return self.heard >= self.epochs

    def state(self) -> dict[str, int]:
        return {"heard": self.heard}

    def restore(self, state: dict[str, int]) -> None:
        self.heard = state["heard"]


class Momentum(Signs):
    """An optimizer with a state."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    mean = self.state[parameter].setdefault("mean", torch.zeros_like(parameter))
                    parameter.sub_(group["lr"] * mean.lerp_(parameter.grad, 0.1))


def test_an_interrupted_training_goes_on_as_if_it_never_had_been(tmp_path: Path, store: Path) -> None:
    training = {
        "epochs": 6,
        "objective": {"kind": Uncertainty, "tasks": list(TASKS)},
        "optimizer": {"kind": Momentum, "lr": 0.5},
        "schedule": Hearing,
        "stopping": {"kind": Patient, "epochs": 4},
    }
    experiment = tiny(store, TASKS, training=training)
    undisturbed = motet.train(experiment, tmp_path / "undisturbed")
    for Hearing.interrupt_at in (3, 5):
        with pytest.raises(KeyboardInterrupt):
            motet.train(experiment, tmp_path / "interrupted")
    Hearing.interrupt_at = None
    resumed = motet.train(experiment, tmp_path / "interrupted")
    name = "seed-1/fold-1/last.safetensors"
    first, second = (safetensors.torch.load_file(run.path / name) for run in (undisturbed, resumed))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert "resume.optimizer.0/mean" in first
    assert undisturbed.result["tasks"] == resumed.result["tasks"]
    records = (resumed.path / "seed-1/fold-1/metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(record)["epoch"] for record in records] == [1, 2, 3, 4]
