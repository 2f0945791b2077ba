"""The network that settings describe: encoders of the inputs, their fusion, a shared trunk, pooling, heads."""

from collections.abc import Collection, Mapping, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motet.data.batch import Column
from motet.networks.experts import MixtureOfExperts, ProgressiveExtraction
from motet.networks.feeding import Feeding
from motet.networks.fusion import Fusion
from motet.networks.head import Head
from motet.networks.layer import Layer
from motet.networks.map_head import MapHead
from motet.networks.names import named
from motet.networks.output import Inputs, NetworkOutput, Rows, chosen
from motet.networks.parallel import Parallel
from motet.networks.pool import Pool
from motet.networks.shape import MapShape


class Network(nn.Module):
    """Layers from the inputs to the predictions of every task.

    A row that is shorter than the network can see (`min_frames`) is extended by zeros to that length, alone as well
    as in a batch.

    Parameters
    ----------
    encoders
        The layers of each input.
    fusion
        How encoded inputs become one; None for a single input.
    trunk
        Layers that all inputs and tasks share.
    pooling
        What removes time before the heads of rows; None where it is gone.
    heads
        The head of each task.
    framed
        The tasks whose heads see every frame.
    experts
        What stands between the features and the heads; None where heads receive the features.
    feeding
        Which heads see what others predict; None where none does.
    parallels
        Networks of other runs whose layers are fused with the encoded inputs.

    Attributes
    ----------
    min_frames
        The fewest frames of each input with which every layer has a frame left.
    """

    def __init__(
        self,
        encoders: Mapping[str, Sequence[Layer]],
        fusion: Fusion | None,
        trunk: Sequence[Layer],
        pooling: Pool | None,
        heads: Mapping[str, Head | MapHead],
        framed: Collection[str] = (),
        experts: MixtureOfExperts | ProgressiveExtraction | None = None,
        feeding: Feeding | None = None,
        parallels: Mapping[str, Parallel] | None = None,
    ) -> None:
        super().__init__()
        self.encoders = named({name: nn.ModuleList(cast(list[nn.Module], layers)) for name, layers in encoders.items()})
        self.fusion = fusion
        self.trunk = nn.ModuleList(cast(list[nn.Module], trunk))
        self.pooling = pooling
        self.heads = named(heads)
        self.framed = frozenset(framed)
        self.experts = experts
        self.feeding = feeding
        self.parallels = named(parallels or {})
        self.mapped = frozenset(name for name, head in heads.items() if isinstance(head, MapHead))
        self.min_frames = self.frames_needed(1)

    def forward(self, inputs: Inputs, rows: Rows, given: Mapping[str, Column] | None = None) -> NetworkOutput:
        """Predict the tasks in `rows`, each for its rows.

        Parameters
        ----------
        inputs
            Scaled maps by input, [n, C, T, F]; padding is zero. An input that no row has may be left out, and one that
            is a target only is not looked at.
        rows
            The rows of the batch by task, int64 [n]; None for all.
        given
            What heads that are fed see of the labels of other tasks, in training.
        """
        return self.finish(self.frames(inputs), rows, given, inputs)

    def frames(self, inputs: Inputs, maps: dict[str, Column] | None = None) -> Column:
        """Return the maps that leave the trunk, [B, C, T, F].

        Parameters
        ----------
        maps
            Where given, it receives what every layer returns by its place: "encoder.INPUT.0", "trunk.1".
        """
        encoded = {
            name: _through(
                self.encoders.of(name), at_least(column, self.min_frames[name]), f"encoder.{name}", maps
            )
            for name, column in self._own(inputs)
            if len(column.values)
        }  # fmt: skip
        for name, parallel in self.parallels.named().items():
            column = parallel(self._long_enough(inputs))
            if column is not None:
                encoded[name] = column
        return self.through_trunk(self.joined(encoded), maps)

    def _own(self, inputs: Inputs) -> list[tuple[str, Column]]:
        """Return the inputs without those that are scaled for parallel networks."""
        mine = self.encoders.named()
        return [(name, column) for name, column in inputs.items() if name in mine]

    def _long_enough(self, inputs: Inputs) -> dict[str, Column]:
        """Return inputs of at least as many frames as every layer needs, parallel ones included."""
        least = {name: self.min_frames.get(name.rpartition(".")[2]) for name in inputs}
        return {name: at_least(column, least[name] or 1) for name, column in inputs.items() if least[name]}

    def joined(self, encoded: Mapping[str, Column]) -> Column:
        """Return encoded inputs as one map."""
        return next(iter(encoded.values())) if self.fusion is None else self.fusion(encoded)

    def through_trunk(self, column: Column, maps: dict[str, Column] | None = None) -> Column:
        """Apply the layers of the trunk."""
        return _through(self.trunk, column, "trunk", maps)

    def finish(
        self,
        frames: Column,
        rows: Rows,
        given: Mapping[str, Column] | None = None,
        inputs: Inputs | None = None,
    ) -> NetworkOutput:
        """Predict from the maps that leave the trunk; their frames are what tasks share, if any task sees them.

        Parameters
        ----------
        given
            As in `forward`.
        inputs
            What came in; needed only for tasks that predict a map like an input.
        """
        if self.feeding is not None:
            return self._finish_in_order(frames, rows, self.feeding, given or {})
        framed = [task for task in rows if task in self.framed]
        mapped = [task for task in rows if task in self.mapped]
        pooled = [task for task in rows if task not in self.framed | self.mapped]
        predictions: dict[str, Column] = {}
        shared: list[Tensor] = []
        embeddings: dict[str, Column] = {}
        if framed:
            shared = [frames.values]
            received = self._received(frames.values.transpose(1, 2).flatten(2), framed)
            for task in framed:
                outputs = self.heads.of(task)(chosen(received[task], rows[task]))
                predictions[task] = _framed(outputs, frames, rows[task])
        for task in mapped:
            assert inputs is not None, "a map is predicted beside what came in"
            head, shared = cast(MapHead, self.heads.of(task)), [frames.values]
            predictions[task] = head(frames, inputs, rows[task])
        if pooled:
            features = self.pooled(frames)
            shared, embeddings = shared or [features], {"features": Column(features)}
            for task, values in self._received(features, pooled).items():
                predictions[task] = Column(self.heads.of(task)(chosen(values, rows[task])), rows[task])
        return NetworkOutput({task: predictions[task] for task in rows}, tuple(shared), embeddings=embeddings)

    def pooled(self, frames: Column) -> Tensor:
        """Return what the heads of rows or their experts receive, [B, D]."""
        return (frames if self.pooling is None else self.pooling(frames)).values.flatten(1)

    def _received(self, features: Tensor, tasks: list[str]) -> dict[str, Tensor]:
        """Return what the head of each task receives, of features [..., D]."""
        return dict.fromkeys(tasks, features) if self.experts is None else self.experts(features, tasks)

    def _finish_in_order(
        self, frames: Column, rows: Rows, feeding: Feeding, given: Mapping[str, Column]
    ) -> NetworkOutput:
        """Predict with heads that feed others, these first and for all rows."""
        wanted = feeding.needed(list(rows))
        framed = [task for task in wanted if task in self.framed]
        pooled = [task for task in wanted if task not in self.framed]
        received: dict[str, Tensor] = {}
        shared: list[Tensor] = []
        embeddings: dict[str, Column] = {}
        if framed:
            shared = [frames.values]
            received |= self._received(frames.values.transpose(1, 2).flatten(2), framed)
        if pooled:
            features = self.pooled(frames)
            shared, embeddings = shared or [features], {"features": Column(features)}
            received |= self._received(features, pooled)
        outputs: dict[str, Tensor] = {}
        for task in wanted:
            seen = feeding.extended(task, received[task], outputs, given, frames.lengths)
            outputs[task] = self.heads.of(task)(seen)
        predictions = {
            task: _framed(chosen(outputs[task], own), frames, own)
            if task in self.framed
            else Column(chosen(outputs[task], own), own)
            for task, own in rows.items()
        }
        return NetworkOutput(predictions, tuple(shared), embeddings=embeddings)

    def common_places(self) -> list[str]:
        """Return the places of the layers that every row goes through, in order."""
        encoders = self.encoders.named() if self.fusion is None else {}
        own = [f"encoder.{name}.{number}" for name, layers in encoders.items() for number in range(len(layers))]
        return [*own, *(f"trunk.{number}" for number in range(len(self.trunk)))]

    def shape_before_pooling(self, inputs: Mapping[str, MapShape]) -> MapShape:
        """Return the shape of what leaves the trunk, for inputs of these shapes."""
        if len(self.trunk):
            return layers_of(self.trunk)[-1].shape
        if self.fusion is not None:
            return self.fusion.shape
        name, layers = next(iter(self.encoders.named().items()))
        return layers_of(layers)[-1].shape if len(layers) else inputs[name]

    def trunk_frames_needed(self, frames: int, wanted: Mapping[str, int] | None = None) -> int:
        """Return the fewest frames of what enters the trunk; see `frames_needed`."""
        return _needed(self.trunk, frames, "trunk", wanted or {})

    def frames_needed(self, frames: int, wanted: Mapping[str, int] | None = None) -> dict[str, int]:
        """Return the fewest frames of each input that give so many frames before the heads.

        Parameters
        ----------
        wanted
            Frames that are to leave a layer, by its place.
        """
        frames = self.trunk_frames_needed(frames, wanted)
        if self.fusion is not None:
            frames = self.fusion.frames_needed(frames)
        layers = self.encoders.named().items()
        needed = {name: _needed(own, frames, f"encoder.{name}", wanted or {}) for name, own in layers}
        for parallel in self.parallels.named().values():
            for name, least in parallel.network.frames_needed(1 if parallel.features else frames).items():
                needed[name] = max(needed[name], least)
        return needed


def _framed(outputs: Tensor, frames: Column, rows: Tensor | None) -> Column:
    """Return the outputs [n, T, K] of some rows as they stand in time, zero where padding is."""
    lengths = None if frames.lengths is None else chosen(frames.lengths, rows)
    if lengths is not None:
        valid = torch.arange(outputs.shape[1], device=outputs.device) < lengths[:, None]
        outputs = outputs * valid[:, :, None]
    return Column(outputs, rows, lengths, frames.grid)


def _through(layers: nn.ModuleList, column: Column, place: str, maps: dict[str, Column] | None) -> Column:
    """Apply layers in turn."""
    for number, layer in enumerate(layers):
        column = layer(column)
        if maps is not None:
            maps[f"{place}.{number}"] = column
    return column


def layers_of(modules: nn.ModuleList) -> list[Layer]:
    """Return the layers that a list holds."""
    return cast(list[Layer], list(modules))


def _needed(layers: nn.ModuleList, frames: int, place: str, wanted: Mapping[str, int]) -> int:
    """Return the fewest frames that leave so many; a layer of the user's own that does not tell keeps them."""
    for number, layer in reversed(list(enumerate(layers_of(layers)))):
        frames = max(frames, wanted.get(f"{place}.{number}", 1))
        if hasattr(layer, "frames_needed"):
            frames = layer.frames_needed(frames)
    return frames


def at_least(column: Column, num_frames: int) -> Column:
    """Extend a map by zeros to a number of frames, and every row's length likewise."""
    missing = num_frames - column.values.shape[2]
    if missing <= 0 and (column.lengths is None or num_frames == 1):
        return column
    values = F.pad(column.values, (0, 0, 0, missing)) if missing > 0 else column.values
    lengths = None if column.lengths is None else column.lengths.clamp(min=num_frames)
    return Column(values, column.rows, lengths, column.grid)
