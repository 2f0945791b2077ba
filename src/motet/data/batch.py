"""What travels from the data to the network and back. B rows of a batch, n rows present; see `Column`."""

from dataclasses import dataclass

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
        Rows with a target by task, fixed when the batch was drawn: the denominators of the losses.
    mix
        Mixup partners, or None.
    spans
        Which rows come from which data set, in order: (name, first row, one past the last).
    starts_s
        Where the segment of each row starts in its recording, float64 [B] on the CPU; None where every row is whole.
    """

    size: int
    inputs: dict[str, Column]
    targets: dict[str, Column]
    row_ids: Tensor
    counts: dict[str, int]
    mix: Mix | None = None
    spans: tuple[tuple[str, int, int], ...] = ()
    starts_s: Tensor | None = None
