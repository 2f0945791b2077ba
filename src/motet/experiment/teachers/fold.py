"""The teachers of a fold: lessons for its training rows, and how its tasks learn of them."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from motet.data.corpus import Corpus
from motet.data.loader import Lessons
from motet.errors import ConfigError
from motet.experiment.listing import Listed
from motet.experiment.preparation import FoldData
from motet.experiment.settings import Experiment
from motet.experiment.shapes import Facts
from motet.experiment.teachers.agreement import check_agrees, taught_data_sets, teaching_task, translation
from motet.experiment.teachers.find import Teacher, find_teachers
from motet.experiment.teachers.live import LiveTeacher
from motet.experiment.teachers.stored import Questions
from motet.experiment.teachers.ways import check_hears, check_reads, check_same_maps, way_of
from motet.model import Model
from motet.networks.settings import ModelSettings
from motet.tasks.task import Task
from motet.training.teaching import Teaching

logger = logging.getLogger("motet")


@dataclass(frozen=True, slots=True, eq=False)
class Teachers:
    """The teachers of an experiment.

    Parameters
    ----------
    found
        By task.
    allow_code
        Whether the user code that a teacher's run names may be run.
    """

    found: Mapping[str, Teacher]
    allow_code: bool = False

    @classmethod
    def of(cls, experiment: Experiment, *, allow_code: bool = False) -> "Teachers":
        """Find the teachers; nothing is loaded.

        Raises
        ------
        ConfigError
            If one has no finished model.
        """
        return cls(find_teachers(experiment), allow_code)

    def check(
        self,
        listed: Mapping[str, Listed],
        corpus: Corpus,
        network: ModelSettings,
        facts: Facts | None = None,
    ) -> None:
        """Refuse teachers that mean something else than the tasks that they teach, or hear what their students do not.

        Parameters
        ----------
        network
            That of the students.
        facts
            What is known of the maps; None where nothing is yet.

        Raises
        ------
        ConfigError
            With every problem.
        """
        problems: list[str] = []
        for teacher in self.found.values():
            try:
                model = teacher.other.model(next(iter(teacher.other.models)), allow_code=self.allow_code)
                check_agrees(corpus, teacher, model)
                for name in taught_data_sets(corpus, teacher):
                    way = way_of(teacher, model, name)
                    check_hears(teacher, model, way, corpus.data_sets[name])
                    if teacher.settings.live:
                        check_reads(teacher, model, way, network)
                    if teacher.settings.live and facts is not None:
                        known = {own: (of.channels, of.bins, of.step_s) for own, of in facts[name].items()}
                        check_same_maps(teacher, model, way, listed[name], known)
            except ConfigError as error:
                problems += error.problems
        if problems:
            raise ConfigError(*problems)


@dataclass(slots=True, eq=False)
class Taught:
    """What teachers give to a fold.

    Parameters
    ----------
    lessons
        What was said before, and which rows are taught, by task.
    teaching
        How each task learns of its teacher.
    tasks
        The teachers' own tasks, by that of the student.
    """

    lessons: dict[str, Lessons] = field(default_factory=dict)
    teaching: dict[str, Teaching] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)


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
    taught, corpus = Taught(), prepared.corpus
    for task, teacher in teachers.found.items():
        place = teacher.other.place(seed, number)
        model = teacher.other.model(place, allow_code=teachers.allow_code).to(questions.device).eval()
        own, settings = teaching_task(teacher, model), teacher.settings
        ways = {name: way_of(teacher, model, name) for name in taught_data_sets(corpus, teacher)}
        rows = {name: np.intersect1d(prepared.fold.train, corpus.rows_of(name)) for name in ways}
        present = np.isin(np.arange(len(corpus)), np.concatenate(list(rows.values())))
        ask = None
        if settings.live:
            for name, way in ways.items():
                seen = {own: (of.channels, of.bins, of.grid.step_s) for own, of in prepared.maps[name].items()}
                check_same_maps(teacher, model, way, questions.data.listed[name], seen)
            terms = translation(corpus.tasks[task], own)
            ask = LiveTeacher(model, own, terms, ways, questions.device, precision)
        said = None if settings.live else _ask_all(questions, teacher, model, own, ways, rows, corpus)
        taught.lessons[task] = Lessons(present, said)
        taught.teaching[task] = Teaching(settings.share, settings.temperature, ask)
        taught.tasks[task] = own
        num_taught, num_rows = present[prepared.fold.train].sum(), len(prepared.fold.train)
        logger.info(
            "task %s: %s teaches %d of %d training rows", task, teacher.other.models[place], num_taught, num_rows
        )
    return taught


def _ask_all(
    questions: Questions,
    teacher: Teacher,
    model: Model,
    own: Task,
    ways: Mapping[str, str],
    rows: Mapping[str, NDArray[np.int64]],
    corpus: Corpus,
) -> NDArray[np.float32]:
    """Return what a teacher says of the training rows of all its data sets, [N, K]; zero elsewhere."""
    student = corpus.tasks[teacher.task]
    said = np.zeros((len(corpus), len(student.output_names)), dtype=np.float32)
    for name, way in ways.items():
        if len(rows[name]):
            chosen = corpus.data_sets[name].select(rows[name] - corpus.rows_of(name)[0])
            lesson = own.lesson_of(questions.ask(teacher, model, way, chosen))
            said[rows[name]] = translation(student, own).of_array(lesson)
    return said
