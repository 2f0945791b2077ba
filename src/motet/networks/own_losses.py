"""Losses of the network's own, which no task gives: of a network or a layer of the user's.

Either returns a pair in place of what it returns else: its outputs, and its losses by name, one value for every row
[n] that it is given. Their means over these rows are told beside those of the tasks, each times its weight in
`training.losses` is added to what is descended, and an experiment without any task trains on them alone. What a network
returns of them in evaluation is told of development and test rows; there it may return none.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from motet.data.batch import Column
from motet.errors import ConfigError
from motet.networks.output import NetworkOutput, Seen
from motet.networks.settings import LOSSES

_KEPT, _SEEN = "_losses_of_rows", "_rows_seen"

Losses = dict[str, Tensor]


def parted(found: Any) -> tuple[Any, Mapping[Any, Any]]:
    """Return the outputs that a forward returned, and the losses beside them, if there are some.

    Examples
    --------
    >>> parted(({"digit": 1}, {"contrast": 2}))
    ({'digit': 1}, {'contrast': 2})
    >>> parted({"digit": 1})
    ({'digit': 1}, {})
    """
    if isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], Mapping):
        return found
    return found, {}


def checked_losses(found: Mapping[Any, Any], path: str, *, num_rows: int, tasks: Collection[str] = ()) -> Losses:
    """Return losses of the network's own, each one value a row.

    Parameters
    ----------
    found
        What was returned, by name.
    path
        What returned it, for messages.
    num_rows
        The rows that it was given.
    tasks
        The names that are taken.

    Raises
    ------
    ConfigError
        If one is no tensor [n], or is called as a task is.
    """
    for name, loss in found.items():
        if not isinstance(name, str) or not name or "." in name:
            raise ConfigError(f"{path}: returns a loss that is called {name!r}; give it a name without dots")
        if name in tasks:
            raise ConfigError(f"{path}: returns the loss {name!r}, which is the name of a task; give it another one")
        if not isinstance(loss, Tensor) or tuple(loss.shape) != (num_rows,):
            given = f"a tensor {list(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
            raise ConfigError(
                f"{path}: returns the loss {name!r} as {given}, which wants one value for every row, a tensor "
                f"[{num_rows}]; do not average over rows"
            )
    if found and LOSSES in tasks:
        raise ConfigError(f"{path}: returns losses, but a task is called {LOSSES!r}, as they are; rename the task")
    return {name: loss.float() for name, loss in found.items()}


def keep_losses(layer: nn.Module, path: str) -> None:
    """Let a layer of the user's return `(column, losses)`: what comes after it sees the column.

    Parameters
    ----------
    path
        Where it stands in the settings, for messages.
    """

    def keep(module: nn.Module, given: tuple[Column, ...], found: Any) -> Any:
        column, losses = parted(found)
        if losses:
            setattr(module, _KEPT, (checked_losses(losses, path, num_rows=len(given[0].values)), path))
        return column

    layer.register_forward_hook(keep)
    setattr(layer, _SEEN, Seen())


def note_rows(network: nn.Module, **rows: str) -> None:
    """Let the layers of the user's in a network know which rows come to them, as `Seen` says it.

    Their losses are means over these, and how many there are in a whole batch no layer can see: it may be cut.
    """
    for module in network.modules():
        if _SEEN in module.__dict__:
            setattr(module, _SEEN, replace(getattr(module, _SEEN), **rows))


def with_layer_losses(network: nn.Module, output: NetworkOutput) -> NetworkOutput:
    """Return what a network returned together with the losses that its layers left.

    Raises
    ------
    ConfigError
        If two of them, or one and a task, have one name.
    """
    losses, seen = dict(output.losses), dict(output.seen)
    for module in network.modules():
        if _KEPT not in module.__dict__:
            continue
        own, path = module.__dict__.pop(_KEPT)
        for name in own:
            if name in losses or name in output.predictions or LOSSES in output.predictions:
                taken = "a task" if name not in losses else "another loss"
                raise ConfigError(f"{path}: returns the loss {name!r}, but {taken} has that name; give it its own")
        losses |= own
        seen |= dict.fromkeys(own, getattr(module, _SEEN))
    return replace(output, losses=losses, seen=seen) if len(losses) > len(output.losses) else output
