"""Whether losses of the network's own are there where settings count on them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from motet.config import CrossProblem, UserComponent
from motet.experiment.settings.checks import all_tasks
from motet.experiment.settings.data_set import DataSetSettings
from motet.networks.settings import LOSSES, ModelSettings
from motet.training.objective_settings import WeightedSettings
from motet.training.procedure_settings import AlternatingSettings, GanSettings
from motet.training.settings import TrainingSettings

_MODEL = (("model",),)
_OWN = "return it from a network (model.network) or a layer of your own"


def check_own_losses(
    data: Mapping[str, DataSetSettings], derived: Iterable[str], model: ModelSettings, training: TrainingSettings
) -> Iterator[CrossProblem]:
    """Find experiments that have nothing to learn, and losses of the network's own that no part of it can have."""
    if all_tasks(data, derived) == frozenset():
        yield from _without_tasks(model, training)
    if may_have_losses(model):
        return
    gan = isinstance(training.procedure, GanSettings)
    known = ("sharing",) if model.sharing.kind == "soft" else ()
    has = f"; it has {', '.join(known)}" if known else ""
    judged = ", and weigh that of a discriminator in training.procedure.weight" if gan else ""
    for name in training.losses:
        if name not in known:
            message = f"a built network has no loss {name!r} of its own{has}; {_OWN}{judged}"
            yield CrossProblem(("training", "losses", name), message, _MODEL)
    if training.monitor is not None and training.monitor.startswith(f"{LOSSES}."):
        message = f"is {training.monitor!r}, but a built network tells no losses of its own of development rows; {_OWN}"
        yield CrossProblem(("training", "monitor"), message, _MODEL)


def may_have_losses(model: ModelSettings) -> bool:
    """Tell whether a network, or some layer of it, is the user's own and may return losses."""
    encoder: Any = model.encoder
    lists = encoder.values() if isinstance(encoder, Mapping) else (encoder,)
    layers = (*(layer for layers in lists for layer in layers), *model.trunk,
              *(layer for head in model.heads.values() for layer in head.layers))  # fmt: skip
    return model.network is not None or any(isinstance(layer, UserComponent) for layer in layers)


def _without_tasks(model: ModelSettings, training: TrainingSettings) -> Iterator[CrossProblem]:
    data = (("data",),)
    if not may_have_losses(model):
        message = "no data set has a task, and a built network has no losses of its own to learn from; name tasks, or "
        yield CrossProblem(("data",), f"{message}{_OWN.replace('return it from', 'give')} that returns some", _MODEL)
    if not isinstance(training.objective, WeightedSettings | UserComponent):
        message = "combines the losses of tasks, and there is none; leave it out, and weigh in training.losses"
        yield CrossProblem(("training", "objective"), message, data)
    if isinstance(training.procedure, AlternatingSettings):
        yield CrossProblem(("training", "procedure"), "alternates between tasks, and there is none; leave it out", data)
