"""The network that settings describe: encoders of the inputs, their fusion, a shared trunk, pooling, heads."""

from collections.abc import Collection, Mapping, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motet.data.batch import Column
from motet.networks.fusion import Fusion
from motet.networks.head import Head
from motet.networks.layer import Layer
from motet.networks.names import named
from motet.networks.output import Inputs, NetworkOutput, Rows, chosen
from motet.networks.pool import Pool


class Network(nn.Module):
    """Layers from the inputs to the predictions of every task.

    A row that is shorter than the network can see (`min_frames`) is extended by zeros to that length, alone as well
    as in a batch.

    Parameters
    ----------
    encoders
        The layers of each input.
    fusion
        How encoded inputs become one; None for a single input.
    trunk
        Layers that all inputs and tasks share.
    pooling
        What removes time before the heads of rows; None where it is gone.
    heads
        The head of each task.
    framed
        The tasks whose heads see every frame.

    Attributes
    ----------
    min_frames
        The fewest frames of each input with which every layer has a frame left.
    """

    def __init__(
        self,
        encoders: Mapping[str, Sequence[Layer]],
        fusion: Fusion | None,
        trunk: Sequence[Layer],
        pooling: Pool | None,
        heads: Mapping[str, Head],
        framed: Collection[str] = (),
    ) -> None:
        super().__init__()
        self.encoders = named({name: nn.ModuleList(cast(list[nn.Module], layers)) for name, layers in encoders.items()})
        self.fusion = fusion
        self.trunk = nn.ModuleList(cast(list[nn.Module], trunk))
        self.pooling = pooling
        self.heads = named(heads)
        self.framed = frozenset(framed)
        self.min_frames = self.frames_needed(1)

    def forward(self, inputs: Inputs, rows: Rows) -> NetworkOutput:
        """Predict the tasks in `rows`, each for its rows.

        Parameters
        ----------
        inputs
            Scaled maps by input, [n, C, T, F]; padding is zero. An input that no row has may be left out.
        rows
            The rows of the batch by task, int64 [n]; None for all.
        """
        frames = self.frames(inputs)
        shared = [frames.values] if self.framed & rows.keys() else []
        predictions = {task: self._framed(task, frames, own) for task, own in rows.items() if task in self.framed}
        embeddings = {}
        if len(predictions) < len(rows):
            features = self.pooled(frames)
            shared, embeddings = [*shared, features], {"features": Column(features)}
            for task, own in rows.items():
                if task not in self.framed:
                    predictions[task] = Column(self.heads.of(task)(chosen(features, own)), own)
        ordered = {task: predictions[task] for task in rows}
        return NetworkOutput(ordered, tuple(shared), embeddings=embeddings)

    def frames(self, inputs: Inputs) -> Column:
        """Return the maps that leave the trunk, [B, C, T, F]."""
        encoded = {name: self._encoded(name, column) for name, column in inputs.items() if len(column.values)}
        column = next(iter(encoded.values())) if self.fusion is None else self.fusion(encoded)
        return _through(self.trunk, column)

    def pooled(self, frames: Column) -> Tensor:
        """Return what the heads of rows receive, [B, D]."""
        return (frames if self.pooling is None else self.pooling(frames)).values.flatten(1)

    def _framed(self, task: str, frames: Column, rows: Tensor | None) -> Column:
        """Apply a head to every frame of some rows: outputs [n, T, K], zero where padding is."""
        values = chosen(frames.values, rows).transpose(1, 2).flatten(2)
        lengths = None if frames.lengths is None else chosen(frames.lengths, rows)
        outputs = self.heads.of(task)(values)
        if lengths is not None:
            valid = torch.arange(outputs.shape[1], device=outputs.device) < lengths[:, None]
            outputs = outputs * valid[:, :, None]
        return Column(outputs, rows, lengths, frames.grid)

    def _encoded(self, name: str, column: Column) -> Column:
        return _through(self.encoders.of(name), _at_least(column, self.min_frames[name]))

    def frames_needed(self, frames: int) -> dict[str, int]:
        """Return the fewest frames of each input that give so many frames before the heads."""
        frames = _needed(self.trunk, frames)
        if self.fusion is not None:
            frames = self.fusion.frames_needed(frames)
        return {name: _needed(layers, frames) for name, layers in self.encoders.named().items()}


def _through(layers: nn.ModuleList, column: Column) -> Column:
    """Apply layers in turn."""
    for layer in layers:
        column = layer(column)
    return column


def layers_of(modules: nn.ModuleList) -> list[Layer]:
    """Return the layers that a list holds."""
    return cast(list[Layer], list(modules))


def _needed(layers: nn.ModuleList, frames: int) -> int:
    """Return the fewest frames that leave so many; a layer of the user's own that does not tell keeps them."""
    for layer in reversed(layers_of(layers)):
        if hasattr(layer, "frames_needed"):
            frames = layer.frames_needed(frames)
    return frames


def _at_least(column: Column, num_frames: int) -> Column:
    """Extend a map by zeros to a number of frames, and every row's length likewise."""
    missing = num_frames - column.values.shape[2]
    if missing <= 0 and (column.lengths is None or num_frames == 1):
        return column
    values = F.pad(column.values, (0, 0, 0, missing)) if missing > 0 else column.values
    lengths = None if column.lengths is None else column.lengths.clamp(min=num_frames)
    return Column(values, column.rows, lengths, column.grid)
