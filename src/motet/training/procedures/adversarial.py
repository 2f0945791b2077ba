"""Two updates that pull against each other: heads that learn what the layers before them learn to hide."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch.nn import Parameter

from motet.data.batch import Batch
from motet.networks.branches import Branched
from motet.networks.network import Network
from motet.training.loop import Training, descend


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


def _trained(training: Training) -> list[Parameter]:
    return [parameter for group in training.optimizer.param_groups for parameter in group["params"]]
