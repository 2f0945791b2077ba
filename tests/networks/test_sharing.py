"""What tasks share: every kind as a network, then each by its own equations."""

from typing import Any

import pytest
import torch
from torch import nn

from motet.data.batch import Column
from motet.errors import ConfigError, DataError
from motet.networks.attention import AttendedNetwork
from motet.networks.branches import Branched
from motet.networks.build import AnyNetwork, build_network
from motet.networks.network import Network
from motet.networks.output import NetworkOutput
from motet.networks.plan import count_parameters, plan_network
from motet.networks.settings import ModelSettings
from motet.networks.shape import MapShape
from motet.networks.towers import CrossStitch, SoftSharing, body_of
from motet.tasks.task import PerFrame
from tests.networks.maps import alone, noise, ragged

SHAPE = MapShape(2, None, 8)
OUTPUTS = {"sound": 3, "level": 1, "type": 2}
CONVOLUTIONS = [{"kind": "cnn", "channels": [4, 6], "kernel": 3}, {"kind": "cnn", "channels": [5], "pooling": "none"}]
RECURRENT = [{"kind": "rnn", "hidden": 6}]
BRANCHES = {"level": {"from": "encoder.0", "layers": [{"kind": "rnn", "hidden": 3}]}, "type": {"from": "trunk.0"}}

KINDS: dict[str, dict[str, Any]] = {
    "hard": {},
    "soft": {"sharing": {"kind": "soft", "strength": 0.1}},
    "cross_stitch": {"sharing": "cross_stitch"},
    "mmoe": {"sharing": {"kind": "mmoe", "experts": 3, "hidden": [7, 5]}},
    "ple": {"sharing": {"kind": "ple", "shared": 2, "own": 1, "levels": 2, "hidden": [5]}},
    "mtan": {"sharing": "mtan"},
    "branches": {"heads": BRANCHES},
    "branches of experts": {"heads": BRANCHES, "sharing": "mmoe"},
}


def settings(**written: Any) -> ModelSettings:
    return ModelSettings.model_validate({"encoder": CONVOLUTIONS, "trunk": RECURRENT, **written})


def network(inputs: dict[str, MapShape] | None = None, outputs: dict[str, int] | None = None, **written: Any) -> Any:
    torch.manual_seed(0)
    return build_network(settings(**written), inputs or {"mel": SHAPE}, outputs or OUTPUTS)


def values(found: NetworkOutput) -> dict[str, torch.Tensor]:
    return {task: column.values for task, column in found.predictions.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_padded_rows_are_as_if_alone(kind: str) -> None:
    built = network(**KINDS[kind]).eval()
    column = ragged(SHAPE, [9, 30, 2, 17])
    with torch.no_grad():
        together = values(built({"mel": column}, dict.fromkeys(OUTPUTS)))
        for row in range(4):
            single = values(built({"mel": alone(column, row)}, dict.fromkeys(OUTPUTS)))
            for task, size in OUTPUTS.items():
                assert single[task].shape == (1, size)
                torch.testing.assert_close(together[task][row : row + 1], single[task], atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_tasks_of_frames_share_as_others_do(kind: str) -> None:
    built = network(outputs={"sound": PerFrame(3), "level": PerFrame(1), "type": 2}, **KINDS[kind]).eval()
    column = ragged(SHAPE, [9, 30])
    with torch.no_grad():
        together = built({"mel": column}, {"type": None, "sound": torch.tensor([0, 1]), "level": None}).predictions
        single = built({"mel": alone(column, 0)}, {"sound": None, "level": None}).predictions
    assert together["type"].values.shape == (2, 2)
    for task in ("sound", "level"):
        assert together[task].grid is not None
        length = single[task].values.shape[1]
        torch.testing.assert_close(together[task].values[:1, :length], single[task].values, atol=1e-5, rtol=0)
        assert not together[task].values[0, length:].any()


def test_experts_see_frames_and_pooled_rows_of_one_size() -> None:
    with pytest.raises(ConfigError, match=r"experts would see frames of 10 values and pooled rows of 5; set"):
        network(outputs={"sound": PerFrame(3), "type": 2}, sharing="mmoe", trunk=[], pooling={"over": "all"})


@pytest.mark.parametrize("kind", KINDS)
def test_each_task_for_its_rows(kind: str) -> None:
    built, column = network(**KINDS[kind]).eval(), noise(SHAPE, frames=20, rows=5)
    everything = values(built({"mel": column}, dict.fromkeys(OUTPUTS)))
    rows = {"type": torch.tensor([1, 4]), "sound": None}
    found = built({"mel": column}, rows)
    assert list(found.predictions) == ["type", "sound"]
    assert found.predictions["type"].rows is rows["type"]
    torch.testing.assert_close(values(found)["type"], everything["type"][[1, 4]], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(values(found)["sound"], everything["sound"], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_gradient_reaches_all_weights(kind: str) -> None:
    built = network(**KINDS[kind]).train()
    found = built({"mel": noise(SHAPE, frames=20, rows=4)}, dict.fromkeys(OUTPUTS))
    losses = [(each**2).mean() for each in [*values(found).values(), *found.losses.values()]]
    torch.autograd.backward(torch.stack(losses).sum())
    for name, weight in built.named_parameters():
        assert weight.grad is not None, name
        assert torch.isfinite(weight.grad).all(), name


@pytest.mark.parametrize("kind", KINDS)
def test_the_plan_counts_every_weight_and_takes_no_memory(kind: str) -> None:
    built = network(**KINDS[kind])
    lines = plan_network(settings(**KINDS[kind]), {"mel": SHAPE}, OUTPUTS)
    assert sum(line.num_parameters for line in lines) == count_parameters(built)
    heads = [line for line in lines if line.kind.startswith("head")]
    assert sorted(line.out_shape.channels for line in heads) == sorted(OUTPUTS.values())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "branches" not in kind])
def test_rows_may_lack_an_input(kind: str) -> None:
    inputs = {"mel": SHAPE, "accel": MapShape(3, None, 1)}
    cnn = {"kind": "cnn", "dims": 1, "channels": [4, 5]}
    built = network(inputs, encoder={"mel": CONVOLUTIONS, "accel": [cnn]}, **KINDS[kind]).eval()
    mel, accel = noise(SHAPE, frames=20, rows=2), noise(inputs["accel"], frames=30, rows=3)
    batch = {
        "mel": Column(mel.values, torch.tensor([0, 2]), None, mel.grid),
        "accel": Column(accel.values, torch.tensor([1, 2, 3]), None, accel.grid),
    }
    rows = {"sound": torch.tensor([0, 2]), "level": torch.tensor([1, 3]), "type": None}
    found = built(batch, rows)
    only = built({"accel": Column(accel.values[[0, 2]], None, None, accel.grid)}, {"level": None})
    torch.testing.assert_close(values(found)["level"], values(only)["level"], atol=1e-5, rtol=1e-5)
    assert values(found)["type"].shape == (4, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns(kind: str) -> None:
    built, column = network(**KINDS[kind]).train(), noise(SHAPE, frames=16, rows=4)
    optimizer = torch.optim.Adam(built.parameters(), 2e-2)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        found = built({"mel": column}, dict.fromkeys(OUTPUTS))
        parts = [nn.functional.cross_entropy(values(found)["sound"], torch.tensor([0, 1, 2, 0]))]
        parts += [(values(found)["level"] - 1).square().mean(), *(loss.mean() for loss in found.losses.values())]
        torch.autograd.backward(torch.stack(parts).sum())
        optimizer.step()
        losses.append((parts[0] + parts[1]).item())
    assert losses[-1] < 0.5 * losses[0]


def test_the_loss_of_soft_sharing_is_the_distance_of_weights() -> None:
    built = network(sharing={"kind": "soft", "strength": 0.5}, outputs={"a": 1, "b": 2})
    assert isinstance(built, SoftSharing)
    with torch.no_grad():
        for weight in body_of(built.towers.of("a")):
            weight.fill_(1.0)
        for weight in body_of(built.towers.of("b")):
            weight.fill_(3.0)
    count = sum(weight.numel() for weight in body_of(built.towers.of("a")))
    found = built({"mel": noise(SHAPE, frames=20, rows=6)}, {"a": None})
    assert found.losses["sharing"].shape == (6,)
    assert found.losses["sharing"].tolist() == pytest.approx([0.5 * 4 * count] * 6)
    assert built.eval()({"mel": noise(SHAPE, frames=20)}, {"a": None}).losses == {}
    assert network(sharing="soft", outputs={"a": 1}).distance().item() == 0.0


def test_stitches_that_keep_everything_leave_towers_apart() -> None:
    built = network(sharing={"kind": "cross_stitch", "own": 1.0}).eval()
    assert isinstance(built, CrossStitch)
    column = noise(SHAPE, frames=20)
    found = values(built({"mel": column}, dict.fromkeys(OUTPUTS)))
    for task in OUTPUTS:
        expected = values(built.towers.of(task)({"mel": column}, {task: None}))[task]
        torch.testing.assert_close(found[task], expected)


def test_stitches_mix_channel_by_channel() -> None:
    stitch = network(sharing={"kind": "cross_stitch", "own": 0.8}).encoder_stitches.of("mel")[0]
    assert stitch.weights.shape == (3, 3, 6)
    maps = torch.randn(3, 2, 6, 4, 5)
    expected = 0.8 * maps[1] + 0.1 * maps[0] + 0.1 * maps[2]
    torch.testing.assert_close(stitch(maps)[1], expected)


def test_a_gate_weighs_experts() -> None:
    built = network(sharing={"kind": "mmoe", "experts": 3, "hidden": [5]})
    features = torch.randn(4, built.pooling.shape.values_per_frame if built.pooling else 6)
    received = built.experts(features, ["type"])["type"]
    weights = (features @ built.experts.gates.of("type").weight.T).softmax(1)
    experts = [expert(features) for expert in built.experts.shared.experts]
    torch.testing.assert_close(received, sum(weights[:, [e]] * found for e, found in enumerate(experts)))


def test_a_level_of_ple_sees_own_and_shared_experts() -> None:
    built = network(sharing={"kind": "ple", "shared": 1, "own": 1, "levels": 1, "hidden": [5]}).experts
    features = torch.randn(4, 6)
    level = built.levels[0]
    weights = (features @ level.gates.of("type").weight.T).softmax(1)
    own, shared = level.own.of("type").experts[0](features), level.shared.experts[0](features)
    torch.testing.assert_close(built(features, ["type"])["type"], weights[:, :1] * own + weights[:, 1:] * shared)
    assert level.shared_gate is None


def test_attention_takes_a_share_of_every_cell() -> None:
    built = network(sharing="mtan").eval()
    assert isinstance(built, AttendedNetwork)
    left: list[Any] = []
    before = noise(SHAPE, frames=20)
    for cnn in built.network.encoders.of("mel"):
        before = cnn(before, left)
    attended = built.attention.of("mel").of("type")(left)
    share = attended / left[-1][0].where(left[-1][0] != 0, torch.ones(()))
    assert attended.shape == left[-1][0].shape
    assert share.min() >= 0
    assert share.max() <= 1


def test_a_branch_goes_on_from_its_layer() -> None:
    built = network(heads=BRANCHES).eval()
    assert isinstance(built, Branched)
    column = noise(SHAPE, frames=20)
    maps: dict[str, Column] = {}
    built.network.frames({"mel": column}, maps)
    assert list(maps) == ["encoder.mel.0", "encoder.mel.1", "trunk.0"]
    branch = built.branches.of("level")
    states = branch.trunk[0](maps["encoder.mel.0"]).values.mean(2).flatten(1)
    found = built({"mel": column}, {"level": None})
    torch.testing.assert_close(values(found)["level"], branch.heads.of("level")(states))
    assert found.shared[0] is not None
    torch.testing.assert_close(found.shared[0], maps["encoder.mel.0"].values)


def test_a_branch_says_how_many_frames_it_needs() -> None:
    deep = {
        "level": {"from": "encoder.0", "layers": [{"kind": "cnn", "channels": [4, 4, 4], "pooling": {"size": [2, 1]}}]}
    }
    assert network().min_frames == {"mel": 4}
    assert network(heads=deep).min_frames == {"mel": 4 * 8}
    assert values(network(heads=deep)({"mel": noise(SHAPE, frames=1)}, {"level": None}))["level"].isfinite().all()


def test_a_branch_of_one_encoder_wants_rows_that_have_its_input() -> None:
    inputs = {"mel": SHAPE, "accel": MapShape(3, None, 1)}
    built = network(inputs, heads={"level": {"from": "encoder.accel.0"}}, encoder=[{"kind": "cnn", "dims": 1}]).eval()
    mel, accel = noise(SHAPE, frames=20, rows=2), noise(inputs["accel"], frames=30, rows=2)
    batch = {"mel": Column(mel.values, torch.tensor([0, 2])), "accel": Column(accel.values, torch.tensor([1, 2]))}
    found = built(batch, {"level": torch.tensor([2]), "sound": None})
    assert values(found)["level"].shape == (1, 1)
    assert found.shared == ()
    for rows in (torch.tensor([0]), None):
        with pytest.raises(DataError, match=r"heads\.level\.from: leaves at encoder\.accel\.0, but some rows of the"):
            built(batch, {"level": rows})
    with pytest.raises(DataError, match="lack that input"):
        built({"mel": mel}, {"level": None})


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"heads": {"type": {"from": "encoder.2"}}}, r"heads\.type\.from: there is no shared layer 'encoder\.2'; "
            r"there is encoder\.0, encoder\.1, trunk\.0"),
        ({"heads": {"type": {"from": "trunk.1"}}}, r"no shared layer 'trunk\.1'"),
        ({"heads": {"type": {"from": "trunk.0"}}, "sharing": "soft"}, r"heads\.type: leaves .* but with sharing: soft"),
        ({"heads": {"type": {"layers": RECURRENT}}, "sharing": "mtan"}, r"heads\.type: leaves .* sharing: mtan"),
        ({"encoder": RECURRENT, "sharing": "mtan"}, r"model\.encoder: sharing: mtan attends to stages of cnn layers"),
        ({"encoder": [], "sharing": "mtan"}, r"model\.encoder: sharing: mtan"),
        ({"heads": {"type": {"from": "encoder.0", "layers": [{"kind": "cnn", "kernel": 9, "padding": 0}]}}},
         r"heads\.type\.layers\.0"),
    ],
)  # fmt: skip
def test_what_cannot_be_shared_is_refused(written: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        plan_network(settings(**written), {"mel": SHAPE}, OUTPUTS)


def test_shared_features_are_named_where_there_are_some() -> None:
    column = noise(SHAPE, frames=20)
    for kind, written in KINDS.items():
        built: AnyNetwork = network(**written)
        shared = built({"mel": column}, dict.fromkeys(OUTPUTS)).shared
        assert bool(shared) == (kind not in ("soft", "cross_stitch", "mtan")), kind
    assert isinstance(network(), Network)
