"""About how much memory a training takes beside the program itself."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from motet.data.batch import Column
from motet.errors import MotetError
from motet.experiment.settings import Experiment
from motet.networks.build import Shapes, build_network
from motet.networks.plan import count_parameters
from motet.networks.shape import MapShape
from motet.training.optimizer_settings import SgdSettings
from motet.training.optimizers import AnyOptimizerSettings
from motet.training.procedure_settings import GanSettings
from motet.training.procedures import ProcedurePlan
from motet.training.procedures.gan import Discriminator, build_discriminator

_WEIGHT_BYTES = 4


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """About what training takes, in bytes.

    Parameters
    ----------
    weights
        Weights, their gradients, and what optimizers keep for each; also of what a built-in procedure trains beside.
    step
        What forward passes keep for the gradient; None where that cannot be told.
    rows, frames
        What was assumed of the pass: its rows, and the frames of the longest input.
    """

    weights: int
    step: int | None
    rows: int
    frames: int


def plan_memory(
    experiment: Experiment, shapes: Shapes, outputs: Mapping[str, int], procedure: ProcedurePlan
) -> MemoryPlan:
    """Estimate the memory of training.

    Parameters
    ----------
    shapes
        The inputs with their frames; those of the longest recording where each keeps its own.
    outputs
        The outputs of the tasks by name.
    procedure
        What the procedure has of its own.
    """
    training = experiment.training
    rows = -(-training.batch_size // training.micro_batches)
    network = build_network(experiment.model, shapes, outputs)
    step = None
    with suppress(MotetError, RuntimeError):  # a network of the user's own may want what is not known here
        step = _growing(partial(_forward, network, shapes, outputs), network, rows)
        if isinstance(training.procedure, GanSettings):
            judge = build_discriminator(training.procedure, shapes, outputs, read=network.min_frames)
            step += 2 * _growing(partial(_judged, judge), judge, rows)  # of true and predicted maps, kept together
    frames = max(shape.frames or 1 for shape in shapes.values())
    values = (2 + _copies(training.optimizer)) * count_parameters(network)
    values += 2 * (procedure.num_parameters or 0)
    if procedure.optimizer is not None:
        moved = (procedure.num_parameters or 0) + procedure.shared_parameters
        values += _copies(procedure.optimizer) * moved
    return MemoryPlan(_WEIGHT_BYTES * values, step, rows, frames)


def _growing(forward: Callable[[int], object], module: nn.Module, rows: int) -> int:
    """Return what a forward pass of these rows keeps, as it grows from two rows to four."""
    few, more = (_kept_bytes(forward, module, count) for count in (2, 4))
    return few + (more - few) // 2 * (rows - 2)


def _kept_bytes(forward: Callable[[int], object], module: nn.Module, rows: int) -> int:
    """Return the bytes of all tensors that a forward pass keeps, each once, without the weights."""
    sizes: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        output = forward(rows)
    weights = {parameter.untyped_storage().data_ptr() for parameter in module.parameters()}
    del output  # it held all that was noted, so no place was used twice
    return sum(size for place, size in sizes.items() if place not in weights)


def _forward(network: nn.Module, shapes: Shapes, outputs: Mapping[str, int], rows: int) -> object:
    inputs = {name: Column(torch.zeros(rows, *_sizes(shape))) for name, shape in shapes.items()}
    return network(inputs, dict.fromkeys(outputs))


def _judged(judge: Discriminator, rows: int) -> object:
    maps = torch.zeros(rows, judge.shape.frames or 1, judge.shape.values_per_frame)
    return judge(maps, maps if judge.sees_input else None, None)


def _sizes(shape: MapShape) -> tuple[int, int, int]:
    return shape.channels, shape.frames or 1, shape.bins


def _copies(optimizer: AnyOptimizerSettings) -> int:
    """Return how many values an optimizer keeps for each weight; two, as Adam, where it is the user's own."""
    return int(optimizer.momentum > 0) if isinstance(optimizer, SgdSettings) else 2
