"""Which model of another run is used in which fold, and what is refused."""

import shutil
from pathlib import Path

import pytest
from tests.experiment.teachers.classroom import lesson_plan

from motet.errors import ConfigError, DataError
from motet.experiment.other_runs import OtherRun, describe_runs, other_runs


def run_folder(path: Path, *places: tuple[int, int], finished: bool = True) -> Path:
    """A folder that looks like a run."""
    for seed, number in places:
        fold = path / f"seed-{seed}" / f"fold-{number}"
        fold.mkdir(parents=True)
        (fold / "best.safetensors").write_bytes(f"{seed}/{number}".encode())
        if finished:
            (fold / "scores.json").write_text("{}")
    (path / "experiment.yaml").write_text("")
    return path


def found(tmp_path: Path, run: Path, **options: object) -> OtherRun:
    (teacher,) = other_runs(lesson_plan(tmp_path, teachers={"digit": {"run": str(run), **options}}))
    return teacher


def test_the_same_seed_and_fold_teach(tmp_path: Path) -> None:
    teacher = found(tmp_path, run_folder(tmp_path / "run", (1, 1), (1, 2), (2, 1), (2, 2)))
    assert teacher.place(2, 1) == (2, 1)
    assert teacher.place(3, 2) == (1, 2), "of a seed that it has not, its first"
    with pytest.raises(ConfigError, match=r"no model of fold 3, only 1/1, 1/2, 2/1, 2/2; .*teachers.digit.fold"):
        teacher.place(1, 3)


def test_one_model_teaches_everywhere(tmp_path: Path) -> None:
    assert found(tmp_path, run_folder(tmp_path / "run", (4, 1))).place(1, 3) == (4, 1)


def test_a_model_is_named(tmp_path: Path) -> None:
    run = run_folder(tmp_path / "run", (1, 1), (1, 2))
    teacher = found(tmp_path, run, fold="1/2")
    assert teacher.place(1, 1) == (1, 2)
    assert list(teacher.models.values()) == [run / "seed-1" / "fold-2" / "best.safetensors"]
    with pytest.raises(ConfigError, match=r"teachers.digit.fold: .* no finished model of 1/3; there is 1/1, 1/2"):
        found(tmp_path, run, fold="1/3")


@pytest.mark.parametrize("below", ["seed-1/fold-2", "seed-1/fold-2/best.safetensors"])
def test_a_file_knows_its_run(tmp_path: Path, below: str) -> None:
    run = run_folder(tmp_path / "run", (1, 1), (1, 2))
    teacher = found(tmp_path, run / below)
    assert teacher.place(7, 7) == (1, 2)
    assert teacher.run is not None
    assert teacher.run.path == run


def test_a_file_without_a_run(tmp_path: Path) -> None:
    (tmp_path / "alone.safetensors").write_bytes(b"x")
    teacher = found(tmp_path, tmp_path / "alone.safetensors")
    assert (teacher.run, teacher.place(1, 1)) == (None, None)
    with pytest.raises(DataError, match=r"teachers.digit.run: .*alone.safetensors"):
        teacher.model(None, allow_code=False)


def test_what_is_not_finished_does_not_teach(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"teachers.digit.run: .* holds no finished model; name the folder of a run"):
        found(tmp_path, run_folder(tmp_path / "run", (1, 1), finished=False))


def test_digests_tell_models_apart(tmp_path: Path) -> None:
    run = run_folder(tmp_path / "run", (1, 1), (1, 2))
    before = describe_runs([found(tmp_path, run)])["teachers.digit"]
    moved = tmp_path / "moved"
    shutil.copytree(run, moved)
    assert describe_runs([found(tmp_path, moved)])["teachers.digit"]["digest"] == before["digest"]
    (run / "seed-1" / "fold-2" / "best.safetensors").write_bytes(b"other")
    after = describe_runs([found(tmp_path, run)])["teachers.digit"]
    assert after["models"]["1/1"] == before["models"]["1/1"]
    assert after["digest"] != before["digest"]


def test_all_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    empty = str(tmp_path)
    plan = lesson_plan(tmp_path, teachers={"digit": {"run": empty}}, model={"parallel": {"domain": {"run": empty}}})
    with pytest.raises(ConfigError) as error:
        other_runs(plan)
    assert [problem.partition(":")[0] for problem in error.value.problems] == [
        "teachers.digit.run", "model.parallel.domain.run",
    ]  # fmt: skip
