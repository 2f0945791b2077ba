"""Whether a student's task and its teacher's are one: kinds, labels and their order."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motet.config.wording import did_you_mean
from motet.data.corpus import Corpus
from motet.errors import ConfigError
from motet.experiment.teachers.find import Teacher
from motet.model import Model
from motet.tasks.frames import FrameTask
from motet.tasks.task import Task

_REMEDY = "give both the same labels, with `labels`, map, merge_labels or drop_labels"


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


def teaching_task(teacher: Teacher, model: Model) -> Task:
    """Return the task of a teacher's model.

    Raises
    ------
    ConfigError
        If the model has no such task.
    """
    if teacher.there not in model.tasks:
        raise ConfigError(
            f"{teacher.path}.task: {teacher.settings.run} has no task {teacher.there!r}"
            f"{did_you_mean(teacher.there, model.tasks)}; it has {', '.join(model.tasks)}"
        )
    return model.tasks[teacher.there]


def check_agrees(corpus: Corpus, teacher: Teacher, model: Model) -> None:
    """Look whether the task that a teacher teaches is there, and is what its model predicts.

    Raises
    ------
    ConfigError
        With the first disagreement.
    """
    _check_names(corpus, teacher)
    _check_task(corpus.tasks[teacher.task], teaching_task(teacher, model), teacher)


def taught_data_sets(corpus: Corpus, teacher: Teacher) -> list[str]:
    """Return the data sets whose rows a teacher teaches."""
    named = teacher.settings.data
    return [name for name, tasks in corpus.uses.items() if teacher.task in tasks and (named is None or name in named)]


def _check_names(corpus: Corpus, teacher: Teacher) -> None:
    if teacher.task not in corpus.tasks:
        raise ConfigError(
            f"{teacher.path}: there is no task {teacher.task!r}{did_you_mean(teacher.task, corpus.tasks)}; tasks are "
            f"{', '.join(corpus.tasks)}"
        )
    users = [name for name, tasks in corpus.uses.items() if teacher.task in tasks]
    foreign = [name for name in teacher.settings.data or () if name not in users]
    if foreign:
        raise ConfigError(
            f"{teacher.path}.data: {foreign[0]!r} is no data set with the task {teacher.task!r}; there is "
            f"{', '.join(users)}"
        )


def _check_task(student: Task, teacher: Task, where: Teacher) -> None:
    run = where.settings.run
    if student.lesson_kind is None:
        raise ConfigError(
            f"{where.path}: nobody can teach the task {student.name!r}, which is a {student.kind}; what has soft "
            "labels, numbers or events can be taught"
        )
    if student.lesson_kind != teacher.lesson_kind:
        raise ConfigError(
            f"{where.path}: the task {student.name!r} is a {student.kind}, but {teacher.name!r} of {run} is a "
            f"{teacher.kind}; make both the same"
        )
    if set(student.labels) != set(teacher.labels):
        raise ConfigError(
            f"{where.path}: the task {student.name!r} has the labels {', '.join(student.labels)}, but {teacher.name!r} "
            f"of {run} has {', '.join(teacher.labels)}; {_REMEDY}"
        )
    if isinstance(student, FrameTask) and not where.settings.live:
        raise ConfigError(
            f"{where.path}.live: is false, but {student.name!r} is a task of frames, of which a teacher is asked at "
            "every step; set live: true"
        )
