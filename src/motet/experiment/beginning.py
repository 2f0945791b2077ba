"""What the loop trains with, put together from the settings: model, objective, optimizer, schedule, procedure."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.optim import Optimizer

from motet import catalog
from motet.data.samplers import build_sampler
from motet.data.sampling import SamplingRows
from motet.errors import ConfigError
from motet.experiment.data import OpenData
from motet.experiment.fold_checks import check_dev_rows, check_scalings
from motet.experiment.preparation import FoldData, build_model
from motet.experiment.progress import ProgressFactory, no_progress
from motet.experiment.settings import Experiment
from motet.experiment.teachers.fold import Taught, teach
from motet.experiment.teachers.stored import Questions
from motet.experiment.teachers.teachers import Teachers
from motet.model import Model, read_network_weights
from motet.training.devices import choose_device, choose_precision
from motet.training.gradient_cosine import GradientCosine
from motet.training.loop import LoopSettings, Training
from motet.training.objective import Objective, build_objective, check_precision
from motet.training.optimizers import Schedule, build_optimizer, build_schedule
from motet.training.procedures import build_procedure
from motet.training.settings import TrainingSettings
from motet.training.stopping import build_stopping

logger = logging.getLogger("motet")
Rows = NDArray[np.int64]


def begin_training(
    experiment: Experiment,
    data: OpenData,
    prepared: FoldData,
    seed: int,
    number: int = 1,
    teachers: Teachers | None = None,
    workers: int | None = None,
    progress: ProgressFactory = no_progress,
) -> Training:
    """Put together what the loop needs; teachers who are asked before training are asked here.

    Raises
    ------
    ConfigError
        If the network has nothing to train, or the settings do not fit it, the data, or each other.
    """
    settings = experiment.training
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    check_dev_rows(experiment, prepared.fold)
    check_scalings(data.listed, data.corpus, prepared.fold)
    device = choose_device(settings.device)
    precision = choose_precision(settings.autocast, device)
    check_precision(settings.objective, precision)
    questions = Questions(experiment, data, device, workers, progress)
    taught = teach(teachers or Teachers({}), questions, prepared, seed=seed, number=number, precision=precision)
    prepared.loader.lessons = taught.lessons
    model = _model(experiment, data, prepared, seed, taught)
    model.to(device)
    weights = {name: task.weight for name, task in model.tasks.items()}
    objective = build_objective(settings.objective, weights, device, list(model.parameters()))
    optimizer = _optimizer(settings, model, objective)
    return Training(
        model=model,
        optimizer=optimizer,
        schedule=_schedule(experiment, prepared, seed, optimizer),
        objective=objective,
        settings=LoopSettings(seed, settings.epochs, settings.micro_batches, settings.clip_norm, precision),
        device=device,
        augmentations=[catalog.build("map augmentation", own) for own in experiment.augment],
        stopping=build_stopping(settings.stopping),
        procedure=build_procedure(settings.procedure, list(model.tasks), settings.optimizer),
        tracked=[GradientCosine(own.every) for own in settings.track],
        own_weights=settings.losses,
        teaching=taught.teaching(model),
    )


def plan_epoch(experiment: Experiment, prepared: FoldData, seed: int) -> Callable[[int], Sequence[Rows]]:
    """Return the function that lists the batches of an epoch."""
    rows = prepared.fold.train
    described = SamplingRows.of(prepared.corpus, rows, prepared.loader.frames(rows))
    sampler = build_sampler(experiment.sampling)
    size = experiment.training.batch_size
    return lambda epoch: sampler(described, batch_size=size, seed=seed, epoch=epoch)


def _model(experiment: Experiment, data: OpenData, prepared: FoldData, seed: int, taught: Taught) -> Model:
    model = build_model(experiment, data, prepared, seed, taught.tasks)
    start = experiment.training.warm_start
    if start is not None:
        _warm_start(model, Path(start))
    return model


def _warm_start(model: Model, path: Path) -> None:
    """Take the network weights of a saved model, where name and shape agree. None of its code runs."""
    source = read_network_weights(path)
    own = model.network.state_dict()
    taken = {name: value for name, value in source.items() if name in own and own[name].shape == value.shape}
    if not taken:
        raise ConfigError(f"training.warm_start: {path} shares no weight with this network; use one of the same layers")
    model.network.load_state_dict({**own, **taken})
    logger.info("warm start: %d of %d tensors taken from %s", len(taken), len(own), path)


def _optimizer(settings: TrainingSettings, model: Model, objective: Objective) -> Optimizer:
    optimizer = build_optimizer(settings.optimizer, [*model.parameters(), *objective.parameters()])
    if settings.epochs and not optimizer.param_groups[0]["params"]:
        raise ConfigError(
            f"training.epochs is {settings.epochs}, but the network has nothing to train; set training.epochs: 0 to "
            "only evaluate it"
        )
    return optimizer


def _schedule(experiment: Experiment, prepared: FoldData, seed: int, optimizer: Optimizer) -> Schedule:
    settings = experiment.training
    steps = len(plan_epoch(experiment, prepared, seed)(0)) if settings.epochs else 0
    return build_schedule(
        settings.schedule,
        total_steps=steps * settings.epochs,
        steps_per_epoch=steps,
        learning_rate=optimizer.param_groups[0]["lr"],
    )
