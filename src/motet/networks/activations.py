"""Activations and dropout by setting. What does nothing is left out: a call of a module costs microseconds."""

from collections.abc import Callable

from torch import nn

from motet.networks.settings import Activation

_ACTIVATIONS: dict[Activation, Callable[[], nn.Module] | None] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "none": None,
}
_NOT_RISING: frozenset[Activation] = frozenset({"gelu", "silu"})


def build_activation(name: Activation) -> nn.Module | None:
    """Return the activation of this name; None for "none"."""
    build = _ACTIVATIONS[name]
    return None if build is None else build()


def never_falls(name: Activation) -> bool:
    """Whether a larger value never gives a smaller result, so that the largest value may be taken before or after."""
    return name not in _NOT_RISING


def build_dropout(share: float) -> nn.Module | None:
    """Return the dropout of a share of values; None for 0."""
    return nn.Dropout(share) if share else None


def sequence(*modules: nn.Module | None) -> nn.Sequential:
    """Return modules in turn, without those that are None."""
    return nn.Sequential(*(module for module in modules if module is not None))
