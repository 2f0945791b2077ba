"""A network of the user's own in place of the built one: any `nn.Module`.

One whose forward takes `inputs` is called with a mapping, `{input: [n, C, T, F]}`; any other is called with the map of
the one input there is, as the modules of other libraries are. It returns the raw outputs of every task, `{task: [n,
K]}`, of a task of frames [n, T, K], or, of a single task, the tensor alone. Frames of a prediction are taken to be
spread evenly over the longest input. One that takes an argument `lengths` also receives the valid frames, `{input: [n]
or None}`; without it, padded rows of different lengths are refused, because it could not tell padding from data.

One that has losses of its own returns them as well: the pair of its outputs and `{name: [n]}`, see `own_losses`.
"""

import inspect
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from motet.data.batch import Column
from motet.errors import ConfigError
from motet.features.feature_map import TimeGrid
from motet.networks.output import Inputs, NetworkOutput, Rows, chosen
from motet.networks.own_losses import checked_losses, parted
from motet.tasks.task import PerFrame


class UserNetwork(nn.Module):
    """Call the user's module, and check what it returns.

    Parameters
    ----------
    module
        The user's module.
    outputs
        Outputs by task.
    inputs
        The names of the inputs.
    """

    def __init__(self, module: nn.Module, outputs: Mapping[str, int], inputs: Mapping[str, object]) -> None:
        super().__init__()
        self.module = module
        self.outputs = dict(outputs)
        self.min_frames = dict.fromkeys(inputs, 1)
        parameters = inspect.signature(module.forward).parameters
        self.takes_lengths = "lengths" in parameters
        self.takes_mapping = next(iter(parameters), "inputs") == "inputs"
        if not self.takes_mapping and len(self.min_frames) > 1:
            raise ConfigError(
                f"model.network: its forward takes one map, but there are the inputs {', '.join(self.min_frames)}; let "
                "it take the mapping `inputs`"
            )

    def forward(self, inputs: Inputs, rows: Rows) -> NetworkOutput:
        """Predict the tasks in `rows`, each for its rows; see `Network.forward`.

        Raises
        ------
        ConfigError
            If rows are padded or lack an input and the module cannot know, or it returns another shape than wanted.
        """
        found, losses = parted(self._call(inputs))
        num_rows = len(next(iter(inputs.values())).values)
        predictions = {}
        for task, own in rows.items():
            values = self._checked(found, task, num_rows)
            if isinstance(self.outputs[task], PerFrame):
                predictions[task] = _framed(values, max(inputs.values(), key=_num_frames), own)
            else:
                predictions[task] = Column(chosen(values, own), own)
        return NetworkOutput(
            predictions, losses=checked_losses(losses, "model.network", num_rows=num_rows, tasks=self.outputs)
        )

    def _call(self, inputs: Inputs) -> Any:
        for name, column in inputs.items():
            if column.rows is not None:
                raise ConfigError(
                    f"model.network: some rows lack the input {name!r}, which a network of your own cannot be told; "
                    "give all data sets the same features"
                )
            if column.lengths is not None and not self.takes_lengths:
                raise ConfigError(
                    f"model.network: rows of the input {name!r} have different lengths, and the network does not know "
                    "them; set segments: {length_s: SECONDS, pad: wrap}, or let its forward take (inputs, lengths)"
                )
        values: Any = {name: column.values for name, column in inputs.items()}
        lengths: Any = {name: column.lengths for name, column in inputs.items()}
        if not self.takes_mapping:
            (values,), (lengths,) = values.values(), lengths.values()
        return self.module(values, lengths=lengths) if self.takes_lengths else self.module(values)

    def _checked(self, found: Any, task: str, num_rows: int) -> Tensor:
        if isinstance(found, Tensor) and len(self.outputs) == 1:
            found = {task: found}
        values = found.get(task) if isinstance(found, Mapping) else None
        wanted: list[int | str] = [num_rows, int(self.outputs[task])]
        if isinstance(self.outputs[task], PerFrame):
            frames = values.shape[1] if isinstance(values, Tensor) and values.dim() == 3 else "frames"
            wanted.insert(1, frames)
        if isinstance(values, Tensor) and list(values.shape) == wanted:
            return values
        given = f"a tensor {list(values.shape)}" if isinstance(values, Tensor) else type(values).__name__
        if not isinstance(found, Mapping):
            given = f"{type(found).__name__} in place of a mapping"
        raise ConfigError(
            f"model.network: returns {given} for the task {task!r}, which wants a tensor {wanted}; "
            "return a mapping with the raw outputs of every task"
        )


def _num_frames(column: Column) -> int:
    return column.values.shape[2]


def _framed(values: Tensor, seen: Column, rows: Tensor | None) -> Column:
    """Return predictions [n, T, K] on a grid that spreads their frames evenly over those of an input."""
    ratio = _num_frames(seen) / values.shape[1]
    lengths = None
    if seen.lengths is not None:
        lengths = (seen.lengths / ratio).ceil().long().clamp(min=1, max=values.shape[1])
    grid = None
    if seen.grid is not None:
        offset_s = (ratio - 1) / 2 * seen.grid.step_s
        grid = TimeGrid(seen.grid.start_s + offset_s, seen.grid.step_s * ratio)
    return Column(chosen(values, rows), rows, None if lengths is None else chosen(lengths, rows), grid)
