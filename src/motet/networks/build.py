"""From settings to a network, and to the plan of it that `--dry-run` prints."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from motet.config import Settings, UserComponent
from motet.errors import ConfigError
from motet.networks.cnn import Cnn
from motet.networks.layer import Layer
from motet.networks.mlp import Mlp
from motet.networks.network import Fusion, Network, UserNetwork
from motet.networks.pool import Pool
from motet.networks.rnn import Rnn
from motet.networks.settings import CnnSettings, MlpSettings, ModelSettings, PoolSettings, RnnSettings
from motet.networks.shape import MapShape

_LAYERS: Mapping[type[Settings], Any] = {CnnSettings: Cnn, MlpSettings: Mlp, PoolSettings: Pool, RnnSettings: Rnn}

Shapes = Mapping[str, MapShape]


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """One line of a network's plan: where, what comes in, what goes out, and its parameters."""

    path: str
    kind: str
    before: str
    after: str
    num_parameters: int


def build_network(settings: ModelSettings, inputs: Shapes, outputs: Mapping[str, int]) -> nn.Module:
    """Build a network; weights are drawn from PyTorch's generator.

    Parameters
    ----------
    inputs
        Shapes of the inputs by name.
    outputs
        Outputs of the tasks by name.

    Raises
    ------
    ConfigError
        If a layer cannot take what reaches it, or encoders or heads are named that do not exist.
    """
    if settings.network is not None:
        return _user_network(settings.network, inputs, outputs)
    unknown = [
        f"model.heads.{name}: there is no such task ({', '.join(outputs)})"
        for name in settings.heads
        if name not in outputs
    ]
    if unknown:
        raise ConfigError(*unknown)
    encoders: dict[str, list[Layer]] = {}
    shapes: dict[str, MapShape] = {}
    for name, (path, layers) in _encoder_settings(settings, inputs).items():
        encoders[name], shapes[name] = _build_layers(layers, inputs[name], path)
    per_clip = len(inputs) > 1 and settings.fusion_per == "clip"
    pools = {name: Pool(settings.pooling, shape) for name, shape in shapes.items()} if per_clip else {}
    fusion = Fusion(settings.fusion, shapes, pools)
    trunk, shape = _build_layers(settings.trunk, fusion.shape, "model.trunk")
    pooling = None if shape.frames == 1 else Pool(settings.pooling, shape, "model.pooling")
    size = (shape if pooling is None else pooling.shape).values_per_frame
    return Network(settings, encoders, fusion, trunk, pooling, size, outputs)


def plan_network(settings: ModelSettings, inputs: Shapes, outputs: Mapping[str, int]) -> list[LayerPlan]:
    """Return what every layer receives and returns, and its parameters, without memory for weights.

    Raises
    ------
    ConfigError
        As `build_network`.
    """
    with torch.device("meta"):
        network = build_network(settings, inputs, outputs)
    if not isinstance(network, Network):
        before = ", ".join(f"{name} {shape}" for name, shape in inputs.items())
        after = ", ".join(f"{task} [{count}]" for task, count in outputs.items())
        return [LayerPlan("model.network", "user", before, after, count_parameters(network))]
    lines = []
    for name, layers in network.encoders.items():
        path = "model.encoder" if len(inputs) == 1 and isinstance(settings.encoder, tuple) else f"model.encoder.{name}"
        lines += _plan_layers(layers, inputs[name], path)
    if len(inputs) > 1:
        before = " + ".join(str(shape) for shape in network.fusion.shapes.values())
        lines.append(
            LayerPlan(
                "model.fusion", settings.fusion, before, str(network.fusion.shape), count_parameters(network.fusion)
            )
        )
    shape = network.fusion.shape
    lines += _plan_layers(network.trunk, shape, "model.trunk")
    shape = network.trunk[-1].shape if len(network.trunk) else shape  # type: ignore[assignment]
    if network.pooling is not None:
        lines += _plan_layers([network.pooling], shape, "model.pooling", numbered=False)
        shape = network.pooling.shape
    for task, head in network.heads.items():
        lines.append(
            LayerPlan(
                f"model.heads.{task}",
                "head",
                f"[{shape.values_per_frame}]",
                f"[{outputs[task]}]",
                count_parameters(head),
            )
        )
    return lines


def count_parameters(module: nn.Module) -> int:
    """Return the number of trained values."""
    return sum(parameter.numel() for parameter in module.parameters())


def min_frames(settings: ModelSettings, inputs: Shapes, outputs: Mapping[str, int], *, limit: int = 2**20) -> int:
    """Return the fewest frames with which every layer has a frame left.

    Raises
    ------
    ConfigError
        If even `limit` frames are too few, or a layer is impossible for another reason.
    """

    def fits(frames: int) -> bool:
        shapes = {name: MapShape(shape.channels, frames, shape.bins) for name, shape in inputs.items()}
        try:
            with torch.device("meta"):
                build_network(settings, shapes, outputs)
        except ConfigError:
            return False
        return True

    if settings.network is not None:
        return 1
    high = 1
    while not fits(high):
        high *= 2
        if high > limit:
            build_network(settings, inputs, outputs)
            raise ConfigError(f"model: no recording of up to {limit} frames passes this network; use fewer stages")
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def _encoder_settings(settings: ModelSettings, inputs: Shapes) -> dict[str, tuple[str, Sequence[Any]]]:
    if isinstance(settings.encoder, dict):
        problems = [
            f"model.encoder.{name}: there is no such input ({', '.join(inputs)})"
            for name in settings.encoder
            if name not in inputs
        ]
        problems += [
            f"model.encoder: input {name!r} has no layers; name it" for name in inputs if name not in settings.encoder
        ]
        if problems:
            raise ConfigError(*problems)
        return {name: (f"model.encoder.{name}", settings.encoder[name]) for name in inputs}
    return dict.fromkeys(inputs, ("model.encoder", settings.encoder))


def _build_layers(layers: Sequence[Any], shape: MapShape, path: str) -> tuple[list[Layer], MapShape]:
    built: list[Layer] = []
    for number, settings in enumerate(layers):
        where = f"{path}.{number}"
        if isinstance(settings, UserComponent):
            layer = settings.build(shape)
            if not isinstance(getattr(layer, "shape", None), MapShape):
                raise ConfigError(f"{where}: {settings.kind} has no `shape`; set it to the MapShape of its output")
        else:
            layer = _LAYERS[type(settings)](settings, shape, where)
        built.append(layer)
        shape = layer.shape
    return built, shape


def _user_network(settings: UserComponent, inputs: Shapes, outputs: Mapping[str, int]) -> nn.Module:
    """Build the user's network; a module that is given ready is copied, so that folds do not share weights."""
    module = settings.build(dict(inputs), dict(outputs)) if isinstance(settings.target, type) else settings.target
    if not isinstance(module, nn.Module):
        raise ConfigError(f"model.network: {settings.kind} is no torch.nn.Module; derive it from that class")
    return UserNetwork(copy.deepcopy(module), outputs)


def _plan_layers(layers: Any, shape: MapShape, path: str, *, numbered: bool = True) -> list[LayerPlan]:
    lines = []
    for number, layer in enumerate(layers):
        where = f"{path}.{number}" if numbered else path
        lines.append(
            LayerPlan(where, type(layer).__name__.lower(), str(shape), str(layer.shape), count_parameters(layer))
        )
        shape = layer.shape
    return lines
