"""Settings that cannot be are refused with the value, the rule and the remedy."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from motet.features.settings import (
    FeatureSettings,
    LogMelSettings,
    MapAugmentSettings,
    MixupSettings,
    ScalingSettings,
)

FEATURE: TypeAdapter[Any] = TypeAdapter(FeatureSettings)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "logmel", "low_hz": 500.0, "high_hz": 400.0}, "low_hz is 500 and high_hz 400: .* lower low_hz"),
        ({"kind": "logmel", "hop_s": 0.0}, "greater than 0"),
        ({"kind": "logmel", "floor_db": 0.0, "ceiling_db": -10.0}, "floor must be below the ceiling"),
        ({"kind": "logmel", "floor_db": -400.0}, "greater than or equal to -300"),
        ({"kind": "spectrogram", "scale": "power", "ceiling_db": 0.0}, "apply to 'db' only; remove them"),
        ({"kind": "scalogram", "scale": "magnitude", "reference": "peak"}, "apply to 'db' only; remove them"),
        ({"kind": "scalogram", "low_hz": 50.0, "high_hz": 50.0}, "low_hz must be below high_hz"),
        ({"kind": "mfcc", "bands": 20, "coefficients": 21}, "set bands to 21 or more"),
        ({"kind": "mfcc", "delta_frames": 4}, "must be odd; use 5"),
        ({"kind": "logbank_summary", "statistics": ["mean", "mean"]}, "names mean twice"),
    ],
)
def test_impossible_feature(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        FEATURE.validate_python(options)


@pytest.mark.parametrize("kind", ["waveform", "spectrogram", "logmel", "mfcc", "scalogram", "logbank_summary"])
def test_a_name_alone_takes_the_defaults(kind: str) -> None:
    assert FEATURE.validate_python(kind) == FEATURE.validate_python({"kind": kind})


def test_resolved_settings_read_back() -> None:
    settings = FEATURE.validate_python({"kind": "spectrogram", "scale": "magnitude"})
    assert FEATURE.validate_python(settings.model_dump()) == settings


def test_settings_are_frozen() -> None:
    settings: Any = LogMelSettings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.bands = 3


@pytest.mark.parametrize(
    ("slot", "options", "message"),
    [
        (ScalingSettings, {"kind": "min_max", "low": 1.0, "high": 1.0}, "low must be below high"),
        (ScalingSettings, {"kind": "robust", "per": "row"}, "'band', 'cell' or 'global'"),
        (MapAugmentSettings, {"kind": "gain", "low": 2.0, "high": 1.0}, "low must be below high"),
        (MapAugmentSettings, {"kind": "time_mask", "max_share": 1.5}, "less than or equal to 1"),
        (MixupSettings, {"alpha": 0.0}, "greater than 0"),
    ],
)
def test_impossible_scaling_and_augmentation(slot: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TypeAdapter(slot).validate_python(options)
