"""Running figures of the training loop, on the device and without waiting for it.

Batches are kept and counted 64 at a time, so that a batch costs little more than keeping it. The tensors that are
handed over must not be written to afterwards. The state holds the batches that are not counted yet, so that a loop
that was stopped anywhere goes on with the same numbers, bit for bit.
"""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import torch
from torch import Tensor

from motet.tasks.agreement import AGREEMENT, Moments
from motet.tasks.counting import COUNTING, Counts, Values, mean_defined

_EVERY = 64

Count = Callable[[Tensor, Tensor], Tensor]
Figures = Callable[[Values], dict[str, float]]


class Running:
    """Sums over the batches of an epoch.

    Parameters
    ----------
    count
        Turns predictions [n, K] and targets of some rows into sums, of fixed shape and type, on their device.
    figures
        Turns the sums into figures by name.
    """

    def __init__(self, count: Count, figures: Figures) -> None:
        self._count, self._figures = count, figures
        self._sums: Tensor | None = None
        self._predictions: list[Tensor] = []
        self._targets: list[Tensor] = []
        self._num_waiting = 0

    def update(self, predictions: Tensor, targets: Tensor) -> None:
        """Add a batch: raw outputs [n, K] and encoded targets [n] or [n, K]."""
        self._predictions.append(predictions.detach())
        self._targets.append(targets)
        self._num_waiting += 1
        if self._num_waiting == _EVERY:
            self._flush()

    def result(self) -> dict[str, float]:
        """Return the figures of all batches so far; without any, none. This waits for the device."""
        self._flush()
        return {} if self._sums is None else self._figures(self._sums.cpu().numpy().astype(np.float64))

    def state_dict(self) -> dict[str, Tensor]:
        """Return what resuming needs; nothing changes."""
        state = {} if self._sums is None else {"sums": self._sums}
        if self._num_waiting:
            state["predictions"], state["targets"] = torch.cat(self._predictions), torch.cat(self._targets)
            state["num_waiting"] = torch.tensor(self._num_waiting)
        return state

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back a state."""
        self._sums = state.get("sums")
        self._predictions = [state["predictions"]] if "predictions" in state else []
        self._targets = [state["targets"]] if "targets" in state else []
        self._num_waiting = int(state["num_waiting"]) if "num_waiting" in state else 0

    def _flush(self) -> None:
        if self._num_waiting == 0:
            return
        with torch.no_grad():
            sums = self._count(torch.cat(self._predictions), torch.cat(self._targets))
        self._sums = sums if self._sums is None else self._sums + sums
        self._predictions, self._targets, self._num_waiting = [], [], 0


def running_classes(names: Iterable[str], num_classes: int) -> Running:
    """Count the decisions of a task with one label per row; the most probable class is taken.

    Parameters
    ----------
    names
        The figures that are wanted; those that rank rows are left out.
    num_classes
        The number of classes; with two, one output is enough.
    """

    def count(predictions: Tensor, targets: Tensor) -> Tensor:
        single = predictions.shape[1] == 1
        decided = (predictions[:, 0] >= 0).long() if single else predictions.argmax(dim=1)
        sums = torch.zeros(4, num_classes, dtype=torch.int64, device=predictions.device)
        right = (decided == targets).long()
        sums[0].scatter_add_(0, targets, right)
        sums[1].scatter_add_(0, targets, torch.ones_like(targets))
        sums[2].scatter_add_(0, decided, torch.ones_like(decided))
        sums[3] = right.sum()
        return sums

    return Running(count, lambda sums: _counted(names, sums, total=sums[1].sum()))


def running_labels(names: Iterable[str], num_labels: int) -> Running:
    """Count the decisions of a task with any number of labels per row; those from probability 0.5 are given."""

    def count(predictions: Tensor, targets: Tensor) -> Tensor:
        decided, truth = predictions >= 0, targets > 0.5
        exact = (decided == truth).all(dim=1).sum().expand(num_labels)
        rows = torch.full_like(exact, len(truth))
        return torch.stack([(decided & truth).sum(dim=0), truth.sum(dim=0), decided.sum(dim=0), exact, rows])

    return Running(count, lambda sums: _counted(names, sums, total=sums[4, 0]))


def running_numbers(names: Iterable[str], standardise: Callable[[Tensor], Tensor], spread: Values) -> Running:
    """Compare numbers.

    Parameters
    ----------
    names
        The figures that are wanted.
    standardise
        Brings targets to the unit of the predictions.
    spread
        That unit, by value; errors are reported in the targets' own unit.
    """

    def count(predictions: Tensor, targets: Tensor) -> Tensor:
        precision = torch.float32 if predictions.device.type == "mps" else torch.float64
        p, t = predictions.to(precision), standardise(targets).to(precision)
        error = p - t
        terms = (torch.ones_like(p), t, p, t * t, p * p, t * p, error.abs(), error * error)
        return torch.stack([term.sum(dim=0) for term in terms])

    return Running(count, lambda sums: _compared(names, sums, spread))


def _counted(names: Iterable[str], sums: Values, *, total: float) -> dict[str, float]:
    hits, present, predicted, exact = sums[:4, :, None]
    counts = Counts(hits, present, predicted, exact[0], np.array([total]))
    return {name: float(COUNTING[name](counts)[0]) for name in names if name in COUNTING}


def _compared(names: Iterable[str], sums: Values, spread: Values) -> dict[str, float]:
    t, p, tt, pp, tp, absolute, squared = sums[1:, :, None] / sums[0, :, None]
    unit = spread[:, None]
    moments = Moments(
        bias=(p - t) * unit,
        truth_variance=(tt - t * t) * unit**2,
        predicted_variance=(pp - p * p) * unit**2,
        covariance=(tp - t * p) * unit**2,
        absolute_error=absolute * unit,
        squared_error=squared * unit**2,
    )
    return {name: float(mean_defined(AGREEMENT[name](moments))[0]) for name in names if name in AGREEMENT}
