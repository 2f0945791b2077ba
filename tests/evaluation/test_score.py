"""Figures over folds and seeds, and their intervals."""

import time
from typing import Any

import numpy as np
import pytest

from motet.evaluation import Predictions, score_models, score_task
from motet.evaluation.settings import IntervalSettings
from motet.tasks import Multiclass, Regression, Task
from motet.tasks.settings import AccuracySettings, MulticlassSettings, RegressionSettings

_LABELS = ("a", "b", "c")


def _task(**options: Any) -> Multiclass:
    return Multiclass(MulticlassSettings(**options), "animal", _LABELS)


def _model(
    task: Task, generator: np.random.Generator, *, rows: int = 40, fold: str = "1", seed: int = 0, **ids: Any
) -> Predictions:
    targets = generator.integers(0, len(task.labels), rows)
    outputs = generator.normal(size=(rows, len(task.labels)))
    outputs[np.arange(rows), targets] += 1.0
    names = ids.pop("ids", [f"{fold}-{row}" for row in range(rows)])
    return Predictions.of(task, names, task.probabilities(outputs), targets, data_set="d", fold=fold, seed=seed, **ids)


def _pool(task: Task) -> Predictions:
    generator = np.random.default_rng(0)
    sizes = {"1": 30, "2": 50, "3": 70}
    return Predictions.concatenate(
        [_model(task, generator, rows=rows, fold=fold, seed=seed) for seed in (0, 1) for fold, rows in sizes.items()]
    )


def test_the_value_is_the_mean_over_folds_and_seeds() -> None:
    task = _task()
    predictions = _pool(task)
    figures = score_task(task, predictions)
    models = score_models(task, predictions)
    assert [(model["fold"], model["seed"], model["rows"]) for model in models] == [
        ("1", 0, 30), ("2", 0, 50), ("3", 0, 70), ("1", 1, 30), ("2", 1, 50), ("3", 1, 70),
    ]  # fmt: skip
    for name, figure in figures.items():
        assert figure["value"] == pytest.approx(np.mean([model["metrics"][name] for model in models])), name
        assert figure["low"] < figure["value"] < figure["high"], name
        assert 0.03 < figure["high"] - figure["low"] < 0.25, name


def test_it_is_the_same_every_time_and_in_any_order() -> None:
    task = _task()
    predictions = _pool(task)
    figures = score_task(task, predictions, seed=3)
    assert score_task(task, predictions, seed=3) == figures
    shuffled = predictions.select(np.random.default_rng(1).permutation(len(predictions)))
    for name, figure in score_task(task, shuffled, seed=3).items():
        assert dict(figure) == pytest.approx(dict(figures[name]))


def test_more_seeds_of_the_same_rows_do_not_narrow_the_interval() -> None:
    task = _task(metrics=[AccuracySettings()])
    one = _model(task, np.random.default_rng(0), rows=100)
    copies = [
        Predictions.of(task, one.ids.tolist(), one.probabilities, one.targets, data_set="d", seed=seed)
        for seed in range(5)
    ]
    alone, many = (score_task(task, part)["accuracy"] for part in (one, Predictions.concatenate(copies)))
    assert dict(many) == pytest.approx(dict(alone))


def test_with_a_fold_per_group_it_is_the_bootstrap_of_the_groups_figures() -> None:
    task = _task(metrics=[AccuracySettings()])
    generator = np.random.default_rng(0)
    parts = [_model(task, generator, fold=str(n), rows=10 + 5 * n, groups=[f"g{n}"] * (10 + 5 * n)) for n in range(12)]
    figure = score_task(task, Predictions.concatenate(parts), IntervalSettings(resamples=20_000))["accuracy"]
    accuracies = np.array([(part.decisions == part.targets).mean() for part in parts])
    drawn = accuracies[np.random.default_rng(1).integers(12, size=(20_000, 12))].mean(axis=1)
    expected = [accuracies.mean(), *np.percentile(drawn, [2.5, 97.5])]
    assert [figure["value"], figure["low"], figure["high"]] == pytest.approx(expected, abs=0.004)


def test_the_decisions_of_each_model_are_kept() -> None:
    task = _task(metrics=[AccuracySettings()])
    part = _model(task, np.random.default_rng(0))
    right = Predictions(**{**{name: getattr(part, name) for name in part.__slots__}, "decisions": part.targets})
    assert score_task(task, right)["accuracy"]["value"] == 1.0
    assert score_models(task, right)[0]["metrics"] == {"accuracy": 1.0}


def test_a_fold_in_which_a_metric_is_undefined_does_not_count() -> None:
    task = Regression(RegressionSettings(), "age", ("value",))
    varying = Predictions.of(
        task, list("abc"), np.array([[1.0], [2.0], [4.0]]), np.array([[1.0], [2.0], [3.0]]), data_set="d"
    )
    constant = Predictions.of(
        task, list("def"), np.array([[1.0], [2.0], [4.0]]), np.full((3, 1), 2.0), data_set="d", fold="2"
    )
    both = score_task(task, Predictions.concatenate([varying, constant]))
    alone = score_task(task, varying)
    assert both["pearson"]["value"] == alone["pearson"]["value"]
    assert both["mae"]["value"] == pytest.approx((1 / 3 + 1.0) / 2)
    assert np.isnan(score_task(task, constant)["pearson"]["value"])


def test_without_resamples_there_are_values_only() -> None:
    task = _task()
    figures = score_task(task, _pool(task), IntervalSettings(resamples=0))
    assert all(np.isnan([figure["low"], figure["high"]]).all() for figure in figures.values())
    assert not any(np.isnan(figure["value"]) for figure in figures.values())


def test_more_confidence_is_a_wider_interval() -> None:
    task = _task()
    narrow, wide = (score_task(task, _pool(task), IntervalSettings(confidence=share))["uar"] for share in (0.8, 0.99))
    assert wide["low"] < narrow["low"] < narrow["high"] < wide["high"]


def test_a_thousand_resamples_of_three_thousand_rows_are_quick() -> None:
    task = Multiclass(MulticlassSettings(), "digit", tuple("0123456789"))
    predictions = _model(task, np.random.default_rng(0), rows=3000)
    start = time.process_time()
    score_task(task, predictions)
    assert time.process_time() - start < 4.0, "2 s are meant"
