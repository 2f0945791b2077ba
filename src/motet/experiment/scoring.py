"""Rows of a fold to predictions and scores, and what model selection looks at."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from motet import draws
from motet.data.corpus import Corpus
from motet.errors import ConfigError
from motet.evaluation.fused import Tune, targets_with_fused
from motet.evaluation.predict import OwnLosses, predict_batches
from motet.evaluation.predicted import Predicted
from motet.evaluation.predictions import Predictions
from motet.evaluation.score import Figure, score_models
from motet.experiment.preparation import FoldData
from motet.experiment.settings import Experiment
from motet.experiment.tasks import merge_rule
from motet.model import Model
from motet.networks.settings import LOSSES
from motet.runs.folder import FoldFolder, write_json
from motet.tasks.fused.fused import Seen
from motet.tasks.merge import MergeRule
from motet.training.devices import seed_generators
from motet.training.loop import Scores
from motet.training.settings import PlateauSettings

Rows = NDArray[np.int64]


def monitored_value(experiment: Experiment, model: Model, scores: Scores) -> float | None:
    """Return what model selection looks at, higher being better: one metric, or the mean of all main metrics.

    Of fused tasks only one that is named counts: they change no training unless they are asked to. A main metric that
    is undefined (nan) is left out of the mean; where none is defined, the value is nan.
    Without tasks it is the sum of the network's own losses, each times its weight, with the sign turned; None without
    these.

    Raises
    ------
    ConfigError
        If the metric is of a task that no development row has a target of, or a loss that the network does not tell of
        development rows.
    """
    chosen = experiment.training.monitor
    if chosen is not None:
        task, _, metric = chosen.partition(".")
        if task == LOSSES and task not in model.tasks:
            return -_own_loss(scores.get(LOSSES, {}), metric)
        if task not in scores:
            raise ConfigError(
                f"training.monitor is {chosen!r}, but no development row has a target of {task!r}; monitor another "
                "task, or choose other rows with split.dev"
            )
        return _signed(model, scores, task, metric)
    if not model.tasks:
        return _without_tasks(experiment, scores.get(LOSSES, {}))
    values = [_signed(model, scores, name, model.tasks[name].main_metric) for name in scores if name in model.tasks]
    defined = [value for value in values if not math.isnan(value)]
    return sum(defined) / len(defined) if defined else math.nan


def monitored_metrics(experiment: Experiment, model: Model) -> list[str]:
    """Return what `monitored_value` looks at, as `TASK.METRIC`; nothing where it sums the network's own losses."""
    chosen = experiment.training.monitor
    return [chosen] if chosen is not None else [f"{name}.{task.main_metric}" for name, task in model.tasks.items()]


def predict_rows(
    experiment: Experiment,
    model: Model,
    prepared: FoldData,
    rows: Rows,
    device: torch.device,
    tune: Tune | None = None,
    losses: OwnLosses | None = None,
) -> dict[str, Predicted]:
    """Predict rows of the corpus; what the network's own losses draw at random is the same in every epoch.

    Parameters
    ----------
    tune
        Called before a task is fused.
    losses
        Where given, it receives the losses of the network's own.
    """
    seed_generators(device, draws.key(experiment.seed, "evaluate"))
    size = experiment.evaluation.batch_size or 2 * experiment.training.batch_size
    rules = [merge_rule(experiment, name) for name in prepared.corpus.data_sets]

    def rule_of(row: int) -> MergeRule:
        return rules[int(prepared.corpus.data_set_numbers(np.array([row]))[0])]

    batches = prepared.loader.evaluate(rows, batch_size=size)
    return predict_batches(model, batches, device=device, merge=rule_of, tune=tune, losses=losses)


def score_dev(experiment: Experiment, model: Model, prepared: FoldData, device: torch.device) -> Scores:
    """Predict and score the development rows; decisions, and what fuses tasks, are tuned on them first."""
    targets = targets_with_fused(prepared.corpus.targets, model.fused)

    def tune(name: str, rows: Rows, seen: Seen) -> None:
        model.fused[name].tune(seen, targets[name].values[rows])

    losses = OwnLosses()
    predicted = predict_rows(experiment, model, prepared, prepared.fold.dev, device, tune, losses)
    scores = {}
    for name, part in predicted.items():
        truth = targets[name].values[part.rows]
        if name in model.tasks:
            model.tasks[name].tune(part.probabilities, truth)
        scores[name] = model.scored[name].score(part.probabilities, truth)
    return scores | ({LOSSES: means} if (means := losses.means()) else {})


def finish_fold(
    experiment: Experiment,
    model: Model,
    prepared: FoldData,
    folder: FoldFolder,
    *,
    seed: int,
    number: int,
    epoch: int,
    device: torch.device,
) -> None:
    """Predict and score the test rows once, with the model of an epoch (from 1); scores are written last."""
    own = OwnLosses()
    predicted = predict_rows(experiment, model.to(device), prepared, prepared.fold.test, device, losses=own)
    scores = {}
    for name, part in predicted.items():
        predictions = as_predictions(prepared.corpus, model, name, part, fold=str(number), seed=seed)
        folder.predictions.mkdir(parents=True, exist_ok=True)
        predictions.to_csv(folder.predictions / f"{name}.csv", model.scored[name])
        scores[name] = describe_scores(model, name, predictions)
    counts = {part: prepared.corpus.count(getattr(prepared.fold, part)) for part in ("train", "dev", "test")}
    place = {"schema": 1, "fold": number, "seed": seed, "epoch": epoch}
    losses = {LOSSES: means} if (means := own.means()) else {}
    write_json(folder.scores, {**place, "rows": counts, "tasks": scores, **losses})


def as_predictions(
    corpus: Corpus, model: Model, task: str, predicted: Predicted, *, fold: str, seed: int
) -> Predictions:
    """Put names and targets beside what was predicted."""
    places = [corpus.locate(int(row)) for row in predicted.rows]
    return Predictions.of(
        model.scored[task],
        [data_set.ids[row] for data_set, row in places],
        predicted.probabilities,
        targets_with_fused(corpus.targets, model.fused)[task].values[predicted.rows],
        data_set=[data_set.name for data_set, _ in places],
        groups=[data_set.groups[row] for data_set, row in places],
        fold=fold,
        seed=seed,
    )


def describe_scores(model: Model, name: str, predictions: Predictions) -> dict[str, Any]:
    """Return metrics, figures by label and the confusion matrix of one task."""
    task = model.scored[name]
    confusion = task.confusion(predictions.decisions, predictions.targets)
    return {
        "per_frame": task.per_frame,
        "metrics": score_models(task, predictions)[0]["metrics"],
        "labels": task.table(predictions.probabilities, predictions.targets, decisions=predictions.decisions),
        "confusion": None if confusion is None else {"labels": list(task.labels), "counts": confusion.tolist()},
    }


def mean_losses(folds: Sequence[Mapping[str, float | None]]) -> dict[str, Figure]:
    """Return the mean over folds and seeds of each loss of the network's own, as a figure without an interval."""
    found: dict[str, list[float]] = {}
    for fold in folds:
        for name, value in fold.items():
            found.setdefault(name, []).append(math.nan if value is None else value)
    return {name: Figure(value=float(np.mean(values)), low=math.nan, high=math.nan) for name, values in found.items()}


def all_figures(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a result by task, with losses of the network's own as if they were one."""
    return {**result["tasks"], **({LOSSES: result[LOSSES]} if LOSSES in result else {})}


def _own_loss(losses: Mapping[str, float], name: str) -> float:
    if name in losses:
        return losses[name]
    raise ConfigError(
        f"training.monitor is '{LOSSES}.{name}', but of development rows the network tells "
        f"{', '.join(losses) or 'no losses of its own'}; let it return this loss in evaluation too"
    )


def _without_tasks(experiment: Experiment, losses: Mapping[str, float]) -> float | None:
    """Return the weighted sum of the network's own losses, with the sign turned."""
    settings = experiment.training
    if not losses:
        looking = "training.stopping" if settings.stopping is not None else "training.schedule"
        if settings.stopping is not None or isinstance(settings.schedule, PlateauSettings):
            raise ConfigError(
                f"{looking}: looks at development rows, but there is no task, and of these rows the network tells no "
                "losses of its own; let it return them in evaluation too, or leave this out"
            )
        return None
    return -sum(settings.losses.get(name, 1.0) * value for name, value in losses.items())


def _signed(model: Model, scores: Mapping[str, Mapping[str, float]], task: str, metric: str) -> float:
    value = scores[task][metric]
    return value if model.scored[task].higher_is_better(metric) else -value
