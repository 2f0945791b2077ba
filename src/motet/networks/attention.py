"""Attention of every task on the convolutional stages that all share (Liu, Johns and Davison, CVPR 2019, MTAN).

A task multiplies what each stage returns by a mask in [0, 1]. The mask is made of the stage's output and of what the
task attended to one stage before, brought to the same size by a stage of the task's own. Axes: [n, K, T, F].
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from motet.data.batch import Column
from motet.networks.cnn import Cnn, CnnStage
from motet.networks.masking import frame_mask
from motet.networks.names import Named, named
from motet.networks.network import Network, at_least, layers_of
from motet.networks.normalisation import BatchNorm
from motet.networks.output import Inputs, NetworkOutput, Rows
from motet.networks.settings import CnnSettings

Left = tuple[Tensor, Tensor | None]
"""What a stage returns: values and lengths."""


class AttendedNetwork(nn.Module):
    """A network whose encoders are convolutional, with attention of every task on their stages.

    What follows the encoders is shared, and computed for each task that is asked for.

    Parameters
    ----------
    network
        The shared encoders, what follows them, and the heads.
    settings
        Those of the layers of every encoder.
    tasks
        Each attends to every input.
    """

    def __init__(self, network: Network, settings: Mapping[str, Sequence[CnnSettings]], tasks: Sequence[str]) -> None:
        super().__init__()
        self.network = network
        self.attention: Named[Named[TaskAttention]] = named(
            {
                name: named({task: TaskAttention(own, cnns_of(network, name)) for task in tasks})
                for name, own in settings.items()
            }
        )
        self.min_frames = network.min_frames

    def forward(self, inputs: Inputs, rows: Rows) -> NetworkOutput:
        """Predict the tasks in `rows`, each for its rows; see `Network.forward`."""
        encoded: dict[str, dict[str, Column]] = {task: {} for task in rows}
        for name, column in inputs.items():
            if len(column.values):
                column = at_least(column, self.min_frames[name])
                left, end = _stages(cnns_of(self.network, name), column)
                for task, found in encoded.items():
                    values = self.attention.of(name).of(task)(left)
                    found[name] = Column(values, end.rows, end.lengths, end.grid)
        predictions = {}
        for task, found in encoded.items():
            frames = self.network.through_trunk(self.network.joined(found))
            predictions[task] = self.network.finish(frames, {task: rows[task]}).predictions[task]
        return NetworkOutput(predictions)


class TaskAttention(nn.Module):
    """The masks of one task on the stages of one encoder.

    Parameters
    ----------
    settings
        Those of the encoder's layers.
    cnns
        The encoder's layers.
    """

    def __init__(self, settings: Sequence[CnnSettings], cnns: Sequence[Cnn]) -> None:
        super().__init__()
        stages = [(own, plan) for own, cnn in zip(settings, cnns, strict=True) for plan in cnn.plans]
        self.following = nn.ModuleList(CnnStage(own, plan) for own, plan in stages[1:])
        self.masks = nn.ModuleList(_Mask(plan.channels, first=number == 0) for number, (_, plan) in enumerate(stages))

    def forward(self, left: Sequence[Left]) -> Tensor:
        """Return what the task attends to of the last stage, [n, K, T, F]."""
        attended: Tensor = self.masks[0](*left[0], None)
        for mask, stage, (_, before), (values, lengths) in zip(
            self.masks[1:], self.following, left[:-1], left[1:], strict=True
        ):
            attended = mask(values, lengths, stage(attended, before)[0])
        return attended


class _Mask(nn.Module):
    """Two convolutions of size 1 with batch normalisation between them, then a sigmoid: figure 2 of the paper."""

    def __init__(self, channels: int, *, first: bool) -> None:
        super().__init__()
        self.inner = nn.Conv2d(channels if first else 2 * channels, channels, 1, bias=False)
        self.norm = BatchNorm(channels)
        self.outer = nn.Conv2d(channels, channels, 1)

    def forward(self, values: Tensor, lengths: Tensor | None, before: Tensor | None) -> Tensor:
        seen = values if before is None else torch.cat([values, before], dim=1)
        mask = None if lengths is None else frame_mask(values, lengths)
        attended: Tensor = values * self.outer(self.norm(self.inner(seen), mask).relu()).sigmoid()
        return attended


def cnns_of(network: Network, name: str) -> list[Cnn]:
    """Return the layers of an encoder, which are convolutional."""
    layers = layers_of(network.encoders.of(name))
    assert all(isinstance(layer, Cnn) for layer in layers)
    return [layer for layer in layers if isinstance(layer, Cnn)]


def _stages(cnns: Sequence[Cnn], column: Column) -> tuple[list[Left], Column]:
    """Return what every stage of 1D or 2D layers returns, and the map that leaves the last one."""
    left: list[Left] = []
    for cnn in cnns:
        seen: list[Left] = []
        column = cnn(column, seen)
        left += seen
    return left, column
