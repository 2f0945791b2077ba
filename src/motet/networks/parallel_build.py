"""From the settings of another run's network to what of it enters this one: its layers up to the one that is named."""

from collections.abc import Callable, Mapping
from typing import Any

from motet.config.wording import did_you_mean
from motet.errors import ConfigError
from motet.networks.network import Network
from motet.networks.parallel import Parallel
from motet.networks.parallel_settings import OpenedParallel
from motet.networks.settings import ModelSettings, ParallelSettings
from motet.networks.shape import MapShape

BuildBody = Callable[[ModelSettings, Mapping[str, MapShape], bool], Network]
"""Returns a network without heads; with pooling, if asked for what heads receive."""


def build_parallel(
    name: str, settings: ParallelSettings, opened: OpenedParallel, inputs: Mapping[str, MapShape], build: BuildBody
) -> Parallel:
    """Build a parallel network up to its layer.

    Parameters
    ----------
    inputs
        The inputs of this network.

    Raises
    ------
    ConfigError
        If there is no such layer, or this network lacks one of its inputs.
    """
    where = f"model.parallel.{name}"
    missing = [each for each in opened.inputs if each not in inputs]
    if missing:
        raise ConfigError(
            f"{where}.run: its network reads the input {missing[0]!r}, which there is not here"
            f"{did_you_mean(missing[0], inputs)}; inputs are {', '.join(inputs)}"
        )
    features = settings.layer == "features"
    shapes: Mapping[str, MapShape] = {each: inputs[each] for each in opened.inputs}
    cut, shapes = (opened.network, shapes) if features else _cut(opened.network, settings.layer, shapes, where)
    network = build(cut, shapes, features)
    shape = network.shape_before_pooling(shapes)
    if features:
        values = shape if network.pooling is None else network.pooling.shape
        shape = MapShape(values.values_per_frame, 1, 1)
    return Parallel(name, network, list(shapes), features=features, frozen=settings.frozen, shape=shape)


def _cut(
    network: ModelSettings, layer: str, shapes: Mapping[str, MapShape], where: str
) -> tuple[ModelSettings, Mapping[str, MapShape]]:
    """Return the settings of a network up to a layer, and the inputs that it then needs."""
    part, *of, number = layer.split(".")
    last = int(number)
    if part == "trunk" and not of and last < len(network.trunk):
        return network.model_copy(update={"trunk": network.trunk[: last + 1]}), shapes
    if part == "encoder" and (of or len(shapes) == 1):
        chosen = of[0] if of else next(iter(shapes))
        layers: Any = network.encoder
        layers = layers.get(chosen, ()) if isinstance(layers, Mapping) else layers
        if chosen in shapes and last < len(layers):
            return (
                network.model_copy(update={"encoder": layers[: last + 1], "trunk": ()}), {chosen: shapes[chosen]}
            )  # fmt: skip
    raise ConfigError(
        f"{where}.layer: its network has no layer {layer!r}; there is {', '.join(_layers(network, shapes))}"
    )


def _layers(network: ModelSettings, shapes: Mapping[str, MapShape]) -> list[str]:
    """Return the names of all layers that can enter."""
    names = []
    for name in shapes:
        layers: Any = network.encoder[name] if isinstance(network.encoder, Mapping) else network.encoder
        prefix = "encoder" if len(shapes) == 1 else f"encoder.{name}"
        names += [f"{prefix}.{number}" for number in range(len(layers))]
    return [*names, *(f"trunk.{number}" for number in range(len(network.trunk))), "features"]
