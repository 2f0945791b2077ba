"""The training loop against a plain PyTorch loop: same maps, same layers, same optimizer, same number of steps.

    python -m benchmarks training

Ours is what `motet train` does with a fold of FSDD once the store is filled and the files are listed: fit the
scaling, build the network, and train, with batches from the store, metrics on training rows and on development rows
after every epoch, the log, JSON lines, TensorBoard and checkpoints. The reference holds all maps in memory, scaled
and of one length; it permutes the rows, makes the same number of steps, and counts right decisions on the same
development rows after every epoch. Imports count on neither side.

The reference is written twice: as anybody would write it, and with what Motet's convolutions do to be fast (channels
last, the maximum before the activation), so that what is left is the loop itself.
"""

import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from benchmarks.data import fsdd
from benchmarks.measure import Row, compare
from torch import Tensor, nn

from motet.data.splits import split_corpus
from motet.experiment.data import open_data
from motet.experiment.fold import train_fold
from motet.experiment.preparation import prepare_fold
from motet.runs.folder import FoldFolder
from motet.runs.log import log_to

EPOCHS, ROUNDS, BATCH, RATE = 2, 5, 32, 1e-3
FRAMES, BINS = 50, 40
CHANNELS = ((1, 16), (16, 32), (32, 64))
LABELS = {"digit": 10, "speaker": 6}
CNN = {
    "encoder": [{"kind": "cnn", "dims": 2, "channels": [16, 32, 64]}],
    "pooling": {"how": "mean", "over": "time"},
}
DENSE = {"encoder": [{"kind": "mlp", "hidden": [512, 512, 512], "per": "clip"}]}

Maps = tuple[Tensor, dict[str, Tensor]]


def measure() -> Iterator[Row]:
    """Yield the rows about training."""
    torch.set_num_threads(1)
    per_epoch = (1 / EPOCHS, "CPU s an epoch")
    with Fold(CNN) as both, Fold(CNN, "digit") as one:
        for name, layers in (("as tuned", tuned_cnn), ("as usual", plain_cnn)):
            found = compare(both.train, Plain(both, layers).train, rounds=ROUNDS)
            yield Row(
                f"training, CNN, two heads: plain loop, layers {name}",
                found.speed,
                "x",
                0.97,
                "higher",
                found.told(*per_epoch),
            )
        heads = compare(both.train, one.train, rounds=ROUNDS)
        yield Row("a second head: one-head epoch", heads.cost, "x", 1.05, "lower", heads.told(*per_epoch))
    with Fold(DENSE) as both:
        found = compare(both.train, Plain(both, dense_network).train, rounds=ROUNDS)
        yield Row("training, 3x512 dense: plain loop", found.speed, "x", 0.90, "higher", found.told(*per_epoch))


class Fold:
    """One fold of FSDD with a filled store, to be trained again and again."""

    def __init__(self, model: Any, *tasks: str) -> None:
        self._closing = ExitStack()
        self.folder = Path(self._closing.enter_context(tempfile.TemporaryDirectory()))
        self.experiment = fsdd(
            self.folder / "store",
            tasks=tasks or tuple(LABELS),
            model=model,
            split={"kind": "folds", "dev": 0.15},
            training={"epochs": EPOCHS, "batch_size": BATCH, "optimizer": {"kind": "adam", "learning_rate": RATE}},
        )
        self.data = self._closing.enter_context(open_data(self.experiment))
        settings = {name: part.settings.split for name, part in self.data.listed.items()}
        [self.fold] = split_corpus(self.data.corpus, settings, seed=1)

    def train(self) -> None:
        """Train the fold as `motet train` does."""
        with tempfile.TemporaryDirectory(dir=self.folder) as name, log_to(Path(name) / "run.log"):
            train_fold(self.experiment, self.data, self.fold, seed=1, number=1, folder=FoldFolder(Path(name)))

    def __enter__(self) -> "Fold":
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.close()


class Plain:
    """The same training by hand, with everything in memory."""

    def __init__(self, fold: Fold, layers: Callable[[], tuple[nn.Module, int]]) -> None:
        prepared = prepare_fold(fold.experiment, fold.data, fold.fold, 1)
        self.layers = layers
        self.learn = self._in_memory(prepared, fold.fold.train)
        self.check = self._in_memory(prepared, fold.fold.dev)
        self.test = self._in_memory(prepared, fold.fold.test)

    def _in_memory(self, prepared: Any, rows: Any) -> Maps:
        batch = prepared.loader.draw(rows, epoch=0, training=False)
        values = batch.inputs["signal"].values
        mean, std = values.mean((0, 2), keepdim=True), values.std((0, 2), keepdim=True)
        return (values - mean) / std, {name: column.values for name, column in batch.targets.items()}

    def train(self) -> None:
        """Train as the textbook does."""
        torch.manual_seed(0)
        values, targets = self.learn
        encoder, size = self.layers()
        heads = {name: nn.Linear(size, LABELS[name]) for name in targets}
        parameters = [weight for module in (encoder, *heads.values()) for weight in module.parameters()]
        optimizer = torch.optim.Adam(parameters, RATE)
        for _ in range(EPOCHS):
            encoder.train()
            for rows in torch.randperm(len(values)).split(BATCH):  # type: ignore[no-untyped-call]
                optimizer.zero_grad()
                features = encoder(values[rows])
                losses = [F.cross_entropy(head(features), targets[name][rows]) for name, head in heads.items()]
                torch.stack(losses).sum().backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            evaluate(encoder, heads, self.check)
        evaluate(encoder, heads, self.test)


def evaluate(encoder: nn.Module, heads: dict[str, nn.Linear], maps: Maps) -> dict[str, float]:
    """Return the share of right decisions by task."""
    values, targets = maps
    right = dict.fromkeys(heads, 0)
    encoder.eval()
    with torch.inference_mode():
        for rows in torch.arange(len(values)).split(2 * BATCH):  # type: ignore[no-untyped-call]
            features = encoder(values[rows])
            for name, head in heads.items():
                right[name] += int((head(features).argmax(1) == targets[name][rows]).sum())
    return {name: count / len(values) for name, count in right.items()}


def plain_cnn() -> tuple[nn.Module, int]:
    """Return convolution, normalisation, activation, pooling, three times; and the number of features."""
    stages = [nn.Sequential(*convolution(*sizes), nn.ReLU(), nn.MaxPool2d(2)) for sizes in CHANNELS]
    return nn.Sequential(*stages, OverTime(), nn.Flatten()), 64 * 5


def tuned_cnn() -> tuple[nn.Module, int]:
    """Return the same with channels last, and with the maximum before the activation."""
    stages = [nn.Sequential(*convolution(*sizes), nn.MaxPool2d(2), nn.ReLU()) for sizes in CHANNELS]
    encoder = nn.Sequential(*stages, OverTime(), nn.Flatten())
    return encoder.to(memory_format=torch.channels_last), 64 * 5  # type: ignore[call-overload]


def convolution(before: int, after: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after)


class OverTime(nn.Module):
    """The mean over time."""

    def forward(self, values: Tensor) -> Tensor:
        """Return [n, C, F] for [n, C, T, F]."""
        return values.mean(2)


def dense_network() -> tuple[nn.Module, int]:
    """Return three dense layers of 512 units on flattened maps."""
    sizes = (FRAMES * BINS, 512, 512, 512)
    layers = [layer for before, after in itertools.pairwise(sizes) for layer in (nn.Linear(before, after), nn.ReLU())]
    return nn.Sequential(nn.Flatten(), *layers), 512
