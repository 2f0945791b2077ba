"""Whether a student's task and its teacher's are one: kinds and labels; and when such a teacher can be asked."""

from motet.config.wording import did_you_mean
from motet.data.corpus import Corpus
from motet.errors import ConfigError
from motet.experiment.teachers.find import Teacher
from motet.model import Model
from motet.tasks.dense import Dense
from motet.tasks.task import LessonKind, Task

_REMEDY = "give both the same labels, with `labels`, map, merge_labels or drop_labels"
_WHY: dict[LessonKind, str] = {
    "frames": "a task of frames, of which a teacher is asked at every step",
    "maps": "a map, which a teacher makes at every step of what the student hears",
    "texts": "a text, which a teacher reads off whole recordings before training",
}
"""Why a teacher of some tasks can be asked at one time only."""


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
    uses = corpus.uses.items()
    return [name for name, tasks in uses if teacher.task in tasks and teacher.settings.teaches(name)]


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
            f"{where.path}: nobody can teach the task {student.name!r}, which is a {student.kind}; give it a "
            "lesson_kind, lesson, lesson_of and soft_losses, or leave the teacher out"
        )
    if student.lesson_kind != teacher.lesson_kind:
        raise ConfigError(
            f"{where.path}: the task {student.name!r} is a {student.kind}, but {teacher.name!r} of {run} is a "
            f"{teacher.kind}; make both the same"
        )
    if isinstance(student, Dense) and isinstance(teacher, Dense):
        _check_map(student, teacher, where)
    elif set(student.labels) != set(teacher.labels):
        raise ConfigError(
            f"{where.path}: the task {student.name!r} has the labels {', '.join(student.labels)}, but {teacher.name!r} "
            f"of {run} has {', '.join(teacher.labels)}; {_REMEDY}"
        )
    live = where.settings.live
    if ("live" if live else "before") not in student.asked_when:
        raise ConfigError(
            f"{where.path}.live: is {str(live).lower()}, but {student.name!r} is "
            f"{_WHY.get(student.lesson_kind, f'a {student.kind}')}; set live: {str(not live).lower()}"
        )


def _check_map(student: Dense, teacher: Dense, where: Teacher) -> None:
    own, other = student.settings, teacher.settings
    for option, ours, theirs in (("of", own.of, other.of), ("shift", own.shift, other.shift)):
        if ours != theirs:
            raise ConfigError(
                f"{where.path}: `{option}` of the task {student.name!r} is {ours}, but of {teacher.name!r} of "
                f"{where.settings.run} {theirs}; make both the same"
            )
