"""A run with any objective, stopped after any step and resumed, ends with the same bytes as one that never stopped."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from motet.training.checkpoint import load_checkpoint, save_checkpoint
from motet.training.loop import Training, train
from motet.training.objective import build_objective
from tests.training.objectives import GRADIENTS, LOSSES, settings_of
from tests.training.small import LAYERS, quiet_hooks, small_corpus, small_loader, small_model, small_training

BATCHES = [np.array([0, 1, 2, 10]), np.array([3, 4, 5]), np.array([6, 7, 8, 17])]
"""The second one has no rows of the task `word`."""
EPOCHS = 3
ALL_STEPS = range(1, EPOCHS * len(BATCHES) + 1)
CASES = [
    *((kind, {}) for kind in LOSSES),
    *((kind, {"on": on}) for kind in GRADIENTS for on in ("parameters", "features")),
]


class StoppedError(Exception):
    pass


def begin(kind: str, options: dict[str, Any]) -> Training:
    model = small_model(small_corpus(), [{**LAYERS[0], "dropout": 0.2}])
    weights = {name: task.weight for name, task in model.tasks.items()}
    objective = build_objective(settings_of(kind, **options), weights, torch.device("cpu"), list(model.parameters()))

    def adam(parameters: Any, lr: float) -> torch.optim.Optimizer:
        return torch.optim.Adam([*parameters, *objective.parameters()], lr=lr)

    return small_training(
        model, epochs=EPOCHS, micro_batches=2, clip_norm=1.0, optimizer=adam, learning_rate=0.01, objective=objective
    )


def go(training: Training, *, stop_after: int | None = None) -> None:
    def between_steps() -> None:
        if training.position.total_steps == stop_after:
            raise StoppedError

    train(training, quiet_hooks(small_loader(small_corpus()), BATCHES, between_steps=between_steps))


@pytest.mark.parametrize(
    ("kind", "options", "steps"),
    [
        *((kind, options, [5]) for kind, options in CASES),
        *(pytest.param(kind, options, ALL_STEPS, marks=pytest.mark.full) for kind, options in CASES),
    ],
)
def test_stopped_and_resumed_is_never_having_stopped(
    kind: str, options: dict[str, Any], steps: Sequence[int], tmp_path: Path
) -> None:
    undisturbed = begin(kind, options)
    go(undisturbed)
    save_checkpoint(undisturbed, tmp_path / "undisturbed")
    for step in steps:
        first = begin(kind, options)
        with pytest.raises(StoppedError):
            go(first, stop_after=step)
        save_checkpoint(first, tmp_path / "stopped")
        second = begin(kind, options)
        torch.manual_seed(step)  # whatever the new process did before
        load_checkpoint(second, tmp_path / "stopped")
        go(second)
        save_checkpoint(second, tmp_path / "resumed")
        assert (tmp_path / "resumed").read_bytes() == (tmp_path / "undisturbed").read_bytes(), f"after step {step}"


def test_objectives_differ() -> None:
    """Each one trains another network: none is another under a second name, or does nothing."""
    ends: dict[str, torch.Tensor] = {}
    for kind, options in CASES:
        training = begin(kind, options)
        go(training)
        ends[f"{kind} {options}"] = torch.cat([own.detach().flatten() for own in training.model.parameters()])
    names = list(ends)
    for place, name in enumerate(names):
        for other in names[:place]:
            assert not torch.equal(ends[name], ends[other]), f"{name} is {other}"
