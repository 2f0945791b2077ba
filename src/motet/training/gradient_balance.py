"""Objectives that balance the gradients of tasks: on the parameters that tasks share, or on the shared features.

The rows of a Jacobian [m, P] are the gradients of the m tasks that the batch has; a task that it lacks has no row. An
aggregation makes one vector [P] of them. What belongs to one task alone (its head) takes that task's own gradient, and
a loss of the network's own takes no part in the balance: its gradient is added.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import Parameter

from motet.errors import ConfigError, MotetError
from motet.training.aggregation import Aggregation

Backward = Callable[[Tensor], None]
Gradients = list[Tensor | None]


class GradientBalance:
    """What the balance in either place has in common: nothing but the aggregation has a state.

    Parameters
    ----------
    aggregation
        Makes one gradient of several.
    weights
        Of the tasks by name; losses of other names take no part in the balance.
    """

    def __init__(self, aggregation: Aggregation, weights: Mapping[str, float]) -> None:
        self._aggregation, self._weights = aggregation, dict(weights)

    def after_step(self, again: Callable[[], Mapping[str, Tensor]]) -> None:
        """Look at nothing again."""

    def end_epoch(self, means: Mapping[str, float]) -> None:
        """Take no notice of epochs."""

    def parameters(self) -> list[Parameter]:
        """Return nothing: no weight is trained."""
        return []

    def state_dict(self) -> dict[str, Tensor]:
        """Return what the aggregation remembers."""
        return dict(self._aggregation.state_dict())

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back what the aggregation remembers."""
        self._aggregation.load_state_dict(dict(state))


class ParameterBalance(GradientBalance):
    """Gradients balanced on the parameters that at least two tasks of the batch reach.

    Rows are added up over micro-batches, whose graphs are freed one by one.

    Parameters
    ----------
    parameters
        All that is trained.
    """

    def __init__(self, aggregation: Aggregation, weights: Mapping[str, float], parameters: Sequence[Parameter]) -> None:
        self._aggregation, self._weights = aggregation, dict(weights)
        self._trained = [parameter for parameter in parameters if parameter.requires_grad]
        self._rows: dict[str, Gradients] = {}

    def accumulate(
        self,
        losses: Mapping[str, Tensor],
        counts: Mapping[str, int],
        backward: Backward,
        shared: Sequence[Tensor] = (),
    ) -> None:
        """Add the gradient of every task's rows."""
        means, others = _parted(losses, counts, self._weights)
        _check_finite(means)
        for name, mean in means.items():
            found = torch.autograd.grad(mean, self._trained, retain_graph=True, allow_unused=True)
            before = self._rows.get(name)
            self._rows[name] = list(found) if before is None else _added(before, found)
        if others is not None:
            backward(others)

    def combine(self, backward: Backward) -> None:
        """Balance what tasks share, and add what is a task's own."""
        rows, self._rows = self._rows, {}
        reached = [sum(row[place] is not None for row in rows.values()) for place in range(len(self._trained))]
        balanced = [place for place, count in enumerate(reached) if count > 1]
        if balanced:
            sizes = [self._trained[place].numel() for place in balanced]
            jacobian = torch.stack(
                [torch.cat([_flat(row[place], self._trained[place]) for place in balanced]) for row in rows.values()]
            )
            vector = _aggregated(self._aggregation, jacobian, list(self._weights), list(rows))
            parts = torch.split(vector, sizes)
            for place, part in zip(balanced, parts, strict=True):
                _add_gradient(self._trained[place], part.view_as(self._trained[place]))
        for place, count in enumerate(reached):
            if count == 1:
                _add_gradient(self._trained[place], next(row[place] for row in rows.values() if row[place] is not None))


class FeatureBalance(GradientBalance):
    """Gradients balanced on the features that all tasks share; one backward pass then takes the result further.

    The graphs of all micro-batches are kept until the step ends, so micro-batches save no memory here.
    """

    def __init__(self, aggregation: Aggregation, weights: Mapping[str, float]) -> None:
        super().__init__(aggregation, weights)
        self._features: list[Tensor] = []
        self._rows: dict[str, dict[int, Tensor]] = {}

    def accumulate(
        self,
        losses: Mapping[str, Tensor],
        counts: Mapping[str, int],
        backward: Backward,
        shared: Sequence[Tensor] = (),
    ) -> None:
        """Take the gradients of every task down to the shared features, and add those of the weights on the way.

        Raises
        ------
        ConfigError
            If the network names no shared features.
        """
        if not shared:
            raise ConfigError(
                "training.objective.on: is features, but the network has no features that all tasks share; use "
                "on: parameters"
            )
        means, others = _parted(losses, counts, self._weights)
        _check_finite(means)
        features = [values for values in shared if values.requires_grad]
        first = len(self._features)
        self._features += features
        for name, mean in means.items():
            beyond = _leaves(mean, features)
            found = torch.autograd.grad(mean, [*features, *beyond], retain_graph=True, allow_unused=True)
            for leaf, gradient in zip(beyond, found[len(features) :], strict=True):
                _add_gradient(leaf, gradient)
            row = self._rows.setdefault(name, {})
            row |= {first + number: each for number, each in enumerate(found[: len(features)]) if each is not None}
        if others is not None:
            torch.autograd.backward(others, retain_graph=True)

    def combine(self, backward: Backward) -> None:
        """Balance the gradients of the features and take the result back to the inputs."""
        rows, self._rows = self._rows, {}
        features, self._features = self._features, []
        if not features or not rows:
            return
        jacobian = torch.stack(
            [torch.cat([_flat(row.get(place), each).float() for place, each in enumerate(features)])
             for row in rows.values()]
        )  # fmt: skip
        vector = _aggregated(self._aggregation, jacobian, list(self._weights), list(rows))
        parts = torch.split(vector, [each.numel() for each in features])
        gradients = [part.view_as(each).to(each.dtype) for part, each in zip(parts, features, strict=True)]
        torch.autograd.backward(features, gradients)


def build_gradient_balance(
    on: Literal["parameters", "features"],
    aggregation: Aggregation,
    weights: Mapping[str, float],
    parameters: Sequence[Parameter],
) -> ParameterBalance | FeatureBalance:
    """Return the balance of gradients on parameters or on features."""
    if on == "features":
        return FeatureBalance(aggregation, weights)
    return ParameterBalance(aggregation, weights, parameters)


def _parted(
    losses: Mapping[str, Tensor], counts: Mapping[str, int], weights: Mapping[str, float]
) -> tuple[dict[str, Tensor], Tensor | None]:
    """Return the weighted mean loss of each task, and the sum of the mean losses that are no task's."""
    means = {name: loss.sum() / counts[name] for name, loss in losses.items()}
    others = [mean for name, mean in means.items() if name not in weights and mean.requires_grad]
    own = {name: weights[name] * mean for name, mean in means.items() if name in weights}
    return own, torch.stack(others).sum() if others else None


def _check_finite(means: Mapping[str, Tensor]) -> None:
    for name, mean in means.items():
        if not bool(mean.isfinite()):
            raise MotetError(
                f"the training loss of task {name!r} is {mean.item()}, and its gradient cannot be balanced; lower "
                "training.optimizer.learning_rate, set training.clip_norm: 1.0, or look for extreme values in the data"
            )


def _aggregated(aggregation: Aggregation, jacobian: Tensor, known: list[str], present: list[str]) -> Tensor:
    """Return one gradient; that of a single task is its own.

    Raises
    ------
    MotetError
        If a gradient is not finite.
    """
    finite = jacobian.isfinite().all(1)
    if not bool(finite.all()):
        name = present[int((~finite).nonzero()[0])]
        raise MotetError(
            f"the gradient of task {name!r} is not finite; lower training.optimizer.learning_rate, set "
            "training.clip_norm: 1.0, or look for extreme values in the data"
        )
    if len(present) == 1:
        return jacobian[0]
    with torch.no_grad():
        return aggregation(jacobian, [known.index(name) for name in present])


def _flat(gradient: Tensor | None, like: Tensor) -> Tensor:
    return like.new_zeros(like.numel()) if gradient is None else gradient.reshape(-1)


def _added(before: Gradients, found: Sequence[Tensor | None]) -> Gradients:
    pairs = zip(before, found, strict=True)
    return [new if old is None else old if new is None else old + new for old, new in pairs]


def _add_gradient(parameter: Tensor, gradient: Tensor | None) -> None:
    if gradient is not None:
        parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient


def _leaves(loss: Tensor, features: Sequence[Tensor]) -> list[Tensor]:
    """Return the trained tensors that the loss reaches without going through the features."""
    seen: set[Any] = {feature.grad_fn for feature in features}
    found, waiting = [], [loss.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.append(node.variable)
        waiting += [following for following, _ in node.next_functions]
    return found
