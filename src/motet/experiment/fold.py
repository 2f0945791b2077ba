"""One fold with one seed: train, select on development rows, predict the test rows once."""

import logging
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motet import tensor_file
from motet.data.roles import FoldSplit
from motet.experiment.beginning import begin_training, plan_epoch
from motet.experiment.data import OpenData
from motet.experiment.event_checks import check_events, check_traces
from motet.experiment.network_checks import check_lengths, check_texts
from motet.experiment.preparation import FoldData, prepare_fold
from motet.experiment.progress import EpochProgress, ProgressFactory, no_progress
from motet.experiment.recorder import Recorder
from motet.experiment.scoring import finish_fold, monitored_metrics, monitored_value, score_dev
from motet.experiment.settings import Experiment
from motet.experiment.teachers.live import check_frames
from motet.experiment.teachers.teachers import Teachers
from motet.model import Model, input_shapes, layers_of
from motet.networks.plan import count_frozen, count_parameters, plan_network
from motet.runs.folder import FoldFolder
from motet.training.interrupts import StopRequest, deferred_interrupts
from motet.training.loop import Hooks, Scores, Training, train

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
