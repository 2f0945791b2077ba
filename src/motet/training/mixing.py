"""A batch made ready for the network: scaled, augmented, mixed, and cut into micro-batches.

Mixup (Zhang et al. 2018) mixes inputs once for the whole batch; targets are not mixed but each row's loss becomes
the weighted sum of the losses against its own and its partner's target, which is the same for cross-entropy and
works for every task.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from motet import draws
from motet.data.batch import Batch, Column, Mix
from motet.tasks.task import Task


class MapAugmentation(Protocol):
    """A random change of scaled maps; see `motet.features.augment`."""

    num_draws: int

    def __call__(self, values: Tensor, lengths: Tensor | None, uniforms: Tensor) -> Tensor:
        """Return changed maps [n, C, T, F] for uniform draws [n, num_draws]."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Partner:
    """The partner's targets under mixup, aligned with the rows of a task's own targets.

    Parameters
    ----------
    column
        Targets of the partners, values [n, ...].
    weight
        The weight of the own target, shape [n]; 1 where the partner has no target.
    """

    column: Column
    weight: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Inputs and targets of some rows of a batch, ready for the network."""

    inputs: dict[str, Column]
    targets: dict[str, Column]
    partners: dict[str, Partner]

    @property
    def rows(self) -> dict[str, Tensor | None]:
        """Which rows have a target, by task."""
        return {task: column.rows for task, column in self.targets.items()}


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


def prepare(
    inputs: Mapping[str, Column], batch: Batch, device: torch.device, targets: Mapping[str, Column] | None = None
) -> Prepared:
    """Mix inputs and look up partners' targets where the batch asks for it. Inputs lie on the device already.

    Parameters
    ----------
    targets
        Those of the batch on the device, where a model had to scale them; else they are taken as they are.
    """
    targets = {task: column.to(device) for task, column in (targets or batch.targets).items()}
    if batch.mix is None:
        return Prepared(dict(inputs), targets, {})
    mix = Mix(batch.mix.partner.to(device), batch.mix.weight.to(device))
    mixed = {name: _mix_input(column, mix, batch.size) for name, column in inputs.items()}
    partners = {name: _partner(column, mix, batch.size) for name, column in targets.items()}
    return Prepared(mixed, targets, partners)


def micro_batches(prepared: Prepared, size: int, parts: int) -> list[Prepared]:
    """Cut rows into `parts` of nearly equal size, in order."""
    if parts == 1:
        return [prepared]
    edges = [round(size * part / parts) for part in range(parts + 1)]
    return [_cut(prepared, start, stop) for start, stop in itertools.pairwise(edges) if stop > start]


def row_losses(tasks: Mapping[str, Task], predictions: Mapping[str, Column], prepared: Prepared) -> dict[str, Tensor]:
    """Return the loss of every row [n] by task, mixed with the partner's where there is one."""
    losses: dict[str, Tensor] = {}
    for name, prediction in predictions.items():
        own = tasks[name].losses(prediction, prepared.targets[name])
        if name in prepared.partners:
            partner = prepared.partners[name]
            other = tasks[name].losses(prediction, partner.column)
            own = partner.weight * own + (1 - partner.weight) * other
        losses[name] = own
    return losses


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
    targets: dict[str, Column] = {}
    partners: dict[str, Partner] = {}
    for name, column in prepared.targets.items():
        part, chosen = _cut_column(column, start, stop)
        if len(part.values) == 0:
            continue
        targets[name] = part
        if name in prepared.partners:
            whole = prepared.partners[name]
            lengths = None if whole.column.lengths is None else whole.column.lengths[chosen]
            partners[name] = Partner(Column(whole.column.values[chosen], None, lengths), whole.weight[chosen])
    return Prepared(inputs, targets, partners)


def _cut_column(column: Column, start: int, stop: int) -> tuple[Column, Tensor | slice]:
    if column.rows is None:
        chosen: Tensor | slice = slice(start, stop)
        rows = None
    else:
        chosen = ((column.rows >= start) & (column.rows < stop)).nonzero().squeeze(1)
        rows = column.rows[chosen] - start
    lengths = None if column.lengths is None else column.lengths[chosen]
    return Column(column.values[chosen], rows, lengths, column.grid), chosen
