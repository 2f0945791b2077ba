"""The user's own scaling, map augmentation, layer and network, each in a training; and networks only evaluated."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import motet
from motet.config import UserComponent
from motet.data.batch import Column
from motet.errors import ConfigError, UserCodeError
from motet.features.user_scaling import UserScaling
from motet.networks.shape import MapShape
from motet.runs.folder import read_json
from tests.user_code.conftest import Train
from tests.user_code.tones import EXAMPLES, NUM_FRAMES

SEGMENTS = {"length_s": 0.2}
NUM_BINS = 17


class Peak(nn.Module):
    """A scaling by the largest magnitude, which has no value before it is fitted."""

    peak: Tensor

    def __init__(self, target: float = 1.0) -> None:
        super().__init__()
        self.target = target
        self.seen: list[NDArray[np.float32]] = []

    def update(self, values: NDArray[np.float32]) -> None:
        self.seen.append(np.abs(values).max(axis=(0, 1)))

    def finish(self) -> None:
        self.register_buffer("peak", torch.from_numpy(np.max(self.seen, axis=0)))

    def forward(self, values: Tensor) -> Tensor:
        return values / self.peak * self.target


@pytest.mark.parametrize("scaling", [{"kind": Peak, "target": 2.0}, Peak(2.0)], ids=["class", "object"])
def test_a_scaling(train: Train, scaling: Any) -> None:
    run = train(scaling=scaling)
    saved = run.model().scaling("tones", "signal")
    assert saved.scaling.peak.shape == (NUM_BINS,)
    values = torch.full((2, 1, 3, NUM_BINS), 3.0)
    expected = (6.0 / saved.scaling.peak).expand(2, 1, 3, NUM_BINS).clone()
    expected[0, :, 1:] = 0.0
    torch.testing.assert_close(saved(values, torch.tensor([1, 3])), expected)
    if isinstance(scaling, Peak):
        assert not scaling.seen


def test_a_scaling_may_say_how_it_is_undone() -> None:
    class Halved(Peak):
        def restore(self, values: Tensor) -> Tensor:
            return values * self.peak / 2.0

    class Wrong(Peak):
        def restore(self, values: Tensor) -> Tensor:
            return values[:1]

    known, unknown, wrong = (UserScaling(UserComponent.of(kind(2.0))) for kind in (Halved, Peak, Wrong))
    for scaling in (known, unknown, wrong):
        scaling.update(np.full((3, 1, NUM_BINS), 5.0, np.float32))
        scaling.finish()
    batch = torch.randn(2, 1, 3, NUM_BINS)
    torch.testing.assert_close(known.restore(known(batch)), batch)
    with pytest.raises(UserCodeError, match=r"scaling: .*Peak has no restore\(values\), so predicted maps cannot be"):
        unknown.restore(batch)
    with pytest.raises(
        UserCodeError, match=r"Wrong returned a tensor \[1, 1, 3, 17\] for a batch \[2, 1, 3, 17\], but"
    ):
        wrong.restore(batch)


def test_what_is_no_scaling_is_refused(train: Train) -> None:
    with pytest.raises(UserCodeError, match=r"scaling: .*Identity is no torch.nn.Module with update\(values\), finish"):
        train(scaling=nn.Identity())


def test_a_scaling_keeps_the_shape(train: Train) -> None:
    class Shorter(Peak):
        def forward(self, values: Tensor) -> Tensor:
            return values[:, :, 1:]

    with pytest.raises(UserCodeError, match=r"scaling: .*Shorter returned a tensor \[8, 1, 25, 17\] for a batch"):
        train(scaling=Shorter)


class Silenced:
    """A map augmentation: each row is silent or not."""

    num_draws = 3
    seen: ClassVar[list[tuple[int, ...]]] = []

    def __init__(self, share: float) -> None:
        self.share = share

    def __call__(self, values: Tensor, lengths: Tensor | None, uniforms: Tensor) -> Tensor:
        self.seen.append(tuple(uniforms.shape))
        assert lengths is None
        return values * (uniforms[:, 0] >= self.share).to(values.dtype)[:, None, None, None]


def test_a_map_augmentation(train: Train) -> None:
    Silenced.seen.clear()
    heard = train(augment=[{"kind": Silenced, "share": 0.0}]).model().network.state_dict()
    plain = train().model().network.state_dict()
    silent = train(augment=[{"kind": Silenced, "share": 1.0}]).model().network.state_dict()
    assert Silenced.seen == [(8, 3), (8, 3), (1, 3)] * 2
    assert all(torch.equal(heard[name], plain[name]) for name in plain)
    assert not all(torch.equal(silent[name], plain[name]) for name in plain)


def test_a_map_augmentation_keeps_the_shape(train: Train) -> None:
    with pytest.raises(UserCodeError, match=r"augment: .* returned NoneType for maps \[8, 1, 26, 17\]"):
        train(augment=[lambda values, lengths, uniforms: None])


class Squeeze(nn.Module):
    """A layer: one value a frame, and every second frame of them."""

    def __init__(self, shape: MapShape, power: float = 1.0) -> None:
        super().__init__()
        frames = None if shape.frames is None else (shape.frames + 1) // 2
        self.shape = MapShape(1, frames, 1)
        self.weight = nn.Parameter(torch.full((shape.channels, shape.bins), power / shape.bins))

    def forward(self, column: Column) -> Column:
        values = torch.einsum("nctf,cf->nt", column.values, self.weight)[:, None, ::2, None]
        lengths = None if column.lengths is None else (column.lengths + 1) // 2
        return Column(values, column.rows, lengths, None if column.grid is None else column.grid.strided(2))

    def frames_needed(self, frames: int) -> int:
        return 2 * frames - 1


def test_a_layer(train: Train) -> None:
    encoder = [{"kind": Squeeze, "power": 2.0}, {"kind": "mlp", "hidden": [3]}]
    network = train(model={"encoder": encoder}).model().network
    weights = network.state_dict()
    (squeezed,) = [weight for name, weight in weights.items() if weight.shape == (1, NUM_BINS) and "encoders" in name]
    assert not torch.allclose(squeezed, torch.full((1, NUM_BINS), 2.0 / NUM_BINS))
    assert network.min_frames == {"signal": 1}


class Net(nn.Module):
    """A network: one linear layer a task."""

    def __init__(self, inputs: Mapping[str, MapShape], outputs: Mapping[str, int], dropout: float = 0.0) -> None:
        super().__init__()
        shape = inputs["signal"]
        assert shape.frames == NUM_FRAMES - 1
        self.dropout = nn.Dropout(dropout)
        size = shape.channels * shape.frames * shape.bins
        self.heads = nn.ModuleDict({task: nn.Linear(size, count) for task, count in outputs.items()})

    def forward(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        features = self.dropout(inputs["signal"].flatten(1))
        return {task: head(features) for task, head in self.heads.items()}


def test_a_network(train: Train) -> None:
    tasks = {"pitch": "multiclass", "loudness": "regression"}
    run = train(tasks, segments=SEGMENTS, model={"network": {"kind": Net, "dropout": 0.5}})
    module = run.model().network.module
    assert isinstance(module, Net)
    assert module.dropout.p == 0.5
    assert run.result["tasks"].keys() == tasks.keys()


def _trained() -> nn.Sequential:
    """Return a network without trained parameters that tells low from high tones by two bands."""
    linear = nn.Linear(NUM_BINS, 2, bias=False)
    with torch.no_grad():
        linear.weight.zero_()
        linear.weight[0, 9:11] = 1.0  # 600 Hz, "high"
        linear.weight[1, 2:4] = 1.0  # 150 Hz, "low"
    return nn.Sequential(nn.AdaptiveAvgPool2d((1, NUM_BINS)), nn.Flatten(), linear).requires_grad_(False)


@pytest.mark.parametrize("decision", ["threshold", "tuned_threshold"])
def test_a_trained_network_is_only_evaluated(train: Train, decision: str) -> None:
    trained = _trained()
    run = train(model={"network": trained}, segments=SEGMENTS, training={"epochs": 0}, scaling="none")
    assert run.result["tasks"]["pitch"]["uar"]["value"] == 1.0
    found, expected = run.model().network.state_dict(), trained.state_dict()
    assert torch.equal(found["module.2.weight"], expected["2.weight"])
    assert not (run.path / "seed-1/fold-1/best.safetensors").exists()
    again = motet.evaluate(run.path, epoch="last", part="train", experiment=run.experiment)
    assert again["tasks"]["pitch"]["uar"]["value"] == 1.0


def test_a_network_that_is_only_evaluated_has_its_decisions_tuned(train: Train) -> None:
    class Certain(nn.Module):
        """Sure of every tone, the high ones a little more."""

        def forward(self, values: Tensor) -> Tensor:
            return (3.0 + (values[:, 0, :, 10] - values[:, 0, :, 3]).mean(1, keepdim=True).sign()).requires_grad_(False)

    pitch = {"kind": "binary", "positive": "high", "decision": "tuned_threshold"}
    options: dict[str, Any] = {"model": {"network": Certain()}, "segments": SEGMENTS, "scaling": "none"}
    run = train({"pitch": pitch}, training={"epochs": 0}, **options)
    assert run.model().document.states["pitch"]["thresholds"] != [0.5]
    assert run.result["tasks"]["pitch"]["uar"]["value"] == 1.0


def test_a_network_is_evaluated_without_training_rows(train: Train) -> None:
    tones = {"source": EXAMPLES, "tasks": {"pitch": "multiclass"}, "use": "test"}
    options: dict[str, Any] = {"model": {"network": _trained()}, "segments": SEGMENTS, "scaling": "none"}
    run = train(data={"tones": tones}, training={"epochs": 0}, **options)
    assert read_json(run.path / "seed-1/fold-1/scores.json")["rows"]["test"]["tones"]["rows"] == len(EXAMPLES)


def test_nothing_to_train_is_refused(train: Train) -> None:
    with pytest.raises(ConfigError, match=r"training.epochs is 1, but the network has nothing to train; set"):
        train(model={"network": _trained()}, segments=SEGMENTS)


def test_a_built_network_may_be_evaluated_as_it_begins(train: Train) -> None:
    run = train(training={"epochs": 0})
    assert 0.0 <= run.result["tasks"]["pitch"]["uar"]["value"] <= 1.0
