"""How a batch becomes updates: one for all tasks, one for each task in turn, or two that pull against each other.

A procedure is a function of the training and a batch that calls `descend` as often as it wants. It keeps no state: what
it does follows from the batch and the position, so a run that was stopped goes on exactly. One of the user's own is
such a function, or a class whose objects are.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch.nn import Parameter

from motet.config import UserComponent
from motet.data.batch import Batch
from motet.errors import ConfigError
from motet.networks.branches import Branched
from motet.networks.network import Network
from motet.training.loop import Procedure, Training, descend
from motet.training.settings import AdversarialSettings, AlternatingSettings, JointSettings

AnyProcedureSettings = JointSettings | AlternatingSettings | AdversarialSettings | UserComponent


def alternate(training: Training, batch: Batch) -> None:
    """Make an update for each task of the batch in turn, in the order of the tasks; each sees the one before."""
    for task in batch.counts:
        own = replace(batch, targets={task: batch.targets[task]}, counts={task: batch.counts[task]})
        descend(training, own)


@dataclass(frozen=True, slots=True)
class Adversarial:
    """Heads that learn what the layers before them learn to hide (Goodfellow et al. 2014; Ganin et al. 2016).

    First the heads of `against` descend their losses, alone; then all else descends the losses of the other tasks and
    climbs those of `against`, `strength` times. As no weight takes part in both updates, each of the two has its own
    part of the optimizer's state.
    """

    against: Sequence[str]
    strength: float

    def __call__(self, training: Training, batch: Batch) -> None:
        """Make both updates."""
        network: Any = training.model.network
        heads = {id(weight): weight for task in self.against for weight in head_parameters(network, task)}
        others = [weight for weight in _trained(training) if id(weight) not in heads]
        present = [task for task in self.against if task in batch.counts]
        if present:
            descend(training, batch, factors=dict.fromkeys(present, 1.0), fixed=others, recorded=False)
        factors = {task: -self.strength if task in self.against else 1.0 for task in batch.counts}
        descend(training, batch, factors=factors, fixed=list(heads.values()))


def head_parameters(network: Network | Branched, task: str) -> list[Parameter]:
    """Return the weights that are one task's alone."""
    if isinstance(network, Branched):
        if task in network.places:
            return list(network.branches.of(task).parameters())
        network = network.network
    return list(network.heads.of(task).parameters())


def build_procedure(settings: AnyProcedureSettings, tasks: Collection[str]) -> Procedure:
    """Return the procedure of these settings, for a training of these tasks.

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


def _trained(training: Training) -> list[Parameter]:
    return [parameter for group in training.optimizer.param_groups for parameter in group["params"]]
