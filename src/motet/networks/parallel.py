"""A network of another run whose inner layer enters this one beside the encoded inputs.

It is built up to that layer, has weights of its own, and sees the maps as its own run scaled them: an input `signal` of
a parallel network `domain` is called `domain.signal`.

Axes: maps [n, C, T, F] of the rows that have its inputs.
"""

from collections.abc import Sequence
from typing import Any, Self

import torch
from torch import nn

from motet.data.batch import Column
from motet.networks.output import Inputs
from motet.networks.shape import MapShape


class Parallel(nn.Module):
    """Layers of another network, frozen or trained on.

    Frozen, it computes as in evaluation (batch normalisation keeps its statistics, nothing is dropped), no gradient
    reaches it, and no optimizer has its weights.

    Parameters
    ----------
    name
        What it is called.
    network
        Its layers, a `Network` without heads.
    inputs
        The inputs that it reads, by their names here.
    features
        Whether what leaves is what its heads received, a vector a row; else the map that leaves the last layer.
    frozen
        Whether it stays as it is.
    shape
        The shape of what leaves.
    """

    def __init__(
        self, name: str, network: nn.Module, inputs: Sequence[str], *, features: bool, frozen: bool, shape: MapShape
    ) -> None:
        super().__init__()
        self.name, self.inputs, self.features, self.frozen, self.shape = name, tuple(inputs), features, frozen, shape
        self.network: Any = network
        if frozen:
            self.requires_grad_(False)
            self.train(False)

    def train(self, mode: bool = True) -> Self:
        """Set the mode of training; a frozen network stays in that of evaluation."""
        return super().train(mode and not self.frozen)

    def forward(self, inputs: Inputs) -> Column | None:
        """Return what leaves the layer; None where no row has one of its inputs.

        Parameters
        ----------
        inputs
            Maps scaled for it, `NAME.INPUT`; where they are not there, as in a look at shapes, those of this network.
        """
        own = {name: inputs.get(f"{self.name}.{name}", inputs.get(name)) for name in self.inputs}
        there = {name: column for name, column in own.items() if column is not None and len(column.values)}
        if not there:
            return None
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            frames: Column = self.network.frames(there)
            if not self.features:
                return frames
            return Column(self.network.pooled(frames)[:, :, None, None], frames.rows)
