"""Encoders of the inputs, their fusion, a shared trunk, pooling, and a head for each task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from motet.data.batch import Column
from motet.errors import ConfigError
from motet.networks.head import Head
from motet.networks.layer import Layer
from motet.networks.pool import Pool
from motet.networks.settings import HeadSettings, ModelSettings
from motet.networks.shape import MapShape

Inputs = Mapping[str, Column]
Rows = Mapping[str, Tensor | None]


@dataclass(frozen=True, slots=True, eq=False)
class NetworkOutput:
    """What a network returns for a batch.

    Parameters
    ----------
    predictions
        Raw outputs by task: values [n, K], rows as they were asked for.
    shared
        Tensors that all tasks share, for methods that balance gradients there.
    losses
        Losses of the network's own by name, one for every row [n].
    embeddings
        Values of inner layers by name.
    """

    predictions: dict[str, Column]
    shared: tuple[Tensor, ...] = ()
    losses: dict[str, Tensor] = field(default_factory=dict)
    embeddings: dict[str, Column] = field(default_factory=dict)


class Network(nn.Module):
    """A network made of layers.

    Parameters
    ----------
    settings
        Fusion and heads.
    encoders
        The layers of each input.
    trunk, pooling
        What all inputs and tasks share.
    size
        Features that reach the heads.
    outputs
        Outputs by task.
    """

    def __init__(
        self,
        settings: ModelSettings,
        encoders: Mapping[str, Sequence[Layer]],
        fusion: "Fusion",
        trunk: Sequence[Layer],
        pooling: Pool | None,
        size: int,
        outputs: Mapping[str, int],
    ) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict({name: nn.ModuleList(layers) for name, layers in encoders.items()})  # type: ignore[arg-type]
        self.fusion = fusion
        self.trunk = nn.ModuleList(trunk)  # type: ignore[arg-type]
        self.pooling = pooling
        heads = {name: settings.heads.get(name, HeadSettings()) for name in outputs}
        self.heads = nn.ModuleDict({name: Head(heads[name], size, count) for name, count in outputs.items()})

    def forward(self, inputs: Inputs, rows: Rows) -> NetworkOutput:
        """Predict the tasks in `rows`, each for its rows (None: for all).

        Parameters
        ----------
        inputs
            Scaled maps by input name; padding is zero.
        rows
            Row numbers of the batch by task, int64 [n].
        """
        encoded = {}
        for name, layers in self.encoders.items():
            if name in inputs:
                encoded[name] = _through(layers, inputs[name])
        column = _through(self.trunk, self.fusion(encoded))
        if self.pooling is not None:
            column = self.pooling(column)
        features = column.values.flatten(1)
        predictions = {}
        for task, chosen in rows.items():
            own = features if chosen is None else features.index_select(0, chosen)
            predictions[task] = Column(self.heads[task](own), chosen)
        return NetworkOutput(predictions, (features,), embeddings={"features": Column(features)})


class Fusion(nn.Module):
    """Several encoded inputs become one map. A row that lacks an input takes part with zeros.

    Parameters
    ----------
    how
        concat, mean or sum.
    shapes
        Shapes of the encoded inputs, in the order of concatenation.
    pools
        Pooling of each input over time, where clips are fused; empty where frames are.
    """

    def __init__(self, how: str, shapes: Mapping[str, MapShape], pools: Mapping[str, Pool]) -> None:
        super().__init__()
        self.how = how
        self.shapes = dict(shapes)
        self.pools = nn.ModuleDict(pools)
        self.shape = _fused(how, [pools[name].shape if name in pools else shape for name, shape in shapes.items()])

    def forward(self, encoded: Inputs) -> Column:
        """Fuse maps [n, C, T, F]; a single input passes as it is."""
        if len(self.shapes) == 1:
            return next(iter(encoded.values()))
        pooled = {name: self.pools[name](column) if self.pools else column for name, column in encoded.items()}
        size = max(
            int(column.rows.max()) + 1 if column.rows is not None else len(column.values) for column in pooled.values()
        )
        first = next(iter(pooled.values()))
        parts = [_flat(pooled.get(name), shape, size, first) for name, shape in self._fused_shapes().items()]
        if self.how == "concat":
            values = torch.cat(parts, dim=1)
        else:
            stacked = torch.stack(parts)
            values = stacked.sum(0) if self.how == "sum" else stacked.mean(0)
        return Column(values, None, first.lengths, first.grid)

    def _fused_shapes(self) -> dict[str, MapShape]:
        return {name: self.pools[name].shape if name in self.pools else shape for name, shape in self.shapes.items()}  # type: ignore[misc]


class UserNetwork(nn.Module):
    """A network of the user's own: any module from `{input: [n, C, T, F]}` to `{task: [n, K]}`."""

    def __init__(self, module: nn.Module, outputs: Mapping[str, int]) -> None:
        super().__init__()
        self.module = module
        self.outputs = dict(outputs)

    def forward(self, inputs: Inputs, rows: Rows) -> NetworkOutput:
        """Predict with the user's module; see `Network.forward`.

        Raises
        ------
        ConfigError
            If it leaves out a task or returns another shape.
        """
        found: Any = self.module({name: column.values for name, column in inputs.items()})
        predictions = {}
        for task, chosen in rows.items():
            values = found.get(task) if isinstance(found, Mapping) else None
            size = len(next(iter(inputs.values())).values)
            if not isinstance(values, Tensor) or tuple(values.shape) != (size, self.outputs[task]):
                given = list(values.shape) if isinstance(values, Tensor) else type(values).__name__
                raise ConfigError(
                    f"model.network: gives {given} for task {task!r}, wanted is a tensor "
                    f"[{size}, {self.outputs[task]}]; return a mapping with the raw outputs of every task"
                )
            predictions[task] = Column(values if chosen is None else values.index_select(0, chosen), chosen)
        return NetworkOutput(predictions)


def _through(layers: Any, column: Column) -> Column:
    for layer in layers:
        column = layer(column)
    return column


def _fused(how: str, shapes: Sequence[MapShape]) -> MapShape:
    if len(shapes) == 1:
        return shapes[0]
    sizes = [shape.values_per_frame for shape in shapes]
    frames = shapes[0].frames
    if len({shape.frames for shape in shapes}) > 1:
        raise ConfigError(
            "model.fusion_per: frame wants encoded inputs of equal frames, but they have "
            f"{', '.join(map(str, shapes))}; choose strides and hops alike, or fusion_per: clip"
        )
    if how != "concat" and len(set(sizes)) > 1:
        raise ConfigError(
            f"model.fusion: {how} wants encoded inputs of one size, but they have {', '.join(map(str, sizes))} values "
            "a frame; let the encoders end alike, or use concat"
        )
    return MapShape(sum(sizes) if how == "concat" else sizes[0], frames, 1)


def _flat(column: Column | None, shape: MapShape, size: int, like: Column) -> Tensor:
    """Return an input as [size, C * F, T, 1], zeros for rows that lack it."""
    if column is None:
        return like.values.new_zeros(size, shape.values_per_frame, like.values.shape[2], 1)
    values = column.values.permute(0, 1, 3, 2).flatten(1, 2).unsqueeze(-1)
    if column.rows is None:
        return values
    return values.new_zeros(size, *values.shape[1:]).index_copy(0, column.rows, values)
