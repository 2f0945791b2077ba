"""What is kept of a parallel network once its run was opened: all that a saved model needs of it but the weights."""

from collections.abc import Mapping

from motet.config import Many, Settings, option, required
from motet.features.settings import ScalingSettings
from motet.networks.settings import ModelSettings


class OpenedParallel(Settings):
    """A network of another run up to the layer that enters, and how it sees the maps."""

    network: ModelSettings = required("Its layers.")
    inputs: Many[str] = required("The inputs that it reads.")
    scalings: dict[str, ScalingSettings] = required("Its scalings, by name.")
    ways: dict[str, dict[str, str]] = required("By data set and input here, the scaling by which it sees the maps.")


class OpenedModelSettings(ModelSettings):
    """The network, with what its parallel networks are made of."""

    opened: dict[str, OpenedParallel] = option({}, "What the parallel networks are made of, by name.")


def with_opened(settings: ModelSettings, opened: Mapping[str, OpenedParallel]) -> ModelSettings:
    """Return the settings of a network with what its parallel networks are made of."""
    plain = {name: value for name, value in dict(settings).items() if name in ModelSettings.model_fields}
    return OpenedModelSettings.model_construct(**plain, opened=dict(opened)) if opened else settings
