"""One training step of a network from settings against the same network written by hand, on one thread.

    python benchmarks/networks.py

The other side is what anybody would write with `nn.Sequential`: the same layers, weights drawn alike. Both sides take
turns, and the middle one of the ratios of all rounds counts; the goal is at least 0.98 of the other's speed. The
padded batch has rows of half to full length, which the other side cannot take; it runs on full ones.
"""

import itertools
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motet.data.batch import Column
from motet.networks.build import AnyNetwork, build_network
from motet.networks.settings import ModelSettings
from motet.networks.shape import MapShape

GOAL = 0.98
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


def cpu_s(call: Step) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def compare(name: str, by_hand: Step, ours: Step, *, rounds: int) -> float:
    for call in (by_hand, ours):
        call()
    pairs = [(cpu_s(by_hand), cpu_s(ours)) for _ in range(rounds)]
    ratio = statistics.median(other / own for other, own in pairs)
    print(f"{name:32} {1e3 * statistics.median(own for _, own in pairs):8.2f} ms  {ratio:5.2f} of the speed by hand")
    return ratio


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    ratios = []
    for name, shape, rows, channels, rounds in (
        ("CNN, ESC-10, 164,530 values", MapShape(1, 250, 64), 16, (24, 48, 96, 128), 10),
        ("CNN, FSDD, 24,058 values", MapShape(1, 50, 40), 32, (16, 32, 64), 60),
    ):
        by_hand, ours, padded = steps(cnn_by_hand(*channels), cnn_from_settings(shape, *channels), shape, rows)
        ratios.append(compare(name, by_hand, ours, rounds=rounds))
        compare("  with padded rows", by_hand, padded, rounds=rounds)
    shape, hidden = MapShape(1, 50, 40), (512, 512, 512)
    by_hand, ours, _ = steps(dense_by_hand(shape, *hidden), dense_from_settings(shape, *hidden), shape, 32)
    ratios.append(compare("dense, 3 x 512", by_hand, ours, rounds=300))
    print(f"worst ratio {min(ratios):.2f}, goal {GOAL}")


if __name__ == "__main__":
    main()
