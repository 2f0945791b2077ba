"""Decibels: closed forms, limits, and a gradient that silence does not spoil."""

import torch

from motet.features.decibels import Decibels


def test_absolute_closed_form_and_limits() -> None:
    power = torch.tensor([[[100.0, 1.0, 1e-3, 1e-9, 0.0]]])
    decibels = Decibels(floor_db=-60.0, ceiling_db=10.0)(power)
    torch.testing.assert_close(decibels, torch.tensor([[[10.0, 0.0, -30.0, -60.0, -60.0]]]))


def test_peak_is_that_of_the_recording_over_its_channels() -> None:
    power = torch.tensor([[[[1.0, 4.0]], [[8.0, 2.0]]], [[[1e-3, 1e-3]], [[1e-5, 0.0]]]])
    decibels = Decibels(floor_db=-30.0, reference="peak")(power)
    expected = 10 * torch.tensor([[1 / 8, 4 / 8], [1.0, 2 / 8]]).log10()
    torch.testing.assert_close(decibels[0, :, 0], expected)
    torch.testing.assert_close(decibels[1, :, 0], torch.tensor([[0.0, 0.0], [-20.0, -30.0]]))


def test_silence_relative_to_its_peak_is_the_floor() -> None:
    decibels = Decibels(floor_db=-80.0, reference="peak")(torch.zeros(1, 3, 2))
    assert torch.equal(decibels, torch.full((1, 3, 2), -80.0))


def test_gradient_is_finite_at_silence() -> None:
    power = torch.tensor([[[0.0, 2.0]]], requires_grad=True)
    (gradient,) = torch.autograd.grad(Decibels()(power).sum(), power)
    torch.testing.assert_close(gradient, torch.tensor([[[0.0, 10 / (2 * 2.302585)]]]))
