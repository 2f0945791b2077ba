"""Rows of a fold to predictions and scores, and what model selection looks at."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from motet.data.corpus import Corpus
from motet.errors import ConfigError
from motet.evaluation.fused import Tune, targets_with_fused
from motet.evaluation.predict import predict_batches
from motet.evaluation.predicted import Predicted
from motet.evaluation.predictions import Predictions
from motet.evaluation.score import score_models
from motet.experiment.preparation import FoldData
from motet.experiment.settings import Experiment
from motet.experiment.tasks import merge_rule
from motet.model import Model
from motet.runs.folder import FoldFolder, write_json
from motet.tasks.fused.fused import Seen
from motet.tasks.merge import MergeRule
from motet.training.loop import Scores

Rows = NDArray[np.int64]


def monitored_value(experiment: Experiment, model: Model, scores: Scores) -> float:
    """Return what model selection looks at, higher being better: one metric, or the mean of all main metrics.

    Of fused tasks only one that is named counts: they change no training unless they are asked to. A main metric that
    is undefined (nan) is left out of the mean; where none is defined, the value is nan.

    Raises
    ------
    ConfigError
        If the metric is of a task that no development row has a target of.
    """
    chosen = experiment.training.monitor
    if chosen is not None:
        task, metric = chosen.split(".")
        if task not in scores:
            raise ConfigError(
                f"training.monitor is {chosen!r}, but no development row has a target of {task!r}; monitor another "
                "task, or choose other rows with split.dev"
            )
        return _signed(model, scores, task, metric)
    values = [_signed(model, scores, name, model.tasks[name].main_metric) for name in scores if name in model.tasks]
    defined = [value for value in values if not math.isnan(value)]
    return sum(defined) / len(defined) if defined else math.nan


def predict_rows(
    experiment: Experiment,
    model: Model,
    prepared: FoldData,
    rows: Rows,
    device: torch.device,
    tune: Tune | None = None,
) -> dict[str, Predicted]:
    """Predict rows of the corpus; `tune` is called before a task is fused."""
    size = experiment.evaluation.batch_size or 2 * experiment.training.batch_size
    rules = [merge_rule(experiment, name) for name in prepared.corpus.data_sets]

    def rule_of(row: int) -> MergeRule:
        return rules[int(prepared.corpus.data_set_numbers(np.array([row]))[0])]

    batches = prepared.loader.evaluate(rows, batch_size=size)
    return predict_batches(model, batches, device=device, merge=rule_of, tune=tune)


def score_dev(experiment: Experiment, model: Model, prepared: FoldData, device: torch.device) -> Scores:
    """Predict and score the development rows; decisions, and what fuses tasks, are tuned on them first."""
    targets = targets_with_fused(prepared.corpus.targets, model.fused)

    def tune(name: str, rows: Rows, seen: Seen) -> None:
        model.fused[name].tune(seen, targets[name].values[rows])

    predicted = predict_rows(experiment, model, prepared, prepared.fold.dev, device, tune)
    scores = {}
    for name, part in predicted.items():
        truth = targets[name].values[part.rows]
        if name in model.tasks:
            model.tasks[name].tune(part.probabilities, truth)
        scores[name] = model.scored[name].score(part.probabilities, truth)
    return scores


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
    predicted = predict_rows(experiment, model.to(device), prepared, prepared.fold.test, device)
    scores = {}
    for name, part in predicted.items():
        predictions = as_predictions(prepared.corpus, model, name, part, fold=str(number), seed=seed)
        folder.predictions.mkdir(parents=True, exist_ok=True)
        predictions.to_csv(folder.predictions / f"{name}.csv", model.scored[name])
        scores[name] = describe_scores(model, name, predictions)
    counts = {part: prepared.corpus.count(getattr(prepared.fold, part)) for part in ("train", "dev", "test")}
    place = {"schema": 1, "fold": number, "seed": seed, "epoch": epoch}
    write_json(folder.scores, {**place, "rows": counts, "tasks": scores})


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


def _signed(model: Model, scores: Mapping[str, Mapping[str, float]], task: str, metric: str) -> float:
    value = scores[task][metric]
    return value if model.scored[task].higher_is_better(metric) else -value
