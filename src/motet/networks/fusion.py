"""Several encoded inputs become one map. A row may lack an input: it takes part with the others alone.

Axes: maps [n, C, T, F] come in, the fused map is [B, values, T, 1] with B rows of the batch.
"""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motet.data.batch import Column
from motet.errors import ConfigError, DataError
from motet.networks.names import Named, named
from motet.networks.pool import Pool
from motet.networks.settings import ModelSettings
from motet.networks.shape import MapShape

_STEP_TOLERANCE = 0.01


class Fusion(nn.Module):
    """Concatenate, average or add encoded inputs, clip by clip or frame by frame.

    A row that lacks an input counts as zeros in a concatenation or a sum, and is left out of a mean.

    Parameters
    ----------
    settings
        `fusion`, `fusion_per` and the pooling of clips.
    shapes
        The shapes of the encoded inputs by name, in the order of concatenation; at least two.

    Raises
    ------
    ConfigError
        If sizes or frames differ where they must not.
    """

    def __init__(self, settings: ModelSettings, shapes: Mapping[str, MapShape]) -> None:
        super().__init__()
        self.how, self.names = settings.fusion, tuple(shapes)
        if settings.fusion_per == "clip":
            pools = {name: Pool(settings.pooling, shape) for name, shape in shapes.items()}
            shapes = {name: pool.shape for name, pool in pools.items()}
            self.pools: Named[Pool] | None = named(pools)
        else:
            self.pools = None
        self.sizes = [shape.values_per_frame for shape in shapes.values()]
        self.shape = _fused_shape(settings, list(shapes.values()))

    def forward(self, encoded: Mapping[str, Column]) -> Column:
        """Fuse the inputs that the batch has.

        Raises
        ------
        DataError
            If frames are fused that lie at different steps of time.
        """
        if self.pools is not None:
            encoded = {name: self.pools.of(name)(column) for name, column in encoded.items()}
        columns = [encoded.get(name) for name in self.names]
        present = [column for column in columns if column is not None]
        _check_steps(encoded)
        num_frames = max(column.values.shape[2] for column in present)
        batch_size = num_rows(present)
        maps = [
            present[0].values.new_zeros(batch_size, size, num_frames, 1)
            if column is None
            else _placed(_flat(column.values, num_frames), column.rows, batch_size)
            for column, size in zip(columns, self.sizes, strict=True)
        ]
        lengths = _fused_lengths(present, batch_size, num_frames)
        return Column(self._fused(maps, present), None, lengths, present[0].grid)

    def frames_needed(self, frames: int) -> int:
        """Return the fewest frames of each encoded input."""
        return frames if self.pools is None else 1

    def _fused(self, maps: Sequence[Tensor], present: Sequence[Column]) -> Tensor:
        if self.how == "concat":
            return torch.cat(list(maps), dim=1)
        total = torch.stack(list(maps)).sum(0)
        return total if self.how == "sum" else total / _num_inputs(present, len(total))


def _fused_shape(settings: ModelSettings, shapes: Sequence[MapShape]) -> MapShape:
    described = ", ".join(map(str, shapes))
    if len({shape.frames for shape in shapes}) > 1:
        raise ConfigError(
            f"model.fusion_per: frame wants encoded inputs of equal frames, but they are {described}; "
            "choose hops and strides alike, or fusion_per: clip"
        )
    sizes = [shape.values_per_frame for shape in shapes]
    if settings.fusion != "concat" and len(set(sizes)) > 1:
        raise ConfigError(
            f"model.fusion: {settings.fusion} wants encoded inputs with equally many values, but they are {described}; "
            "let the encoders end alike, or use concat"
        )
    return MapShape(sum(sizes) if settings.fusion == "concat" else sizes[0], shapes[0].frames, 1)


def _check_steps(encoded: Mapping[str, Column]) -> None:
    steps_s = {name: column.grid.step_s for name, column in encoded.items() if column.grid is not None}
    if steps_s and max(steps_s.values()) > (1 + _STEP_TOLERANCE) * min(steps_s.values()):
        described = ", ".join(f"{name}: {step_s:g} s" for name, step_s in steps_s.items())
        raise DataError(
            f"model.fusion_per: frame wants encoded inputs with the same time from frame to frame, not {described}; "
            "choose hops and strides alike, or fusion_per: clip"
        )


def num_rows(columns: Sequence[Column]) -> int:
    """Return B: every row of a batch has at least one input."""
    return max(len(column.values) if column.rows is None else int(column.rows[-1]) + 1 for column in columns)


def _flat(values: Tensor, num_frames: int) -> Tensor:
    """Return [n, C * F, num_frames, 1]; shorter maps get frames of zeros."""
    flat = values.transpose(2, 3).flatten(1, 2).unsqueeze(3)
    missing = num_frames - flat.shape[2]
    return F.pad(flat, (0, 0, 0, missing)) if missing else flat


def _placed(values: Tensor, rows: Tensor | None, num_rows: int) -> Tensor:
    """Return values [B, ...] with zeros in rows that lack the input."""
    return values if rows is None else values.new_zeros(num_rows, *values.shape[1:]).index_copy(0, rows, values)


def _fused_lengths(columns: Sequence[Column], num_rows: int, num_frames: int) -> Tensor | None:
    """Return the longest valid length of each row over its inputs; None where all are valid to the end."""
    if all(column.lengths is None and column.values.shape[2] == num_frames for column in columns):
        return None
    lengths = [
        _placed(
            torch.full((len(column.values),), column.values.shape[2], device=column.values.device)
            if column.lengths is None
            else column.lengths,
            column.rows,
            num_rows,
        )
        for column in columns
    ]
    return torch.stack(lengths).amax(0)


def _num_inputs(columns: Sequence[Column], num_rows: int) -> Tensor:
    """Return how many inputs each row has, [B, 1, 1, 1]."""
    one = columns[0].values.new_ones(())
    counts = torch.stack([_placed(one.expand(len(column.values)), column.rows, num_rows) for column in columns])
    return counts.sum(0).view(-1, 1, 1, 1)
