"""Figures of a task over folds and seeds, each with its interval.

The value of a metric is the mean over models (folds and seeds). Its interval comes from a bootstrap of the pooled test
predictions, whole clusters at a time: groups where there are groups, else examples, with all of their predictions.
Every resample is scored as the value is, by model, and a model counts as much as its rows were drawn; with a model per
group, as in leave-one-group-out, this is the bootstrap of the groups' figures.
"""

from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from motet import draws
from motet.evaluation.intervals import bootstrap
from motet.evaluation.predictions import Predictions
from motet.evaluation.settings import IntervalSettings
from motet.tasks.counting import Values, ratio
from motet.tasks.task import Scorer, Task


class Figure(TypedDict):
    """A figure and its interval; nan where undefined."""

    value: float
    low: float
    high: float


def score_task(
    task: Task, predictions: Predictions, interval: IntervalSettings | None = None, *, seed: int = 0
) -> dict[str, Figure]:
    """Return every metric of a task, the mean over folds and seeds, with its interval.

    Parameters
    ----------
    task
        Any task of the same labels as those that predicted; its own thresholds are not used.
    predictions
        Of all folds and seeds.
    interval
        How the interval is found; by default 1,000 resamples and 95 %.
    seed
        The seed of the bootstrap.

    Returns
    -------
    dict
        By metric, in the order of the report. A model in which a metric is undefined (a fold without positives) does
        not count in its mean.
    """
    interval = interval or IntervalSettings()
    models = [(rows, _scorer(task, predictions.select(rows))) for _, _, rows in predictions.models()]

    def over_models(weights: Values) -> dict[str, Values]:
        return mean_over_models(models, weights)

    values = over_models(np.ones((len(predictions), 1)))
    intervals = bootstrap(
        predictions.clusters(),
        over_models,
        resamples=interval.resamples,
        confidence=interval.confidence,
        generator=draws.generator(seed, "interval", task.name),
    )
    return {
        name: Figure(value=float(value[0]), low=intervals[name].low, high=intervals[name].high)
        for name, value in values.items()
    }


def score_models(task: Task, predictions: Predictions) -> list[dict[str, Any]]:
    """Return `{"fold", "seed", "rows", "metrics"}` for every model."""
    scored = []
    for fold, seed, rows in predictions.models():
        part = predictions.select(rows)
        metrics = task.score(part.probabilities, part.targets, decisions=part.decisions)
        scored.append({"fold": fold, "seed": seed, "rows": len(part), "metrics": metrics})
    return scored


def _scorer(task: Task, predictions: Predictions) -> Scorer:
    return task.scorer(predictions.probabilities, predictions.decisions, predictions.targets)


def mean_over_models(models: list[tuple[NDArray[np.int64], Scorer]], weights: Values) -> dict[str, Values]:
    """Return the mean of every metric [R] over models, each weighted by the share of its rows that was drawn."""
    sums: dict[str, Values] = {}
    shares: dict[str, Values] = {}
    for rows, score in models:
        drawn = weights[rows]
        share = drawn.mean(axis=0)
        for name, values in score(drawn).items():
            defined = ~np.isnan(values)
            sums[name] = sums.get(name, 0.0) + np.where(defined, values * share, 0.0)
            shares[name] = shares.get(name, 0.0) + np.where(defined, share, 0.0)
    return {name: ratio(total, shares[name]) for name, total in sums.items()}
