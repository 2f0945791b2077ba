"""The arithmetic of convolutional stages."""

import pytest

from motet.errors import ConfigError
from motet.networks.settings import CnnSettings
from motet.networks.shape import MapShape, Window
from motet.networks.stages import plan_stages


def shapes(shape: MapShape, **settings: object) -> list[MapShape]:
    stages = plan_stages(CnnSettings.model_validate(settings), shape, "model.encoder.0")
    return [stage.shape for stage in stages]


def test_two_dimensions_halve_time_and_bins() -> None:
    found = shapes(MapShape(1, 500, 64), channels=[32, 64, 128], padding=1)
    assert found == [MapShape(32, 250, 32), MapShape(64, 125, 16), MapShape(128, 62, 8)]


def test_one_dimension_sees_channels_and_bins_as_channels() -> None:
    stages = plan_stages(CnnSettings(dims=1, channels=(16,)), MapShape(2, 100, 8), "path")
    assert stages[0].channels_before == 16
    assert stages[0].shape == MapShape(16, 50, 1)


def test_three_dimensions_keep_channels_unless_they_are_pooled() -> None:
    assert shapes(MapShape(9, 100, 8), dims=3, channels=[4]) == [MapShape(4 * 9, 50, 4)]
    assert shapes(MapShape(9, 100, 8), dims=3, channels=[4], pooling={"size": [3, 2, 2]}) == [MapShape(4 * 3, 50, 4)]


def test_stride_and_pooling_act_once_in_a_stage() -> None:
    found = shapes(MapShape(1, 100, 64), channels=[8], repeat=3, stride=[2, 1], padding=0, kernel=3)
    assert found == [MapShape(8, (49 - 4) // 2, (62 - 4) // 2)]
    stages = plan_stages(CnnSettings(channels=(8,), repeat=2, stride=2), MapShape(1, 100, 64), "path")
    assert stages[0].over_time == (Window(3, 2, 1, 1), Window(3, 1, 1, 1), Window(2, 2))


def test_lengths_that_vary_stay_unknown() -> None:
    assert shapes(MapShape(1, None, 64), channels=[32, 64]) == [MapShape(32, None, 32), MapShape(64, None, 16)]


@pytest.mark.parametrize(
    ("shape", "settings", "message"),
    [
        (
            MapShape(1, 500, 4),
            {"channels": [8, 16, 32]},
            r"the pooling in stage 3 of 3 of model.encoder.0 is 2 bins wide, but only 1 bins reach it "
            r"\(from the map \[C=16, T=125, F=1\]\); use fewer stages",
        ),
        (
            MapShape(1, 500, 1),
            {"channels": [8], "kernel": 3, "padding": 0},
            "the kernel in stage 1 of 1 of model.encoder.0 is 3 bins wide, but only 1 bins reach it",
        ),
        (
            MapShape(1, 6, 64),
            {"channels": [8], "kernel": [9, 3], "padding": 1},
            "is 9 frames wide, but only 6 frames and 2 of padding reach it .* longer segments.length_s",
        ),
        (
            MapShape(2, 50, 64),
            {"channels": [8], "dims": 3, "kernel": 3, "padding": [0, 1, 1]},
            r"is 3 channels wide, but only 2 channels reach it .* give it more channels \(signal.channels\)",
        ),
        (
            MapShape(1, 50, 64),
            {"channels": [8, 12], "normalisation": "group"},
            "model.encoder.0: stage 2 of 2 has 12 channels in groups of equal size, but groups is 8",
        ),
        (
            MapShape(1, 50, 64),
            {"channels": [8], "residual": True, "padding": 0},
            "model.encoder.0: stage 1 of 1 is residual, .* padding is 0 for a kernel of 3 .*use padding: same",
        ),
    ],
)
def test_what_cannot_be_is_refused(shape: MapShape, settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        shapes(shape, **settings)


def test_padding_that_keeps_the_size_is_good_enough_for_a_residual() -> None:
    assert shapes(MapShape(1, 51, 64), channels=[8], residual=True, padding=2, kernel=5, stride=2, pooling="none") == [
        MapShape(8, 26, 32)
    ]
