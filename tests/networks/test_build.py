"""From settings to a network."""

from typing import Any

import pytest
import torch

from motet.errors import ConfigError
from motet.networks.build import build_network, encoder_paths
from motet.networks.network import Network
from motet.networks.settings import ModelSettings
from motet.networks.shape import MapShape

INPUTS = {"mel": MapShape(1, 40, 16), "wave": MapShape(1, 400, 1)}


def build(inputs: dict[str, MapShape] | None = None, **written: Any) -> Network:
    built = build_network(ModelSettings.model_validate(written), inputs or {"mel": INPUTS["mel"]}, {"sound": 3})
    assert isinstance(built, Network)
    return built


def test_the_seed_decides_the_weights() -> None:
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(build(encoder=["cnn", "rnn"]).state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert not all(torch.equal(states[0][name], states[2][name]) for name in states[0])


def test_time_is_pooled_only_where_it_is_left() -> None:
    assert build(encoder=["rnn"]).pooling is not None
    assert build(encoder=["rnn", "pool"]).pooling is None
    assert build(encoder=[{"kind": "mlp", "per": "clip"}]).pooling is None


def test_no_layers_make_a_linear_model() -> None:
    assert [name for name, _ in build(encoder=[]).named_parameters()] == ["heads.sound.0.weight", "heads.sound.0.bias"]


def test_one_list_is_built_for_each_input_with_its_own_weights() -> None:
    built = build(INPUTS, encoder=[{"kind": "rnn", "hidden": 4}])
    sizes = [layers[0].recurrence.input_size for layers in built.encoders.named().values()]  # type: ignore[union-attr]
    assert sizes == [16, 1]
    assert encoder_paths(ModelSettings(), INPUTS) == {"mel": "model.encoder", "wave": "model.encoder"}


def test_the_problems_of_all_inputs_are_reported_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        build(INPUTS, encoder={"mel": [{"kind": "cnn", "channels": [1] * 5}], "wave": ["rnn", "cnn"]})
    assert len(caught.value.problems) == 2
    assert "stage 5 of 5 of model.encoder.mel.0 is 2 bins wide, but only 1 bins reach it" in caught.value.problems[0]
    assert "stage 1 of 3 of model.encoder.wave.1 is 2 bins wide" in caught.value.problems[1]


def test_names_that_nothing_belongs_to_are_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"model.encoder.mell: there is no input 'mell'; did you mean 'mel'\?"
    ) as caught:
        build(INPUTS, encoder={"mell": ["rnn"], "wave": ["rnn"]})
    assert caught.value.problems[1] == (
        "model.encoder: has no layers for the input 'mel', and no task has it as its target"
    )
    with pytest.raises(ConfigError, match=r"model.heads.sounds: there is no task 'sounds'; did you mean 'sound'\?"):
        build(heads={"sounds": {"hidden": [3]}})


def test_the_trunk_is_named_too() -> None:
    with pytest.raises(ConfigError, match=r"model.trunk.1: per: clip wants recordings of one length"):
        build({"mel": MapShape(1, None, 16)}, encoder=["rnn"], trunk=["rnn", {"kind": "mlp", "per": "clip"}])
