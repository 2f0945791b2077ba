"""One fold with one seed: train, select on development rows, predict the test rows once."""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from motet import catalog, tensor_file
from motet.data.roles import FoldSplit
from motet.data.samplers import build_sampler
from motet.data.sampling import SamplingRows
from motet.errors import ConfigError
from motet.experiment.data import OpenData
from motet.experiment.event_checks import check_events, check_traces
from motet.experiment.fold_checks import check_dev_rows, check_scalings
from motet.experiment.network_checks import check_lengths, check_texts
from motet.experiment.preparation import FoldData, build_model, prepare_fold
from motet.experiment.progress import EpochProgress, ProgressFactory, no_progress
from motet.experiment.recorder import Recorder
from motet.experiment.scoring import finish_fold, monitored_metrics, monitored_value, score_dev
from motet.experiment.settings import Experiment
from motet.experiment.teachers.fold import Teachers, teach
from motet.experiment.teachers.live import check_frames
from motet.experiment.teachers.stored import Questions
from motet.model import Model, input_shapes, layers_of, read_network_weights
from motet.networks.plan import count_frozen, count_parameters, plan_network
from motet.runs.folder import FoldFolder
from motet.training.devices import choose_device, choose_precision
from motet.training.gradient_cosine import GradientCosine
from motet.training.interrupts import StopRequest, deferred_interrupts
from motet.training.loop import Hooks, LoopSettings, Scores, Training, train
from motet.training.objective import build_objective, check_precision
from motet.training.optimizers import build_optimizer, build_schedule
from motet.training.procedures import build_procedure
from motet.training.stopping import build_stopping

logger = logging.getLogger("motet")
Rows = NDArray[np.int64]


def train_fold(
    experiment: Experiment,
    data: OpenData,
    fold: FoldSplit,
    *,
    seed: int,
    number: int,
    folder: FoldFolder,
    teachers: Teachers | None = None,
    workers: int | None = None,
    progress: ProgressFactory = no_progress,
) -> None:
    """Train one fold, or go on where it stopped; then predict and score its test rows.

    Parameters
    ----------
    teachers
        What tasks learn from.
    workers
        Processes that extract what teachers hear.

    Raises
    ------
    KeyboardInterrupt
        If somebody asked to stop; what was done is saved.
    """
    began = time.monotonic()
    prepared = prepare_fold(experiment, data, fold, seed)
    training = begin_training(experiment, data, prepared, seed, number, teachers, workers, progress)
    document = training.model.document
    opened = experiment.model_copy(update={"model": layers_of(document)})
    check_lengths(opened, prepared, input_shapes(document))
    check_texts(prepared, training.model)
    check_events(prepared, training.model)
    check_traces(prepared, training.model)
    check_frames(training, prepared)
    if number == 1:
        log_network(training.model)
    recorder = Recorder(experiment, training, folder, fold=number, seed=seed)
    recorder.resume()
    with deferred_interrupts() as request:
        bars = EpochProgress(progress, f"fold {number}", training.epochs)
        hooks = make_hooks(experiment, training, prepared, seed, recorder, request, bars)
        if experiment.training.epochs == 0:
            hooks.validate()  # tunes the decisions of a network that is evaluated as it is
        train(training, hooks)
        recorder.finish()
    if request.requested:
        raise KeyboardInterrupt
    model, position = training.model, training.position
    epoch = position.epoch
    if recorder.chosen is not None:
        model.take(*tensor_file.read(recorder.chosen))
        epoch = position.best_epoch or epoch
    if len(prepared.fold.dev) and position.epoch and position.best_value is None:
        warn_of_undefined(experiment, model, epoch)
    finish_fold(experiment, model, prepared, folder, seed=seed, number=number, epoch=epoch, device=training.device)
    logger.info("seed %d, fold %d: done after %.1f s", seed, number, time.monotonic() - began)


def warn_of_undefined(experiment: Experiment, model: Model, epoch: int) -> None:
    """Tell that model selection had nothing to go by: what it looks at was undefined after every epoch."""
    metrics = monitored_metrics(experiment, model)
    if metrics:
        logger.warning(
            "%s: undefined on the development rows in every epoch, so none is the best, and epoch %d, the last, is "
            "kept; let training.monitor name a metric that is defined, or choose other rows with split.dev",
            ", ".join(metrics),
            epoch,
        )


def log_network(model: Model) -> None:
    """Tell what every layer receives and returns, and how many parameters it has."""
    outputs = {name: task.output_size for name, task in model.tasks.items()}
    for line in plan_network(layers_of(model.document), input_shapes(model.document), outputs):
        before = " + ".join(map(str, line.in_shapes))
        count, kind = (line.num_parameters, "") if not line.num_frozen else (line.num_frozen, "frozen ")
        logger.info("%s (%s): %s -> %s, %d %sparameters", line.path, line.kind, before, line.out_shape, count, kind)
    frozen = count_frozen(model.network)
    beside = f", and {frozen} frozen ones" if frozen else ""
    logger.info("%d parameters in all%s", count_parameters(model.network), beside)


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
    """Put together what the loop needs; teachers who are asked before training are asked here."""
    settings = experiment.training
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    check_dev_rows(experiment, prepared.fold)
    check_scalings(data.listed, data.corpus, prepared.fold)
    device = choose_device(settings.device)
    precision = choose_precision(settings.autocast, device)
    questions = Questions(experiment, data, device, workers, progress)
    taught = teach(teachers or Teachers({}), questions, prepared, seed=seed, number=number, precision=precision)
    prepared.loader.lessons = taught.lessons
    model = build_model(experiment, data, prepared, seed, taught.tasks)
    if settings.warm_start is not None:
        warm_start(model, Path(settings.warm_start))
    model.to(device)
    check_precision(settings.objective, precision)
    weights = {name: task.weight for name, task in model.tasks.items()}
    objective = build_objective(settings.objective, weights, device, list(model.parameters()))
    optimizer = build_optimizer(settings.optimizer, [*model.parameters(), *objective.parameters()])
    if settings.epochs and not optimizer.param_groups[0]["params"]:
        raise ConfigError(
            f"training.epochs is {settings.epochs}, but the network has nothing to train; set training.epochs: 0 to "
            "only evaluate it"
        )
    steps = len(plan_epoch(experiment, prepared, seed)(0)) if settings.epochs else 0
    schedule = build_schedule(
        settings.schedule,
        total_steps=steps * settings.epochs,
        steps_per_epoch=steps,
        learning_rate=optimizer.param_groups[0]["lr"],
    )
    return Training(
        model=model,
        optimizer=optimizer,
        schedule=schedule,
        objective=objective,
        settings=LoopSettings(
            seed, settings.epochs, settings.micro_batches, settings.clip_norm, precision
        ),
        device=device,
        augmentations=[catalog.build("map augmentation", own) for own in experiment.augment],
        stopping=build_stopping(settings.stopping),
        procedure=build_procedure(settings.procedure, list(model.tasks), settings.optimizer),
        tracked=[GradientCosine(own.every) for own in settings.track],
        own_weights=settings.losses,
        teaching=taught.teaching,
    )  # fmt: skip


def plan_epoch(experiment: Experiment, prepared: FoldData, seed: int) -> Callable[[int], Sequence[Rows]]:
    """Return the function that lists the batches of an epoch."""
    rows = prepared.fold.train
    described = SamplingRows.of(prepared.corpus, rows, prepared.loader.frames(rows))
    sampler = build_sampler(experiment.sampling)
    size = experiment.training.batch_size
    return lambda epoch: sampler(described, batch_size=size, seed=seed, epoch=epoch)


def make_hooks(
    experiment: Experiment,
    training: Training,
    prepared: FoldData,
    seed: int,
    recorder: Recorder,
    request: StopRequest,
    bars: EpochProgress,
) -> Hooks:
    """Return what the loop calls."""
    batches = plan_epoch(experiment, prepared, seed)

    def plan(epoch: int) -> Sequence[Rows]:
        planned = batches(epoch)
        bars.begin(epoch, len(planned) - training.position.step)
        return planned

    def validate() -> tuple[Scores, float | None]:
        if not len(prepared.fold.dev):
            return {}, None
        scores = score_dev(experiment, training.model, prepared, training.device)
        training.model.train()
        return scores, monitored_value(experiment, training.model, scores)

    def between_steps() -> None:
        bars.step()
        if request.requested:
            recorder.flush()
            position = training.position
            logger.info("stopped in epoch %d after step %d; saved", position.epoch + 1, position.step)
            raise KeyboardInterrupt
        recorder.flush_now_and_then()

    training.model.train()
    return Hooks(
        plan=plan,
        draw=lambda rows, epoch: prepared.loader.draw(rows, epoch=epoch, training=True),
        validate=validate,
        end_epoch=recorder.end_epoch,
        between_steps=between_steps,
    )


def warm_start(model: Model, path: Path) -> None:
    """Take the network weights of a saved model, where name and shape agree. None of its code runs.

    Raises
    ------
    ConfigError
        If nothing agrees.
    """
    source = read_network_weights(path)
    own = model.network.state_dict()
    taken = {name: value for name, value in source.items() if name in own and own[name].shape == value.shape}
    if not taken:
        raise ConfigError(f"training.warm_start: {path} shares no weight with this network; use one of the same layers")
    model.network.load_state_dict({**own, **taken})
    logger.info("warm start: %d of %d tensors taken from %s", len(taken), len(own), path)
