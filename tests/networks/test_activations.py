"""Activations and dropout by setting."""

from typing import get_args

import pytest
import torch
from torch import nn

from motet.networks.activations import build_activation, build_dropout, never_falls, sequence
from motet.networks.settings import Activation


@pytest.mark.parametrize("name", get_args(Activation))
def test_never_falls_is_told_truly(name: Activation) -> None:
    values = torch.linspace(-6.0, 6.0, 500)
    activation = build_activation(name) or nn.Identity()
    steps = activation(values).diff()
    assert bool((steps >= 0).all()) == never_falls(name)


def test_what_does_nothing_is_left_out() -> None:
    assert build_activation("none") is None
    assert build_dropout(0.0) is None
    parts = sequence(build_activation("tanh"), None, build_dropout(0.25))
    assert [type(part) for part in parts] == [nn.Tanh, nn.Dropout]
    assert len(sequence(None)) == 0
