"""Whether a procedure fits network and tasks, as far as settings alone tell."""

from collections.abc import Iterable, Iterator
from typing import Any

from motet.config import CrossProblem, UserComponent
from motet.experiment.settings.checks import DataSets, all_tasks, unknown_task
from motet.experiment.settings.own_loss_checks import may_have_losses
from motet.networks.settings import ModelSettings
from motet.tasks.map_settings import DenseSettings
from motet.training.procedure_settings import AdversarialSettings, GanSettings, LayerWiseSettings
from motet.training.settings import TrainingSettings

_PATH = ("training", "procedure")
_DATA, _MODEL = (("data",),), (("model",),)


def check_procedure(
    data: DataSets, model: ModelSettings, training: TrainingSettings, mixup: Any, derived: Iterable[str]
) -> Iterator[CrossProblem]:
    """Find tasks that there are not, and networks that a procedure cannot train."""
    known, procedure = all_tasks(data, derived), training.procedure
    match procedure:
        case AdversarialSettings():
            yield from _check_adversarial(model, procedure, known)
        case LayerWiseSettings():
            yield from _check_layer_wise(model, training)
        case GanSettings():
            yield from _check_gan(data, procedure, known, mixup)
            yield from _check_gan_monitor(data, training, procedure)


def monitors_procedure(training: TrainingSettings) -> bool:
    """Tell whether what is monitored is a loss of the procedure's own."""
    procedure = training.procedure
    return isinstance(procedure, GanSettings) and training.monitor in (procedure.adversarial, procedure.judged)


def _check_adversarial(
    model: ModelSettings, procedure: AdversarialSettings, known: frozenset[str] | None
) -> Iterator[CrossProblem]:
    path = (*_PATH, "against")
    for task in procedure.against:
        yield from unknown_task(path, task, procedure.against if known is None else known)
    if known is not None and known <= set(procedure.against):
        yield CrossProblem(path, "names all tasks, and leaves none to be learned; leave one out", _DATA)
    if model.network is not None or model.sharing.kind not in ("hard", "mmoe", "ple"):
        way = "a network of your own" if model.network is not None else f"model.sharing: {model.sharing.kind}"
        message = f"wants layers that all tasks share before their heads, which {way} has not; use sharing: hard"
        yield CrossProblem(path, message, _MODEL)


def _check_layer_wise(model: ModelSettings, training: TrainingSettings) -> Iterator[CrossProblem]:
    if training.epochs == 0:
        message = "pre-trains what training.epochs then train, and these are 0; set them to 1 or more"
        yield CrossProblem(_PATH, message, (("training", "epochs"),))
    if model.network is None and model.sharing.kind in ("hard", "mmoe", "ple"):
        if may_have_losses(model):
            message = "layer_wise pre-trains mlp, cnn and rnn, and no layer of your own; take it out of the model"
            yield CrossProblem(_PATH, message, _MODEL)
        return
    way = "a network of your own" if model.network is not None else f"model.sharing: {model.sharing.kind}"
    message = f"layer_wise pre-trains built layers that all tasks share, which {way} has not; use sharing: hard"
    yield CrossProblem(_PATH, message, _MODEL)


def _check_gan(
    data: DataSets, procedure: GanSettings, known: frozenset[str] | None, mixup: Any
) -> Iterator[CrossProblem]:
    path = (*_PATH, "task")
    if known is not None:
        yield from unknown_task(path, procedure.task, known)
    declared = [own.tasks[procedure.task] for own in data.values() if own.tasks and procedure.task in own.tasks]
    if any(not isinstance(settings, DenseSettings | UserComponent) for settings in declared):
        message = f"{procedure.task!r} predicts no map, and maps are what is judged; name a dense task"
        yield CrossProblem(path, message, _DATA)
    if mixup is not None:
        message = "judges pairs of input and map, and mixup makes inputs of two rows; leave mixup out"
        yield CrossProblem(_PATH, message, (("mixup",),))


def _check_gan_monitor(data: DataSets, training: TrainingSettings, procedure: GanSettings) -> Iterator[CrossProblem]:
    if not monitors_procedure(training):
        return
    reported = [
        metric.kind
        for own in data.values()
        if own.tasks and procedure.task in own.tasks
        for metric in getattr(own.tasks[procedure.task], "metrics", ())
    ]
    message = (
        f"{training.monitor!r} is told of training rows alone, as the discriminator that measures it learns on; name a "
        f"metric of the task, as {procedure.task}.{next(iter(reported), 'METRIC')}"
    )
    yield CrossProblem(("training", "monitor"), message, (_PATH, *_DATA))
