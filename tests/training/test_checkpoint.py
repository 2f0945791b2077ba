from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from motet.errors import DataError
from motet.features.augment import MapNoise, TimeMask
from motet.features.settings import MapNoiseSettings, MixupSettings, TimeMaskSettings
from motet.model import Model
from motet.training.checkpoint import load_checkpoint, save_checkpoint
from motet.training.loop import Training, train
from motet.training.objective import CombinedLosses
from motet.training.optimizers import Plateau
from motet.training.settings import PatienceSettings, PlateauSettings
from motet.training.stopping import Patience
from tests.training.small import LAYERS, quiet_hooks, small_corpus, small_loader, small_model, small_training, weights

BATCHES = [np.array([0, 1, 2, 10]), np.array([3, 4, 5, 12, 13]), np.array([6, 7, 8, 17])]
EPOCHS = 3
LIVELY = [
    {**LAYERS[0], "dropout": 0.3, "normalisation": "batch"},
    {"kind": "rnn", "hidden": 4, "layers": 2, "dropout": 0.2},
]
VALUES = [0.3, 0.2, 0.4]


class StoppedError(Exception):
    pass


class Balance(nn.Module):
    """A learned weight of each task."""

    def __init__(self) -> None:
        super().__init__()
        self.scales = nn.ParameterDict({name: nn.Parameter(torch.ones(())) for name in ("digit", "level", "word")})

    def forward(self, means: dict[str, Tensor]) -> Tensor:
        return torch.stack([self.scales[name] * mean for name, mean in means.items()]).sum()


def lively_training(optimizer: Callable[..., torch.optim.Optimizer], precision: torch.dtype | None = None) -> Training:
    """Everything that has a state: dropout, batch norm, augmentation, plateau, patience, a learned objective."""
    objective = CombinedLosses(Balance())
    return small_training(
        small_model(small_corpus(), LIVELY),
        epochs=EPOCHS,
        micro_batches=2,
        precision=precision,
        optimizer=lambda parameters, lr: optimizer([*parameters, *objective.parameters()], lr=lr),
        learning_rate=0.01,
        objective=objective,
        schedule=Plateau(PlateauSettings(patience=1), 0.01),
        stopping=Patience(PatienceSettings(epochs=5)),
        augmentations=[MapNoise(MapNoiseSettings()), TimeMask(TimeMaskSettings(max_share=0.5))],
    )


def go(training: Training, records: list[dict[str, Any]], *, stop_after: int | None = None) -> None:
    """Train until the end, or until so many steps are done."""
    loader = small_loader(small_corpus(), mixup=MixupSettings(alpha=0.5), length_s=0.05, lengths=(9, 12, 4))

    def between_steps() -> None:
        if training.position.total_steps == stop_after:
            raise StoppedError

    hooks = quiet_hooks(
        loader,
        BATCHES,
        validate=lambda: ({}, VALUES[training.position.epoch]),
        end_epoch=lambda record, best: records.append({**record, "best": best}),
        between_steps=between_steps,
    )
    train(training, hooks)


OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": lambda parameters, lr: torch.optim.SGD(parameters, lr=lr, momentum=0.9, nesterov=True),
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
}


ALL_STEPS = range(1, EPOCHS * len(BATCHES) + 1)
CASES = [("adam", ALL_STEPS), *((name, [4]) for name in OPTIMIZERS if name != "adam")]
FULL = [pytest.param(name, ALL_STEPS, marks=pytest.mark.full) for name in OPTIMIZERS]


@pytest.mark.parametrize(("optimizer", "steps"), [*CASES, *FULL])
def test_stopped_after_any_step_and_resumed_is_never_having_stopped(
    optimizer: str, steps: Sequence[int], tmp_path: Path
) -> None:
    undisturbed, records = lively_training(OPTIMIZERS[optimizer]), list[dict[str, Any]]()
    go(undisturbed, records)
    save_checkpoint(undisturbed, tmp_path / "undisturbed")
    for step in steps:
        first, told = lively_training(OPTIMIZERS[optimizer]), list[dict[str, Any]]()
        with pytest.raises(StoppedError):
            go(first, told, stop_after=step)
        save_checkpoint(first, tmp_path / "stopped")
        second = lively_training(OPTIMIZERS[optimizer])
        torch.manual_seed(step)  # whatever the new process did before
        load_checkpoint(second, tmp_path / "stopped")
        go(second, told)
        assert told == records, f"stopped after step {step}"
        save_checkpoint(second, tmp_path / "resumed")
        assert (tmp_path / "resumed").read_bytes() == (tmp_path / "undisturbed").read_bytes()


def test_the_scale_of_half_precision_is_kept(tmp_path: Path) -> None:
    first, second = (lively_training(torch.optim.SGD, torch.float16) for _ in range(2))
    assert first.grad_scaler is not None
    assert second.grad_scaler is not None
    first.grad_scaler.load_state_dict({**first.grad_scaler.state_dict(), "scale": 128.0, "_growth_tracker": 7})
    save_checkpoint(first, tmp_path / "checkpoint")
    load_checkpoint(second, tmp_path / "checkpoint")
    assert second.grad_scaler.state_dict() == first.grad_scaler.state_dict()
    assert second.grad_scaler.get_scale() == 128.0


def test_a_checkpoint_is_also_a_model(tmp_path: Path) -> None:
    training = lively_training(torch.optim.Adam)
    go(training, [])
    save_checkpoint(training, tmp_path / "last.safetensors", epoch=3)
    model = Model.load(tmp_path / "last.safetensors")
    assert model.document.notes == {"epoch": 3}
    assert all(torch.equal(value, weights(training.model)[name]) for name, value in model.state_dict().items())


def test_a_model_alone_is_no_checkpoint(tmp_path: Path) -> None:
    training = lively_training(torch.optim.Adam)
    training.model.save(tmp_path / "best.safetensors")
    with pytest.raises(DataError, match=r"best\.safetensors: holds a model but no resume state"):
        load_checkpoint(training, tmp_path / "best.safetensors")


def test_saving_changes_nothing(tmp_path: Path) -> None:
    plain, saved = lively_training(torch.optim.Adam), lively_training(torch.optim.Adam)
    records: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
    go(plain, records[0])
    for step in ALL_STEPS:
        with pytest.raises(StoppedError):
            go(saved, records[1], stop_after=step)
        save_checkpoint(saved, tmp_path / "checkpoint")
    go(saved, records[1])
    assert records[0] == records[1]
    assert all(torch.equal(value, weights(plain.model)[name]) for name, value in weights(saved.model).items())
