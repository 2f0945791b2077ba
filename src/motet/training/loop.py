"""The training loop. It reads like the textbook; all that it may not decide is handed to it as plain functions.

Where training stands is the `Training` object: (epoch, step), optimizer, schedule, objective, gradient scaler, and
the sums of the epoch that is under way. Random draws have no state: those of the data are keyed by row, and
PyTorch's generators are seeded anew from (seed, epoch, step) before every step. So a run that was stopped at any step
goes on exactly as if it never had been.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import Parameter

from motet import draws
from motet.data.batch import Batch, Column, entries
from motet.errors import ConfigError, MotetError
from motet.model import Model
from motet.networks.output import NetworkOutput, Seen
from motet.tasks.running import Running
from motet.training.devices import autocast, seed_generators
from motet.training.gradient_cosine import GradientCosine
from motet.training.mixing import MapAugmentation, Prepared, augment, micro_batches, mix_inputs, prepare, row_losses
from motet.training.objective import Objective
from motet.training.optimizers import Schedule
from motet.training.procedure_state import begin_procedure
from motet.training.stopping import StoppingRule
from motet.training.teaching import Teaching, ask_all

Scores = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """What the loop itself needs to know; the rest is in the objects that it is given."""

    seed: int
    epochs: int
    micro_batches: int = 1
    clip_norm: float | None = None
    precision: torch.dtype | None = None


@dataclass(slots=True)
class Position:
    """Where training stands: `epoch` and the `step` of it that comes next, and the best epoch so far.

    Of all steps, `steps_before` came in epochs of the procedure's own, in which no task is learned.
    """

    epoch: int = 0
    step: int = 0
    total_steps: int = 0
    steps_before: int = 0
    best_epoch: int | None = None
    best_value: float | None = None
    stopped: bool = False


@dataclass(slots=True)
class Hooks:
    """What the loop calls. Batches and data are functions of the epoch, so that any epoch can be entered anywhere.

    Parameters
    ----------
    plan
        Row numbers of every batch of an epoch.
    draw
        The batch of these rows in this epoch.
    validate
        Metrics by task on development rows, and the value to monitor (higher is better), None without such rows.
    end_epoch
        Called with the record of a finished epoch, and whether it is the best so far.
    between_steps
        Called after every step; may save, and may raise to stop.
    """

    plan: Callable[[int], Sequence[NDArray[np.int64]]]
    draw: Callable[[NDArray[np.int64], int], Batch]
    validate: Callable[[], tuple[Scores, float | None]]
    end_epoch: Callable[[dict[str, Any], bool], None]
    between_steps: Callable[[], None]


Procedure = Callable[["Training", Batch], None]
"""What makes the updates of a batch; see `motet.training.procedures`, and for what it may keep `procedure_state`."""
Beside = Callable[[Prepared, Mapping[str, Column]], Mapping[str, Tensor]]
"""Returns further losses [n] by name, for some rows of a batch and what was predicted of them."""


@dataclass(slots=True)
class Training:
    """A training under way.

    Parameters
    ----------
    own_weights
        What losses of the network's own weigh, by name; one that is not named counts once.
    epochs_before
        Epochs of the procedure's own, which come first; `settings.epochs` follow.
    teaching
        How tasks learn of teachers, by name.
    """

    model: Model
    optimizer: torch.optim.Optimizer
    schedule: Schedule
    objective: Objective
    settings: LoopSettings
    device: torch.device
    augmentations: Sequence[MapAugmentation] = ()
    stopping: StoppingRule | None = None
    position: Position = field(default_factory=Position)
    sums: dict[str, Tensor] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    running: dict[str, Running] = field(default_factory=dict)
    grad_scaler: torch.amp.GradScaler | None = None
    learning_rates: list[float] = field(default_factory=list)
    procedure: Procedure = field(default_factory=lambda: descend)
    tracked: Sequence[GradientCosine] = ()
    own_weights: Mapping[str, float] = field(default_factory=dict)
    epochs_before: int = 0
    teaching: Mapping[str, Teaching] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Remember the rates that the schedule multiplies, and begin the figures of an epoch and the procedure."""
        self.learning_rates = [group["lr"] for group in self.optimizer.param_groups]
        self.running = {name: task.running() for name, task in self.model.tasks.items()}
        if self.settings.precision is torch.float16:
            self.grad_scaler = torch.amp.GradScaler(self.device.type)
        begin_procedure(self)

    @property
    def epochs(self) -> int:
        """All epochs, with those of the procedure's own."""
        return self.epochs_before + self.settings.epochs

    @property
    def learns_tasks(self) -> bool:
        """Whether the epoch is none of the procedure's own."""
        return self.position.epoch >= self.epochs_before

    @property
    def schedule_step(self) -> int:
        """The step of the schedule, which begins after the epochs of the procedure's own."""
        return self.position.total_steps - self.position.steps_before


def train(training: Training, hooks: Hooks) -> None:
    """Train until the last epoch or until the stopping rule says so.

    Raises
    ------
    MotetError
        If the loss is no longer finite.
    """
    position = training.position
    while position.epoch < training.epochs and not position.stopped:
        for rows in hooks.plan(position.epoch)[position.step :]:
            take_step(training, hooks.draw(rows, position.epoch))
            hooks.between_steps()
        losses, figures = _mean_losses(training), {}
        scores: Scores = {}
        monitored = None
        if training.learns_tasks:
            training.objective.end_epoch(losses)
            figures = {name: running.result() for name, running in training.running.items()}
            scores, monitored = hooks.validate()
        record = {
            "epoch": position.epoch + 1, "step": position.total_steps,
            "loss": losses, "train": figures, "dev": scores,
        }  # fmt: skip
        if training.tracked:
            record["track"] = {each.name: each.result() for each in training.tracked}
        best = _finish_epoch(training, monitored)
        hooks.end_epoch(record, best)


def take_step(training: Training, batch: Batch) -> None:
    """Make the updates of a batch: one, unless the procedure says otherwise."""
    training.procedure(training, batch)
    training.position.steps_before += not training.learns_tasks
    training.position.step += 1
    training.position.total_steps += 1


def descend(
    training: Training,
    batch: Batch,
    *,
    factors: Mapping[str, float] | None = None,
    fixed: Collection[Parameter] = (),
    recorded: bool = True,
    beside: Beside | None = None,
    counts: Mapping[str, int] | None = None,
) -> None:
    """Make one update: forward, losses, gradient, clip, step.

    Parameters
    ----------
    factors
        What the losses are multiplied by, by task; a task without one is left out. A loss of the network's own counts
        as it is, unless it is named here. None for all losses as they are.
    fixed
        What is not changed.
    recorded
        Whether losses and decisions count in the figures of the epoch.
    beside
        Further losses, of the procedure's own.
    counts
        How many rows of the whole batch each of these is of, by name.
    """
    training.optimizer.zero_grad(set_to_none=True)
    whole = _ready(training, batch)
    parts = micro_batches(whole, batch.size, training.settings.micro_batches)
    for part in parts:
        output, predictions, losses = _forward(training, part)
        losses = losses if beside is None else {**losses, **beside(part, predictions)}
        rows = {**_counts(output, whole, batch), **(counts or {})}
        if recorded:
            _add_figures(training, losses, predictions, part)
            for each in training.tracked:
                each.observe(training.position.step, losses, training.model.network.parameters())
        training.objective.accumulate(
            _weighted(training, losses, factors), rows, training_backward(training), output.shared
        )
    training.objective.combine(training_backward(training))
    for parameter in fixed:
        parameter.grad = None
    _clip(training)
    _update(training)
    training.objective.after_step(lambda: _look_again(training, parts, whole, batch))


def parts_of(training: Training, batch: Batch) -> list[Prepared]:
    """Return a batch ready for the network, in micro-batches; PyTorch's generators are seeded for the step."""
    return micro_batches(_ready(training, batch), batch.size, training.settings.micro_batches)


def _counts(output: NetworkOutput, whole: Prepared, batch: Batch) -> dict[str, int]:
    """Return the rows of the whole batch that each loss is of: those of tasks were counted when it was drawn."""
    own = {name: whole.count(output.seen.get(name, Seen()), batch.size) for name in output.losses}
    return {**own, **batch.counts}


def _weighted(
    training: Training, losses: Mapping[str, Tensor], factors: Mapping[str, float] | None
) -> dict[str, Tensor]:
    """Return the losses that are descended, each times its factor, and those of the network's own their weight.

    Raises
    ------
    ConfigError
        If nothing can be descended: there is no task, and the network returns no loss with a gradient.
    """
    tasks = training.model.tasks
    if not tasks and not any(loss.requires_grad for loss in losses.values()):
        found = f"only {', '.join(losses)} without a gradient" if losses else "none"
        raise ConfigError(
            f"there is no task, and of losses of its own the network returns {found}; let it return (outputs, losses) "
            "with losses {name: [n]} that are computed from its weights, or name tasks"
        )
    weighted = {}
    for name, loss in losses.items():
        factor = training.own_weights.get(name, 1.0) if name not in tasks else 1.0
        if factors is not None:
            if name in tasks and name not in factors:
                continue
            factor *= factors.get(name, 1.0)
        weighted[name] = loss if factor == 1.0 else factor * loss
    return weighted


def _seed(training: Training) -> None:
    position = training.position
    seed_generators(training.device, draws.key(training.settings.seed, "step", position.epoch, position.step))


def _forward(training: Training, part: Prepared) -> tuple[NetworkOutput, dict[str, Column], dict[str, Tensor]]:
    """Return what the network returns for some rows, its predictions in full precision, and the losses of the rows."""
    with autocast(training.device, training.settings.precision):
        output = training.model.learn(part.inputs, part.rows, part.targets)
    predictions = {name: _in_full_precision(column) for name, column in output.predictions.items()}
    losses = row_losses(training.model.tasks, predictions, part, training.teaching)
    return output, predictions, {**losses, **output.losses}


def _look_again(training: Training, parts: Sequence[Prepared], whole: Prepared, batch: Batch) -> dict[str, Tensor]:
    """Return the mean losses of a batch after its step, with the random draws that it had before."""
    _seed(training)
    means: dict[str, Tensor] = {}
    with torch.no_grad():
        for part in parts:
            output, _, losses = _forward(training, part)
            counts = _counts(output, whole, batch)
            for name, loss in losses.items():
                mean = loss.sum() / counts[name]
                means[name] = means[name] + mean if name in means else mean
    return means


def training_backward(training: Training) -> Callable[[Tensor], None]:
    """Return what an objective calls to add the gradient of a scalar."""
    scaler = training.grad_scaler
    return _backward if scaler is None else lambda loss: _backward(scaler.scale(loss))


def _backward(loss: Tensor) -> None:
    loss.backward()  # type: ignore[no-untyped-call]


def _in_full_precision(column: Column) -> Column:
    """Return predictions in float32: losses and figures are sums, which lower precisions round away."""
    return column if column.values.dtype == torch.float32 else replace(column, values=column.values.float())


def _ready(training: Training, batch: Batch) -> Prepared:
    """Return a batch ready for the network; PyTorch's generators are seeded for the step."""
    _seed(training)

    def vary(own: Batch, inputs: Mapping[str, Column]) -> dict[str, Column]:
        return mix_inputs(_augmented(training, own, inputs), own, training.device)

    inputs = _augmented(training, batch, training.model.scale(batch, training.device))
    said = ask_all(training.teaching, batch, vary) if training.learns_tasks else {}
    return prepare(inputs, batch, training.device, training.model.targets(batch, training.device), said)


def _augmented(training: Training, batch: Batch, inputs: Mapping[str, Column]) -> dict[str, Column]:
    if not training.augmentations:
        return dict(inputs)
    return augment(
        inputs, training.augmentations, seed=training.settings.seed,
        epoch=training.position.epoch, row_ids=batch.row_ids,
    )  # fmt: skip


def _clip(training: Training) -> None:
    if training.settings.clip_norm is None:
        return
    if training.grad_scaler is not None:
        training.grad_scaler.unscale_(training.optimizer)
    trained = [parameter for group in training.optimizer.param_groups for parameter in group["params"]]
    torch.nn.utils.clip_grad_norm_(trained, training.settings.clip_norm)


def _update(training: Training) -> None:
    factor = training.schedule.factor(training.schedule_step)
    for group, rate in zip(training.optimizer.param_groups, training.learning_rates, strict=True):
        group["lr"] = rate * factor
    if training.grad_scaler is None:
        training.optimizer.step()
        return
    training.grad_scaler.step(training.optimizer)
    training.grad_scaler.update()


def _add_figures(
    training: Training, losses: Mapping[str, Tensor], predictions: Mapping[str, Column], part: Prepared
) -> None:
    """Add loss, rows and decisions by task on the device; nothing waits for them before the epoch ends."""
    for name, target in part.targets.items():
        if name in predictions:  # a network of the user's own may return losses only
            seen = entries(predictions[name], target.rows)
            training.running[name].update(*training.model.tasks[name].followed(seen, target))
    note_losses(training, losses)


def note_losses(training: Training, losses: Mapping[str, Tensor]) -> None:
    """Add losses [n] of some rows to the figures of the epoch, by name."""
    for name, loss in losses.items():
        if name not in training.sums:
            precision = torch.float32 if training.device.type == "mps" else torch.float64
            training.sums[name] = torch.zeros((), dtype=precision, device=training.device)
            training.counts[name] = 0
        training.sums[name] += loss.detach().sum()
        training.counts[name] += len(loss)


def _mean_losses(training: Training) -> dict[str, float]:
    """Return the mean loss by name: the tasks in their order, then losses of the network's own."""
    means = {}
    for name in [*training.model.tasks, *sorted(training.sums.keys() - training.model.tasks.keys())]:
        if name not in training.sums:
            continue
        means[name] = training.sums[name].item() / training.counts[name]
        if not math.isfinite(means[name]):
            of = "of task " if name in training.model.tasks else ""
            raise MotetError(
                f"the training loss {of}{name!r} is {means[name]} in epoch {training.position.epoch + 1}; lower "
                "training.optimizer.learning_rate, set training.clip_norm: 1.0, or look for extreme values in the data"
            )
    return means


def _finish_epoch(training: Training, monitored: float | None) -> bool:
    """Move to the next epoch; return whether the finished one is the best so far (without a value, always)."""
    position = training.position
    position.epoch, position.step = position.epoch + 1, 0
    training.sums, training.counts = {}, {}
    training.running = {name: task.running() for name, task in training.model.tasks.items()}
    if monitored is None:
        position.best_epoch = position.epoch
        return True
    training.schedule.observe(monitored)
    undefined = math.isnan(monitored)
    best = position.best_value is None or (not undefined and monitored > position.best_value)
    if best:
        position.best_epoch, position.best_value = position.epoch, None if undefined else monitored
    if training.stopping is not None:
        position.stopped = training.stopping.observe(position.epoch - training.epochs_before, monitored)
    return best
