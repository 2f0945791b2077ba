"""What a network receives and returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from motet.data.batch import Column

Inputs = Mapping[str, Column]
"""Scaled maps [n, C, T, F] by input; padding is zero."""
Rows = Mapping[str, Tensor | None]
"""The tasks that are wanted, each with the rows of the batch that it is wanted for, int64 [n]; None for all."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Which rows of a batch something is computed of: all, or those that have an input and are of a task."""

    input: str | None = None
    task: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class NetworkOutput:
    """What a network returns for a batch.

    Parameters
    ----------
    predictions
        Raw outputs by task: values [n, K], or [n, T, K] with lengths and grid; rows as they were asked for.
    shared
        Tensors that all tasks share, for methods that balance gradients there.
    losses
        Losses of the network's own by name, one for every row [n].
    seen
        The rows of those losses that a layer computes of some rows only; of all others these are all rows [B].
    embeddings
        Values of inner layers by name; "features" [B, D] is what the heads of rows receive.
    """

    predictions: dict[str, Column]
    shared: tuple[Tensor, ...] = ()
    losses: dict[str, Tensor] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    embeddings: dict[str, Column] = field(default_factory=dict)


def chosen(values: Tensor, rows: Tensor | None) -> Tensor:
    """Return some rows of values [B, ...]."""
    return values if rows is None else values.index_select(0, rows)
