"""How a task learns of a teacher, beside its labels or in their place.

A lesson is what a teacher says of a row. It is there when the batch is drawn, or the teacher is asked at every step; it
is then a function that hears the batch as the student does. Whoever calls the loop opens the teacher.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from motet.data.batch import Batch, Column, places

Vary = Callable[[Batch, Mapping[str, Column]], dict[str, Column]]
"""Augments and mixes scaled inputs of a batch, or of some of its rows, with the draws of these rows."""

Ask = Callable[[Batch, Vary], Column | None]
"""What a teacher says of the rows of a batch that it teaches, and which rows these are; None where there are none."""


@dataclass(frozen=True, slots=True)
class Teaching:
    """How a task learns of its teacher.

    Parameters
    ----------
    share
        The share of the teacher in the loss of a row that has a target, too.
    temperature
        How soft labels are made.
    ask
        Asks a teacher in the loop; None where lessons come with the batch.
    """

    share: float
    temperature: float
    ask: Ask | None = None


def ask_all(teaching: Mapping[str, Teaching], batch: Batch, vary: Vary) -> dict[str, Column]:
    """Return what the teachers in the loop say of a batch, by task."""
    said = {
        task: own.ask(batch, vary) for task, own in teaching.items() if own.ask is not None and task in batch.counts
    }
    return {task: column for task, column in said.items() if column is not None}


def blended(
    prediction: Column,
    hard: Tensor | None,
    hard_rows: Tensor | None,
    soft: Tensor,
    soft_rows: Tensor | None,
    share: float,
) -> Tensor:
    """Return the loss of every predicted row [n]: of its target, of its lesson, or its share of both.

    Parameters
    ----------
    prediction
        Of the rows that have a target or a lesson.
    hard, soft
        The losses of the rows with a target, None where there are none, and of those with a lesson.
    hard_rows, soft_rows
        Which rows of the batch these are.
    share
        That of the lesson where a row has both; a row that has one of them learns from that alone.
    """
    if hard is None:
        return soft
    known, taught = places(prediction, hard_rows), places(prediction, soft_rows)
    counts = soft.new_zeros(len(prediction.values))
    of_target, of_lesson = counts.index_fill(0, known, 1.0), counts.index_fill(0, taught, 1.0)
    both = of_target * of_lesson
    hard_weight, soft_weight = (1 - share * both)[known], (1 - (1 - share) * both)[taught]
    return counts.index_add(0, known, hard_weight * hard).index_add(0, taught, soft_weight * soft)
