"""Activations by name."""

from collections.abc import Callable

from torch import nn

from motet.networks.settings import Activation

_ACTIVATIONS: dict[Activation, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "none": nn.Identity,
}
_NOT_RISING: frozenset[Activation] = frozenset({"gelu", "silu"})


def build_activation(name: Activation) -> nn.Module:
    """Return the activation of this name."""
    return _ACTIVATIONS[name]()


def never_falls(name: Activation) -> bool:
    """Whether a larger value never gives a smaller result, so that the largest value may be taken before or after."""
    return name not in _NOT_RISING
