"""Updates of a batch: by values of the weights, and that a stopped run goes on as if it never was."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from motet import tensor_file
from motet.config import UserComponent
from motet.data.batch import Batch, Column
from motet.errors import ConfigError
from motet.networks.shape import MapShape
from motet.training.checkpoint import load_checkpoint, save_checkpoint
from motet.training.loop import Training, descend, take_step, train
from motet.training.procedure_settings import (
    AdversarialSettings,
    AlternatingSettings,
    JointSettings,
    LayerWiseSettings,
)
from motet.training.procedures import Adversarial, alternate, build_procedure
from motet.training.procedures.adversarial import head_parameters
from tests.training.small import LAYERS, quiet_hooks, small_corpus, small_loader, small_model, small_training, weights

ROWS = np.array([0, 1, 2, 10, 12])
BATCHES = [ROWS, np.array([3, 4, 5]), np.array([6, 7, 17])]


class StoppedError(Exception):
    pass


def begin(settings: Any = None, **options: Any) -> Training:
    procedure = build_procedure(settings or JointSettings(), small_corpus().tasks)
    return small_training(small_model(small_corpus()), procedure=procedure, **options)


def batch(rows: np.ndarray = ROWS) -> Batch:
    return small_loader(small_corpus()).draw(rows, epoch=0, training=True)


def only(task: str) -> Batch:
    whole = batch()
    return Batch(whole.size, whole.inputs, {task: whole.targets[task]}, whole.row_ids, {task: whole.counts[task]},
                 None, whole.spans)  # fmt: skip


def test_alternating_is_one_step_a_task() -> None:
    found, expected = begin(AlternatingSettings()), begin()
    take_step(found, batch())
    for task in batch().counts:
        descend(expected, only(task))
    for name, value in weights(expected.model).items():
        assert torch.equal(weights(found.model)[name], value), name
    assert (found.position.step, found.position.total_steps) == (1, 1)
    assert found.counts == dict(batch().counts)


def test_adversaries_learn_and_the_layers_before_them_forget() -> None:
    training = begin(AdversarialSettings(against=("digit",), strength=0.5))
    model, before = training.model, weights(training.model)
    first = begin()
    descend(
        first, only("digit"), fixed=[own for name, own in first.model.named_parameters() if "heads.digit" not in name]
    )
    take_step(training, batch())
    heads = {name for name in before if "heads.digit" in name}
    assert heads
    for name in heads:
        assert torch.equal(weights(model)[name], weights(first.model)[name]), name
    second = begin()
    second.model.load_state_dict(weights(first.model))
    factors = {task: -0.5 if task == "digit" else 1.0 for task in batch().counts}
    descend(second, batch(), factors=factors, fixed=head_parameters(second.model.network, "digit"))  # type: ignore[arg-type]
    for name in before.keys() - heads:
        assert torch.equal(weights(model)[name], weights(second.model)[name]), name
    assert training.counts == dict(batch().counts)


def test_a_batch_without_adversaries_is_a_plain_step() -> None:
    rows = np.array([10, 12, 14])
    found, expected = begin(AdversarialSettings(against=("digit",))), begin()
    take_step(found, batch(rows))
    take_step(expected, batch(rows))
    for name, value in weights(expected.model).items():
        assert torch.equal(weights(found.model)[name], value), name


class Norm(nn.Module):
    """A layer with a loss of its own: the mean square of every row, times a weight."""

    def __init__(self, shape: MapShape) -> None:
        super().__init__()
        self.shape, self.weight = shape, nn.Parameter(torch.ones(()))

    def forward(self, column: Column) -> tuple[Column, dict[str, torch.Tensor]]:
        return column, {"norm": self.weight * column.values.square().mean((1, 2, 3))}


@pytest.mark.parametrize("factors", [None, {"word": 1.0}, {"word": 1.0, "norm": 3.0}])
def test_losses_of_the_networks_own_count_whichever_tasks_are_descended(factors: dict[str, float] | None) -> None:
    model = small_model(small_corpus(), [*LAYERS, {"kind": Norm}])
    training = small_training(model, own_weights={"norm": 0.5})
    drawn = batch()
    with torch.no_grad():
        inputs = model.scale(drawn, torch.device("cpu"))
        norm = model.infer(inputs, {"word": drawn.targets["word"].rows}).losses["norm"].mean()
    descend(training, drawn, factors=factors)
    weight = next(value for name, value in weights(model).items() if name.endswith("1.weight"))
    factor = 0.5 * (factors or {}).get("norm", 1.0)
    assert weight.item() == pytest.approx(1 - 0.1 * factor * norm.item(), rel=1e-5)
    assert training.counts["norm"] == drawn.size


def test_adversaries_hide_beside_losses_of_the_networks_own() -> None:
    model = small_model(small_corpus(), [*LAYERS, {"kind": Norm}])
    procedure = build_procedure(AdversarialSettings(against=("digit",)), small_corpus().tasks)
    training = small_training(model, procedure=procedure)
    take_step(training, batch())
    weight = next(value for name, value in weights(model).items() if name.endswith("1.weight"))
    assert weight.item() < 1


def test_a_procedure_of_ones_own() -> None:
    def twice(training: Training, batch: Batch) -> None:
        descend(training, batch, recorded=False)
        descend(training, batch)

    found, expected = begin(UserComponent.of(twice)), begin()
    take_step(found, batch())
    descend(expected, batch())
    descend(expected, batch())
    for name, value in weights(expected.model).items():
        assert torch.equal(weights(found.model)[name], value), name


class Twin(nn.Module):
    """A procedure of the user's own with a weight and an optimizer: it learns how long the network's gradients are."""

    def __init__(self) -> None:
        super().__init__()
        self.guess = nn.Parameter(torch.zeros(()))
        self.optimizers = {"guess": torch.optim.Adam([self.guess], lr=0.1)}

    def begin(self, training: Training) -> None:
        nn.init.normal_(self.guess)

    def forward(self, training: Training, batch: Batch) -> None:
        descend(training, batch)
        length = sum(own.grad.norm() for own in training.model.parameters() if own.grad is not None)
        self.optimizers["guess"].zero_grad()
        torch.square(self.guess - length).backward()  # type: ignore[no-untyped-call]
        self.optimizers["guess"].step()


@pytest.mark.parametrize(
    "settings",
    [
        AlternatingSettings(),
        AdversarialSettings(against=("digit",)),
        LayerWiseSettings(epochs=1, noise=0.3),
        UserComponent.of(Twin),
    ],
    ids=["alternating", "adversarial", "layer_wise", "own"],
)
@pytest.mark.parametrize("stop", [1, 4])
def test_stopped_and_resumed_is_never_having_stopped(settings: object, stop: int, tmp_path: Path) -> None:
    def go(training: Training, until: int | None = None) -> Training:
        def between_steps() -> None:
            if training.position.total_steps == until:
                raise StoppedError

        train(training, quiet_hooks(small_loader(small_corpus()), BATCHES, between_steps=between_steps))
        return training

    def adam() -> Training:
        return begin(settings, optimizer=torch.optim.Adam, learning_rate=0.01)

    save_checkpoint(go(adam()), tmp_path / "undisturbed")
    first = adam()
    with pytest.raises(StoppedError):
        go(first, stop)
    save_checkpoint(first, tmp_path / "stopped")
    second = adam()
    load_checkpoint(second, tmp_path / "stopped")
    save_checkpoint(go(second), tmp_path / "resumed")
    assert (tmp_path / "resumed").read_bytes() == (tmp_path / "undisturbed").read_bytes()


def test_what_a_procedure_keeps_is_saved_and_no_part_of_the_model(tmp_path: Path) -> None:
    training = begin(UserComponent.of(Twin))
    take_step(training, batch())
    save_checkpoint(training, tmp_path / "file")
    tensors, document = tensor_file.read(tmp_path / "file")
    assert {"resume.procedure.guess", "resume.procedure_optimizer.guess/0/exp_avg"} <= tensors.keys()
    assert document["resume"]["procedure"]["guess"]["groups"][0]["lr"] == 0.1
    assert not any(name.startswith("model.") and "guess" in name for name in tensors)


def test_optimizers_of_its_own_want_gradients_that_are_not_lost() -> None:
    with pytest.raises(ConfigError, match=r"has optimizers of its own, .* set training\.autocast: bfloat16"):
        begin(UserComponent.of(Twin), precision=torch.float16)


def test_each_kind_is_built() -> None:
    assert build_procedure(JointSettings(), "ab") is descend
    assert build_procedure(AlternatingSettings(), "ab") is alternate
    assert build_procedure(AdversarialSettings(against=("a",), strength=2.0), "ab") == Adversarial(("a",), 2.0)


@pytest.mark.parametrize(
    ("against", "message"),
    [(("c", "d"), r"against: there is no task 'c'; tasks are a, b\n.*'d'"), (("b", "a"), "names all tasks")],
)
def test_adversaries_that_cannot_be_are_refused(against: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_procedure(AdversarialSettings(against=against), "ab")
