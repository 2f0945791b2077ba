"""Which network the settings of sharing ask for; each is made of networks whose tasks share all but their heads."""

from collections.abc import Callable, Collection, Mapping, Sequence

from motet.config import Settings
from motet.errors import ConfigError
from motet.networks.attention import AttendedNetwork
from motet.networks.branches import Branched
from motet.networks.experts import MixtureOfExperts, ProgressiveExtraction
from motet.networks.head import Head
from motet.networks.layer import Layer
from motet.networks.network import Network, layers_of
from motet.networks.own_losses import note_rows
from motet.networks.pool import Pool
from motet.networks.settings import CnnSettings, HeadSettings, ModelSettings
from motet.networks.shape import MapShape
from motet.networks.sharing_settings import (
    CrossStitchSettings,
    HardSettings,
    MmoeSettings,
    MtanSettings,
    PleSettings,
    SharingSettings,
    SoftSettings,
)
from motet.networks.towers import CrossStitch, SoftSharing
from motet.tasks.task import PerFrame

SharedNetwork = Network | SoftSharing | CrossStitch | AttendedNetwork | Branched
BuildNetwork = Callable[[ModelSettings, Mapping[str, MapShape], Mapping[str, int]], Network]
BuildLayers = Callable[[Sequence[Settings], MapShape, str], list[Layer]]


def build_experts(
    settings: SharingSettings, size: int, tasks: Sequence[str]
) -> MixtureOfExperts | ProgressiveExtraction | None:
    """Return the experts between features of a size and the heads of tasks, where the settings ask for some."""
    if not tasks:
        return None
    if isinstance(settings, MmoeSettings):
        return MixtureOfExperts(settings, size, tasks)
    return ProgressiveExtraction(settings, size, tasks) if isinstance(settings, PleSettings) else None


def check_framed(framed: Collection[str], shape: MapShape) -> None:
    """Refuse tasks that predict every frame of a map that has a single one.

    Raises
    ------
    ConfigError
        Naming them.
    """
    if framed and shape.frames == 1:
        raise ConfigError(
            *(
                f"model.heads.{task}: predicts every frame, but the layers before it leave a single one; take out the "
                "pool layer or the mlp per clip, and give the map several frames"
                for task in sorted(framed)
            )
        )


def check_experts(framed: Collection[str], tasks: Collection[str], per_frame: int, pooled: int) -> None:
    """Refuse experts that would see frames of one size and pooled rows of another.

    Raises
    ------
    ConfigError
        Saying which sizes.
    """
    if 0 < len(framed) < len(tasks) and per_frame != pooled:
        raise ConfigError(
            f"model.sharing: experts would see frames of {per_frame} values and pooled rows of {pooled}; set "
            "model.pooling.over: time"
        )


def share(
    settings: ModelSettings,
    inputs: Mapping[str, MapShape],
    outputs: Mapping[str, int],
    *,
    build: BuildNetwork,
    build_layers: BuildLayers,
) -> SharedNetwork:
    """Return the network whose tasks share what the settings say.

    Parameters
    ----------
    build
        Makes the network in which tasks share all but their heads.
    build_layers
        Makes layers behind a map, given their path.

    Raises
    ------
    ConfigError
        If a head leaves where there is no layer, or layers do not suit the kind of sharing.
    """
    leaving = {
        task: head
        for task in outputs
        if (head := settings.heads.get(task, HeadSettings())).leaves is not None or head.layers
    }
    _check_leaving(settings, leaving)
    match settings.sharing:
        case SoftSettings():
            return SoftSharing(settings.sharing.strength, _towers(settings, inputs, outputs, build))
        case CrossStitchSettings():
            return CrossStitch(settings.sharing.own, _towers(settings, inputs, outputs, build))
        case MtanSettings():
            layers = _convolutions(settings, inputs)
            return AttendedNetwork(build(settings, inputs, outputs), layers, list(outputs))
    network = build(settings, inputs, {task: count for task, count in outputs.items() if task not in leaving})
    if not leaving:
        return network
    places = _places(leaving, network, inputs)
    branches = {
        task: _branch(settings, head, task, outputs[task], shape_at(network, places[task], inputs), build_layers)
        for task, head in leaving.items()
    }
    for task, branch in branches.items():
        if places[task].startswith("encoder."):
            note_rows(branch, input=places[task].split(".")[1])
    return Branched(network, branches, places)


def _check_leaving(settings: ModelSettings, leaving: Mapping[str, HeadSettings]) -> None:
    if not isinstance(settings.sharing, HardSettings | MmoeSettings | PleSettings):
        problems = [
            f"model.heads.{task}: leaves the shared layers, but with sharing: {settings.sharing.kind} each task goes "
            "its own way from the start; leave out from and layers, or use sharing: hard"
            for task in leaving
        ]
        if problems:
            raise ConfigError(*problems)


def _towers(
    settings: ModelSettings, inputs: Mapping[str, MapShape], outputs: Mapping[str, int], build: BuildNetwork
) -> dict[str, Network]:
    return {task: build(settings, inputs, {task: count}) for task, count in outputs.items()}


def _convolutions(settings: ModelSettings, inputs: Mapping[str, MapShape]) -> dict[str, list[CnnSettings]]:
    """Return the layers of every encoder, which attention wants to be 1D or 2D convolutions."""
    encoder = settings.encoder
    found: dict[str, list[CnnSettings]] = {}
    problems = []
    for name in inputs:
        layers = encoder[name] if isinstance(encoder, Mapping) else encoder
        path = f"model.encoder.{name}" if isinstance(encoder, Mapping) else "model.encoder"
        found[name] = [layer for layer in layers if isinstance(layer, CnnSettings)]
        dims = {layer.dims for layer in found[name]}
        if len(found[name]) < len(layers) or len(dims) != 1 or 3 in dims:
            text = f"{path}: sharing: mtan attends to stages of cnn layers, all of dims 1 or all of dims 2; "
            problems.append(text + "put other layers into model.trunk, or use another kind of sharing")
    if problems:
        raise ConfigError(*dict.fromkeys(problems))
    return found


def _places(leaving: Mapping[str, HeadSettings], network: Network, inputs: Mapping[str, MapShape]) -> dict[str, str]:
    """Return where each task leaves, with the input's name in it; "" for behind the last layer."""
    known = [
        *(f"encoder.{name}.{number}" for name, own in network.encoders.named().items() for number in range(len(own))),
        *(f"trunk.{number}" for number in range(len(network.trunk))),
    ]
    places, problems = {}, []
    for task, head in leaving.items():
        place = head.leaves or ""
        parts = place.split(".")
        if len(parts) == 2 and parts[0] == "encoder" and len(inputs) == 1:
            place = f"encoder.{next(iter(inputs))}.{parts[1]}"
        if place and place not in known:
            shown = [name.replace(f".{next(iter(inputs))}.", ".") if len(inputs) == 1 else name for name in known]
            problems.append(
                f"model.heads.{task}.from: there is no shared layer {head.leaves!r}; there is "
                f"{', '.join(shown) or 'none: add layers'}"
            )
        places[task] = place
    if problems:
        raise ConfigError(*problems)
    return places


def shape_at(network: Network, place: str, inputs: Mapping[str, MapShape]) -> MapShape:
    """Return the shape of what leaves a network at a place."""
    parts = place.split(".")
    if parts[0] == "encoder":
        return layers_of(network.encoders.of(parts[1]))[int(parts[2])].shape
    if parts[0] == "trunk":
        return layers_of(network.trunk)[int(parts[1])].shape
    return network.shape_before_pooling(inputs)


def _branch(
    settings: ModelSettings, head: HeadSettings, task: str, count: int, shape: MapShape, build_layers: BuildLayers
) -> Network:
    """Return the layers, the pooling and the head of a task that leaves with a map of this shape."""
    layers = build_layers(head.layers, shape, f"model.heads.{task}.layers")
    shape = layers[-1].shape if layers else shape
    framed = {task} if isinstance(count, PerFrame) else set()
    check_framed(framed, shape)
    pooling = None if shape.frames == 1 or framed else Pool(settings.pooling, shape, "model.pooling")
    size = (shape if pooling is None else pooling.shape).values_per_frame
    return Network({}, None, layers, pooling, {task: Head(head, size, count)}, framed)
