"""Heads that leave the shared layers early, each with layers of its own from there on.

A branch is a network without encoders that goes on from a map of the shared one.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from motet.data.batch import Column
from motet.errors import DataError
from motet.networks.names import named
from motet.networks.network import Network
from motet.networks.output import Inputs, NetworkOutput, Rows


class Branched(nn.Module):
    """A network, and branches that leave it at some of its layers.

    Parameters
    ----------
    network
        The shared layers, and the heads of those tasks that do not leave.
    branches
        What each of the other tasks goes through after it has left.
    places
        The layer behind which each branch leaves: "encoder.INPUT.0", "trunk.1", or "" for behind the last one.
    """

    def __init__(self, network: Network, branches: Mapping[str, Network], places: Mapping[str, str]) -> None:
        super().__init__()
        self.network = network
        self.branches = named(branches)
        self.places = dict(places)
        needed: dict[str, int] = {}
        for task, branch in branches.items():
            needed[places[task]] = max(needed.get(places[task], 1), branch.trunk_frames_needed(1))
        self.min_frames = network.min_frames = network.frames_needed(needed.pop("", 1), needed)

    def forward(self, inputs: Inputs, rows: Rows) -> NetworkOutput:
        """Predict the tasks in `rows`, each for its rows; see `Network.forward`."""
        maps: dict[str, Column] = {}
        frames = maps[""] = self.network.frames(inputs, maps)
        staying = {task: own for task, own in rows.items() if task not in self.places}
        output = self.network.finish(frames, staying, inputs=inputs)
        predictions = dict(output.predictions)
        for task in rows.keys() - staying.keys():
            place, branch, own = self.places[task], self.branches.of(task), rows[task]
            if place not in maps:
                raise _lacking(task, place)
            column = branch.through_trunk(maps[place])
            found = branch.finish(column, {task: _positions(column.rows, own, task, place)}).predictions[task]
            predictions[task] = Column(found.values, own, found.lengths, found.grid)
        first = self._first()
        shared = () if first is None else (maps[first].values,)
        return NetworkOutput({task: predictions[task] for task in rows}, shared, embeddings=output.embeddings)

    def _first(self) -> str | None:
        """Return where the first branch leaves; None where that is in one of several encoders, which share nothing."""
        order = [*self.network.common_places(), ""]
        places = set(self.places.values())
        return min(places, key=order.index) if places <= set(order) else None


def _positions(present: Tensor | None, rows: Tensor | None, task: str, place: str) -> Tensor | None:
    """Return where rows of the batch stand in a map that some rows may lack."""
    if present is None:
        return rows
    if rows is None:
        raise _lacking(task, place)
    found = torch.searchsorted(present, rows).clamp(max=len(present) - 1)
    if not torch.equal(present[found], rows):
        raise _lacking(task, place)
    return found


def _lacking(task: str, place: str) -> DataError:
    return DataError(
        f"model.heads.{task}.from: leaves at {place}, but some rows of the task lack that input; let it leave behind "
        "the fusion, in model.trunk"
    )
