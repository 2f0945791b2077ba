"""A tower of layers for every task: drawn together by a loss, or mixed after every layer.

A tower is a whole network of one task. Axes: maps [n, C, T, F] of n rows that have an input, B rows of the batch.
"""

from collections.abc import Mapping
from itertools import combinations

import torch
from torch import Tensor, nn

from motet.data.batch import Column
from motet.networks.fusion import num_rows
from motet.networks.layer import Layer
from motet.networks.names import named
from motet.networks.network import Network, at_least, layers_of
from motet.networks.output import Inputs, NetworkOutput, Rows
from motet.networks.own_losses import note_rows


class SoftSharing(nn.Module):
    """A tower for every task, and a loss that draws their weights together (Duong et al., ACL 2015, section 3).

    The loss of the network's own, `sharing`, is `strength` times the squared L2 distance between the weights of two
    towers, heads left out, summed over all pairs. A tower sees the rows of its own task.

    Parameters
    ----------
    strength
        What the distance is multiplied by.
    towers
        The network of each task.
    """

    def __init__(self, strength: float, towers: Mapping[str, Network]) -> None:
        super().__init__()
        self.strength = strength
        self.towers = named(towers)
        self.min_frames = next(iter(towers.values())).min_frames
        for task, tower in towers.items():
            note_rows(tower, task=task)

    def forward(self, inputs: Inputs, rows: Rows) -> NetworkOutput:
        """Predict the tasks in `rows`, each for its rows; see `Network.forward`."""
        predictions = {}
        for task, own in rows.items():
            output = self.towers.of(task)(_of_rows(inputs, own), {task: None})
            found = output.predictions[task]
            predictions[task] = Column(found.values, own, found.lengths, found.grid)
        losses = {"sharing": self.distance().expand(num_rows(list(inputs.values())))} if self.training else {}
        return NetworkOutput(predictions, losses=losses)

    def distance(self) -> Tensor:
        """Return the loss of the weights, a scalar."""
        bodies = [body_of(tower) for tower in self.towers.named().values()]
        parts = [
            ((one - other) ** 2).sum() for pair in combinations(bodies, 2) for one, other in zip(*pair, strict=True)
        ]
        return self.strength * (torch.stack(parts).sum() if parts else torch.zeros(()))


class CrossStitch(nn.Module):
    """A tower for every task; the maps of all towers are mixed after every layer (Misra et al., CVPR 2016, eq. 1).

    Parameters
    ----------
    own
        What a task keeps of its own at first; the others share the rest.
    towers
        The network of each task.
    """

    def __init__(self, own: float, towers: Mapping[str, Network]) -> None:
        super().__init__()
        self.towers = named(towers)
        first = next(iter(towers.values()))

        def stitches(layers: nn.ModuleList) -> nn.ModuleList:
            return nn.ModuleList(Stitch(own, len(towers), layer.shape.channels) for layer in layers_of(layers))

        self.encoder_stitches = named({name: stitches(layers) for name, layers in first.encoders.named().items()})
        self.trunk_stitches = stitches(first.trunk)
        self.min_frames = first.min_frames

    def forward(self, inputs: Inputs, rows: Rows) -> NetworkOutput:
        """Predict the tasks in `rows`, each for its rows; see `Network.forward`."""
        towers = list(self.towers.named().values())
        encoded: list[dict[str, Column]] = [{} for _ in towers]
        for name, column in inputs.items():
            if not len(column.values):
                continue
            column = at_least(column, self.min_frames[name])
            layers = [layers_of(tower.encoders.of(name)) for tower in towers]
            left = _in_step(self.encoder_stitches.of(name), layers, [column] * len(towers))
            for found, own in zip(encoded, left, strict=True):
                found[name] = own
        joined = [tower.joined(found) for tower, found in zip(towers, encoded, strict=True)]
        left = _in_step(self.trunk_stitches, [layers_of(tower.trunk) for tower in towers], joined)
        predictions = {}
        for (task, tower), column in zip(self.towers.named().items(), left, strict=True):
            if task in rows:
                predictions[task] = tower.finish(column, {task: rows[task]}).predictions[task]
        return NetworkOutput({task: predictions[task] for task in rows})


class Stitch(nn.Module):
    """One weight for each pair of tasks and each channel."""

    def __init__(self, own: float, num_tasks: int, channels: int) -> None:
        super().__init__()
        others = (1.0 - own) / max(1, num_tasks - 1)
        weights = torch.full((num_tasks, num_tasks), others)
        weights.fill_diagonal_(own if num_tasks > 1 else 1.0)
        self.weights = nn.Parameter(weights.unsqueeze(2).repeat(1, 1, channels))

    def forward(self, maps: Tensor) -> Tensor:
        """Mix maps [K, n, C, T, F] of K tasks."""
        return torch.einsum("kjc,jnctf->knctf", self.weights, maps)


def _in_step(stitches: nn.ModuleList, layers: list[list[Layer]], columns: list[Column]) -> list[Column]:
    """Apply the layers of all towers in step, and mix what leaves them."""
    for stitch, *step in zip(stitches, *layers, strict=True):
        columns = [layer(column) for layer, column in zip(step, columns, strict=True)]
        mixed = stitch(torch.stack([column.values for column in columns]))
        columns = [
            Column(values, column.rows, column.lengths, column.grid)
            for values, column in zip(mixed, columns, strict=True)
        ]
    return columns


def body_of(tower: Network) -> list[nn.Parameter]:
    """Return the weights of a tower without its head."""
    return [weight for name, weight in tower.named_parameters() if not name.startswith("heads.")]


def _of_rows(inputs: Inputs, rows: Tensor | None) -> dict[str, Column]:
    """Return the inputs of some rows of a batch, numbered anew."""
    if rows is None:
        return dict(inputs)
    found = {name: _of_column(column, rows) for name, column in inputs.items()}
    return {name: column for name, column in found.items() if len(column.values)}


def _of_column(column: Column, rows: Tensor) -> Column:
    if column.rows is None:
        places, own = rows, None
    else:
        places = torch.isin(column.rows, rows).nonzero().squeeze(1)
        own = torch.searchsorted(rows, column.rows[places])
        own = None if len(own) == len(rows) else own
    lengths = None if column.lengths is None else column.lengths.index_select(0, places)
    return Column(column.values.index_select(0, places), own, lengths, column.grid)
