"""Fewer rows of frequent labels, or rare ones again: what becomes of the rows of a fold after the split.

Every choice is keyed by seed, data set, fold and part, so it is the same in every run. A row that comes again stands
in a fold as often as it comes; samplers give each time its own random draws.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from motet.data.corpus import Corpus
from motet.data.frequencies import Key, at_most, repeat_to_most, thin_to_least
from motet.data.relabel_settings import DownSettings, Part, UpSettings
from motet.data.roles import FoldSplit
from motet.data.strata import classes

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Resampling:
    """What becomes of the rows of one data set in every fold.

    Parameters
    ----------
    limits
        The most rows of a label, by task and label.
    limited
        The parts in which these hold.
    balance
        How labels become equally frequent; None where they stay as they are.
    balanced
        The task whose labels these are.
    """

    limits: Mapping[str, Mapping[str, int]]
    limited: Sequence[Part] = ("train",)
    balance: UpSettings | DownSettings | None = None
    balanced: str = ""


def resample(corpus: Corpus, fold: FoldSplit, wanted: Mapping[str, Resampling], *, seed: int) -> FoldSplit:
    """Return a fold with the rows of some data sets limited, then balanced.

    Parameters
    ----------
    wanted
        By data set; the others keep all their rows.
    """
    for name, settings in wanted.items():
        for part in get_args(Part):
            rows = getattr(fold, part)
            own = np.isin(corpus.data_set_numbers(rows), list(corpus.data_sets).index(name))
            kept = _resampled(corpus, name, rows[own], settings, part, (seed, name, fold.name, part))
            if not np.array_equal(kept, rows[own]):
                changed: dict[str, Any] = {part: np.sort(np.concatenate([rows[~own], kept]))}
                fold = replace(fold, **changed)
    return fold


def _resampled(corpus: Corpus, name: str, rows: Rows, settings: Resampling, part: Part, key: Key) -> Rows:
    data_set, first = corpus.data_sets[name], corpus.rows_of(name)[0]
    if part in settings.limited:
        for task, limits in settings.limits.items():
            for label, most in limits.items():
                rows = rows[at_most(data_set.targets(task).take(rows - first), label, most, key=(*key, task))]
    balance = settings.balance
    if isinstance(balance, UpSettings) and part == "train":
        return rows[repeat_to_most(classes(data_set.targets(settings.balanced).take(rows - first)), key=key)]
    if isinstance(balance, DownSettings) and part in balance.parts:
        return rows[thin_to_least(classes(data_set.targets(settings.balanced).take(rows - first)), key=key)]
    return rows
