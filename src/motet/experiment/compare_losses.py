"""Losses of the network's own in two runs.

A fold tells the mean of such a loss over its test rows, and nothing of a single row. So folds are paired, and there is
a difference, but neither an interval nor a test, which would have to know how far rows differ.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from motet.networks.settings import LOSSES
from motet.runs.folder import RunFolder, read_json

Place = tuple[int, int]
"""A fold of a run: the place of its seed among the seeds, and its number."""


@dataclass(frozen=True, slots=True)
class FoldLosses:
    """What a fold tells of its test rows.

    Parameters
    ----------
    means
        Mean losses by name.
    rows
        The number of test rows by data set.
    """

    means: Mapping[str, float]
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class LossDifference:
    """One loss in two runs.

    Parameters
    ----------
    folds
        How many folds and seeds are paired.
    first, second
        Its mean over these.
    difference
        Second minus first; below 0 the second is better.
    """

    loss: str
    folds: int
    first: float
    second: float
    difference: float


def read_losses(folder: RunFolder) -> dict[Place, FoldLosses]:
    """Return the losses that the folds of a run tell which are done and have some."""
    done = [place for place in folder.folds() if folder.fold(*place).scores.is_file()]
    seeds = sorted({seed for seed, _ in done})
    found = {}
    for seed, number in done:
        scores = read_json(folder.fold(seed, number).scores)
        means = {name: math.nan if value is None else value for name, value in scores.get(LOSSES, {}).items()}
        if means:
            rows = {name: part["rows"] for name, part in scores["rows"]["test"].items()}
            found[seeds.index(seed), number] = FoldLosses(means, rows)
    return found


def compare_losses(first: Mapping[Place, FoldLosses], second: Mapping[Place, FoldLosses]) -> list[LossDifference]:
    """Compare the losses that two runs have in common, over the folds that tested as many rows in both."""
    alike = [place for place in first if place in second and first[place].rows == second[place].rows]
    names = dict.fromkeys(name for place in alike for name in first[place].means if name in second[place].means)
    return [_compared(name, first, second, alike) for name in names]


def unpaired(first: Mapping[Place, FoldLosses], second: Mapping[Place, FoldLosses]) -> str | None:
    """Return what is told of folds that tested other numbers of rows; None where there are none."""
    common = [place for place in first if place in second]
    differ = [place for place in common if first[place].rows != second[place].rows]
    if not differ:
        return None
    return (
        f"{len(differ)} of {len(common)} folds have other numbers of test rows than in the first run, so losses of the "
        "network's own are not compared there; give both runs one split and one seed"
    )


def _compared(
    name: str, first: Mapping[Place, FoldLosses], second: Mapping[Place, FoldLosses], places: list[Place]
) -> LossDifference:
    both = [place for place in places if name in first[place].means and name in second[place].means]
    before, after = (sum(run[place].means[name] for place in both) / len(both) for run in (first, second))
    return LossDifference(name, len(both), before, after, after - before)
