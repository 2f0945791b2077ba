"""How the losses of several tasks become one step.

The loop hands over the losses of every row, micro-batch by micro-batch, with the counts that were fixed when the
whole batch was drawn; so cutting a batch into micro-batches changes nothing.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import Parameter

from motet.config import UserComponent
from motet.training.settings import WeightedSettings

Backward = Callable[[Tensor], None]


class Objective(Protocol):
    """What every combination of losses offers."""

    def accumulate(self, losses: Mapping[str, Tensor], counts: Mapping[str, int], backward: Backward) -> None:
        """Take the losses [n] of some rows by task; `counts` are the rows of the whole batch by task."""
        ...

    def combine(self, backward: Backward) -> None:
        """Finish the gradient of the step."""
        ...

    def parameters(self) -> list[Parameter]:
        """Return what the optimizer trains besides the network."""
        ...

    def state_dict(self) -> dict[str, Tensor]:
        """Return what resuming needs, as tensors."""
        ...

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back a state."""
        ...


class WeightedSum:
    """The weighted sum of the tasks' mean losses. Gradients are added up as the micro-batches come.

    Parameters
    ----------
    weights
        By name; a loss without one counts once.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._weights = dict(weights)

    def accumulate(self, losses: Mapping[str, Tensor], counts: Mapping[str, int], backward: Backward) -> None:
        """Add the gradient of these rows."""
        parts = [loss.sum() * (self._weights.get(name, 1.0) / counts[name]) for name, loss in losses.items()]
        if parts:
            backward(parts[0] if len(parts) == 1 else torch.stack(parts).sum())

    def combine(self, backward: Backward) -> None:
        """Nothing is left to do: the gradient of a sum is the sum of the gradients."""

    def parameters(self) -> list[Parameter]:
        """Return nothing: fixed weights are not trained."""
        return []

    def state_dict(self) -> dict[str, Tensor]:
        """Return nothing: fixed weights have no state."""
        return {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take nothing back."""


class UserObjective:
    """A user's own function of the named mean losses, called once a step: `combine({task: mean}) -> scalar`.

    It may be an `nn.Module`; its parameters are then trained with the network's, and its `state_dict` is saved and
    restored. The graphs of all micro-batches are kept until the step ends, so micro-batches save no memory here.
    """

    def __init__(self, function: Callable[[dict[str, Tensor]], Tensor]) -> None:
        self._function = function
        self._means: dict[str, Tensor] = {}

    def accumulate(self, losses: Mapping[str, Tensor], counts: Mapping[str, int], backward: Backward) -> None:
        """Add to the mean losses of the step."""
        for name, loss in losses.items():
            part = loss.sum() / counts[name]
            self._means[name] = self._means[name] + part if name in self._means else part

    def combine(self, backward: Backward) -> None:
        """Call the user's function and take its gradient."""
        means, self._means = self._means, {}
        if means:
            backward(self._function(means))

    def parameters(self) -> list[Parameter]:
        """Return the parameters of the user's module, where it is one."""
        return list(self._function.parameters()) if isinstance(self._function, nn.Module) else []

    def state_dict(self) -> dict[str, Tensor]:
        """Return the state of the user's module, where it is one."""
        return dict(self._function.state_dict()) if isinstance(self._function, nn.Module) else {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back the state of the user's module, where it is one."""
        if isinstance(self._function, nn.Module):
            self._function.load_state_dict(dict(state))


def build_objective(
    settings: WeightedSettings | UserComponent, weights: Mapping[str, float], device: torch.device
) -> Objective:
    """Return the combination of these settings; `weights` are the tasks' own."""
    if not isinstance(settings, UserComponent):
        return WeightedSum(weights)
    function = settings.build_own()
    return UserObjective(function.to(device) if isinstance(function, nn.Module) else function)
