"""What a procedure may have beside its call, saved and restored as part of the training.

All of it is optional, so that a plain function is a procedure:

- `begin(training)` is called once, before the first step and before a saved state is taken back: there it builds what
  it needs of the model. PyTorch's generator is seeded before.
- `state_dict()` and `load_state_dict(state)`, as every `nn.Module` has them: tensors by name.
- `optimizers`, by name: their states are saved and restored as that of the training's own optimizer is.
- `epochs_before`: epochs that come before `training.epochs`, in which no task is learned. Nothing is validated then,
  and schedule, stopping rule and objective begin after them.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from motet import draws
from motet.errors import ConfigError
from motet.training.devices import seed_generators


def begin_procedure(training: Any) -> None:
    """Let the procedure of a training build what it needs, and add the epochs that come before.

    Raises
    ------
    ConfigError
        If the procedure has optimizers of its own and the forward pass is in float16.
    """
    procedure = training.procedure
    begin = getattr(procedure, "begin", None)
    if begin is not None:
        seed_generators(training.device, draws.key(training.settings.seed, "procedure"))
        begin(training)
    if optimizers_of(procedure) and training.settings.precision is torch.float16:
        raise ConfigError(
            "training.procedure: has optimizers of its own, whose losses nobody scales, and float16 loses small "
            "gradients; set training.autocast: bfloat16, or off"
        )
    training.epochs_before = int(getattr(procedure, "epochs_before", 0))


def optimizers_of(procedure: Any) -> Mapping[str, torch.optim.Optimizer]:
    """Return the optimizers of a procedure's own, by name."""
    found: Mapping[str, torch.optim.Optimizer] = getattr(procedure, "optimizers", {})
    return found


def state_of(procedure: Any) -> dict[str, Tensor]:
    """Return the tensors that a procedure keeps, by name."""
    state = getattr(procedure, "state_dict", None)
    return {} if state is None else dict(state())


def restore_procedure(procedure: Any, state: Mapping[str, Tensor]) -> None:
    """Give a procedure back the tensors that it kept."""
    restore = getattr(procedure, "load_state_dict", None)
    if restore is not None:
        restore(dict(state))
