"""Running figures of tasks with events: F1 of frames, all labels counted together, on the device."""

import torch
from torch import Tensor

from motet.tasks.counting import Values
from motet.tasks.running import Running


def running_frames() -> Running:
    """Count frames: those from probability 0.5 are active, and so are targets from 0.5."""

    def count(predictions: Tensor, targets: Tensor) -> Tensor:
        decided, truth = predictions >= 0, targets >= 0.5
        return torch.stack([(decided & truth).sum(), decided.sum() + truth.sum()])

    return Running(count, _figures)


def _figures(sums: Values) -> dict[str, float]:
    hits, total = sums.tolist()
    return {"frame_f1": 2 * hits / total if total else float("nan")}
