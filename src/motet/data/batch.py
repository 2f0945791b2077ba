"""What travels from the data to the network and back. B rows of a batch, n rows present; see `Column`."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from motet.features.feature_map import TimeGrid


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Values for some rows of a batch. Inputs, targets, predictions and embeddings are all columns.

    Parameters
    ----------
    values
        Shape [n, ...]; an input map is [n, C, T, F].
    rows
        Which rows of the batch these are, int64 [n] ascending; None for all rows in order.
    lengths
        Valid frames of each row, int64 [n]; None when every frame of every row is valid. Beyond is zero.
    grid
        The time of the frames; None for values without time.
    """

    values: Tensor
    rows: Tensor | None = None
    lengths: Tensor | None = None
    grid: TimeGrid | None = None

    def to(self, device: torch.device) -> "Column":
        """Return the column on another device."""
        if self.values.device == device:
            return self
        return Column(
            self.values.to(device, non_blocking=True),
            None if self.rows is None else self.rows.to(device, non_blocking=True),
            None if self.lengths is None else self.lengths.to(device, non_blocking=True),
            self.grid,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """Mixup: row i becomes `weight[i] * row i + (1 - weight[i]) * row partner[i]`; both are of one data set.

    Parameters
    ----------
    partner
        Rows of the batch, int64 [B].
    weight
        In [0.5, 1], float32 [B].
    """

    partner: Tensor
    weight: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """One step's data. Rows are grouped by data set.

    Parameters
    ----------
    size
        The number of rows, B.
    inputs
        Feature maps by input name.
    targets
        Encoded targets by task; `rows` says which rows have one.
    row_ids
        Row numbers in the corpus, int64 [B] on the CPU: the key of every random draw. A row that a sampler draws
        again in an epoch has the number of rows of the corpus added, so it is another key.
    counts
        Rows with a target or a lesson by task, fixed when the batch was drawn: the denominators of the losses.
    mix
        Mixup partners, or None.
    spans
        Which rows come from which data set, in order: (name, first row, one past the last).
    starts_s
        Where the segment of each row starts in its recording, float64 [B] on the CPU; None where every row is whole.
    lessons
        What teachers said of rows before training began, by task, [n, K] or entries as of a target; `rows` says of
        which.
    """

    size: int
    inputs: dict[str, Column]
    targets: dict[str, Column]
    row_ids: Tensor
    counts: dict[str, int]
    mix: Mix | None = None
    spans: tuple[tuple[str, int, int], ...] = ()
    starts_s: Tensor | None = None
    lessons: dict[str, Column] = field(default_factory=dict)

    def of_task(self, task: str) -> "Batch":
        """Return the batch as if there were no other task."""
        targets, lessons = (
            {name: column for name, column in columns.items() if name == task}
            for columns in (self.targets, self.lessons)
        )
        return replace(self, targets=targets, lessons=lessons, counts={task: self.counts[task]})

    def part(self, data_sets: Collection[str]) -> "tuple[Batch, Tensor | None]":
        """Return the rows of some data sets as a batch without targets, and which rows these are; None for all."""
        bare = replace(self, targets={}, lessons={}, counts={}, starts_s=None)
        spans = [span for span in self.spans if span[0] in data_sets]
        if len(spans) == len(self.spans):
            return bare, None
        chosen = torch.cat([torch.arange(start, stop) for _, start, stop in spans])
        numbers = torch.full((self.size,), -1)
        numbers[chosen] = torch.arange(len(chosen))
        columns = {name: _some_rows(column, numbers, len(chosen)) for name, column in self.inputs.items()}
        edges = [int(numbers[start]) for _, start, _ in spans] + [len(chosen)]
        part = replace(
            bare,
            size=len(chosen),
            inputs={name: column for name, column in columns.items() if len(column.values)},
            row_ids=self.row_ids[chosen],
            mix=None if self.mix is None else Mix(numbers[self.mix.partner[chosen]], self.mix.weight[chosen]),
            spans=tuple((name, edges[at], edges[at + 1]) for at, (name, _, _) in enumerate(spans)),
        )
        return part, chosen


def places(column: Column, rows: Tensor | None) -> Tensor:
    """Return where rows of the batch, all of which a column has, stand in it, int64 [n]; None for all rows."""
    if rows is None or column.rows is rows:
        return torch.arange(len(column.values), device=column.values.device)
    return rows if column.rows is None else torch.searchsorted(column.rows, rows)


def entries(column: Column, rows: Tensor | None) -> Column:
    """Return what a column has for some rows of the batch, all of which it has; None for all rows."""
    if rows is None or column.rows is rows:
        return column
    at = places(column, rows)
    lengths = None if column.lengths is None else column.lengths[at]
    return Column(column.values[at], rows, lengths, column.grid)


def either(first: Column | None, second: Column | None) -> Tensor | None:
    """Return the rows that one of two columns has, ascending; None for all rows."""
    there = [column.rows for column in (first, second) if column is not None]
    known = [rows for rows in there if rows is not None]
    if len(known) < len(there):
        return None
    return known[0] if len(known) == 1 else torch.unique(torch.cat(known))


def _some_rows(column: Column, numbers: Tensor, size: int) -> Column:
    """Return the rows that have a number, called by it."""
    own = numbers if column.rows is None else numbers[column.rows]
    kept = own >= 0
    rows = own[kept]
    lengths = None if column.lengths is None else column.lengths[kept]
    return Column(column.values[kept], None if len(rows) == size else rows, lengths, column.grid)
