"""About how much memory a training takes beside the program itself."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from motet.data.batch import Column
from motet.errors import MotetError
from motet.experiment.settings import Experiment
from motet.networks.build import Shapes, build_network
from motet.networks.plan import count_parameters
from motet.networks.shape import MapShape
from motet.training.optimizer_settings import SgdSettings

_WEIGHT_BYTES = 4


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """About what training takes, in bytes.

    Parameters
    ----------
    weights
        Weights, their gradients, and what the optimizer keeps for each.
    step
        What a forward pass keeps for the gradient; None where that cannot be told.
    rows, frames
        What was assumed of the pass: its rows, and the frames of the longest input.
    """

    weights: int
    step: int | None
    rows: int
    frames: int


def plan_memory(experiment: Experiment, shapes: Shapes, outputs: Mapping[str, int]) -> MemoryPlan:
    """Estimate the memory of training.

    Parameters
    ----------
    shapes
        The inputs with their frames; those of the longest recording where each keeps its own.
    outputs
        The outputs of the tasks by name.
    """
    training = experiment.training
    rows = -(-training.batch_size // training.micro_batches)
    network = build_network(experiment.model, shapes, outputs)
    copies = 2 + _optimizer_copies(experiment)
    step = None
    with suppress(MotetError, RuntimeError):  # a network of the user's own may want what is not known here
        few, more = (_kept_bytes(network, shapes, outputs, count) for count in (2, 4))
        step = few + (more - few) // 2 * (rows - 2)
    frames = max(shape.frames or 1 for shape in shapes.values())
    return MemoryPlan(_WEIGHT_BYTES * copies * count_parameters(network), step, rows, frames)


def _kept_bytes(network: nn.Module, shapes: Shapes, outputs: Mapping[str, int], rows: int) -> int:
    """Return the bytes of all tensors that a forward pass keeps, each once, without the weights."""
    sizes: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    inputs = {name: Column(torch.zeros(rows, *_sizes(shape))) for name, shape in shapes.items()}
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        output = network(inputs, dict.fromkeys(outputs))
    weights = {parameter.untyped_storage().data_ptr() for parameter in network.parameters()}
    del output  # it held all that was noted, so no place was used twice
    return sum(size for place, size in sizes.items() if place not in weights)


def _sizes(shape: MapShape) -> tuple[int, int, int]:
    return shape.channels, shape.frames or 1, shape.bins


def _optimizer_copies(experiment: Experiment) -> int:
    """Return how many values the optimizer keeps for each weight; two, as Adam, where it is the user's own."""
    optimizer: Any = experiment.training.optimizer
    return int(optimizer.momentum > 0) if isinstance(optimizer, SgdSettings) else 2
