"""Recordings in memory, each of another length, in two of the publisher's folds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tests.reliability.small import LOGMEL, MIXED, small_experiment

import motet
from motet.signals.readers.arrays import ArraySignal
from motet.sources.example import Example, fold_roles


def in_memory(
    store: Path,
    *,
    loud: dict[int, float] | None = None,
    relabelled: tuple[int, ...] = (),
    regrouped: tuple[int, ...] = (),
    refolded: tuple[int, ...] = (),
    **changed: Any,
) -> motet.Experiment:
    """Forty noises of two colours in two folds; some may be changed."""

    def examples() -> Iterator[Example]:
        roles = fold_roles(["1", "2"])
        for row in range(40):
            noise = np.random.default_rng(row).normal(size=700 - 10 * row).astype(np.float32)
            coloured = np.diff(noise) if row % 2 else np.cumsum(noise)[1:] / 10
            fold = "12"[row // 2 % 2 ^ (row in refolded)]
            yield Example(
                id=f"noise-{row}",
                inputs={"signal": motet.Recording(ArraySignal((loud or {}).get(row, 1.0) * coloured, 2000.0))},
                targets={"colour": "blue" if bool(row % 2) ^ (row in relabelled) else "red"},
                group=f"group-{row // 2}-{row in regrouped}",
                folds=roles[fold],
            )

    given: dict[str, Any] = {
        "data": {"memory": {"source": examples, "tasks": {"colour": {"kind": "multiclass"}}}},
        "features": LOGMEL,
        "segments": {"length_s": "max"},
        "split": {"kind": "folds", "dev": 0.25, "folds": 1},
        "sampling": "mixed",
        "training": {"epochs": 3},
    }
    return small_experiment(store, MIXED, **{**given, **changed})
