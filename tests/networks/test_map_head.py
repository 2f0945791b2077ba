"""Heads that give maps: lengths, padding, and that an open mask gives back what came in."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from motet.config import validate
from motet.data.batch import Column
from motet.errors import ConfigError
from motet.features.feature_map import TimeGrid
from motet.networks.build import build_network
from motet.networks.map_head import MapHead, at_moments, finer, rows_of
from motet.networks.network import Network
from motet.networks.settings import HeadSettings, ModelSettings, SpectrumSettings
from motet.networks.shape import MapShape
from motet.networks.spectrum import Spectrum
from motet.tasks.task import MapOutput

_RATE_HZ = 8000.0
_LENGTHS = (1000, 640, 333)


def _waveforms(channels: int = 1) -> Column:
    values = torch.randn(3, channels, 1000, 1, generator=torch.Generator().manual_seed(0))
    for row, length in enumerate(_LENGTHS):
        values[row, :, length:] = 0
    return Column(values, None, torch.tensor(_LENGTHS), TimeGrid(0.0, 1 / _RATE_HZ))


def _alone(column: Column, row: int, length: int) -> Column:
    return Column(column.values[row : row + 1, :, :length], None, None, column.grid)


def _network(**changed: object) -> Network:
    model = {
        "encoder": [{"kind": "spectrum", "window": 64, "hop": 32}, {"kind": "rnn", "hidden": 8}],
        "heads": {"clean": {"decoder": {"kind": "mask", "window": 64}}},
    } | changed
    torch.manual_seed(0)
    shapes = {"signal": MapShape(1, None, 1)}
    network = build_network(validate(ModelSettings, model), shapes, {"clean": MapOutput("signal")})
    assert isinstance(network, Network)
    return network.eval()


def test_a_spectrum_has_the_magnitudes_of_its_windows() -> None:
    layer, column = Spectrum(SpectrumSettings(window=64, hop=32), MapShape(2, 1000, 1)), _waveforms(channels=2)
    found = layer(column)
    shape = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(64) / 64)
    padded = np.pad(column.values[0, 1, :, 0].numpy(), (32, 32))
    expected = [np.abs(np.fft.rfft(padded[start : start + 64] * shape)) for start in range(0, 1001, 32)]
    np.testing.assert_allclose(found.values[0, 1].exp(), np.maximum(expected, 1e-3), rtol=1e-3, atol=1e-4)
    assert layer.shape == MapShape(2, 32, 33)
    assert found.values.shape == (3, 2, 32, 33)
    assert found.lengths is not None
    assert found.lengths.tolist() == [32, 21, 11]
    assert found.grid == TimeGrid(0.0, 32 / _RATE_HZ)
    assert [layer.frames_needed(count) for count in (1, 2, 32)] == [1, 32, 992]


def test_an_open_mask_gives_back_what_came_in() -> None:
    head = MapHead(
        validate(HeadSettings, {"decoder": {"kind": "mask", "window": 64}}), 4, "signal", MapShape(2, None, 1), "signal"
    )
    (linear,) = [module for module in head.modules() if isinstance(module, nn.Linear)]
    nn.init.zeros_(linear.weight)
    nn.init.constant_(linear.bias, 40.0)
    given = _waveforms(channels=2)
    frames = Column(torch.zeros(3, 4, 20, 1), None, torch.tensor([20, 13, 7]), TimeGrid(0.0, 50 / _RATE_HZ))
    made = head(frames, {"signal": given}, None)
    torch.testing.assert_close(made.values, given.values[..., 0].transpose(1, 2), rtol=1e-4, atol=1e-5)
    assert made.lengths is given.lengths


def test_a_complex_mask_turns_phases() -> None:
    """A factor of i at every cell is a Hilbert transform: a cosine becomes a negative sine."""
    decoder = {"kind": "mask", "window": 64, "values": "complex"}
    head = MapHead(validate(HeadSettings, {"decoder": decoder}), 4, "signal", MapShape(1, None, 1), "signal")
    (linear,) = [module for module in head.modules() if isinstance(module, nn.Linear)]
    assert linear.out_features == 2 * 33
    nn.init.zeros_(linear.weight)
    with torch.no_grad():
        linear.bias.copy_(torch.where(torch.arange(66) < 33, -1.0, 1.0))
    phases = 2 * torch.pi * torch.arange(1000) / 8
    given = Column(phases.cos().view(1, 1, 1000, 1), None, None, TimeGrid(0.0, 1 / _RATE_HZ))
    made = head(Column(torch.zeros(1, 4, 20, 1), None, None, TimeGrid(0.0, 50 / _RATE_HZ)), {"signal": given}, None)
    torch.testing.assert_close(made.values[0, 64:-64, 0], -phases.sin()[64:-64], rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    "decoder",
    [{"kind": "mask", "window": 64}, {"kind": "mask", "window": 64, "values": "complex"}, {"kind": "interpolate"}],
)
def test_a_padded_row_is_predicted_as_it_is_alone(decoder: dict[str, object]) -> None:
    network, column = _network(heads={"clean": {"decoder": decoder}}), _waveforms()
    with torch.inference_mode():
        together = network({"signal": column}, {"clean": None}).predictions["clean"]
        for row, length in enumerate(_LENGTHS):
            alone = network({"signal": _alone(column, row, length)}, {"clean": None}).predictions["clean"]
            assert alone.values.shape == (1, length, 1)
            torch.testing.assert_close(together.values[row, :length], alone.values[0], rtol=1e-3, atol=1e-5)
            assert not together.values[row, length:].any()


def test_rows_are_those_that_are_wanted_and_gradients_reach_every_parameter() -> None:
    network, column = _network(), _waveforms()
    rows = torch.tensor([0, 2])
    found = network({"signal": column}, {"clean": rows}).predictions["clean"]
    every = network({"signal": column}, {"clean": None}).predictions["clean"]
    torch.testing.assert_close(found.values, every.values[rows])
    found.values.square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in network.parameters())


def test_values_are_held_beyond_the_ends_and_interpolated_between() -> None:
    values: Tensor = torch.tensor([[[0.0], [2.0], [4.0], [9.0]]])
    found = Column(values, None, torch.tensor([3]), TimeGrid(0.1, 0.2))
    moments = at_moments(found, 8, TimeGrid(0.0, 0.1))[0, :, 0]
    torch.testing.assert_close(moments, torch.tensor([0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 4.0, 4.0]), atol=1e-5, rtol=0)
    alike = at_moments(found, 6, TimeGrid(0.1, 0.2))[0, :, 0]
    assert alike.tolist() == [0.0, 2.0, 4.0, 4.0, 4.0, 4.0]
    whole = Column(values, None, None, TimeGrid(0.1, 0.2))
    torch.testing.assert_close(at_moments(whole, 4, TimeGrid(0.1, 0.2)), values)


def test_an_input_that_not_all_rows_have() -> None:
    column = Column(torch.arange(3.0)[:, None], torch.tensor([1, 4, 6]), torch.tensor([5, 6, 7]))
    part = rows_of(column, torch.tensor([4, 6]))
    assert part.values.ravel().tolist() == [1.0, 2.0]
    assert part.lengths is not None
    assert part.lengths.tolist() == [6, 7]


def test_what_cannot_be_is_refused_with_its_place() -> None:
    with pytest.raises(ConfigError, match=r"model.encoder.0: a spectrum is that of a waveform, but .*F=16"):
        build_network(validate(ModelSettings, {"encoder": ["spectrum"]}), {"signal": MapShape(1, 50, 16)}, {"sound": 3})
    masked = validate(ModelSettings, {"encoder": [{"kind": "rnn"}], "heads": {"clean": {"decoder": "mask"}}})
    with pytest.raises(ConfigError, match=r"model.heads.clean.decoder: a mask is that of a waveform"):
        build_network(masked, {"signal": MapShape(1, 50, 16)}, {"clean": MapOutput("signal")})
    with pytest.raises(ConfigError, match=r"task 'clean': its target is the input 'sgnal', .* did you mean 'signal'"):
        build_network(ModelSettings(), {"signal": MapShape(1, 500, 64)}, {"clean": MapOutput("sgnal")})


def test_another_task_may_leave_earlier() -> None:
    encoder = [{"kind": "rnn", "hidden": 4}, {"kind": "rnn", "hidden": 3}]
    settings = validate(ModelSettings, {"encoder": encoder, "heads": {"word": {"from": "encoder.0"}}})
    torch.manual_seed(0)
    network = build_network(
        settings, {"signal": MapShape(1, None, 1)}, {"clean": MapOutput("signal"), "word": 5}
    ).eval()
    found = network({"signal": _waveforms()}, {"clean": None, "word": torch.tensor([1])}).predictions
    assert found["clean"].values.shape == (3, 1000, 1)
    assert found["word"].values.shape == (1, 5)
    assert found["clean"].lengths is not None
    assert found["clean"].lengths.tolist() == list(_LENGTHS)


_PAIR = {"low": MapShape(1, None, 1, TimeGrid(0.0, 0.01)), "high": MapShape(1, None, 1, TimeGrid(0.0, 0.0025))}


def _upsampling(decoder: dict[str, object], **changed: object) -> Network:
    model = {"encoder": {"low": [{"kind": "cnn", "dims": 1, "channels": [4], "pooling": "none"}]}} | changed
    torch.manual_seed(0)
    settings = validate(ModelSettings, {**model, "heads": {"whole": {"decoder": decoder}}})
    network = build_network(settings, _PAIR, {"whole": MapOutput("high")})
    assert isinstance(network, Network)
    return network.eval()


def test_an_input_without_encoder_is_no_part_of_the_network() -> None:
    network = _upsampling({"kind": "subpixel", "factor": 4})
    assert list(network.min_frames) == ["low"]
    column = Column(torch.randn(2, 1, 30, 1), None, torch.tensor([30, 20]), TimeGrid(0.0, 0.01))
    column.values[1, :, 20:] = 0
    with torch.inference_mode():
        found = network({"low": column}, {"whole": None}).predictions["whole"]
        alone = network({"low": _alone(column, 1, 20)}, {"whole": None}).predictions["whole"]
    assert found.values.shape == (2, 120, 1)
    assert found.lengths is not None
    assert found.lengths.tolist() == [120, 80]
    assert found.grid == _PAIR["high"].grid
    torch.testing.assert_close(found.values[1, :80], alone.values[0], rtol=1e-4, atol=1e-6)
    assert not found.values[1, 80:].any()


def test_frames_of_a_finer_grid_stand_one_behind_the_other() -> None:
    column = Column(torch.arange(12.0).view(1, 2, 6), None, torch.tensor([2]), TimeGrid(0.1, 0.3))
    found = finer(column, 3)
    assert found.values[0].tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.0], [8.0, 9.0], [10.0, 11.0]]
    assert found.lengths is not None
    assert found.lengths.tolist() == [6]
    assert found.grid is not None
    assert (found.grid.start_s, found.grid.step_s) == pytest.approx((0.1, 0.1))
    assert finer(column, 1) is column


@pytest.mark.parametrize("decoder", [{"kind": "interpolate"}, {"kind": "subpixel", "factor": 4}])
def test_a_residual_of_nothing_is_the_interpolated_input(decoder: dict[str, object]) -> None:
    network = _upsampling({**decoder, "residual": True})
    for parameter in network.heads.parameters():
        nn.init.zeros_(parameter)
    low = torch.tensor([0.0, 4.0, 8.0, 0.0])
    column = Column(low.view(1, 1, 4, 1), None, None, TimeGrid(0.0, 0.01))
    found = network({"low": column}, {"whole": None}).predictions["whole"].values[0, :, 0]
    expected = np.interp(np.arange(16) / 4, np.arange(4), low.numpy())
    np.testing.assert_allclose(found.detach().numpy(), expected, atol=1e-5)


def test_maps_that_cannot_be_made_of_what_is_given_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"a mask keeps the rate, but 'low' and 'high' have 100 and 400 frames"):
        _upsampling({"kind": "mask"})
    encoders = {name: [{"kind": "cnn", "dims": 1, "channels": [4], "pooling": "none"}] for name in ("low", "mid")}
    shapes = {**_PAIR, "mid": MapShape(1, None, 1), "mel": MapShape(1, None, 8)}
    residual = {"whole": {"decoder": {"kind": "interpolate", "residual": True}}}
    model: dict[str, object] = {"encoder": encoders, "heads": residual, "fusion_per": "frame"}
    both = validate(ModelSettings, model)
    del shapes["mel"]
    with pytest.raises(
        ConfigError, match=r"model.heads.whole.decoder: several inputs could be meant; say in .*`given`"
    ):
        build_network(both, shapes, {"whole": MapOutput("high")})
    build_network(both, shapes, {"whole": MapOutput("high", "mid")})
    with pytest.raises(ConfigError, match=r"task 'whole': is given the input 'high', which the network does not read"):
        build_network(both, shapes, {"whole": MapOutput("high", "high")})
    other = validate(ModelSettings, {"encoder": {"low": ["rnn"]}, "heads": residual})
    with pytest.raises(ConfigError, match=r"'low' has 1 values a frame and the target 'mel' has 8"):
        build_network(
            other, {**_PAIR, "mel": MapShape(1, None, 8)}, {"whole": MapOutput("mel"), "more": MapOutput("high")}
        )
