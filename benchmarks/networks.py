"""One training step of a network from settings against the same network written by hand, on one thread.

    python -m benchmarks networks

The other side is what anybody would write with `nn.Sequential`: the same layers, weights drawn alike. Both sides take
turns, and the middle one of the ratios of all rounds counts; the goal is at least 0.98 of the other's speed. The
padded batch has rows of half to full length, which the other side cannot take; it runs on full ones.
"""

import itertools
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from benchmarks.measure import Row, compare, repeat
from torch import Tensor, nn

from motet.data.batch import Column
from motet.networks.build import AnyNetwork, build_network
from motet.networks.settings import ModelSettings
from motet.networks.shape import MapShape

GOAL, ROUNDS = 0.98, 9
CLASSES = 10
Step = Callable[[], None]


def cnn_by_hand(*channels: int) -> nn.Module:
    stages: list[nn.Module] = []
    for before, after in itertools.pairwise((1, *channels)):
        stages += [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        stages.append(nn.MaxPool2d(2))
    return nn.Sequential(*stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels[-1], CLASSES))


def cnn_from_settings(shape: MapShape, *channels: int) -> AnyNetwork:
    written = {"encoder": [{"kind": "cnn", "channels": list(channels)}], "pooling": {"over": "all"}}
    return build_network(ModelSettings.model_validate(written), {"mel": shape}, {"sound": CLASSES})


def dense_by_hand(shape: MapShape, *hidden: int) -> nn.Module:
    assert shape.frames is not None
    layers: list[nn.Module] = [nn.Flatten()]
    for before, after in itertools.pairwise((shape.values_per_frame * shape.frames, *hidden)):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(hidden[-1], CLASSES))


def dense_from_settings(shape: MapShape, *hidden: int) -> AnyNetwork:
    written = {"encoder": [{"kind": "mlp", "hidden": list(hidden), "per": "clip"}]}
    return build_network(ModelSettings.model_validate(written), {"mel": shape}, {"sound": CLASSES})


def step(network: nn.Module, predict: Callable[[], Tensor], targets: Tensor) -> Step:
    optimizer = torch.optim.SGD(network.parameters(), 1e-3)

    def take() -> None:
        optimizer.zero_grad()
        torch.autograd.backward(F.cross_entropy(predict(), targets))
        optimizer.step()

    return take


def steps(by_hand: nn.Module, ours: AnyNetwork, shape: MapShape, rows: int) -> tuple[Step, Step, Step]:
    """Return the steps by hand, from settings, and from settings with padded rows."""
    assert shape.frames is not None
    values = torch.randn(rows, shape.channels, shape.frames, shape.bins)
    targets = torch.randint(0, CLASSES, (rows,))
    lengths = torch.linspace(shape.frames // 2, shape.frames, rows).long()
    full, padded = Column(values), Column(values, None, lengths)

    def predict(column: Column) -> Tensor:
        values: Tensor = ours({"mel": column}, {"sound": None}).predictions["sound"].values
        return values

    return (
        step(by_hand, lambda: by_hand(values), targets),
        step(ours, lambda: predict(full), targets),
        step(ours, lambda: predict(padded), targets),
    )


def row(name: str, ours: Step, by_hand: Step, *, repeats: int, goal: float | None = GOAL) -> Row:
    found = compare(lambda: repeat(ours, repeats), lambda: repeat(by_hand, repeats), rounds=ROUNDS)
    return Row(f"network, {name}: by hand", found.speed, goal=goal, note=found.told(1e3 / repeats, "ms a step"))


def measure() -> Iterator[Row]:
    """Yield the rows about networks."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    for name, shape, rows, channels, repeats in (
        ("CNN, ESC-10, 164,530 weights", MapShape(1, 250, 64), 16, (24, 48, 96, 128), 2),
        ("CNN, FSDD, 24,058 weights", MapShape(1, 50, 40), 32, (16, 32, 64), 10),
    ):
        by_hand, ours, padded = steps(cnn_by_hand(*channels), cnn_from_settings(shape, *channels), shape, rows)
        yield row(name, ours, by_hand, repeats=repeats)
        yield row(f"{name}, padded rows", padded, by_hand, repeats=repeats, goal=None)
    shape, hidden = MapShape(1, 50, 40), (512, 512, 512)
    by_hand, ours, _ = steps(dense_by_hand(shape, *hidden), dense_from_settings(shape, *hidden), shape, 32)
    yield row("dense, 3 x 512", ours, by_hand, repeats=50)
