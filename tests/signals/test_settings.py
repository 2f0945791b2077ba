from typing import Any

import pytest
from pydantic import ValidationError

from motet.signals.settings import (
    BandPassSettings,
    LowPassSettings,
    NormaliseSettings,
    ReaderSettings,
    SignalSettings,
    TrimSilenceSettings,
    WaveformGainSettings,
    WaveformNoiseSettings,
)


def test_the_defaults_leave_a_signal_as_it_is() -> None:
    settings = SignalSettings()

    assert settings.rate_hz is None
    assert settings.channels == "all"
    assert settings.steps == ()
    assert settings.augment == ()


def test_lists_bare_kinds_and_integers_are_understood() -> None:
    settings = SignalSettings.model_validate(
        {
            "rate_hz": 16000,
            "channels": [2, 0],
            "steps": ["pre_emphasis", {"kind": "band_pass", "low_hz": 50, "high_hz": 7000}],
            "augment": [{"kind": "noise", "low_db": 5}],
            "reader": {"rate_hz": 50, "columns": ["x", 2]},
        }
    )

    assert settings.channels == (2, 0)
    assert settings.steps[1] == BandPassSettings(low_hz=50.0, high_hz=7000.0, order=4, phase="causal")
    assert settings.augment[0] == WaveformNoiseSettings(low_db=5.0)
    assert settings.reader == ReaderSettings(rate_hz=50.0, columns=("x", 2))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rate_hz": 0}, "greater than 0"),
        ({"rate_hz": True}, "valid number"),
        ({"channels": "middle"}, "'mono', 'left', 'right', 'difference' or 'all'"),
        ({"channels": []}, "at least 1 item"),
        ({"channels": [-1]}, "greater than or equal to 0"),
        ({"reader": {"columns": [1.5]}}, "valid string"),
        ({"reader": {"delimiter": ";;"}}, "at most 1 character"),
        ({"steps": [{"kind": "pre_emphasis", "coefficient": 0}]}, "greater than 0"),
        ({"steps": [{"kind": "low_pass", "high_hz": 100, "order": 0}]}, "greater than or equal to 1"),
        ({"steps": [{"kind": "trim_silence", "threshold_db": 3}]}, "less than 0"),
        ({"augment": [{"kind": "gain", "probability": 1.5}]}, "less than or equal to 1"),
    ],
)
def test_a_value_out_of_range_is_one_problem(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        SignalSettings.model_validate(given)

    assert caught.value.error_count() == 1


def test_the_limits_of_a_band_must_be_in_order() -> None:
    with pytest.raises(ValidationError, match="low_hz is 300 and high_hz 200: low_hz must be the smaller one; swap"):
        BandPassSettings(low_hz=300.0, high_hz=200.0)


@pytest.mark.parametrize("settings", [WaveformGainSettings, WaveformNoiseSettings])
def test_the_limits_of_a_random_change_must_be_in_order(settings: type[WaveformGainSettings]) -> None:
    with pytest.raises(ValidationError, match="low_db is 3 and high_db 1: low_db must not be the larger one; swap"):
        settings(low_db=3.0, high_db=1.0)


def test_a_standard_level_cannot_be_set() -> None:
    with pytest.raises(ValidationError, match="level_db is -3: with method standard the level is fixed; leave"):
        NormaliseSettings(method="standard", level_db=-3.0)


def test_a_filter_must_lie_below_half_the_rate() -> None:
    with pytest.raises(ValidationError, match=r"steps\.1\.high_hz is 4000 Hz: it must lie below half of rate_hz, 4000"):
        SignalSettings(rate_hz=8000.0, steps=(TrimSilenceSettings(), LowPassSettings(high_hz=4000.0)))


def test_a_filter_is_not_judged_where_the_rate_is_unknown() -> None:
    settings = SignalSettings(steps=(LowPassSettings(high_hz=4000.0),))

    assert settings.steps == (LowPassSettings(high_hz=4000.0),)


def test_an_input_may_have_a_rate_and_steps_of_its_own() -> None:
    signal = SignalSettings.model_validate(
        {"rate_hz": 8000, "steps": ["normalise"], "inputs": {"low": {"rate_hz": 2000}, "plain": {"steps": []}}}
    )
    low, plain, other = (signal.of_input(name) for name in ("low", "plain", "other"))
    assert (low.rate_hz, low.steps, low.inputs) == (2000, signal.steps, {})
    assert (plain.rate_hz, plain.steps) == (8000, ())
    assert (other.rate_hz, other.steps, other.inputs) == (8000, signal.steps, {})
    with pytest.raises(
        ValidationError, match=r"inputs\.low: steps\.0\.high_hz is 1500 Hz: it must lie below .*1000 Hz"
    ):
        SignalSettings.model_validate(
            {"rate_hz": 8000, "steps": [{"kind": "low_pass", "high_hz": 1500}], "inputs": {"low": {"rate_hz": 2000}}}
        )
