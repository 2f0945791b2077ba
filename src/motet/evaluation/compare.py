"""Two models on the same test rows: how much their figures differ, and whether that could be chance.

Rows are paired: what both predicted, by data set, example and seed. The interval of a difference comes from a bootstrap
that draws both predictions of a row together, whole clusters (groups, or examples with all their seeds) at a time. The
p value is that of a permutation test, which swaps the two predictions of a cluster at random; it is never 0 (Phipson
and Smyth, Statistical Applications in Genetics and Molecular Biology 9, 2010). Where rows are independent of each
other, McNemar's exact test of the right decisions stands beside it (McNemar, Psychometrika 12, 1947).

Axes: n paired rows, K labels, R resamples. A figure is the mean over models (folds and seeds), as in `score_task`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motet import draws
from motet.errors import DataError
from motet.evaluation.intervals import bootstrap
from motet.evaluation.predictions import Predictions
from motet.evaluation.score import Figure, mean_over_models
from motet.evaluation.settings import IntervalSettings
from motet.tasks.counting import Values, count
from motet.tasks.metrics import LabelOutcome
from motet.tasks.task import Scorer, Task

_BLOCK_CELLS = 250_000
_TOLERANCE = 1e-12

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric of two models.

    Parameters
    ----------
    first, second
        The metric of each, over the paired rows.
    difference
        Second minus first, with its interval.
    p
        How likely so large a difference is where both are alike, two-sided; nan where it cannot be told.
    """

    first: float
    second: float
    difference: Figure
    p: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on one task.

    Parameters
    ----------
    rows, clusters
        How many rows are paired, and how many of them are independent.
    metrics
        By name, in the order of the report.
    labels
        The difference in recall by label; empty for a task without labels.
    mcnemar
        The p value of McNemar's exact test; None where rows are not independent, or decisions are no single labels.
    """

    task: str
    rows: int
    clusters: int
    metrics: dict[str, Difference]
    labels: dict[str, Figure]
    mcnemar: float | None


def compare_predictions(
    task: Task, first: Predictions, second: Predictions, interval: IntervalSettings | None = None, *, seed: int = 0
) -> Comparison:
    """Compare two models, or two runs of several models each, on the rows that both predicted.

    Parameters
    ----------
    task
        Any task of the labels of both.
    interval
        How often is resampled and permuted, and the confidence; by default 1,000 times and 95 %.
    seed
        That of resamples and permutations.

    Raises
    ------
    DataError
        If no row is common to both, or the targets of a common row differ.
    """
    interval = interval or IntervalSettings()
    own, other = pair(first, second)
    first, second = first.select(own), second.select(other)
    _check_targets(task, first, second)
    both = Predictions.concatenate([first, second])
    models = [(rows, _scorer(task, both.select(rows))) for rows in _models(first, second)]
    clusters = first.clusters()

    def figures(weights: Values) -> dict[str, Values]:
        none = np.zeros_like(weights)
        before = mean_over_models(models, np.concatenate([weights, none]))
        after = mean_over_models(models, np.concatenate([none, weights]))
        found = {f"metric {name}": after[name] - before[name] for name in before}
        return found | _recall_differences(task, first, second, weights)

    once = np.ones((len(first), 1))
    values = {name: float(value[0]) for name, value in figures(once).items()}
    intervals = bootstrap(
        clusters, figures, resamples=interval.resamples, confidence=interval.confidence,
        generator=draws.generator(seed, "difference", task.name),
    )  # fmt: skip
    told = {
        name: Figure(value=value, low=intervals[name].low, high=intervals[name].high) for name, value in values.items()
    }
    before, after = (mean_over_models(models, np.concatenate(part)) for part in ((once, 0 * once), (0 * once, once)))
    chances = _permuted(models, clusters, interval.resamples, draws.generator(seed, "permutation", task.name))
    metrics = {
        name: Difference(float(before[name][0]), float(after[name][0]), told[f"metric {name}"], chances[name])
        for name in before
    }
    labels = {name.removeprefix("label "): figure for name, figure in told.items() if name.startswith("label ")}
    return Comparison(task.name, len(first), int(clusters.max()) + 1, metrics, labels, _mcnemar(task, first, second))


def pair(first: Predictions, second: Predictions) -> tuple[Rows, Rows]:
    """Return the rows [n] of each that are of one example and of one seed; seeds go together in their order.

    A row that is tested in several folds is paired fold by fold.

    Raises
    ------
    DataError
        If there are none.
    """
    own, other = _keys(first), _keys(second)
    common = [key for key in own if key in other]
    if not common:
        raise DataError(f"task {first.task!r}: no test row is common to both runs; give them one split and one seed")
    return np.array([own[key] for key in common]), np.array([other[key] for key in common])


def holm(chances: Iterable[float]) -> list[float]:
    """Return p values made larger for their number, as Holm does (Scandinavian Journal of Statistics 6, 1979).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    given = np.array(list(chances), dtype=np.float64)
    adjusted = np.full(len(given), np.nan)
    order = [int(at) for at in np.argsort(given) if not np.isnan(given[at])]
    largest = 0.0
    for place, at in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - place) * float(given[at])))
        adjusted[at] = largest
    return [float(value) for value in adjusted]


def _keys(predictions: Predictions) -> dict[tuple[str, str, int, int], int]:
    """Return the row of each (data set, example, place of the seed, how often it was tested before)."""
    ranks = np.unique(predictions.seeds, return_inverse=True)[1].tolist()
    seen: dict[tuple[str, str, int], int] = {}
    keys = {}
    order = np.argsort(predictions.folds, kind="stable").tolist()
    for row in order:
        key = (str(predictions.data_sets[row]), str(predictions.ids[row]), ranks[row])
        seen[key] = seen.get(key, -1) + 1
        keys[(*key, seen[key])] = row
    return keys


def _models(first: Predictions, second: Predictions) -> list[Rows]:
    """Return the rows of every model among those of both, one after the other; by seed where the folds differ."""
    ranks = [np.unique(part.seeds, return_inverse=True)[1] for part in (first, second)]
    codes = [_codes(part.folds.tolist(), rank.tolist()) for part, rank in zip((first, second), ranks, strict=True)]
    together = len(set(zip(codes[0].tolist(), codes[1].tolist(), strict=True)))
    alike = together == len(set(codes[0].tolist())) == len(set(codes[1].tolist()))
    chosen = codes[0] if alike else ranks[0]
    rows = [np.flatnonzero(chosen == code) for code in np.unique(chosen)]
    return [np.concatenate([own, own + len(first)]) for own in rows]


def _codes(folds: list[str], ranks: list[int]) -> Rows:
    return np.unique([f"{fold}\n{rank}" for fold, rank in zip(folds, ranks, strict=True)], return_inverse=True)[1]


def _check_targets(task: Task, first: Predictions, second: Predictions) -> None:
    differ = [row for row in range(len(first)) if not np.array_equal(first.targets[row], second.targets[row])]
    if differ and not task.per_frame:
        raise DataError(
            f"task {task.name!r}: the runs have other targets for {len(differ)} of {len(first)} common rows (first "
            f"{str(first.ids[differ[0]])!r}); compare runs on the same data"
        )


def _scorer(task: Task, predictions: Predictions) -> Scorer:
    return task.scorer(predictions.probabilities, predictions.decisions, predictions.targets)


def _recall_differences(task: Task, first: Predictions, second: Predictions, weights: Values) -> dict[str, Values]:
    """Return by label how much the recall over all rows differs [R]."""
    recalls = []
    for part in (first, second):
        outcome = task.compare(part.probabilities, part.decisions, part.targets)
        if not isinstance(outcome, LabelOutcome):
            return {}
        recalls.append(count(outcome.truth, outcome.decided, weights).recall)
    return {f"label {name}": recalls[1][code] - recalls[0][code] for code, name in enumerate(task.labels)}


def _permuted(
    models: list[tuple[Rows, Scorer]], clusters: Rows, times: int, generator: np.random.Generator
) -> dict[str, float]:
    """Return the p value of every metric: the share of swaps with as large a difference."""

    def differences(kept: Values) -> dict[str, Values]:
        swapped = 1.0 - kept
        before = mean_over_models(models, np.concatenate([kept, swapped]))
        after = mean_over_models(models, np.concatenate([swapped, kept]))
        return {name: np.abs(after[name] - before[name]) for name in before}

    found = {name: float(value[0]) for name, value in differences(np.ones((len(clusters), 1))).items()}
    num_clusters = int(clusters.max()) + 1
    if times == 0 or num_clusters < 2:
        return dict.fromkeys(found, float("nan"))
    as_large = dict.fromkeys(found, 0)
    size = max(1, _BLOCK_CELLS // len(clusters))
    for start in range(0, times, size):
        kept = generator.integers(2, size=(min(size, times - start), num_clusters)).T.astype(np.float64)
        for name, values in differences(kept[clusters]).items():
            as_large[name] += int((values >= found[name] - _TOLERANCE).sum())
    return {
        name: float("nan") if np.isnan(found[name]) else (1 + number) / (1 + times) for name, number in as_large.items()
    }


def _mcnemar(task: Task, first: Predictions, second: Predictions) -> float | None:
    if task.target_shape or task.per_frame or len(np.unique(first.clusters())) < len(first):
        return None
    from scipy.stats import binomtest

    right = [part.decisions == part.targets for part in (first, second)]
    lost, won = int((right[0] & ~right[1]).sum()), int((~right[0] & right[1]).sum())
    return 1.0 if lost + won == 0 else float(binomtest(won, won + lost, 0.5).pvalue)
