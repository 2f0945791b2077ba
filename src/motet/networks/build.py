"""From settings to a network. All that can be refused is refused here, before any data is read."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

import torch
from torch import nn

from motet.config import Settings, UserComponent
from motet.config.wording import did_you_mean
from motet.errors import ConfigError
from motet.networks.cnn import Cnn
from motet.networks.feeding import extra_size, feeding_of
from motet.networks.fusion import Fusion
from motet.networks.head import Head
from motet.networks.layer import Layer
from motet.networks.map_head import MapHead
from motet.networks.mlp import Mlp
from motet.networks.names import named
from motet.networks.network import Network
from motet.networks.own_losses import keep_losses, note_rows
from motet.networks.parallel import Parallel
from motet.networks.parallel_build import build_parallel
from motet.networks.parallel_settings import OpenedModelSettings
from motet.networks.pool import Pool
from motet.networks.rnn import Rnn
from motet.networks.settings import (
    CnnSettings,
    HeadSettings,
    MlpSettings,
    ModelSettings,
    PoolSettings,
    RnnSettings,
    SpectrumSettings,
)
from motet.networks.shape import MapShape
from motet.networks.sharing import SharedNetwork, build_experts, check_experts, check_framed, share
from motet.networks.sharing_settings import HardSettings, MmoeSettings, PleSettings
from motet.networks.spectrum import Spectrum
from motet.networks.targets import check_inputs, given_input
from motet.networks.user_network import UserNetwork
from motet.tasks.task import MapOutput, PerFrame

_LAYERS: Mapping[type[Settings], Any] = {
    CnnSettings: Cnn,
    MlpSettings: Mlp,
    PoolSettings: Pool,
    RnnSettings: Rnn,
    SpectrumSettings: Spectrum,
}

Shapes = Mapping[str, MapShape]
AnyNetwork = SharedNetwork | UserNetwork


def build_network(settings: ModelSettings, inputs: Shapes, outputs: Mapping[str, int]) -> AnyNetwork:
    """Build a network; weights are drawn from PyTorch's generator, which the caller seeds.

    Parameters
    ----------
    inputs
        The shapes of the inputs by name.
    outputs
        The outputs of the tasks by name; `PerFrame` where they are wanted for every frame.

    Raises
    ------
    ConfigError
        If a layer cannot take what reaches it, or an encoder or a head is named that nothing belongs to.

    Examples
    --------
    >>> inputs, outputs = {"signal": MapShape(1, 500, 64)}, {"sound": 10}
    >>> network = build_network(ModelSettings(), inputs, outputs)
    >>> network.min_frames
    {'signal': 8}
    """
    if settings.network is not None:
        if settings.parallel:
            raise ConfigError("model.parallel: enters a network of our own, not model.network; leave one of both out")
        return _user_network(settings.network, inputs, outputs)
    _check_heads(settings, outputs)
    feeding_of(settings, outputs)  # refuses what cannot be, of all tasks together
    check_inputs(settings, inputs, outputs)
    build = partial(_build_shared, inputs)
    return share(settings, read_inputs(settings, inputs), outputs, build=build, build_layers=build_layers)


def read_inputs(settings: ModelSettings, inputs: Shapes) -> Shapes:
    """Return those inputs that the network reads; the others are targets only."""
    return {name: shape for name, shape in inputs.items() if settings.reads(name)}


def _build_shared(every: Shapes, settings: ModelSettings, inputs: Shapes, outputs: Mapping[str, int]) -> Network:
    """Build the network whose tasks share all but their heads, and experts where they are asked for.

    Parameters
    ----------
    every
        All inputs, also those that are targets only.
    inputs
        Those that are read.
    """
    encoders = _build_encoders(settings, inputs)
    parallels = _build_parallels(settings, inputs)
    encoded = {name: layers[-1].shape if layers else inputs[name] for name, layers in encoders.items()}
    encoded |= {name: parallel.shape for name, parallel in parallels.items()}
    fusion = Fusion(settings, encoded) if len(encoded) > 1 else None
    shape = next(iter(encoded.values())) if fusion is None else fusion.shape
    trunk = build_layers(settings.trunk, shape, "model.trunk")
    shape = trunk[-1].shape if trunk else shape
    framed = {task for task, count in outputs.items() if isinstance(count, PerFrame)}
    mapped = {task: count for task, count in outputs.items() if isinstance(count, MapOutput)}
    check_framed(framed | mapped.keys(), shape)
    pools = shape.frames != 1 and len(framed) + len(mapped) < len(outputs)
    pooling = Pool(settings.pooling, shape, "model.pooling") if pools else None
    size = (shape if pooling is None else pooling.shape).values_per_frame
    experts = build_experts(settings.sharing, size, list(outputs))
    framed_size = shape.values_per_frame
    if experts is not None:
        check_experts(framed, outputs, framed_size, size)
        size = framed_size = experts.size
    feeding = feeding_of(settings, outputs)
    heads: dict[str, Head | MapHead] = {}
    for task, count in outputs.items():
        own = settings.heads.get(task, HeadSettings())
        if task in mapped:
            of = mapped[task].of
            given = given_input(mapped[task], every, inputs) or next(iter(inputs))
            heads[task] = MapHead(own, shape.values_per_frame, of, every[of], given)
        else:
            seen = (framed_size if task in framed else size) + extra_size(feeding, task, outputs)
            heads[task] = Head(own, seen, count)
    return Network(encoders, fusion, trunk, pooling, heads, framed, experts, feeding, parallels)


def _build_parallels(settings: ModelSettings, inputs: Shapes) -> dict[str, Parallel]:
    """Build the networks of other runs, up to the layers that enter."""
    problems = [
        f"model.parallel.{name}: there is an input of this name; give the parallel network another one"
        for name in settings.parallel
        if name in inputs
    ]
    if settings.parallel and not isinstance(settings.sharing, HardSettings | MmoeSettings | PleSettings):
        problems.append(
            f"model.parallel: enters layers that all tasks share, which there are not with sharing: "
            f"{settings.sharing.kind}; use sharing: hard, mmoe or ple"
        )
    if problems:
        raise ConfigError(*problems)
    opened = settings.opened if isinstance(settings, OpenedModelSettings) else {}
    assert settings.parallel.keys() == opened.keys(), "the experiment opens the runs of parallel networks"
    return {
        name: build_parallel(name, settings.parallel[name], own, inputs, _build_body) for name, own in opened.items()
    }


def _build_body(settings: ModelSettings, inputs: Shapes, pools: bool) -> Network:
    """Build a network without heads; one that pools ends with what its heads would receive."""
    bare = settings.model_copy(update={"heads": {}, "sharing": HardSettings()})
    network = _build_shared(inputs, bare, inputs, {"features": 1} if pools else {})
    network.heads = named({})
    return network


def encoder_paths(settings: ModelSettings, inputs: Shapes) -> dict[str, str]:
    """Return the dotted path of each input's layers; one list for all inputs has one path."""
    if isinstance(settings.encoder, Mapping):
        return {name: f"model.encoder.{name}" for name in inputs}
    return dict.fromkeys(inputs, "model.encoder")


def _check_heads(settings: ModelSettings, outputs: Mapping[str, int]) -> None:
    problems = [
        f"model.heads.{name}: there is no task {name!r}{did_you_mean(name, outputs)}; tasks are {', '.join(outputs)}"
        for name in settings.heads
        if name not in outputs
    ]
    if problems:
        raise ConfigError(*problems)


def _build_encoders(settings: ModelSettings, inputs: Shapes) -> dict[str, list[Layer]]:
    """Build every input's layers; the problems of all inputs are reported together."""
    layers = _encoder_settings(settings, inputs)
    encoders, problems = {}, []
    for name, path in encoder_paths(settings, inputs).items():
        try:
            encoders[name] = build_layers(layers[name], inputs[name], path)
            note_rows(nn.ModuleList(cast(list[nn.Module], encoders[name])), input=name)
        except ConfigError as error:
            problems += [line for line in error.problems if line not in problems]
    if problems:
        raise ConfigError(*problems)
    return encoders


def _encoder_settings(settings: ModelSettings, inputs: Shapes) -> Mapping[str, Sequence[Settings]]:
    encoder = settings.encoder
    return encoder if isinstance(encoder, Mapping) else dict.fromkeys(inputs, encoder)


def build_layers(layers: Sequence[Settings], shape: MapShape, path: str) -> list[Layer]:
    """Build layers one behind the other, which stand at a path in the settings, for a map of this shape.

    Raises
    ------
    ConfigError
        If a layer cannot take what reaches it.
    """
    built: list[Layer] = []
    for number, settings in enumerate(layers):
        where = f"{path}.{number}"
        if isinstance(settings, UserComponent):
            layer = _user_layer(settings, shape, where)
        else:
            layer = _LAYERS[type(settings)](settings, shape, where)
        built.append(layer)
        shape = layer.shape
    return built


def _user_layer(settings: UserComponent, shape: MapShape, path: str) -> Layer:
    layer = _user_module(settings, path, shape)
    if not isinstance(getattr(layer, "shape", None), MapShape):
        raise ConfigError(f"{path}: {settings.place} has no `shape`; set it to the MapShape of its output")
    keep_losses(layer, path)
    return cast(Layer, layer)


def _user_network(settings: UserComponent, inputs: Shapes, outputs: Mapping[str, int]) -> UserNetwork:
    return UserNetwork(_user_module(settings, "model.network", dict(inputs), dict(outputs)), outputs, inputs)


def _user_module(settings: UserComponent, path: str, *args: object) -> nn.Module:
    """Build a module of the user's own; one that is given ready is copied, so that folds do not share weights."""
    with torch.device("cpu"):
        module = settings.build_own(*args)
    if not isinstance(module, nn.Module):
        raise ConfigError(f"{path}: {settings.place} is no torch.nn.Module; derive it from that class")
    return module
