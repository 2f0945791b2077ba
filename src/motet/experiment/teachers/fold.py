"""The teachers of a fold: lessons for its training rows, and how its tasks learn of them."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from motet.data.corpus import Corpus
from motet.data.loader import Lessons
from motet.experiment.preparation import FoldData
from motet.experiment.teachers.agreement import taught_data_sets, teaching_task
from motet.experiment.teachers.find import Teacher
from motet.experiment.teachers.live import LiveTeacher
from motet.experiment.teachers.stored import Questions
from motet.experiment.teachers.teachers import Teachers, check_seen
from motet.experiment.teachers.terms import lessons_of, terms_of
from motet.experiment.teachers.ways import way_of
from motet.model import Model
from motet.tasks.task import Task
from motet.training.teaching import Teaching

logger = logging.getLogger("motet")

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Hired:
    """A teacher in a fold.

    Parameters
    ----------
    teacher
        As it lies on the disk.
    model
        Its model, on the device.
    task
        Its task.
    ways
        By data set that it teaches, that of its own whose way the rows go.
    """

    teacher: Teacher
    model: Model
    task: Task
    ways: Mapping[str, str]


@dataclass(slots=True, eq=False)
class Taught:
    """What teachers give to a fold.

    Parameters
    ----------
    device, precision
        Where and in which precision teachers in the loop compute.
    hired
        The teachers, by task.
    lessons
        What was said before, and which rows are taught, by task.
    """

    device: torch.device
    precision: torch.dtype | None
    hired: dict[str, Hired] = field(default_factory=dict)
    lessons: dict[str, Lessons] = field(default_factory=dict)

    @property
    def tasks(self) -> dict[str, Task]:
        """The teachers' own tasks, by that of the student."""
        return {task: own.task for task, own in self.hired.items()}

    def teaching(self, student: Model) -> dict[str, Teaching]:
        """Return how each task of a model learns of its teacher."""
        found = {}
        for task, own in self.hired.items():
            settings, there, ask = own.teacher.settings, own.teacher.there, None
            if settings.live:
                terms = terms_of(student, task, own.model, there, own.ways)
                ask = LiveTeacher(own.model, there, terms, own.ways, self.device, self.precision)
            found[task] = Teaching(settings.share, settings.temperature, ask)
        return found


def teach(
    teachers: Teachers,
    questions: Questions,
    prepared: FoldData,
    *,
    seed: int,
    number: int,
    precision: torch.dtype | None = None,
) -> Taught:
    """Load the teachers of a fold, and ask those that are asked before training begins.

    Parameters
    ----------
    number
        Of the fold, from 1.
    precision
        In which teachers in the loop compute.

    Raises
    ------
    ConfigError
        If a teacher cannot hear the recordings of a data set.
    DataError
        With all recordings that it cannot use.
    """
    taught, corpus = Taught(questions.device, precision), prepared.corpus
    for task, teacher in teachers.found.items():
        place = teacher.other.place(seed, number)
        model = teacher.other.model(place, allow_code=teachers.allow_code).to(questions.device).eval()
        ways = {name: way_of(teacher, model, name) for name in taught_data_sets(corpus, teacher)}
        hired = Hired(teacher, model, teaching_task(teacher, model), ways)
        rows = {name: np.intersect1d(prepared.fold.train, corpus.rows_of(name)) for name in ways}
        present = np.isin(np.arange(len(corpus)), np.concatenate(list(rows.values())))
        if teacher.settings.live:
            _check_live(hired, questions, prepared)
        said = None if teacher.settings.live else _ask_all(hired, questions, rows, corpus)
        taught.hired[task], taught.lessons[task] = hired, Lessons(present, said)
        num_taught, num_rows = present[prepared.fold.train].sum(), len(prepared.fold.train)
        logger.info(
            "task %s: %s teaches %d of %d training rows", task, teacher.other.models[place], num_taught, num_rows
        )
        if hired.task.lesson_kind == "texts" and said is not None:
            _warn_of_silence(task, said[present])
    return taught


def _check_live(hired: Hired, questions: Questions, prepared: FoldData) -> None:
    """Look whether a teacher in the loop can hear the maps of the fold, now that all are known."""
    for name, way in hired.ways.items():
        seen = {own: (of.channels, of.bins, of.grid.step_s) for own, of in prepared.maps[name].items()}
        check_seen(hired.teacher, hired.model, way, questions.data.listed[name], seen)


def _ask_all(hired: Hired, questions: Questions, rows: Mapping[str, Rows], corpus: Corpus) -> NDArray[Any]:
    """Return what a teacher says of the training rows of all its data sets: [N, K], or of frames objects [N]."""
    student = corpus.tasks[hired.teacher.task]
    shape = (len(corpus),) if student.per_frame else (len(corpus), len(student.output_names))
    said = np.zeros(shape, dtype=object if student.per_frame else np.float32)
    for name, way in hired.ways.items():
        if len(rows[name]):
            chosen = corpus.data_sets[name].select(rows[name] - corpus.rows_of(name)[0])
            predicted = questions.ask(hired.teacher, hired.model, way, chosen)
            said[rows[name]] = lessons_of(student, hired.task, predicted)
    return said


def _warn_of_silence(task: str, texts: NDArray[Any]) -> None:
    """Tell of recordings off which a teacher reads nothing: the student learns that nothing is said there."""
    silent = sum(not len(text) for text in texts)
    if silent:
        logger.warning(
            "task %s: the teacher reads nothing off %d of %d training rows, which are learned as empty texts; train it "
            "for longer, or name with teachers.%s.data what it can read",
            task, silent, len(texts), task,
        )  # fmt: skip
