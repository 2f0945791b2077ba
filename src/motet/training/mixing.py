"""A batch made ready for the network: scaled, augmented, mixed, and cut into micro-batches.

Mixup (Zhang et al. 2018) mixes inputs once for the whole batch; targets are not mixed but each row's loss becomes
the weighted sum of the losses against its own and its partner's target, which is the same for cross-entropy and
works for every task.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from motet import draws
from motet.data.batch import Batch, Column, Mix, either, entries
from motet.networks.output import Seen
from motet.tasks.task import Task
from motet.training.teaching import Teaching, blended


class MapAugmentation(Protocol):
    """A random change of scaled maps; see `motet.features.augment`."""

    num_draws: int

    def __call__(self, values: Tensor, lengths: Tensor | None, uniforms: Tensor) -> Tensor:
        """Return changed maps [n, C, T, F] for uniform draws [n, num_draws]."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Partner:
    """The partner's targets or lessons under mixup, aligned with the rows of a task's own.

    Parameters
    ----------
    column
        Those of the partners, values [n, ...].
    weight
        The weight of the own one, shape [n]; 1 where the partner has none.
    """

    column: Column
    weight: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Inputs, targets and lessons of some rows of a batch, ready for the network.

    Parameters
    ----------
    partners
        Those of the targets, by task.
    lessons
        What teachers say, by task.
    lesson_partners
        Those of lessons that were there before the batch was mixed.
    """

    inputs: dict[str, Column]
    targets: dict[str, Column]
    partners: dict[str, Partner]
    lessons: dict[str, Column] = field(default_factory=dict)
    lesson_partners: dict[str, Partner] = field(default_factory=dict)

    @property
    def rows(self) -> dict[str, Tensor | None]:
        """Which rows have a target or a lesson, by task."""
        tasks = dict.fromkeys([*self.targets, *self.lessons])
        return {task: either(self.targets.get(task), self.lessons.get(task)) for task in tasks}

    def count(self, seen: Seen, size: int) -> int:
        """Return how many rows these are, of `size` in all."""
        having = None if seen.input is None else self.inputs[seen.input].rows
        own = None if seen.task is None else self.rows[seen.task]
        if having is None or own is None:
            rows = own if having is None else having
            return size if rows is None else len(rows)
        return int(torch.isin(having, own).sum())


def augment(
    inputs: Mapping[str, Column],
    augmentations: Sequence[MapAugmentation],
    *,
    seed: int,
    epoch: int,
    row_ids: Tensor,
) -> dict[str, Column]:
    """Return the inputs after every augmentation, with draws keyed by seed, epoch and row."""
    result = dict(inputs)
    for number, augmentation in enumerate(augmentations):
        for name, column in result.items():
            stage = f"augment.{number}.{name.rpartition('.')[2]}"  # what a parallel network sees changes alike
            rows = (row_ids if column.rows is None else row_ids[column.rows.cpu()]).numpy()
            drawn = draws.uniform(seed, epoch=epoch, rows=rows, stage=stage, count=augmentation.num_draws)
            uniforms = torch.from_numpy(drawn).to(column.values.device, torch.float32)
            values = augmentation(column.values, column.lengths, uniforms)
            result[name] = Column(values, column.rows, column.lengths, column.grid)
    return result


def mix_inputs(inputs: Mapping[str, Column], batch: Batch, device: torch.device) -> dict[str, Column]:
    """Mix inputs, which lie on the device already, where the batch asks for it."""
    if batch.mix is None:
        return dict(inputs)
    mix = _on(batch.mix, device)
    return {name: _mix_input(column, mix, batch.size) for name, column in inputs.items()}


def prepare(
    inputs: Mapping[str, Column],
    batch: Batch,
    device: torch.device,
    targets: Mapping[str, Column] | None = None,
    said: Mapping[str, Column] | None = None,
) -> Prepared:
    """Mix inputs and look up partners' targets where the batch asks for it. Inputs lie on the device already.

    Parameters
    ----------
    targets
        Those of the batch on the device, where a model had to scale them; else they are taken as they are.
    said
        What teachers said of the mixed inputs, by task, beside the lessons that the batch brings.
    """
    mixed = mix_inputs(inputs, batch, device)
    targets = {task: column.to(device) for task, column in (targets or batch.targets).items()}
    before = {task: column.to(device) for task, column in batch.lessons.items()}
    lessons = before | dict(said or {})
    if batch.mix is None:
        return Prepared(mixed, targets, {}, lessons)
    mix = _on(batch.mix, device)
    partners, others = (
        {name: _partner(column, mix, batch.size) for name, column in columns.items()} for columns in (targets, before)
    )
    return Prepared(mixed, targets, partners, lessons, others)


def micro_batches(prepared: Prepared, size: int, parts: int) -> list[Prepared]:
    """Cut rows into `parts` of nearly equal size, in order."""
    if parts == 1:
        return [prepared]
    edges = [round(size * part / parts) for part in range(parts + 1)]
    return [_cut(prepared, start, stop) for start, stop in itertools.pairwise(edges) if stop > start]


def row_losses(
    tasks: Mapping[str, Task],
    predictions: Mapping[str, Column],
    prepared: Prepared,
    teaching: Mapping[str, Teaching] | None = None,
) -> dict[str, Tensor]:
    """Return the loss of every row [n] by task, mixed with the partner's where there is one.

    Parameters
    ----------
    teaching
        How tasks learn of their lessons.
    """
    losses: dict[str, Tensor] = {}
    for name, prediction in predictions.items():
        target, lesson, hard = prepared.targets.get(name), prepared.lessons.get(name), None
        if target is not None:
            hard = _mixed(tasks[name].losses, prediction, target, prepared.partners.get(name))
        if lesson is not None:
            assert teaching is not None, "whoever brings lessons says how they are learned"
            how = teaching[name]
            soften = partial(tasks[name].soft_losses, temperature=how.temperature)
            soft = _mixed(soften, prediction, lesson, prepared.lesson_partners.get(name))
            hard_rows = None if target is None else target.rows
            hard = blended(prediction, hard, hard_rows, soft, lesson.rows, how.share)
        assert hard is not None, "what is predicted has a target or a lesson"
        losses[name] = hard
    return losses


def _mixed(
    loss: Callable[[Column, Column], Tensor], prediction: Column, column: Column, partner: Partner | None
) -> Tensor:
    """Return the loss of the rows that a column of targets or lessons has."""
    seen = entries(prediction, column.rows)
    own = loss(seen, column)
    if partner is None:
        return own
    return partner.weight * own + (1 - partner.weight) * loss(seen, partner.column)


def _on(mix: Mix, device: torch.device) -> Mix:
    return Mix(mix.partner.to(device), mix.weight.to(device))


def _mix_input(column: Column, mix: Mix, size: int) -> Column:
    position, present = _positions(column.rows, size, mix.partner.device)
    rows = slice(None) if column.rows is None else column.rows
    partner = position[mix.partner[rows]]
    weight = torch.where(present[mix.partner[rows]], mix.weight[rows], torch.ones_like(mix.weight[rows]))
    shaped = weight.view(-1, *[1] * (column.values.dim() - 1))
    values = shaped * column.values + (1 - shaped) * column.values[partner]
    lengths = column.lengths
    if lengths is not None:
        lengths = torch.where(weight < 1, torch.maximum(lengths, lengths[partner]), lengths)
    return Column(values, column.rows, lengths, column.grid)


def _partner(column: Column, mix: Mix, size: int) -> Partner:
    position, present = _positions(column.rows, size, mix.partner.device)
    rows = slice(None) if column.rows is None else column.rows
    partner = mix.partner[rows]
    weight = torch.where(present[partner], mix.weight[rows], torch.ones_like(mix.weight[rows]))
    taken = position[partner]
    lengths = None if column.lengths is None else column.lengths[taken]
    return Partner(Column(column.values[taken], None, lengths, column.grid), weight)


def _positions(rows: Tensor | None, size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return for every row of the batch its position among `rows`, and whether it is there."""
    if rows is None:
        return torch.arange(size, device=device), torch.ones(size, dtype=torch.bool, device=device)
    position = torch.zeros(size, dtype=torch.int64, device=device)
    position[rows] = torch.arange(len(rows), device=device)
    present = torch.zeros(size, dtype=torch.bool, device=device)
    present[rows] = True
    return position, present


def _cut(prepared: Prepared, start: int, stop: int) -> Prepared:
    """Return some rows; inputs and targets that none of them has are left out."""
    columns = {name: _cut_column(column, start, stop)[0] for name, column in prepared.inputs.items()}
    inputs = {name: column for name, column in columns.items() if len(column.values)}
    targets, partners = _cut_with_partners(prepared.targets, prepared.partners, start, stop)
    lessons, others = _cut_with_partners(prepared.lessons, prepared.lesson_partners, start, stop)
    return Prepared(inputs, targets, partners, lessons, others)


def _cut_with_partners(
    columns: Mapping[str, Column], partners: Mapping[str, Partner], start: int, stop: int
) -> tuple[dict[str, Column], dict[str, Partner]]:
    found: dict[str, Column] = {}
    theirs: dict[str, Partner] = {}
    for name, column in columns.items():
        part, chosen = _cut_column(column, start, stop)
        if len(part.values) == 0:
            continue
        found[name] = part
        if name in partners:
            whole = partners[name]
            lengths = None if whole.column.lengths is None else whole.column.lengths[chosen]
            theirs[name] = Partner(Column(whole.column.values[chosen], None, lengths), whole.weight[chosen])
    return found, theirs


def _cut_column(column: Column, start: int, stop: int) -> tuple[Column, Tensor | slice]:
    if column.rows is None:
        chosen: Tensor | slice = slice(start, stop)
        rows = None
    else:
        chosen = ((column.rows >= start) & (column.rows < stop)).nonzero().squeeze(1)
        rows = column.rows[chosen] - start
    lengths = None if column.lengths is None else column.lengths[chosen]
    return Column(column.values[chosen], rows, lengths, column.grid), chosen
