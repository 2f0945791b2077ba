"""How the losses of several tasks become one step.

The loop hands over the losses of every row, micro-batch by micro-batch, with the counts that were fixed when the
whole batch was drawn; so cutting a batch into micro-batches changes nothing. After the step it offers the losses of
the same batch once more, and after the epoch its mean losses.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import Parameter

from motet.config import UserComponent
from motet.errors import ConfigError, UserCodeError
from motet.training.objective_settings import GradientBalanceSettings, LossBalanceSettings, WeightedSettings

Backward = Callable[[Tensor], None]
AnyObjectiveSettings = WeightedSettings | LossBalanceSettings | GradientBalanceSettings | UserComponent


class Objective(Protocol):
    """What every combination of losses offers."""

    def accumulate(
        self,
        losses: Mapping[str, Tensor],
        counts: Mapping[str, int],
        backward: Backward,
        shared: Sequence[Tensor] = (),
    ) -> None:
        """Take the losses [n] of some rows by task.

        Parameters
        ----------
        counts
            The rows of the whole batch by task.
        backward
            Adds the gradient of a scalar.
        shared
            The features of these rows that all tasks share.
        """
        ...

    def combine(self, backward: Backward) -> None:
        """Finish the gradient of the step."""
        ...

    def after_step(self, again: Callable[[], Mapping[str, Tensor]]) -> None:
        """Learn of the step; `again` computes the mean losses of the same batch anew, which takes a forward pass."""
        ...

    def end_epoch(self, means: Mapping[str, float]) -> None:
        """Hear the mean losses of an epoch."""
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

    def accumulate(
        self,
        losses: Mapping[str, Tensor],
        counts: Mapping[str, int],
        backward: Backward,
        shared: Sequence[Tensor] = (),
    ) -> None:
        """Add the gradient of these rows."""
        parts = [loss.sum() * (self._weights.get(name, 1.0) / counts[name]) for name, loss in losses.items()]
        if parts:
            backward(parts[0] if len(parts) == 1 else torch.stack(parts).sum())

    def combine(self, backward: Backward) -> None:
        """Nothing is left to do: the gradient of a sum is the sum of the gradients."""

    def after_step(self, again: Callable[[], Mapping[str, Tensor]]) -> None:
        """Look at nothing again."""

    def end_epoch(self, means: Mapping[str, float]) -> None:
        """Take no notice of epochs."""

    def parameters(self) -> list[Parameter]:
        """Return nothing: fixed weights are not trained."""
        return []

    def state_dict(self) -> dict[str, Tensor]:
        """Return nothing: fixed weights have no state."""
        return {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take nothing back."""


class CombinedLosses:
    """A function of the named mean losses, called once a step: `combine({task: mean}) -> scalar`.

    It may be an `nn.Module`; its parameters are then trained with the network's, and its `state_dict` is saved and
    restored. What else it may have: see `motet.training.loss_balance`. Unless it is `affine`, the graphs of all
    micro-batches are kept until the step ends, so micro-batches save no memory.

    Parameters
    ----------
    weights
        Of the tasks that the function sees, each loss times its weight; other losses are added to what it returns.
        None for a function of the user's own, which sees all losses as they are.
    """

    def __init__(
        self, function: Callable[[dict[str, Tensor]], Tensor], weights: Mapping[str, float] | None = None
    ) -> None:
        self._function = function
        self._weights = weights
        self._affine = bool(getattr(function, "affine", False))
        self._means: dict[str, Tensor] = {}

    def accumulate(
        self,
        losses: Mapping[str, Tensor],
        counts: Mapping[str, int],
        backward: Backward,
        shared: Sequence[Tensor] = (),
    ) -> None:
        """Add to the mean losses of the step."""
        parts = {name: loss.sum() / counts[name] for name, loss in losses.items()}
        if self._affine and parts:
            self._descend_part(parts, counts, backward)
            parts = {name: part.detach() for name, part in parts.items()}
        for name, part in parts.items():
            self._means[name] = self._means[name] + part if name in self._means else part

    def combine(self, backward: Backward) -> None:
        """Call the function and take its gradient."""
        if self._means and not self._affine:
            backward(_descended(self._total(self._means)))
        self._means = {name: mean.detach() for name, mean in self._means.items()}

    def after_step(self, again: Callable[[], Mapping[str, Tensor]]) -> None:
        """Tell the function the losses of the step."""
        means, self._means = self._means, {}
        tell: Any = getattr(self._function, "after_step", None)
        if tell is not None and (seen := self._seen(means)):
            with torch.no_grad():
                tell(seen, lambda: self._seen(again()))

    def end_epoch(self, means: Mapping[str, float]) -> None:
        """Tell the function the mean losses of the epoch."""
        tell: Any = getattr(self._function, "end_epoch", None)
        if tell is not None:
            tell(means)

    def parameters(self) -> list[Parameter]:
        """Return the parameters of the function, where it is a module."""
        return list(self._function.parameters()) if isinstance(self._function, nn.Module) else []

    def state_dict(self) -> dict[str, Tensor]:
        """Return the state of the function, where it is a module."""
        return dict(self._function.state_dict()) if isinstance(self._function, nn.Module) else {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back the state of the function, where it is a module."""
        if isinstance(self._function, nn.Module):
            self._function.load_state_dict(dict(state))

    def _descend_part(self, parts: Mapping[str, Tensor], counts: Mapping[str, int], backward: Backward) -> None:
        """Take the gradient of a part of the losses: f(a + b) = f(a) + f(b) - f(0) where f is affine."""
        zero = next(iter(parts.values())).new_zeros(())
        total = _descended(self._total({name: parts.get(name, zero) for name in counts}))
        backward(total - self._total(dict.fromkeys(counts, zero)) if self._means else total)

    def _total(self, means: Mapping[str, Tensor]) -> Tensor:
        if self._weights is None:
            return self._function(dict(means))
        terms = [mean for name, mean in means.items() if name not in self._weights]
        seen = self._seen(means)
        return torch.stack([*terms, self._function(seen)] if seen else terms).sum()

    def _seen(self, means: Mapping[str, Tensor]) -> dict[str, Tensor]:
        if self._weights is None:
            return dict(means)
        return {name: weight * means[name] for name, weight in self._weights.items() if name in means}


def _descended(total: Any) -> Tensor:
    """Return what a function made of the losses, if a gradient can be taken of it.

    Raises
    ------
    UserCodeError
        If it is no scalar with a gradient.
    """
    if isinstance(total, Tensor) and total.dim() == 0 and total.requires_grad:
        return total
    found = f"a tensor {list(total.shape)}" if isinstance(total, Tensor) else type(total).__name__
    without = " without a gradient" if isinstance(total, Tensor) and not total.requires_grad else ""
    raise UserCodeError(
        f"training.objective: it returned {found}{without}, but what is descended is a scalar tensor that is computed "
        "from the losses, without detach() or item(): correct your class"
    )


def build_objective(
    settings: AnyObjectiveSettings,
    weights: Mapping[str, float],
    device: torch.device,
    parameters: Sequence[Parameter] = (),
) -> Objective:
    """Return the combination of these settings.

    Parameters
    ----------
    weights
        The tasks' own, by name.
    parameters
        What is trained, for methods that balance gradients.

    Raises
    ------
    MachineError
        If torchjd is needed and not installed.
    """
    if isinstance(settings, WeightedSettings):
        return WeightedSum(weights)
    if isinstance(settings, UserComponent):
        function = settings.build_own()
        return CombinedLosses(function.to(device) if isinstance(function, nn.Module) else function)
    if isinstance(settings, GradientBalanceSettings):
        from motet.training.aggregation import build_aggregation
        from motet.training.gradient_balance import build_gradient_balance

        return build_gradient_balance(settings.on, build_aggregation(settings, len(weights)), weights, parameters)
    from motet.training.loss_balance import build_loss_balance

    return CombinedLosses(build_loss_balance(settings, list(weights)).to(device), weights)


def check_precision(settings: AnyObjectiveSettings, precision: torch.dtype | None) -> None:
    """Refuse to balance gradients in float16: losses are scaled there, and gradients may overflow, one task at a time.

    Raises
    ------
    ConfigError
        If the objective balances gradients and the forward pass is in float16.
    """
    if precision is torch.float16 and isinstance(settings, GradientBalanceSettings):
        raise ConfigError(
            f"training.objective: {settings.kind} balances gradients, which float16 lets overflow one task at a time; "
            "set training.autocast: bfloat16, or off"
        )
