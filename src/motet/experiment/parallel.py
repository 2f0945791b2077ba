"""Parallel networks: the runs that they come from are opened here, and nowhere else.

What a network needs of them (layers, scalings, weights) becomes part of the model, which then needs no other file.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from motet import tensor_file
from motet.config import Context, Settings, UserComponent, dump, validate
from motet.config.user_code import components_of
from motet.config.wording import did_you_mean
from motet.errors import ConfigError, MotetError, located
from motet.experiment.listing import Listed
from motet.experiment.other_runs import find_run
from motet.experiment.settings import Experiment
from motet.model import Model, ModelDocument, read_network_weights, scaling_key
from motet.networks.network import Network
from motet.networks.parallel_settings import OpenedParallel, with_opened
from motet.networks.settings import ParallelSettings
from motet.networks.sharing_settings import CrossStitchSettings, SoftSettings

logger = logging.getLogger("motet")

_SCALINGS = "model.scalings."
_OF_TRAINING = ("reader", "augment", "mix")
"""Parts of a signal's settings that do not say what a network hears when it is evaluated."""


def with_parallels(experiment: Experiment) -> Experiment:
    """Return the experiment with the layers of its parallel networks, as those of its first fold.

    Raises
    ------
    ConfigError
        If a run has no finished model, or its network cannot enter another one.
    """
    if not experiment.model.parallel:
        return experiment
    opened = {
        name: _opened(name, settings, _document(name, settings, experiment.all_seeds[0], 1))
        for name, settings in experiment.model.parallel.items()
    }
    return experiment.model_copy(update={"model": with_opened(experiment.model, opened)})


def opened_for_fold(
    experiment: Experiment, listed: Mapping[str, Listed], *, seed: int, number: int
) -> dict[str, OpenedParallel]:
    """Return what the parallel networks of a fold (from 1) are made of, and how they see each data set.

    Raises
    ------
    ConfigError
        As `with_parallels`, or if the maps of a data set are none that a network knows.
    """
    opened = {}
    for name, settings in experiment.model.parallel.items():
        document = _document(name, settings, seed, number)
        ways = {data_set: _ways(name, settings, document, data_set, part) for data_set, part in listed.items()}
        opened[name] = _opened(name, settings, document).model_copy(update={"ways": ways})
    return opened


def take_weights(experiment: Experiment, model: Model, *, seed: int, number: int) -> None:
    """Give the parallel networks of a model the weights and scalings of their runs.

    Raises
    ------
    ConfigError
        If a layer is not the same here as there: it depends on the length of the recordings.
    """
    if not experiment.model.parallel:
        return
    assert isinstance(model.network, Network) or hasattr(model.network, "network"), "refused when it was built"
    network: Any = model.network if isinstance(model.network, Network) else model.network.network
    for name, settings in experiment.model.parallel.items():
        file = _file(name, settings, seed, number)
        found = {key.removeprefix("network."): value for key, value in read_network_weights(file).items()}
        body = network.parallels.of(name).network
        wanted = body.state_dict()
        unlike = [key for key, value in wanted.items() if key not in found or found[key].shape != value.shape]
        if unlike:
            raise ConfigError(
                f"model.parallel.{name}: the weights {unlike[0]!r} of {settings.run} are of another size than here, "
                "as they depend on the length of the recordings; give both experiments the same segments"
            )
        body.load_state_dict({key: found[key] for key in wanted})
        _take_scalings(model, name, file)
        logger.info("parallel network %s: %d tensors taken from %s", name, len(wanted), file)


def _file(name: str, settings: ParallelSettings, seed: int, number: int) -> Path:
    return find_run(f"model.parallel.{name}", settings.run, settings.fold).file(seed, number)


def _document(name: str, settings: ParallelSettings, seed: int, number: int) -> ModelDocument:
    """Read what a model is made of; none of its code runs."""
    _, document = tensor_file.read(_file(name, settings, seed, number))
    where = f"model.parallel.{name}.run"
    try:
        read = validate(ModelDocument, document.get("model", {}), Context())
    except MotetError as error:
        raise located(error, f"{where}: {settings.run} cannot be opened") from error
    if components_of(read):
        raise ConfigError(f"{where}: {settings.run} holds code of your own, which no model carries; leave it out")
    if isinstance(read.network.sharing, SoftSettings | CrossStitchSettings) or read.network.parallel:
        raise ConfigError(
            f"{where}: the network of {settings.run} has "
            f"{'parallel networks itself' if read.network.parallel else 'a tower for each task'}; name a run whose "
            "tasks share the layer"
        )
    return read


def _opened(name: str, settings: ParallelSettings, document: ModelDocument) -> OpenedParallel:
    scalings = {
        scaling_key(data_set, input_, own): own.scaling
        for data_set, described in document.data_sets.items()
        for input_, own in described.inputs.items()
    }
    names = dict.fromkeys(input_ for described in document.data_sets.values() for input_ in described.inputs)
    inputs = [input_ for input_ in names if document.network.reads(input_)]
    network = document.network.model_copy(update={"heads": {}})
    return OpenedParallel.model_construct(network=network, inputs=tuple(inputs), scalings=scalings, ways={})


def _ways(
    name: str, settings: ParallelSettings, document: ModelDocument, data_set: str, part: Listed
) -> dict[str, str]:
    """Return by which of its scalings a network sees the inputs of a data set here."""
    where, there = f"model.parallel.{name}", document.data_sets
    if settings.like is not None and settings.like not in there:
        raise ConfigError(
            f"{where}.like: {settings.run} has no data set {settings.like!r}{did_you_mean(settings.like, there)}; it "
            f"has {', '.join(there)}"
        )
    ways = {}
    for input_, (_, pipeline) in part.inputs.items():
        found = {own: each.inputs[input_] for own, each in there.items() if input_ in each.inputs}
        if not found:
            continue
        keys = {own: scaling_key(own, input_, each) for own, each in found.items()}
        chosen = settings.like or (data_set if data_set in found else None)
        if chosen not in found:
            if len(set(keys.values())) > 1:
                raise ConfigError(
                    f"{where}.like: {settings.run} scales {', '.join(found)} each by itself; say by whose scaling it "
                    f"sees data.{data_set}"
                )
            chosen = next(iter(found))
        _check_pipeline(where, settings, data_set, input_, pipeline, found[chosen].pipeline)
        ways[input_] = keys[chosen]
    return ways


def _check_pipeline(where: str, settings: ParallelSettings, data_set: str, input_: str, here: Any, there: Any) -> None:
    """Refuse maps that are made otherwise than those that a network was trained on."""
    differing = [
        f"signal.{part}"
        for part, value in dict(here.signal).items()
        if part not in _OF_TRAINING and value != getattr(there.signal, part)
    ]
    if _plain(here.feature) != _plain(there.feature):
        differing.append("features")
    if differing:
        raise ConfigError(
            f"{where}: the network of {settings.run} reads the input {input_!r} with other {' and '.join(differing)} "
            f"than data.{data_set} has here; give both experiments the same, or this one a second input as there"
        )


def _plain(settings: Settings) -> Any:
    return settings if isinstance(settings, UserComponent) else (type(settings), dump(settings))


def _take_scalings(model: Model, name: str, file: Path) -> None:
    tensors, _ = tensor_file.read(file)
    for key in model.document.parallel[name].scalings:
        prefix = f"{_SCALINGS}{key}."
        own = {each.removeprefix(prefix): value for each, value in tensors.items() if each.startswith(prefix)}
        model.parallel_scalings[f"{name}:{key}"].load_state_dict(own)
