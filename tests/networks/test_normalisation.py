"""Normalisation over valid cells."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motet.networks.masking import frame_mask, zero_padding
from motet.networks.normalisation import BatchNorm, GroupNorm, LayerNorm, build_normalisation

LENGTHS = torch.tensor([7, 3, 5])


def padded(*, axes: int = 4, seed: int = 0) -> Tensor:
    shape = {4: (3, 6, 7, 4), 5: (3, 6, 2, 7, 4)}[axes]
    return 2.0 * torch.randn(shape, generator=torch.Generator().manual_seed(seed)) + 1.0


def valid_cells(values: Tensor) -> Tensor:
    """Return the valid cells of all rows, [1, K, cells]."""
    parts = [values[row, ..., :length, :].flatten(1) for row, length in enumerate(LENGTHS.tolist())]
    return torch.cat(parts, dim=1).unsqueeze(0)


@pytest.mark.parametrize("axes", [4, 5])
@pytest.mark.parametrize("layout", [torch.contiguous_format, "last"])
def test_batch_statistics_are_those_of_the_valid_cells(axes: int, layout: object) -> None:
    values = padded(axes=axes)
    if layout == "last":
        values = values.to(memory_format=torch.channels_last if axes == 4 else torch.channels_last_3d)
    layer, reference = BatchNorm(6), nn.BatchNorm1d(6)
    with torch.no_grad():
        for each in (layer, reference):
            each.weight.copy_(torch.linspace(0.5, 2.0, 6))
            each.bias.copy_(torch.linspace(-1.0, 1.0, 6))
    for seed in range(3):
        values = padded(axes=axes, seed=seed)
        found, wanted = layer(values, frame_mask(values, LENGTHS)), reference(valid_cells(values))
        torch.testing.assert_close(valid_cells(found), wanted, atol=1e-5, rtol=0)
        assert torch.equal(found, zero_padding(found, LENGTHS))
    torch.testing.assert_close(layer.running_mean, reference.running_mean, atol=1e-6, rtol=0)
    torch.testing.assert_close(layer.running_var, reference.running_var, atol=1e-6, rtol=0)
    found, wanted = layer.eval()(values, frame_mask(values, LENGTHS)), reference.eval()(valid_cells(values))
    torch.testing.assert_close(valid_cells(found), wanted, atol=1e-5, rtol=0)


def test_batch_gradients_are_those_of_the_valid_cells() -> None:
    values, weights = padded().requires_grad_(), padded(seed=1)
    layer, reference = BatchNorm(6), nn.BatchNorm1d(6)
    torch.autograd.backward((valid_cells(layer(values, frame_mask(values, LENGTHS))) * valid_cells(weights)).sum())
    found, values.grad = values.grad, None
    torch.autograd.backward((reference(valid_cells(values)) * valid_cells(weights)).sum())
    torch.testing.assert_close(found, values.grad, atol=1e-5, rtol=0)
    assert reference.weight.grad is not None
    torch.testing.assert_close(layer.weight.grad, reference.weight.grad, atol=1e-4, rtol=0)


def test_without_a_mask_it_is_the_layer_of_pytorch() -> None:
    values = padded()
    assert torch.equal(BatchNorm(6)(values), nn.BatchNorm2d(6)(values))
    assert torch.equal(GroupNorm(6, 3)(values), nn.GroupNorm(3, 6)(values))


@pytest.mark.parametrize("mask", [None, torch.ones(1, 1, dtype=torch.bool)])
def test_a_single_cell_is_normalised_by_what_was_seen_before(mask: Tensor | None) -> None:
    layer = BatchNorm(4)
    layer.running_mean.fill_(1.0)
    layer.running_var.fill_(4.0)
    found = layer(torch.full((1, 4), 3.0), mask)
    torch.testing.assert_close(found, torch.full((1, 4), 1.0))
    assert torch.equal(layer.running_mean, torch.ones(4))


@pytest.mark.parametrize("axes", [4, 5])
def test_groups_of_each_row_see_its_valid_cells(axes: int) -> None:
    values, layer = padded(axes=axes), GroupNorm(6, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.linspace(0.5, 2.0, 6))
    found = layer(values, frame_mask(values, LENGTHS))
    for row, length in enumerate(LENGTHS.tolist()):
        wanted = F.group_norm(values[row : row + 1, ..., :length, :], 2, layer.weight, layer.bias)
        torch.testing.assert_close(found[row : row + 1, ..., :length, :], wanted, atol=1e-5, rtol=0)


def test_layers_normalise_the_channels_of_each_cell() -> None:
    found = LayerNorm(6)(padded())
    torch.testing.assert_close(found.mean(1), torch.zeros(3, 7, 4), atol=1e-6, rtol=0)
    torch.testing.assert_close(found.var(1, correction=0), torch.ones(3, 7, 4), atol=1e-4, rtol=0)


def test_half_precision_comes_back_as_it_was() -> None:
    values = padded().to(torch.bfloat16)
    mask = frame_mask(values, LENGTHS)
    with torch.autocast("cpu", torch.bfloat16):
        assert GroupNorm(6, 2)(values, mask).dtype == torch.bfloat16
        assert BatchNorm(6)(values, mask).dtype == BatchNorm(6)(values).dtype


def test_kinds_by_name() -> None:
    kinds = {kind: build_normalisation(kind, 6, groups=3) for kind in ("batch", "group", "layer", "none")}
    assert [type(kind) for kind in kinds.values()] == [BatchNorm, GroupNorm, LayerNorm, type(None)]
