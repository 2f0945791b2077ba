"""A training so small that a step takes a millisecond: two data sets, three tasks, one network, maps in memory."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from motet.data.corpus import Corpus
from motet.data.dataset import DataSet
from motet.data.loader import Loader
from motet.data.segments import Segments
from motet.data.settings import SegmentSettings
from motet.features.settings import MixupSettings
from motet.model import DataSetDocument, InputDocument, Model, ModelDocument
from motet.networks.settings import ModelSettings
from motet.training.loop import Hooks, LoopSettings, Training
from motet.training.objective import WeightedSum
from motet.training.optimizers import build_schedule
from motet.training.settings import ConstantSettings
from tests.data.builders import corpus_of, example, plain, ragged

BINS = 3
LAYERS: list[dict[str, Any]] = [
    {"kind": "cnn", "dims": 2, "channels": [3], "normalisation": "none", "pooling": "none", "dropout": 0.0}
]


def numbers(name: str, num_rows: int) -> DataSet:
    """Rows with a digit, two thirds of them also with a level."""
    return DataSet.of(
        name,
        (
            example(row, {"digit": "01"[row % 2]} | ({"level": row / num_rows} if row % 3 else {}))
            for row in range(num_rows)
        ),
    )


def small_corpus() -> Corpus:
    return corpus_of(numbers("digits", 10), plain("words", 8, "word", "xyz"), kinds={"level": "regression"})


def small_model(corpus: Corpus, layers: Sequence[Mapping[str, Any]] = LAYERS, *, seed: int = 0) -> Model:
    torch.manual_seed(seed)
    described = InputDocument(scaling={"kind": "none"}, channels=1, bins=BINS, step_s=0.01)
    model = Model(
        ModelDocument(
            data_sets={
                name: DataSetDocument(inputs={"signal": described}, tasks=corpus.uses[name])
                for name in corpus.data_sets
            },
            network=ModelSettings.model_validate({"encoder": list(layers)}),
            tasks={name: task.settings for name, task in corpus.tasks.items()},
            labels={name: task.labels for name, task in corpus.tasks.items()},
        )
    )
    for name, task in model.tasks.items():
        targets = corpus.targets[name]
        task.fit(targets.values[targets.present])
    return model


def small_loader(
    corpus: Corpus, *, mixup: MixupSettings | None = None, length_s: float | None = None, lengths: Sequence[int] = (12,)
) -> Loader:
    maps = {
        name: {"signal": ragged([lengths[row % len(lengths)] for row in range(len(data_set))], bins=BINS, seed=number)}
        for number, (name, data_set) in enumerate(corpus.data_sets.items())
    }
    cuts = None if length_s is None else Segments(SegmentSettings(length_s=length_s), length_s)
    return Loader(corpus, maps, dict.fromkeys(corpus.data_sets, cuts), seed=5, mixup=mixup)


def small_training(
    model: Model,
    *,
    learning_rate: float = 0.1,
    optimizer: Callable[..., torch.optim.Optimizer] | None = None,
    **options: Any,
) -> Training:
    """A training with plain SGD; options of `LoopSettings` and of `Training` may be mixed."""
    of_loop: dict[str, Any] = {"seed": 7, "epochs": 2} | {
        name: options.pop(name)
        for name in ("seed", "epochs", "micro_batches", "clip_norm", "precision")
        if name in options
    }
    given: dict[str, Any] = {
        "schedule": build_schedule(ConstantSettings(), total_steps=1, steps_per_epoch=1, learning_rate=learning_rate),
        "objective": WeightedSum({}),
        "settings": LoopSettings(**of_loop),
        "device": torch.device("cpu"),
    }
    made = (optimizer or torch.optim.SGD)(model.parameters(), lr=learning_rate)
    model.train()
    return Training(model, made, **(given | options))


def quiet_hooks(loader: Loader, batches: Sequence[NDArray[np.int64]], **changed: Any) -> Hooks:
    """Hooks that draw the same batches in every epoch and tell nobody."""
    given: dict[str, Any] = {
        "plan": lambda epoch: batches,
        "draw": lambda rows, epoch: loader.draw(rows, epoch=epoch, training=True),
        "validate": lambda: ({}, None),
        "end_epoch": lambda record, best: None,
        "between_steps": lambda: None,
    }
    return Hooks(**(given | changed))


def weights(model: Model) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def gradients(model: Model) -> dict[str, torch.Tensor]:
    return {name: own.grad.clone() for name, own in model.named_parameters() if own.grad is not None}
