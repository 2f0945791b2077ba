"""Fused tasks in evaluation: which rows their tasks are predicted for, and their probabilities and targets.

Axes: B rows of a batch, n rows of the corpus.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motet.evaluation.predicted import Predicted
from motet.tasks.fused.fused import Fused, Known, Seen

Rows = NDArray[np.int64]
Wanted = Mapping[str, Tensor | None]
Tune = Callable[[str, Rows, Seen], None]
"""Called with a fused task's name, its rows, and the probabilities of what it is made of for these rows."""


class _Targets(Protocol):
    @property
    def values(self) -> NDArray[np.generic]: ...

    @property
    def present(self) -> NDArray[np.bool_]: ...


def targets_with_fused(targets: Mapping[str, _Targets], fused: Mapping[str, Fused]) -> dict[str, Known]:
    """Return the encoded targets of learned tasks and of those that are made of them."""
    known = {name: Known(own.values, own.present) for name, own in targets.items()}
    for name, own in fused.items():
        if all(base in known for base in own.scored_by):
            known[name] = own.targets(known)
    return known


def with_fused(wanted: Wanted, fused: Mapping[str, Fused]) -> dict[str, Tensor | None]:
    """Return which rows of a batch each task is wanted for, fused ones too: where all that scores them is wanted."""
    found = dict(wanted)
    for name, own in fused.items():
        if all(base in found for base in own.scored_by):
            rows = _common([found[base] for base in own.scored_by])
            if rows is None or len(rows):
                found[name] = rows
    return found


def to_predict(wanted: Wanted, fused: Mapping[str, Fused]) -> dict[str, Tensor | None]:
    """Return which rows of a batch the network is to predict: also where only a fused task is wanted."""
    found = dict(wanted)
    for name, own in reversed(list(fused.items())):
        if name not in found:
            continue
        rows = found.pop(name)
        for base in own.bases:
            found[base] = _united(found[base], rows) if base in found else rows
    return found


def fuse_predictions(
    fused: Mapping[str, Fused], predicted: Mapping[str, Predicted], rows: Mapping[str, Rows], tune: Tune | None = None
) -> dict[str, Predicted]:
    """Return the predictions of fused tasks.

    Parameters
    ----------
    predicted
        Of learned tasks, for at least the rows that are wanted.
    rows
        The rows of each fused task, ascending.
    tune
        Called before each is fused; may choose its values.
    """
    known = dict(predicted)
    for name, own in fused.items():
        if name not in rows:
            continue
        seen = {base: known[base].of(rows[name]).probabilities for base in own.bases}
        if tune is not None:
            tune(name, rows[name], seen)
        known[name] = Predicted(rows[name], own.fuse(seen))
    return {name: known[name] for name in rows}


def _common(each: list[Tensor | None]) -> Tensor | None:
    listed = [rows for rows in each if rows is not None]
    if not listed:
        return None
    found = listed[0]
    for other in listed[1:]:
        found = found[torch.isin(found, other)]
    return found


def _united(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    if first is None or second is None:
        return None
    return torch.tensor(sorted({*first.tolist(), *second.tolist()}), dtype=torch.int64)
