"""A task of frames in its plainest form, as a user could write it: which of some sounds is there at every moment."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tests.reliability.small import small_experiment
from torch import Tensor

import motet
from motet.features.feature_map import TimeGrid
from motet.signals.readers.arrays import ArraySignal
from motet.sources.example import Event, Example
from motet.tasks import FrameTask, FrameValues
from motet.tasks.counting import Values
from motet.tasks.decisions import build_decision
from motet.tasks.frames import as_objects
from motet.tasks.metrics import LabelOutcome, MetricSet
from motet.tasks.running import Running, running_labels
from motet.tasks.settings import AccuracySettings, MacroF1Settings, ThresholdSettings
from motet.tasks.task import Framed

RATE_HZ = 2000.0


class Presence(FrameTask):
    """Labels of frames; a decision is a list of frames [E, 2]: time and class."""

    def __init__(self, name: str, labels: tuple[str, ...]) -> None:
        super().__init__(
            None, name, labels=labels, output_names=labels, target_shape=(), target_dtype=object,
            decision_dtype=object, row_loss=lambda *_: torch.zeros(0), decision=build_decision(ThresholdSettings()),
            metrics=MetricSet.build([MacroF1Settings(), AccuracySettings()], task=name),
        )  # fmt: skip

    @staticmethod
    def collect_labels(targets: Iterable[Any]) -> tuple[str, ...]:
        return tuple(sorted({event.label for target in targets for event in target}))

    def encode(self, target: Any) -> NDArray[Any]:
        rows = [(event.onset_s, event.offset_s, self.labels.index(event.label)) for event in target]
        return np.array(rows, dtype=np.float64).reshape(-1, 3)

    def decode(self, encoded: NDArray[Any]) -> list[Any]:
        return [self.to_plain(row) for row in encoded]

    def to_plain(self, encoded: NDArray[np.float64]) -> list[Any]:
        return [[*row[:-1], self.labels[int(row[-1])]] for row in encoded.tolist()]

    def from_plain(self, plain: list[Any]) -> NDArray[np.float64]:
        rows = [[*row[:-1], self.labels.index(row[-1])] for row in plain]
        return np.array(rows, dtype=np.float64) if rows else np.zeros((0, 2))

    def cut(self, target: NDArray[np.float64], start_s: float, stop_s: float) -> NDArray[np.float64]:
        inside = target[(target[:, 0] < stop_s) & (target[:, 1] > start_s)]
        return np.asarray(inside - [start_s, start_s, 0.0])

    def frame_probabilities(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(1 / (1 + np.exp(-outputs)), dtype=np.float32)

    def losses(self, prediction: Framed, target: Framed) -> Tensor:
        truth, valid = self.rasterise(prediction, target), self.valid(prediction)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(prediction.values, truth, reduction="none")
        return (loss.mean(2) * valid).sum(1) / valid.sum(1)

    def followed(self, prediction: Framed, target: Framed) -> tuple[Tensor, Tensor]:
        valid = self.valid(prediction)
        return prediction.values[valid], self.rasterise(prediction, target)[valid]

    def rasterise(self, prediction: Framed, target: Framed) -> Tensor:
        assert prediction.grid is not None
        assert target.lengths is not None
        entries = target.values[:, None]
        times = prediction.grid.start_s + prediction.grid.step_s * torch.arange(prediction.values.shape[1])
        times = times[None, :, None]
        there = torch.arange(entries.shape[2]) < target.lengths[:, None, None]
        inside = (entries[..., 0] <= times) & (times < entries[..., 1]) & there
        own = entries[..., 2][..., None] == torch.arange(len(self.labels))
        return (inside[..., None] & own).any(2).float()

    @staticmethod
    def valid(prediction: Framed) -> Tensor:
        frames = torch.arange(prediction.values.shape[1])
        full = torch.full((len(prediction.values),), len(frames))
        return frames < (full if prediction.lengths is None else prediction.lengths)[:, None]

    def decide(self, probabilities: NDArray[Any]) -> NDArray[Any]:
        return as_objects(self._present(row) for row in probabilities)

    def compare(self, probabilities: NDArray[Any], decisions: NDArray[Any], targets: NDArray[Any]) -> LabelOutcome:
        flags = [self._flags(row.grid, target) for row, target in zip(probabilities, targets, strict=True)]
        truth = np.stack(flags)
        decided = np.stack([row.values.max(0) >= 0.5 for row in probabilities])
        return LabelOutcome(truth, decided, decided.astype(np.float64), truth)

    def running(self) -> Running:
        return running_labels(self.metrics.names, len(self.labels))

    def _present(self, row: FrameValues) -> NDArray[np.float64]:
        frames, codes = np.nonzero(row.values >= 0.5)
        return np.stack([row.grid.start_s + row.grid.step_s * frames, codes], axis=1).astype(np.float64)

    def _flags(self, grid: TimeGrid, target: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.isin(np.arange(len(self.labels)), target[:, -1].astype(int))


def events(row: int) -> tuple[Event, ...]:
    """A low sound somewhere in the first half, a high one in the second; some rows lack one of them."""
    start_s = 0.1 + 0.05 * (row % 5)
    both = (Event(start_s, start_s + 0.3, "low"), Event(1.0 + start_s, 1.3 + start_s, "high"))
    return both[row % 3 == 1 : 2 - (row % 3 == 2)]


def signal(row: int) -> NDArray[np.float32]:
    time_s = np.arange(round((1.8 + 0.05 * (row % 4)) * RATE_HZ)) / RATE_HZ
    values: Values = 0.05 * np.random.default_rng(row).normal(size=len(time_s))
    for event in events(row):
        inside = (time_s >= event.onset_s) & (time_s < event.offset_s)
        values += inside * np.sin(2 * np.pi * (150 if event.label == "low" else 700) * time_s)
    return values.astype(np.float32)


def examples() -> Iterator[Example]:
    for row in range(36):
        recording = motet.Recording(ArraySignal(signal(row), RATE_HZ))
        yield Example(f"mix-{row}", {"signal": recording}, {"sounds": events(row), "parity": str(row % 2)})


def experiment(store: Path, **changed: Any) -> motet.Experiment:
    given: dict[str, Any] = {
        "data": {"mixes": {"source": examples, "tasks": {"sounds": Presence, "parity": "multiclass"}}},
        "signal": {"rate_hz": RATE_HZ},
        "segments": None,
        "split": {"kind": "holdout", "test": 0.3, "dev": 0.3},
        "mixup": None, "augment": [],
        "model": {"encoder": [{"kind": "cnn", "channels": [8], "normalisation": "group", "groups": 2}]},
    }  # fmt: skip
    training = {"epochs": 20, "optimizer": {"kind": "adam", "learning_rate": 0.03}, **changed.pop("training", {})}
    return small_experiment(store, {"training": {}}, **{**given, **changed}, training=training)
