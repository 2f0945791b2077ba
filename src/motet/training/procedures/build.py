"""From settings to a procedure."""

from collections.abc import Collection, Sequence

from motet.config import UserComponent
from motet.errors import ConfigError
from motet.training.loop import Procedure, descend
from motet.training.optimizer_settings import AdamSettings
from motet.training.optimizers import AnyOptimizerSettings
from motet.training.procedure_settings import (
    AdversarialSettings,
    AlternatingSettings,
    GanSettings,
    JointSettings,
    LayerWiseSettings,
)
from motet.training.procedures.adversarial import Adversarial
from motet.training.procedures.alternating import alternate
from motet.training.procedures.gan import Gan
from motet.training.procedures.layer_wise import LayerWise

BuiltInProcedureSettings = JointSettings | AlternatingSettings | AdversarialSettings | LayerWiseSettings | GanSettings
AnyProcedureSettings = BuiltInProcedureSettings | UserComponent


def build_procedure(
    settings: AnyProcedureSettings, tasks: Collection[str], optimizer: AnyOptimizerSettings | None = None
) -> Procedure:
    """Return the procedure of these settings, for a training of these tasks.

    Parameters
    ----------
    optimizer
        The settings of the training's optimizer, for a procedure that takes them for its own; by default Adam.

    Raises
    ------
    ConfigError
        If an adversary is no task, or every task is one.
    """
    match settings:
        case JointSettings():
            return descend
        case AlternatingSettings():
            return alternate
        case AdversarialSettings():
            _check_against(settings.against, tasks)
            return Adversarial(settings.against, settings.strength)
        case LayerWiseSettings():
            return LayerWise(settings, optimizer or AdamSettings())
        case GanSettings():
            return Gan(settings)
    own: Procedure = settings.build_own()
    return own


def _check_against(against: Sequence[str], tasks: Collection[str]) -> None:
    path = "training.procedure.against"
    problems = [
        f"{path}: there is no task {task!r}; tasks are {', '.join(tasks)}" for task in against if task not in tasks
    ]
    if not problems and set(tasks) <= set(against):
        problems = [f"{path}: names all tasks, and leaves none to be learned; leave one out"]
    if problems:
        raise ConfigError(*problems)
