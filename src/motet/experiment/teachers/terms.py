"""What a teacher gives, in the terms of its student: labels in its order, maps in its scale.

Axes: n rows, T frames, K outputs; of a map C channels of F bins.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motet.data.batch import Batch, Column
from motet.experiment.teachers.map_scales import scaled_as
from motet.model import Model, as_frames
from motet.tasks.frames import FrameValues, as_objects
from motet.tasks.task import MapOutput, Task

Terms = Callable[[Batch, Column], Column]
"""Returns a lesson for the rows of a batch, from what the network of a teacher gave of them."""


@dataclass(frozen=True, slots=True)
class Translation:
    """What a teacher says, in the student's terms.

    Parameters
    ----------
    columns
        For each output of the student that of the teacher; None where they are the same.
    sign
        -1 where the positive label of one is the negative of the other.
    """

    columns: tuple[int, ...] | None = None
    sign: float = 1.0

    def of(self, lesson: Tensor) -> Tensor:
        """Return a lesson [..., K] with the outputs of the student."""
        if self.columns is not None:
            lesson = lesson.index_select(-1, torch.tensor(self.columns, device=lesson.device))
        return lesson if self.sign > 0 else -lesson

    def of_array(self, lesson: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the same of a lesson on the host."""
        return self.of(torch.from_numpy(lesson)).numpy()


def translation(student: Task, teacher: Task) -> Translation:
    """Return how what a teacher says becomes what a student hears; their labels agree."""
    if student.output_names == teacher.output_names:
        return Translation()
    if set(student.output_names) != set(teacher.output_names):  # a binary task, told from its other label
        return Translation(sign=-1.0)
    return Translation(tuple(teacher.output_names.index(name) for name in student.output_names))


def lessons_of(student: Task, teacher: Task, probabilities: NDArray[Any]) -> NDArray[Any]:
    """Return lessons for n rows from what a teacher predicted of them.

    Frames come to the outputs of the student before they become targets. A text may then be read off them as the
    teacher reads it, because the blank is the last output of both.
    """
    terms = translation(student, teacher)
    if not student.per_frame:
        return terms.of_array(teacher.lesson_of(probabilities))
    rows = (FrameValues(terms.of_array(row.values), row.grid) for row in probabilities)
    return teacher.lesson_of(as_objects(rows))


def terms_of(student: Model, task: str, teacher: Model, there: str, ways: Mapping[str, str]) -> Terms:
    """Return how what the network of a teacher gives becomes a lesson.

    Parameters
    ----------
    task, there
        What the task is called by the student, and by the teacher.
    ways
        By data set that is taught, that of the teacher's whose way its rows go.
    """
    own, other = student.tasks[task], teacher.tasks[there]
    if isinstance(own.output_size, MapOutput):
        return _map_terms(student, task, teacher, there, ways)
    words = translation(own, other)

    def terms(batch: Batch, said: Column) -> Column:
        values = words.of(other.lesson(said.values.float()))
        values, lengths = own.heard(Column(values, said.rows, said.lengths, said.grid))
        return Column(values, said.rows, lengths, said.grid)

    return terms


def _map_terms(student: Model, task: str, teacher: Model, there: str, ways: Mapping[str, str]) -> Terms:
    """Return how maps [n, T, K] come from a teacher's scaling of the input that they are like to its student's."""
    of = student.map_of(task)
    theirs = {name: scaled_as(teacher, way, of) for name, way in ways.items()}
    ours = {name: student.scaling(scaled_as(student, name, of), of) for name in ways}

    def terms(batch: Batch, said: Column) -> Column:
        parts = []
        for name, start, stop in batch.spans:
            lengths = None if said.lengths is None else said.lengths[start:stop]
            restored = teacher.restore(there, Column(said.values[start:stop].float()), theirs[name])
            parts.append(ours[name](restored, lengths))
        return as_frames(Column(torch.cat(parts), said.rows, said.lengths, said.grid))

    return terms
