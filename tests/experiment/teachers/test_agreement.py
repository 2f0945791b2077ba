"""Tasks of student and teacher that are not one."""

from pathlib import Path
from typing import Any

import pytest
from tests.experiment.teachers.classroom import VOICES, lesson_plan, refused, trained

from motet.errors import ConfigError
from motet.experiment.dry_run import dry_run


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("school"))


def refused_pupil(tmp_path: Path, teacher: Path, tasks: dict[str, Any], said: dict[str, Any], match: str) -> None:
    plan = lesson_plan(
        tmp_path, data={"voices": {"source": VOICES, "tasks": tasks}}, teachers={next(iter(tasks)): {
            "run": str(teacher), **said}},
    )  # fmt: skip
    refused(plan, match, tmp_path)


def test_labels_that_differ_are_shown(tmp_path: Path, teacher: Path) -> None:
    speakers = {"speaker": {"kind": "multiclass"}}
    match = (
        r"teachers.speaker: the task 'speaker' has the labels speaker_1, .*, but 'digit' of .* has 0, 1, 2; give both"
    )
    refused_pupil(tmp_path, teacher, speakers, {"task": "digit"}, match)


def test_a_task_that_the_teacher_has_not(tmp_path: Path, teacher: Path) -> None:
    match = r"teachers.digit.task: .* has no task 'digits'; did you mean 'digit'\?; it has digit"
    refused_pupil(tmp_path, teacher, {"digit": {"kind": "multiclass"}}, {"task": "digits"}, match)


def test_another_kind(tmp_path: Path, teacher: Path) -> None:
    match = r"the task 'digit' is a multilabel, but 'digit' of .* is a multiclass; make both the same"
    refused_pupil(tmp_path, teacher, {"digit": {"kind": "multilabel"}}, {}, match)


def test_a_text_wants_a_teacher_that_reads(tmp_path: Path, teacher: Path) -> None:
    match = r"the task 'digit' is a sequence, but 'digit' of .* is a multiclass; make both the same"
    refused_pupil(tmp_path, teacher, {"digit": {"kind": "sequence", "unit": "words"}}, {}, match)


def test_whose_way_is_asked(tmp_path: Path, teacher: Path) -> None:
    match = r"teachers.digit.like: .* has no data set 'noises'; did you mean 'voices'\?; it has voices"
    plan = lesson_plan(tmp_path, teachers={"digit": {"run": str(teacher), "like": "noises"}})
    with pytest.raises(ConfigError, match=match):
        dry_run(plan)


def test_names_in_the_file(tmp_path: Path, teacher: Path) -> None:
    with pytest.raises(ConfigError, match=r"teachers.digits: there is no task 'digits'; did you mean 'digit'"):
        lesson_plan(tmp_path, teachers={"digits": {"run": str(teacher)}})
    with pytest.raises(ConfigError, match=r"teachers.digit.data: there is no data set 'voice'; did you mean 'voices'"):
        lesson_plan(tmp_path, teachers={"digit": {"run": str(teacher), "data": ["voice"]}})
    with pytest.raises(ConfigError, match=r"teachers.digit.share: .*greater than 0"):
        lesson_plan(tmp_path, teachers={"digit": {"run": str(teacher), "share": 0}})
