"""Maps for tests of layers, and what holds for every layer. Axes: n rows, C channels, T frames, F bins."""

from collections.abc import Sequence

import torch
from torch import nn

from motet.data.batch import Column
from motet.features.feature_map import TimeGrid
from motet.networks.layer import Layer
from motet.networks.shape import MapShape


def noise(
    shape: MapShape,
    *,
    rows: int = 2,
    frames: int | None = None,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
) -> Column:
    """Return rows of one length."""
    frames = shape.frames if frames is None else frames
    assert frames is not None
    draws = torch.Generator().manual_seed(seed)
    values = torch.randn(rows, shape.channels, frames, shape.bins, generator=draws, dtype=dtype)
    return Column(values, grid=TimeGrid(0.5, 0.01))


def ragged(shape: MapShape, lengths: Sequence[int], *, seed: int = 0, dtype: torch.dtype = torch.float32) -> Column:
    """Return rows of these lengths, padded with zeros."""
    column = noise(shape, rows=len(lengths), frames=max(lengths), seed=seed, dtype=dtype)
    for row, length in enumerate(lengths):
        column.values[row, :, length:] = 0.0
    return Column(column.values, None, torch.tensor(lengths), column.grid)


def alone(column: Column, row: int) -> Column:
    """Return one row of a padded batch without its padding."""
    assert column.lengths is not None
    return Column(column.values[row : row + 1, :, : int(column.lengths[row])], grid=column.grid)


def assert_padding_changes_nothing(layer: Layer, column: Column) -> None:
    """Check that each row comes out as if it were alone, and that what lies beyond it is zero."""
    assert isinstance(layer, nn.Module)
    layer.eval()
    within = 1e-5 if column.values.dtype == torch.float32 else 1e-9
    with torch.no_grad():
        together = layer(column)
        for row in range(len(column.values)):
            single = layer(alone(column, row))
            length = single.values.shape[2]
            torch.testing.assert_close(
                together.values[row : row + 1, :, :length], single.values, atol=within, rtol=within
            )
            assert not together.values[row, :, length:].any()
            assert together.lengths is None or int(together.lengths[row]) == length
            assert together.grid == single.grid


def assert_padding_changes_no_training(layer: Layer, column: Column, *, more: int = 3) -> None:
    """Check output, gradients and running statistics in training: rows of one length, with padding and without.

    The layer must have no dropout. It computes in double precision, where no activation has its kink elsewhere.
    """
    assert isinstance(layer, nn.Module)
    layer.double()
    state = {name: tensor.clone() for name, tensor in layer.state_dict().items()}
    results = []
    for padding in (0, more):
        layer.load_state_dict(state)
        layer.train()
        layer.zero_grad()
        leaf = column.values.double().requires_grad_()
        values = nn.functional.pad(leaf, (0, 0, 0, padding))
        lengths = torch.full((len(leaf),), leaf.shape[2]) if padding else None
        out = layer(Column(values, None, lengths, column.grid))
        kept = out.values if out.lengths is None else out.values[:, :, : int(out.lengths[0])]
        torch.autograd.backward((kept * torch.linspace(-1.0, 1.0, kept.numel()).view(kept.shape)).sum())
        gradients = [leaf.grad, *[parameter.grad for parameter in layer.parameters()]]
        results.append((kept.detach(), gradients, [buffer.clone() for buffer in layer.buffers()]))
    torch.testing.assert_close(results[0], results[1], atol=1e-9, rtol=1e-9)


def assert_gradient_reaches_all(layer: Layer, column: Column) -> None:
    """Check that every parameter has a gradient that is not all zero."""
    assert isinstance(layer, nn.Module)
    layer.train()
    leaf = column.values.clone().requires_grad_()
    values = layer(Column(leaf, None, column.lengths, column.grid)).values
    torch.autograd.backward((values * torch.randn(values.shape, generator=torch.Generator().manual_seed(1))).sum())
    for name, parameter in [("input", leaf), *layer.named_parameters()]:
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name
        assert torch.isfinite(parameter.grad).all(), name
