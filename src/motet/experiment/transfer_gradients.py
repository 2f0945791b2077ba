"""How far the gradients of two tasks agreed while they were learned together: what a transfer report tells of it."""

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from motet.files import JsonLines
from motet.runs.folder import RunFolder
from motet.training.gradient_cosine import GradientCosine


def gradients(names: Iterable[str], folder: Path) -> list[dict[str, Any]]:
    """Return the cosines of every two tasks of every run that recorded them.

    Parameters
    ----------
    names
        The runs in the folder.

    Returns
    -------
    list
        `{"tasks": [ONE, OTHER], "run": NAME, "mean": ..., "epochs": [...]}`; an epoch in which no step had both tasks
        is None.
    """
    found = []
    for name in names:
        for pair, epochs in mean_cosines(RunFolder(folder / name)).items():
            known = [value for value in epochs if value is not None]
            mean = sum(known) / len(known) if known else None
            found.append({"tasks": pair.split("|"), "run": name, "mean": mean, "epochs": epochs})
    return found


def mean_cosines(folder: RunFolder) -> dict[str, list[float | None]]:
    """Return the cosine of every pair of tasks (`digit|speaker`) by epoch: the mean over folds and seeds.

    An epoch in which no step had both tasks is None.
    """
    tracked = [
        [
            record.get("track", {}).get(GradientCosine.name, {})
            for record in JsonLines(folder.fold(*place).metrics).read()
        ]
        for place in folder.folds()
    ]
    pairs = dict.fromkeys(pair for fold in tracked for epoch in fold for pair in epoch)
    return {
        pair: [
            float(np.mean(values))
            if (values := [one[pair] for one in epoch if one is not None and pair in one])
            else None
            for epoch in itertools.zip_longest(*tracked)
        ]
        for pair in pairs
    }
