"""What the settings of networks accept, and what they refuse."""

from typing import Any

import pytest
from pydantic import ValidationError
from torch import nn

from motet.config import UserComponent
from motet.networks.settings import (
    CnnSettings,
    MaxPoolingSettings,
    MeanPoolingSettings,
    ModelSettings,
    NoPoolingSettings,
    RnnSettings,
)

DESIGN = {
    "encoder": [
        {"kind": "cnn", "dims": 2, "channels": [32, 64, 128], "kernel": 3, "stride": 1, "padding": 1},
        {"kind": "rnn", "cell": "gru", "layers": 2, "hidden": 128, "bidirectional": True},
    ]
}


def test_the_printed_experiment_is_read_as_written() -> None:
    settings = ModelSettings.model_validate(DESIGN)
    assert settings.encoder == (
        CnnSettings(dims=2, channels=(32, 64, 128), kernel=3, stride=1, padding=1),
        RnnSettings(cell="gru", layers=2, hidden=128, bidirectional=True),
    )
    assert isinstance(settings.encoder[0], CnnSettings)
    assert settings.encoder[0].pooling == MaxPoolingSettings(size=2)
    assert settings.encoder[0].normalisation == "batch"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("mean", MeanPoolingSettings(size=2)),
        ("none", NoPoolingSettings()),
        ({"size": [2, 1]}, MaxPoolingSettings(size=(2, 1))),
        ({"kind": "mean", "size": 3}, MeanPoolingSettings(size=3)),
    ],
)
def test_pooling_has_short_forms(written: object, meant: object) -> None:
    assert CnnSettings.model_validate({"pooling": written}).pooling == meant


def test_layers_are_one_list_or_one_by_input() -> None:
    assert ModelSettings.model_validate({"encoder": ["rnn"]}).encoder == (RnnSettings(),)
    named = ModelSettings.model_validate({"encoder": {"mel": ["cnn"], "wave": ["rnn"]}})
    assert named.encoder == {"mel": (CnnSettings(),), "wave": (RnnSettings(),)}


def test_a_network_in_python_is_kept() -> None:
    network = nn.Linear(1, 1)
    settings = ModelSettings.model_validate({"network": network})
    assert isinstance(settings.network, UserComponent)
    assert settings.network.target is network


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"kernel": [3, 3, 3]}, r"kernel has 3 numbers; dims 2 wants one, or 2 \(time, bins\)"),
        ({"dims": 3, "stride": [1, 2]}, r"stride has 2 numbers; dims 3 wants one, or 3 \(channels, time, bins\)"),
        ({"dims": 1, "pooling": {"size": [2, 2]}}, r"pooling.size has 2 numbers; dims 1 wants one, or 1 \(time\)"),
        ({"kernel": 0}, "0 is not a size; a size is a whole number of at least 1"),
        ({"kernel": True}, "True is not a size"),
        ({"padding": "sam"}, "'sam' is not a size; a size is same, a whole number of at least 0"),
        ({"padding": [1, -1]}, r"\[1, -1\] is not a size"),
        ({"dilation": 0}, "a whole number of at least 1, or a list of them, one a stage"),
        ({"dilation": [1, 2]}, "dilation has 2 numbers and channels has 3; give one number, or one a stage"),
        ({"channels": []}, "at least 1 item"),
        ({"pooling": "maximum"}, "the kind of a pooling is one of max, mean, none"),
        ({"dropout": 1.0}, "less than 1"),
        ({"kernels": 3}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_cnn_is_refused_once(layer: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        ModelSettings.model_validate({"encoder": [{"kind": "cnn", **layer}]})
    assert caught.value.error_count() == 1


def test_only_time_has_a_last_frame() -> None:
    with pytest.raises(ValidationError, match="how: last with over: all; only time has a last frame: use over: time"):
        ModelSettings.model_validate({"pooling": {"how": "last", "over": "all"}})


def test_a_pooling_is_no_user_code() -> None:
    with pytest.raises(ValidationError, match="the kind of a pooling is one of max, mean, none"):
        CnnSettings.model_validate({"pooling": {"kind": "./mine.py:Pooling"}})
