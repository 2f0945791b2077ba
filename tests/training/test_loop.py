import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from motet import draws
from motet.data.batch import Column
from motet.errors import MotetError
from motet.features.settings import MixupSettings
from motet.model import Model
from motet.networks.output import Inputs, NetworkOutput, Rows
from motet.training.loop import Training, take_step, train
from motet.training.mixing import prepare
from motet.training.objective import WeightedSum
from motet.training.optimizers import Plateau, build_schedule
from motet.training.settings import OneCycleSettings, PatienceSettings, PlateauSettings
from motet.training.stopping import Patience
from tests.training.small import (
    LAYERS,
    gradients,
    quiet_hooks,
    small_corpus,
    small_loader,
    small_model,
    small_training,
    weights,
)

ROWS = np.array([0, 1, 2, 3, 5, 11, 12, 14])
BATCHES = [ROWS, np.array([4, 6, 7, 13])]
DROPOUT = [{**LAYERS[0], "dropout": 0.5}]


def textbook_gradients(model: Model, weight: Mapping[str, float]) -> dict[str, Tensor]:
    """The gradient of the sum of the tasks' mean losses, written out."""
    corpus = small_corpus()
    batch = small_loader(corpus).draw(ROWS, epoch=0, training=True)
    output = model.network(batch.inputs, {name: column.rows for name, column in batch.targets.items()})
    digit, word = (
        cross_entropy(output.predictions[name].values, batch.targets[name].values) for name in ("digit", "word")
    )
    level = batch.targets["level"].values
    known = corpus.targets["level"].values[corpus.targets["level"].present]
    standard = (level - known.mean()) / known.std()
    error = (output.predictions["level"].values - standard).square().mean()
    total = weight["digit"] * digit + weight["word"] * word + weight["level"] * error
    model.zero_grad()
    total.backward()
    return gradients(model)


@pytest.mark.parametrize(
    "weight", [{"digit": 1.0, "word": 1.0, "level": 1.0}, {"digit": 0.3, "word": 0.0, "level": 5.0}]
)
def test_a_step_is_that_of_the_textbook(weight: dict[str, float]) -> None:
    corpus = small_corpus()
    model = small_model(corpus)
    expected, before = textbook_gradients(model, weight), weights(model)
    training = small_training(model, learning_rate=0.1, objective=WeightedSum(weight))
    take_step(training, small_loader(corpus).draw(ROWS, epoch=0, training=True))
    assert expected.keys() == dict(model.named_parameters()).keys(), "the gradient reaches every parameter"
    for name, value in model.named_parameters():
        assert torch.allclose(value, before[name] - 0.1 * expected[name], atol=1e-6), name
    assert (training.position.step, training.position.total_steps) == (1, 1)


@pytest.mark.parametrize("mixup", [None, MixupSettings(alpha=1.0)])
@pytest.mark.parametrize("parts", [2, 3, 8])
def test_micro_batches_are_the_whole_batch(parts: int, mixup: MixupSettings | None) -> None:
    """Ragged rows, and tasks that whole micro-batches lack."""
    found = []
    for cut in (1, parts):
        corpus = small_corpus()
        loader = small_loader(corpus, mixup=mixup, lengths=(9, 12, 4))
        training = small_training(small_model(corpus), micro_batches=cut)
        batch = loader.draw(ROWS, epoch=0, training=True)
        take_step(training, batch)
        assert training.counts == batch.counts
        found.append((gradients(training.model), {name: total.item() for name, total in training.sums.items()}))
    (whole, whole_sums), (cut_up, cut_sums) = found
    assert whole.keys() == cut_up.keys()
    assert all(torch.allclose(whole[name], cut_up[name], atol=1e-6) for name in whole)
    assert all(cut_sums[name] == pytest.approx(whole_sums[name]) for name in whole_sums)


@pytest.mark.parametrize("limit", [0.05, 1e6])
def test_the_gradient_is_clipped_to_its_norm(limit: float) -> None:
    corpus = small_corpus()
    batch = small_loader(corpus).draw(ROWS, epoch=0, training=True)
    free, clipped = small_training(small_model(corpus)), small_training(small_model(corpus), clip_norm=limit)
    take_step(free, batch)
    take_step(clipped, batch)
    norm = torch.stack([own.norm() for own in gradients(free.model).values()]).norm().item()
    assert norm > 0.05
    for name, own in gradients(clipped.model).items():
        assert torch.allclose(own, gradients(free.model)[name] * min(1.0, limit / norm), atol=1e-6)


def test_what_an_objective_learns_is_clipped_with_the_network() -> None:
    corpus = small_corpus()
    own = nn.Parameter(torch.zeros(1))
    training = small_training(small_model(corpus), clip_norm=1e-3)
    training.optimizer.add_param_group({"params": [own], "lr": 0.1})
    training.learning_rates.append(0.1)
    training.objective.combine = lambda backward: backward(1000 * own.sum())  # type: ignore[method-assign]
    take_step(training, small_loader(corpus).draw(ROWS, epoch=0, training=True))
    assert own.grad is not None
    assert own.grad.item() == pytest.approx(1e-3, rel=1e-3)


def test_bfloat16_computes_the_network_and_sums_losses_in_full() -> None:
    corpus = small_corpus()
    batch = small_loader(corpus).draw(ROWS, epoch=0, training=True)
    full, low = small_training(small_model(corpus)), small_training(small_model(corpus), precision=torch.bfloat16)
    take_step(full, batch)
    take_step(low, batch)
    assert {value.dtype for value in low.model.parameters()} == {torch.float32}
    for name, own in gradients(low.model).items():
        assert torch.allclose(own, gradients(full.model)[name], atol=0.03)
    losses = {name: (low.sums[name] / full.sums[name]).item() for name in full.sums}
    assert losses == {name: pytest.approx(1, abs=0.02) for name in losses}
    assert any(ratio != 1 for ratio in losses.values()), "it did compute in bfloat16"


def test_half_precision_scales_the_loss_and_unscales_the_gradient() -> None:
    corpus = small_corpus()
    batch = small_loader(corpus).draw(ROWS, epoch=0, training=True)
    full = small_training(small_model(corpus), clip_norm=0.5)
    half = small_training(small_model(corpus), clip_norm=0.5, precision=torch.float16)
    assert half.grad_scaler is not None
    half.grad_scaler = torch.amp.GradScaler("cpu", init_scale=64.0)
    take_step(full, batch)
    take_step(half, batch)
    for name, own in gradients(half.model).items():
        assert torch.allclose(own, gradients(full.model)[name], atol=0.01)


def test_a_step_that_overflows_half_precision_is_left_out() -> None:
    corpus = small_corpus()
    training = small_training(small_model(corpus), precision=torch.float16)
    training.grad_scaler = torch.amp.GradScaler("cpu", init_scale=2.0**40)
    before = weights(training.model)
    take_step(training, small_loader(corpus).draw(ROWS, epoch=0, training=True))
    assert all(torch.equal(value, before[name]) for name, value in weights(training.model).items())
    assert training.grad_scaler.get_scale() == 2.0**39


def test_the_schedule_sets_the_rate_of_every_step() -> None:
    corpus = small_corpus()
    schedule = build_schedule(OneCycleSettings(), total_steps=4, steps_per_epoch=2, learning_rate=0.1)
    training = small_training(small_model(corpus), schedule=schedule)
    rates: list[float] = []
    train(
        training,
        quiet_hooks(
            small_loader(corpus), BATCHES, between_steps=lambda: rates.append(training.optimizer.param_groups[0]["lr"])
        ),
    )
    assert rates == [pytest.approx(0.1 * schedule.factor(step)) for step in range(4)]


def test_a_record_tells_mean_losses_and_figures_of_all_rows() -> None:
    corpus = small_corpus()
    loader, model, records = small_loader(corpus), small_model(corpus), list[dict[str, Any]]()
    training = small_training(model, learning_rate=0.0, epochs=1)
    train(training, quiet_hooks(loader, BATCHES, end_epoch=lambda record, best: records.append(record)))
    (record,) = records
    batch = loader.draw(np.concatenate(BATCHES), epoch=0, training=True)
    output = model.network(batch.inputs, {name: column.rows for name, column in batch.targets.items()})
    for name, task in model.tasks.items():
        predictions, targets = output.predictions[name].values.detach(), batch.targets[name].values
        assert record["loss"][name] == pytest.approx(task.loss(predictions, targets).mean().item(), rel=1e-5)
        scores = task.score(task.probabilities(predictions.numpy()), targets.numpy())
        assert record["train"][name] == pytest.approx({each: scores[each] for each in record["train"][name]}, rel=1e-4)
    assert {"uar", "accuracy"} <= record["train"]["digit"].keys()
    assert (record["epoch"], record["step"], record["dev"]) == (1, 2, {})


def seen_by(training: Training, **changed: Any) -> list[tuple[int, bool]]:
    """Train with empty epochs that only validate; return epoch and whether it was the best so far."""
    told: list[tuple[int, bool]] = []
    changed = {"end_epoch": lambda record, best: told.append((record["epoch"], best))} | changed
    train(training, quiet_hooks(small_loader(small_corpus()), [], **changed))
    return told


def with_values(values: list[float | None], **options: Any) -> tuple[list[tuple[int, bool]], Training]:
    left = iter(values)
    training = small_training(small_model(small_corpus()), epochs=len(values), **options)
    return seen_by(training, validate=lambda: ({}, next(left))), training


def test_the_best_epoch_is_the_first_of_the_best() -> None:
    told, training = with_values([0.2, 0.5, 0.5, 0.1])
    assert told == [(1, True), (2, True), (3, False), (4, False)]
    assert (training.position.best_epoch, training.position.best_value) == (2, 0.5)


def test_without_a_value_every_epoch_is_the_best() -> None:
    told, training = with_values([None, None])
    assert told == [(1, True), (2, True)]
    assert training.position.best_epoch == 2


def test_an_undefined_value_is_the_best_only_before_any_other() -> None:
    told, training = with_values([math.nan, 0.1, math.nan, 0.2])
    assert told == [(1, True), (2, True), (3, False), (4, True)]
    assert training.position.best_value == 0.2


def test_patience_ends_the_training() -> None:
    told, training = with_values([0.5, 0.4, 0.3, 0.9, 0.9], stopping=Patience(PatienceSettings(epochs=2)))
    assert [epoch for epoch, _ in told] == [1, 2, 3]
    assert training.position.stopped
    assert seen_by(training) == [], "a training that stopped early is not gone on with"


def test_patience_runs_out_over_undefined_values() -> None:
    told, _ = with_values([0.5, math.nan, math.nan, math.nan], stopping=Patience(PatienceSettings(epochs=2)))
    assert len(told) == 3


def test_plateau_hears_the_value() -> None:
    schedule = Plateau(PlateauSettings(patience=1, factor=0.5), 0.1)
    with_values([0.5, 0.4, 0.4], schedule=schedule)
    assert schedule.factor(0) == 0.25


def test_a_loss_that_is_not_finite_names_task_and_remedy() -> None:
    corpus = small_corpus()
    training = small_training(small_model(corpus), learning_rate=1e30)
    with pytest.raises(MotetError, match=r"training loss of task '\w+' is (nan|inf) in epoch \d; lower training\.opt"):
        train(training, quiet_hooks(small_loader(corpus), BATCHES * 3))


def test_dropout_is_drawn_by_epoch_and_step() -> None:
    corpus = small_corpus()
    batch = small_loader(corpus).draw(ROWS, epoch=0, training=True)

    def gradient(epoch: int, step: int) -> Tensor:
        training = small_training(small_model(corpus, DROPOUT))
        training.position.epoch, training.position.step = epoch, step
        torch.manual_seed(step + 100)  # whatever happened before
        take_step(training, batch)
        return torch.cat([own.flatten() for own in gradients(training.model).values()])

    assert torch.equal(gradient(1, 2), gradient(1, 2))
    assert not torch.equal(gradient(1, 2), gradient(1, 3))
    assert not torch.equal(gradient(1, 2), gradient(2, 2))


def test_augmentation_follows_scaling_and_precedes_mixup() -> None:
    """Each adds to what the one before left: 2 * (x + 1) here, in place of 2 * x + 1."""
    corpus = small_corpus()
    training = small_training(small_model(corpus))
    seen: list[Tensor] = []

    class One:
        num_draws = 1

        def __call__(self, values: Tensor, lengths: Tensor | None, uniforms: Tensor) -> Tensor:
            return values + 1

    class Spy(nn.Module):
        def __init__(self, network: nn.Module) -> None:
            super().__init__()
            self.network = network

        def forward(self, inputs: Inputs, rows: Rows) -> Any:
            seen.append(inputs["signal"].values)
            return self.network(inputs, rows)

    training.augmentations = [One()]
    training.model.network = Spy(training.model.network)  # type: ignore[assignment]
    batch = small_loader(corpus, mixup=MixupSettings(alpha=1.0)).draw(ROWS, epoch=0, training=True)
    assert batch.mix is not None
    take_step(training, batch)
    column = batch.inputs["signal"]
    expected = prepare({"signal": replace(column, values=column.values + 1)}, batch, training.device)
    assert torch.equal(seen[0], expected.inputs["signal"].values)


class WithOwnLoss(nn.Module):
    """A network with a loss of its own for every row."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(2.0))

    def forward(self, inputs: Inputs, rows: Rows) -> NetworkOutput:
        values: Column = inputs["signal"]
        return NetworkOutput({}, losses={"own": self.weight * values.values.flatten(1).square().mean(1)})


@pytest.mark.parametrize("parts", [1, 3])
def test_losses_of_the_networks_own_are_means_over_the_batch(parts: int) -> None:
    corpus = small_corpus()
    model = small_model(corpus)
    model.network = WithOwnLoss()  # type: ignore[assignment]
    training = small_training(model, micro_batches=parts)
    batch = small_loader(corpus).draw(ROWS, epoch=0, training=True)
    take_step(training, batch)
    expected = batch.inputs["signal"].values.square().mean().item()
    gradient = dict(model.network.named_parameters())["weight"].grad
    assert gradient is not None
    assert gradient.item() == pytest.approx(expected, rel=1e-5)
    total, count = training.sums["own"].item(), training.counts["own"]
    assert total / count == pytest.approx(2 * expected, rel=1e-5)
    assert count == len(ROWS)


def test_a_step_is_seeded_by_the_seed_of_the_training() -> None:
    assert draws.key(7, "step", 0, 0) != draws.key(8, "step", 0, 0)
    corpus = small_corpus()
    batch = small_loader(corpus).draw(ROWS, epoch=0, training=True)
    found = []
    for seed in (7, 8):
        training = small_training(small_model(corpus, DROPOUT), seed=seed)
        take_step(training, batch)
        found.append(weights(training.model))
    assert any(not torch.equal(found[0][name], found[1][name]) for name in found[0])
