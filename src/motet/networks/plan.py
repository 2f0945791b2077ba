"""What a network will be, line by line, before any data is read: `motet train --dry-run` prints it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from motet.data.batch import Column
from motet.features.feature_map import TimeGrid
from motet.networks.attention import AttendedNetwork
from motet.networks.build import Shapes, build_network, encoder_paths, read_inputs
from motet.networks.cnn import Cnn
from motet.networks.map_head import MapHead
from motet.networks.names import Named
from motet.networks.network import Network, layers_of
from motet.networks.parallel import Parallel
from motet.networks.settings import ModelSettings
from motet.networks.shape import MapShape
from motet.networks.sharing import SharedNetwork, shape_at
from motet.networks.towers import CrossStitch, SoftSharing
from motet.networks.user_network import UserNetwork
from motet.tasks.task import PerFrame

_EXTRA_FRAMES = 96


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """One line of a network's plan.

    Parameters
    ----------
    path
        Where it stands in the settings; the stages of a cnn share one path.
    kind
        What it is: "cnn, stage 2 of 3", "rnn", "pool", "concat", "head", "network".
    in_shapes
        The maps that come in; several where inputs are fused.
    out_shape
        The map that leaves; that of a head has K channels.
    num_parameters
        The number of trained values.
    num_frozen
        The number of values that stay as they are.
    """

    path: str
    kind: str
    in_shapes: tuple[MapShape, ...]
    out_shape: MapShape
    num_parameters: int
    num_frozen: int = 0


def plan_network(settings: ModelSettings, inputs: Shapes, outputs: Mapping[str, int]) -> list[LayerPlan]:
    """Return what every layer receives and returns, and its parameters. No memory is taken and nothing is drawn.

    Raises
    ------
    ConfigError
        As `build_network`.

    Examples
    --------
    >>> inputs, outputs = {"signal": MapShape(1, 500, 64)}, {"sound": 10}
    >>> for line in plan_network(ModelSettings(), inputs, outputs):
    ...     print(line.path, line.out_shape, line.num_parameters)
    model.encoder.0 [C=32, T=250, F=32] 352
    model.encoder.0 [C=64, T=125, F=16] 18560
    model.encoder.0 [C=128, T=62, F=8] 73984
    model.pooling [C=128, T=1, F=8] 0
    model.heads.sound [C=10, T=1, F=1] 10250
    """
    with torch.device("meta"):
        network = build_network(settings, inputs, outputs)
    if not isinstance(network, UserNetwork):
        return list(_shared_lines(network, settings, read_inputs(settings, inputs)))
    count = count_parameters(network)
    if not outputs:
        return [LayerPlan("model.network", "network", tuple(inputs.values()), MapShape(0, 1, 1), count)]
    return [
        LayerPlan("model.network", f"network for {task}", tuple(inputs.values()), MapShape(outputs[task], 1, 1), count)
        for task in outputs
    ]


def min_frames(settings: ModelSettings, inputs: Shapes, outputs: Mapping[str, int]) -> dict[str, int]:
    """Return the fewest frames of each input with which every layer has a frame left.

    Raises
    ------
    ConfigError
        As `build_network`.
    """
    with torch.device("meta"):
        return build_network(settings, inputs, outputs).min_frames


def output_grids(
    settings: ModelSettings, inputs: Shapes, outputs: Mapping[str, int], steps_s: Mapping[str, float]
) -> dict[str, tuple[int, TimeGrid]]:
    """Return how many frames, and at which times, the tasks of frames are predicted at, on a map of some length.

    Parameters
    ----------
    steps_s
        The time from one frame to the next of each input.

    Returns
    -------
    dict
        By task; none of a network of the user's own, which nobody but itself knows.
    """
    with torch.device("meta"):
        network = build_network(settings, inputs, outputs).eval()
    if isinstance(network, UserNetwork):
        return {}
    given = {
        name: Column(
            torch.zeros(
                2, shape.channels, shape.frames or network.min_frames[name] + _EXTRA_FRAMES, shape.bins, device="meta"
            ),
            grid=TimeGrid(0.0, steps_s[name]),
        )
        for name, shape in inputs.items()
        if name in network.min_frames
    }
    framed = {name: None for name, count in outputs.items() if isinstance(count, PerFrame)}
    with torch.inference_mode():
        found = network(given, framed).predictions
    return {name: (column.values.shape[1], column.grid) for name, column in found.items() if column.grid is not None}


def count_parameters(module: nn.Module) -> int:
    """Return the number of trained values."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)


def count_frozen(module: nn.Module) -> int:
    """Return the number of values that are not trained."""
    return sum(parameter.numel() for parameter in module.parameters() if not parameter.requires_grad)


def _shared_lines(network: SharedNetwork, settings: ModelSettings, inputs: Shapes) -> Iterator[LayerPlan]:
    match network:
        case Network():
            yield from _lines(network, settings, inputs)
        case SoftSharing() | CrossStitch():
            for task, tower in network.towers.named().items():
                yield from (replace(line, kind=f"{line.kind} of {task}") for line in _lines(tower, settings, inputs))
            if isinstance(network, CrossStitch):
                stitches = nn.ModuleList([network.encoder_stitches, network.trunk_stitches])
                yield _sharing_line("stitches between layers", network.towers, count_parameters(stitches), inputs)
        case AttendedNetwork():
            yield from _lines(network.network, settings, inputs)
            count = count_parameters(network.attention)
            yield _sharing_line("attention", network.network.heads, count, inputs)
        case _:
            yield from _lines(network.network, settings, inputs)
            for task, branch in network.branches.named().items():
                shape = shape_at(network.network, network.places[task], inputs)
                yield from _tail_lines(branch, shape, f"model.heads.{task}.layers")


def _sharing_line(kind: str, tasks: Named[Any], count: int, inputs: Shapes) -> LayerPlan:
    shape = next(iter(inputs.values()))
    return LayerPlan("model.sharing", f"{kind} of {len(tasks.named())} tasks", (shape,), shape, count)


def _lines(network: Network, settings: ModelSettings, inputs: Shapes) -> Iterator[LayerPlan]:
    shapes = dict(inputs)
    for name, path in encoder_paths(settings, inputs).items():
        lines = list(layer_lines(network.encoders.of(name), shapes[name], path))
        shapes[name] = lines[-1].out_shape if lines else shapes[name]
        yield from lines
    for name, parallel in network.parallels.named().items():
        yield from _parallel_lines(parallel, inputs, f"model.parallel.{name}")
        shapes[name] = parallel.shape
    shape = next(iter(shapes.values()))
    if network.fusion is not None:
        fused = network.fusion
        yield LayerPlan("model.fusion", fused.how, tuple(shapes.values()), fused.shape, count_parameters(fused))
        shape = fused.shape
    yield from _tail_lines(network, shape, "model.trunk")


def _parallel_lines(parallel: Parallel, inputs: Shapes, path: str) -> Iterator[LayerPlan]:
    """Yield the lines of a network of another run, up to the layer that enters."""
    own = parallel.network
    encoders = own.encoders.named()
    shapes = {name: inputs[name] for name in encoders}
    for name, layers in encoders.items():
        where = f"{path}.encoder" if len(encoders) == 1 else f"{path}.encoder.{name}"
        for line in layer_lines(layers, shapes[name], where):
            yield line
            shapes[name] = line.out_shape
    shape = next(iter(shapes.values()))
    if own.fusion is not None:
        yield LayerPlan(
            f"{path}.fusion", own.fusion.how, tuple(shapes.values()), own.fusion.shape, *_counts(own.fusion)
        )
        shape = own.fusion.shape
    for line in layer_lines(own.trunk, shape, f"{path}.trunk"):
        yield line
        shape = line.out_shape
    if own.pooling is not None:
        yield LayerPlan(f"{path}.pooling", "pool", (shape,), own.pooling.shape, *_counts(own.pooling))


def _counts(module: nn.Module) -> tuple[int, int]:
    return count_parameters(module), count_frozen(module)


def _tail_lines(network: Network, shape: MapShape, path: str) -> Iterator[LayerPlan]:
    """Yield the lines of the trunk, which stands at a path in the settings, and of what follows."""
    for line in layer_lines(network.trunk, shape, path):
        yield line
        shape = line.out_shape
    pooled = shape
    if network.pooling is not None:
        pooling = network.pooling
        yield LayerPlan("model.pooling", "pool", (shape,), pooling.shape, count_parameters(pooling))
        pooled = pooling.shape
    if network.experts is not None:
        seen, experts = pooled, network.experts
        pooled, shape = MapShape(experts.size, 1, 1), MapShape(experts.size, shape.frames, 1)
        yield LayerPlan("model.sharing", "experts", (seen,), pooled, count_parameters(experts))
    for task, head in network.heads.named().items():
        seen = shape if task in network.framed | network.mapped else pooled
        if isinstance(head, MapHead):
            yield LayerPlan(f"model.heads.{task}", "map head", (seen,), head.shape, count_parameters(head))
            continue
        leaving = MapShape(head.outputs, shape.frames if task in network.framed else 1, 1)
        yield LayerPlan(f"model.heads.{task}", "head", (seen,), leaving, count_parameters(head))


def layer_lines(layers: nn.ModuleList, shape: MapShape, path: str) -> Iterator[LayerPlan]:
    """Yield the lines of layers that stand one behind the other at a path."""
    for number, layer in enumerate(layers_of(layers)):
        where = f"{path}.{number}"
        if isinstance(layer, Cnn):
            for plan, stage in zip(layer.plans, layer.stages, strict=True):
                kind = f"cnn, {plan.name}"
                yield LayerPlan(where, kind, (plan.before,), plan.shape, *_counts(stage))
        else:
            assert isinstance(layer, nn.Module)
            kind = type(layer).__name__.lower()
            yield LayerPlan(where, kind, (shape,), layer.shape, *_counts(layer))
        shape = layer.shape
