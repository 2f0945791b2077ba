"""Heads that see what other heads predict."""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from motet.config import validate
from motet.data.batch import Column
from motet.errors import ConfigError
from motet.networks.build import build_network
from motet.networks.feeding import feeding_of
from motet.networks.network import Network
from motet.networks.settings import ModelSettings
from motet.networks.shape import MapShape
from motet.tasks.task import PerFrame
from tests.networks.maps import alone as alone_of
from tests.networks.maps import ragged

OUTPUTS = {"event": 3, "scene": 2, "mood": 4}
SHAPE = {"signal": MapShape(1, None, 6)}


def settings(heads: Mapping[str, Any], **parts: Any) -> ModelSettings:
    layers = [{"kind": "cnn", "channels": [5]}]
    return validate(ModelSettings, {"encoder": layers, "heads": heads, **parts})


def network(heads: Mapping[str, Any], outputs: Mapping[str, int] = OUTPUTS, **parts: Any) -> Network:
    torch.manual_seed(1)
    built = build_network(settings(heads, **parts), SHAPE, outputs)
    assert isinstance(built, Network)
    assert built.feeding is not None
    built.feeding.views = {"scene": lambda values: values.softmax(-1), "event": lambda values: values.sigmoid()}
    return built.eval()


def batch() -> dict[str, Column]:
    return {"signal": Column(torch.randn(4, 1, 12, 6, generator=torch.Generator().manual_seed(2)))}


def features(built: Network, inputs: dict[str, Column]) -> Tensor:
    return built.pooled(built.frames(inputs))


@pytest.mark.parametrize("sharing", ["hard", {"kind": "mmoe", "experts": 2}])
def test_a_head_sees_features_and_probabilities(sharing: Any) -> None:
    built = network({"event": {"inputs_from": ["scene"], "hidden": [7]}}, sharing=sharing)
    inputs = batch()
    output = built(inputs, dict.fromkeys(OUTPUTS))
    received = built._received(features(built, inputs), list(OUTPUTS))
    scene = built.heads.of("scene")(received["scene"])
    expected = built.heads.of("event")(torch.cat([received["event"], scene.softmax(-1)], dim=1))
    torch.testing.assert_close(output.predictions["event"].values, expected)
    torch.testing.assert_close(output.predictions["scene"].values, scene)


def test_a_task_that_is_not_asked_for_feeds_all_the_same() -> None:
    built = network({"event": {"inputs_from": ["scene"]}, "mood": {"inputs_from": ["event"]}})
    every = built(batch(), dict.fromkeys(OUTPUTS)).predictions
    rows = torch.tensor([1, 3])
    alone = built(batch(), {"mood": rows}).predictions
    assert list(alone) == ["mood"]
    torch.testing.assert_close(alone["mood"].values, every["mood"].values[rows])


def test_labels_stand_for_predictions_where_a_row_has_one() -> None:
    built = network({"event": {"inputs_from": ["scene"]}})
    labels = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    rows = torch.tensor([0, 2])
    plain = built(batch(), {"event": None}).predictions["event"].values
    taught = built(batch(), {"event": None}, {"scene": Column(labels, rows)}).predictions["event"].values
    seen = built(batch(), {"scene": None}).predictions["scene"].values.softmax(-1).index_copy(0, rows, labels)
    expected = built.heads.of("event")(torch.cat([features(built, batch()), seen], dim=1))
    torch.testing.assert_close(taught, expected)
    torch.testing.assert_close(taught[[1, 3]], plain[[1, 3]])
    own = network({"event": {"inputs_from": ["scene"], "inputs_are": "predictions"}})
    given = own(batch(), {"event": None}, {"scene": Column(labels, rows)}).predictions["event"].values
    torch.testing.assert_close(given, plain)


@pytest.mark.parametrize("detached", [True, False])
def test_gradients_go_back_through_predictions_only_where_asked(detached: bool) -> None:
    built = network({"event": {"inputs_from": ["scene"], "inputs_detached": detached}})
    built(batch(), {"event": None}).predictions["event"].values.sum().backward()
    reached = [parameter.grad is not None for parameter in built.heads.of("scene").parameters()]
    assert reached == [not detached] * len(reached)


@pytest.mark.parametrize(
    ("of_frames", "fed"), [({"event"}, "event"), ({"scene"}, "event"), ({"event", "scene"}, "event")]
)
def test_frames_and_clips_feed_each_other_and_padding_changes_nothing(of_frames: set[str], fed: str) -> None:
    outputs = {task: PerFrame(count) if task in of_frames else count for task, count in OUTPUTS.items()}
    built = network({fed: {"inputs_from": ["scene"]}}, outputs)
    column = ragged(MapShape(1, None, 6), [16, 8])
    long, short = {"signal": column}, {"signal": alone_of(column, 1)}
    together, alone = (built(each, dict.fromkeys(OUTPUTS)).predictions for each in (long, short))
    for task in OUTPUTS:
        own, padded = alone[task].values[0], together[task].values[1]
        if task in of_frames:
            torch.testing.assert_close(padded[: len(own)], own)
            assert not padded[len(own) :].any()
        else:
            torch.testing.assert_close(padded, own)


@pytest.mark.parametrize(
    ("heads", "parts", "message"),
    [
        (
            {"event": {"inputs_from": ["scen"]}},
            {},
            r"event\.inputs_from: there is no task 'scen'; did you mean 'scene'",
        ),
        ({"event": {"inputs_from": ["scene"]}, "scene": {"inputs_from": ["event"]}}, {}, "a head would see itself"),
        ({"event": {"inputs_from": ["event"]}}, {}, "a head would see itself: event from event"),
        ({"event": {"inputs_from": ["scene"]}}, {"sharing": "cross_stitch"}, "choose hard, mmoe or ple"),
        ({"event": {"inputs_from": ["scene"]}, "scene": {"from": "encoder.0"}}, {}, "can neither be fed nor feed"),
    ],
)
def test_what_cannot_be_is_refused(heads: dict[str, Any], parts: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_network(settings(heads, **parts), SHAPE, OUTPUTS)


def test_tasks_come_after_those_that_feed_them() -> None:
    found = feeding_of(settings({"event": {"inputs_from": ["mood"]}, "mood": {"inputs_from": ["scene"]}}), OUTPUTS)
    assert found is not None
    assert list(found.order) == ["scene", "mood", "event"]
    assert found.needed(["mood"]) == ["scene", "mood"]
