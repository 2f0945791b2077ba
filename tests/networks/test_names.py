"""Modules by the names that users give."""

import pytest
import torch
from torch import nn

from motet.networks.names import named


@pytest.mark.parametrize("name", ["type", "keys", "training", "of", "forward", "add", "_keys"])
def test_a_name_that_modules_use_themselves_is_no_trouble(name: str) -> None:
    own, plain = nn.Linear(2, 2), nn.Linear(2, 2)
    modules = named({name: own, f"{name}_": plain})
    assert modules.of(name) is own
    assert modules.of(f"{name}_") is plain
    assert modules.named() == {name: own, f"{name}_": plain}
    assert len(list(modules.parameters())) == 4
    other = named({name: nn.Linear(2, 2), f"{name}_": nn.Linear(2, 2)})
    other.load_state_dict(modules.state_dict())
    assert torch.equal(other.of(name).weight, own.weight)


def test_other_names_are_kept_in_the_weights() -> None:
    assert list(named({"digit": nn.Linear(1, 1)}).state_dict()) == ["digit.weight", "digit.bias"]
