"""Losses: one value for every row. Axes: n rows, K outputs.

Rows are not averaged here: the training loop divides sums by counts that were fixed when the batch was
drawn. A loss of the user's own is a class whose objects are called with predictions [n, K] and encoded
targets and return [n]; where it also has `fit`, it is shown the encoded targets of the training rows once.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from motet.config import UserComponent
from motet.errors import ConfigError, UserCodeError
from motet.tasks.labels import label_weights
from motet.tasks.settings import (
    AbsoluteErrorSettings,
    BinaryCrossEntropySettings,
    BinaryFocalSettings,
    CrossEntropySettings,
    FocalSettings,
    HuberSettings,
    SquaredErrorSettings,
)


class Loss(Protocol):
    """What every loss offers."""

    def __call__(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of every row [n] from raw outputs [n, K] and encoded targets [n] or [n, K]."""
        ...


class Constant:
    """Fixed numbers that follow the predictions to their device.

    Parameters
    ----------
    values
        The numbers; kept as float32.
    """

    def __init__(self, values: NDArray[Any]) -> None:
        self._tensor = torch.as_tensor(np.asarray(values, dtype=np.float32))

    def on(self, device: torch.device) -> Tensor:
        """Return the numbers on a device; they are copied there once."""
        if self._tensor.device != device:
            self._tensor = self._tensor.to(device)
        return self._tensor


class ClassWeights:
    """The weight of a row by its class: none, given, or balanced on the training rows.

    Balanced weights are inverse to the rows of a class and 1 on average over the training rows; a class
    without any keeps 1. Until they are fitted they are 1.
    """

    def __init__(self, setting: str | Mapping[str, float], names: tuple[str, ...]) -> None:
        self._balanced = setting == "balanced"
        self._weights = Constant(label_weights(setting, names)) if isinstance(setting, Mapping) else None
        self._num_classes = len(names)

    def fit(self, targets: NDArray[np.int64]) -> None:
        """Balance by the codes of the training rows, shape [n]."""
        if self._balanced:
            rows = np.bincount(targets, minlength=self._num_classes)
            shares = rows.sum() / (max(1, np.count_nonzero(rows)) * np.maximum(rows, 1))
            self._weights = Constant(np.where(rows > 0, shares, 1.0))

    def on(self, device: torch.device) -> Tensor | None:
        """Return the weights by class [K], or None where all are 1."""
        return None if self._weights is None else self._weights.on(device)


class CrossEntropy:
    """Cross-entropy of the softmax, with the meaning of weights and smoothing of `torch.nn.CrossEntropyLoss`."""

    def __init__(self, settings: CrossEntropySettings, names: tuple[str, ...]) -> None:
        self._smoothing = settings.label_smoothing
        self._weights = ClassWeights(settings.class_weights, names)
        self.fit = self._weights.fit

    def __call__(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """Return the loss [n] of logits [n, K] against codes [n]."""
        weights = self._weights.on(predictions.device)
        return F.cross_entropy(predictions.float(), targets, weights, reduction="none", label_smoothing=self._smoothing)


class Focal:
    """Focal loss of the softmax.

    Lin et al., "Focal loss for dense object detection", ICCV 2017, equation 5, with the softmax in place of
    the sigmoid.
    """

    def __init__(self, settings: FocalSettings, names: tuple[str, ...]) -> None:
        self._gamma = settings.gamma
        self._weights = ClassWeights(settings.class_weights, names)
        self.fit = self._weights.fit

    def __call__(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """Return the loss [n] of logits [n, K] against codes [n]."""
        entropy = F.cross_entropy(predictions.float(), targets, reduction="none")
        losses = _focus(entropy, self._gamma)
        weights = self._weights.on(predictions.device)
        return losses if weights is None else losses * weights[targets]


class BinaryCrossEntropy:
    """Cross-entropy of the sigmoid, the mean over labels."""

    def __init__(self, settings: BinaryCrossEntropySettings, names: tuple[str, ...]) -> None:
        self._smoothing = settings.label_smoothing
        self._balanced = settings.positive_weights == "balanced"
        given = settings.positive_weights
        self._weights = Constant(label_weights(given, names)) if isinstance(given, dict) else None

    def fit(self, targets: NDArray[Any]) -> None:
        """Balance by the targets of the training rows [n] or [n, K]; a label without positives keeps weight 1."""
        if self._balanced:
            flags = targets.reshape(len(targets), -1)
            positives = flags.sum(axis=0)
            ratios = (len(flags) - positives) / np.maximum(positives, 1)
            self._weights = Constant(np.where((positives > 0) & (ratios > 0), ratios, 1.0))

    def __call__(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """Return the loss [n] of logits [n, K] against flags [n, K], or [n] where K is 1."""
        predictions = predictions.float()
        flags = targets.to(predictions.dtype).view_as(predictions)
        if self._smoothing > 0:
            flags = flags * (1 - self._smoothing) + self._smoothing / 2
        weights = None if self._weights is None else self._weights.on(predictions.device)
        losses = F.binary_cross_entropy_with_logits(predictions, flags, reduction="none", pos_weight=weights)
        return losses.mean(dim=1)


class BinaryFocal:
    """Focal loss of the sigmoid, the mean over labels (Lin et al. 2017, equation 5)."""

    def __init__(self, settings: BinaryFocalSettings, names: tuple[str, ...]) -> None:
        self._gamma, self._alpha = settings.gamma, settings.alpha

    def __call__(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """Return the loss [n] of logits [n, K] against flags [n, K], or [n] where K is 1."""
        predictions = predictions.float()
        flags = targets.to(predictions.dtype).view_as(predictions)
        losses = _focus(F.binary_cross_entropy_with_logits(predictions, flags, reduction="none"), self._gamma)
        if self._alpha is not None:
            losses = losses * (self._alpha * flags + (1 - self._alpha) * (1 - flags))
        return losses.mean(dim=1)


class SquaredError:
    """Squared error, the mean over values."""

    def __init__(self, settings: SquaredErrorSettings, names: tuple[str, ...]) -> None:
        pass

    def __call__(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """Return the loss [n] of values [n, K] against targets [n, K]."""
        return F.mse_loss(predictions.float(), targets, reduction="none").mean(dim=1)


class AbsoluteError:
    """Absolute error, the mean over values."""

    def __init__(self, settings: AbsoluteErrorSettings, names: tuple[str, ...]) -> None:
        pass

    def __call__(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """Return the loss [n] of values [n, K] against targets [n, K]."""
        return F.l1_loss(predictions.float(), targets, reduction="none").mean(dim=1)


class Huber:
    """Squared near zero, absolute beyond `delta`, the mean over values.

    Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35 (1964).
    """

    def __init__(self, settings: HuberSettings, names: tuple[str, ...]) -> None:
        self._delta = settings.delta

    def __call__(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """Return the loss [n] of values [n, K] against targets [n, K]."""
        return F.huber_loss(predictions.float(), targets, reduction="none", delta=self._delta).mean(dim=1)


_LOSSES: Mapping[type, Callable[[Any, tuple[str, ...]], Loss]] = {
    CrossEntropySettings: CrossEntropy,
    FocalSettings: Focal,
    BinaryCrossEntropySettings: BinaryCrossEntropy,
    BinaryFocalSettings: BinaryFocal,
    SquaredErrorSettings: SquaredError,
    AbsoluteErrorSettings: AbsoluteError,
    HuberSettings: Huber,
}


class UserLoss:
    """A loss of the user's own, whose values are looked at before they are used.

    Parameters
    ----------
    settings
        The user's component.
    task
        The name of the task, for messages.
    """

    def __init__(self, settings: UserComponent, task: str) -> None:
        self._loss, self._place, self._task = settings.build_own(), settings.place, task
        self._device: torch.device | None = None

    def fit(self, targets: NDArray[Any]) -> None:
        """Show the encoded targets of the training rows, where the user's loss wants to see them."""
        if hasattr(self._loss, "fit"):
            self._loss.fit(targets)

    def __call__(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """Return the loss [n].

        Raises
        ------
        UserCodeError
            If it is not one value a row, or has no gradient where the predictions have one.
        """
        if self._device != predictions.device and isinstance(self._loss, torch.nn.Module):
            self._loss.to(predictions.device)
            self._device = predictions.device
        losses = self._loss(predictions, targets)
        if not isinstance(losses, Tensor) or losses.shape != predictions.shape[:1]:
            found = f"a tensor {list(losses.shape)}" if isinstance(losses, Tensor) else type(losses).__name__
            raise UserCodeError(
                f"task {self._task!r}: the loss {self._place} returned {found} for {len(predictions)} rows, but a loss "
                f'is one value a row, [{len(predictions)}]: do not average (PyTorch\'s own take reduction="none")'
            )
        if predictions.requires_grad and not losses.requires_grad:
            raise UserCodeError(
                f"task {self._task!r}: the loss {self._place} returned values without a gradient, so nothing can be "
                "learned from it: compute it from the predictions, with PyTorch, without detach() or NumPy"
            )
        return losses


def build_loss(settings: Any, names: tuple[str, ...], *, task: str) -> Loss:
    """Build the loss of a task's `loss` option for the outputs of these names; messages name the task.

    Raises
    ------
    ConfigError
        If a weight is given for an unknown label.
    """
    if isinstance(settings, UserComponent):
        return UserLoss(settings, task)
    try:
        return _LOSSES[type(settings)](settings, names)
    except ConfigError as error:
        where = f"task {task!r}: weights of loss {settings.kind!r}"
        raise ConfigError(*(f"{where}: {problem}" for problem in error.problems)) from None


def _focus(entropy: Tensor, gamma: float) -> Tensor:
    """Return (1 - p) ** gamma * entropy, where p = exp(-entropy) is the probability of what is true."""
    missing = -torch.expm1(-entropy)
    return missing.clamp_min(1e-12) ** gamma * entropy
