"""Heads of tasks."""

import torch
from torch import nn

from motet.networks.head import Head
from motet.networks.settings import HeadSettings


def test_a_head_is_linear_by_default() -> None:
    head, features = Head(HeadSettings(), 6, 3), torch.randn(4, 6)
    (linear,) = head
    assert isinstance(linear, nn.Linear)
    assert torch.equal(head(features), features @ linear.weight.T + linear.bias)
    assert head.outputs == 3


def test_hidden_layers_are_activated_and_the_last_is_not() -> None:
    head, features = Head(HeadSettings(hidden=(5, 4), activation="tanh", dropout=0.5), 6, 3), torch.randn(4, 6)
    kinds = [nn.Dropout, nn.Linear, nn.Tanh] * 2 + [nn.Dropout, nn.Linear]
    assert [type(part) for part in head] == kinds
    first, second, last = (part for part in head if isinstance(part, nn.Linear))
    wanted = last(torch.tanh(second(torch.tanh(first(features)))))
    torch.testing.assert_close(head.eval()(features), wanted)
