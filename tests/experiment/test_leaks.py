"""Nothing that tests or selects here has trained a model of another run, whatever it is called there."""

import logging
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from tests.data.builders import Place, corpus_of, plain
from tests.experiment.teachers.classroom import VOICES, lesson_plan, trained

import motet
from motet.data.corpus import Corpus
from motet.data.dataset import DataSet
from motet.errors import ConfigError
from motet.experiment.dry_run import dry_run
from motet.experiment.leaks import Heard
from motet.experiment.other_runs import other_runs
from motet.signals.recording import Recording
from motet.sources.example import Example


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher of two folds, with development rows."""
    folder = tmp_path_factory.mktemp("school")
    trained(folder, training={"epochs": 1})
    return folder


def student(school: Path, **changed: Any) -> motet.Experiment:
    return lesson_plan(school, **{"teachers": {"digit": {"run": str(school / "teacher")}}, **changed})


def test_the_same_split_is_clean(school: Path, caplog: pytest.LogCaptureFixture) -> None:
    plan = dry_run(student(school))
    assert [(found.task, found.fold, found.data_sets) for found in plan.teachers] == [
        ("digit", "1", ("voices",)),
        ("digit", "2", ("voices",)),
    ]
    assert plan.teachers[1].model == str(school / "teacher" / "seed-1" / "fold-2" / "best.safetensors")
    assert "nobody can tell" not in caplog.text


def test_rows_that_test_here_and_trained_there(school: Path) -> None:
    match = (
        r"teachers.digit: \d+ rows that are to test in seed 2, fold 1 trained .*teacher \(seed 1, fold 1\), "
        r"the first is 'speakers-\d+' of data set 'voices'"
    )
    with pytest.raises(ConfigError, match=match):
        dry_run(student(school, seed=2))
    with pytest.raises(ConfigError, match=match):
        motet.train(student(school, seed=2), school / "leaking")
    assert not list((school / "leaking").glob("seed-*/fold-*/*.safetensors")), "nothing was trained"


def test_the_wrong_fold_is_found(school: Path) -> None:
    named = {"digit": {"run": str(school / "teacher"), "fold": "1/2"}}
    with pytest.raises(ConfigError, match=r"rows that are to test in seed 1, fold 1 trained .*teacher "):
        dry_run(student(school, teachers=named))


def test_rows_that_select_here_and_trained_there(school: Path) -> None:
    split = {"kind": "kfold", "folds": 2, "dev": 0.4}
    with pytest.raises(ConfigError, match=r"are to select the model in seed 1, fold 1 trained .* split.dev: 0"):
        dry_run(student(school, split=split))
    dry_run(student(school, split={**split, "dev": 0}))


def test_a_data_set_that_tests_here_and_trained_there(school: Path) -> None:
    data = {"voices": {"source": VOICES, "tasks": {"digit": {"kind": "multiclass"}}, "use": "test"}}
    other = {"more": {"source": {**VOICES, "seed": 9}, "tasks": {"digit": {"kind": "multiclass"}}, "use": "train"}}
    with pytest.raises(ConfigError, match=r"are to test in seed 1, fold 1 trained .*teacher "):
        dry_run(student(school, data=data | other, scaling={"kind": "standard", "shared": True}))


def test_rows_that_test_here_and_selected_there(tmp_path: Path) -> None:
    """All that tests are the rows by which the teacher chose its epoch; what trained it trains here, too."""

    def sounds(**partition: list[str]) -> dict[str, Any]:
        listed = {part: {"part": {"in": names}} for part, names in partition.items()}
        source = {"kind": "filenames", "path": str(tmp_path / "sounds"), "pattern": "{letter}_{part}_{number:d}.wav"}
        tasks = {"letter": {"kind": "multiclass"}}
        split = {"kind": "predefined", "dev": "partition" if "dev" in partition else 0}
        return {"data": {"sounds": {"source": {**source, "partition": listed}, "tasks": tasks}}, "split": split}

    (tmp_path / "sounds").mkdir()
    for number in range(36):
        noise = np.random.default_rng(number).normal(scale=0.1, size=400)
        name = f"{'ab'[number % 2]}_{('heard', 'chosen', 'kept')[number // 2 % 3]}_{number}.wav"
        soundfile.write(tmp_path / "sounds" / name, noise, 2000)
    run = trained(tmp_path, **sounds(dev=["chosen"], test=["kept"]), training={"epochs": 1})
    told = {"letter": {"run": str(run)}}
    dry_run(lesson_plan(tmp_path, **sounds(test=["kept"]), teachers=told))
    with pytest.raises(ConfigError, match=r"12 rows that are to test in seed 1, fold 1 selected .*teacher "):
        dry_run(lesson_plan(tmp_path, **sounds(test=["chosen"]), teachers=told))


def test_the_same_recordings_under_another_name(school: Path) -> None:
    data = {"others": {"source": VOICES, "tasks": {"digit": {"kind": "multiclass"}}}}
    with pytest.raises(ConfigError, match=r"of data set 'others', so what it gives would carry what they are"):
        dry_run(student(school, data=data, seed=3))


def test_other_recordings_are_clean(school: Path) -> None:
    data = {"voices": {"source": {**VOICES, "seed": 5}, "tasks": {"digit": {"kind": "multiclass"}}}}
    dry_run(student(school, data=data, seed=3))


def test_a_pupil_who_teaches_passes_on_what_its_teacher_heard(school: Path) -> None:
    """The second has seen other recordings only, but learned of a teacher that was trained on these."""
    data = {"other": {"source": {**VOICES, "seed": 5}, "tasks": {"digit": {"kind": "multiclass"}}}}
    taught = {"digit": {"run": str(school / "teacher"), "like": "voices"}}
    motet.train(lesson_plan(school, data=data, teachers=taught, training={"epochs": 1}), school / "pupil")
    named = {"digit": {"run": str(school / "pupil")}}
    dry_run(student(school, teachers=named))
    with pytest.raises(ConfigError, match=r"rows that are to test in seed 2, fold 1 trained .*pupil"):
        dry_run(student(school, teachers=named, seed=2))


def test_a_model_without_its_run_is_warned_of(school: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    shutil.copy(school / "teacher" / "seed-1" / "fold-1" / "best.safetensors", tmp_path / "alone.safetensors")
    named = {"digit": {"run": str(tmp_path / "alone.safetensors")}}
    with caplog.at_level(logging.WARNING, logger="motet"):
        dry_run(student(school, teachers=named))
    assert "teachers.digit: nobody can tell what" in caplog.text
    assert "it lies in no run" in caplog.text


def test_a_warm_start_is_warned_of(school: Path, caplog: pytest.LogCaptureFixture) -> None:
    start = {"epochs": 1, "warm_start": str(school / "teacher/seed-1/fold-1/best.safetensors")}
    with caplog.at_level(logging.WARNING, logger="motet"):
        dry_run(lesson_plan(school, training=start, split={"kind": "kfold", "folds": 2, "dev": 0}))
    assert re.search(r"training.warm_start: \d+ rows that are to test in seed 1, fold 2 trained .*fold-1", caplog.text)


def test_what_began_with_other_weights_has_heard_what_these_have(school: Path) -> None:
    """The run between has seen other recordings only."""
    data = {"other": {"source": {**VOICES, "seed": 5}, "tasks": {"digit": {"kind": "multiclass"}}}}
    start = {"epochs": 1, "warm_start": str(school / "teacher/seed-1/fold-1/best.safetensors")}
    motet.train(lesson_plan(school, data=data, training=start, split="holdout"), school / "begun")
    with pytest.raises(ConfigError, match=r"rows that are to test in seed 2, fold 1 trained .*begun"):
        dry_run(student(school, teachers={"digit": {"run": str(school / "begun")}}, seed=2))


def test_data_that_changed_are_warned_of(school: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = tmp_path / "teacher"
    shutil.copytree(school / "teacher", run)
    file = run / "seed-1" / "fold-1" / "predictions" / "digit.csv"
    file.write_text("\n".join(file.read_text().splitlines()[:-1]) + "\n")
    with caplog.at_level(logging.WARNING, logger="motet"):
        dry_run(student(school, teachers={"digit": {"run": str(run)}}))
    assert "its data are no longer what they were" in caplog.text


def test_what_the_teacher_skipped_is_left_out_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Two of the files are damaged, so the folds of the run are those of the rest."""
    for number in range(30):
        path = tmp_path / "sounds" / "ab"[number % 2] / f"{number:02d}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).normal(scale=0.1, size=400)
        soundfile.write(path, noise, 2000)
    for number in (0, 7):
        (tmp_path / "sounds" / "ab"[number % 2] / f"{number:02d}.wav").write_bytes(b"no sound")
    folder = {"source": {"kind": "folders", "path": str(tmp_path / "sounds"), "task": "letter"}, "on_error": "skip",
              "max_skipped": 0.1}  # fmt: skip
    run = trained(tmp_path, data={"sounds": folder}, training={"epochs": 1})
    plan = lesson_plan(tmp_path, data={"sounds": folder}, teachers={"letter": {"run": str(run)}})
    with caplog.at_level(logging.WARNING, logger="motet"):
        motet.train(plan, tmp_path / "student")
    assert "nobody can tell" not in caplog.text
    assert other_runs(plan)[0].place(1, 2) == (1, 2)


def test_spans_of_one_file_are_told_apart() -> None:
    file = Place("file")

    def rows(*spans: tuple[float, float | None]) -> Corpus:
        examples = [
            Example(f"{at}", {"signal": Recording(file, *span)}, {"word": "xy"[at % 2]})
            for at, span in enumerate(spans)
        ]
        return corpus_of(DataSet.of("cuts", examples))

    heard, all_rows = Heard(), np.arange(3)
    heard.add(rows((0.0, 1.0), (3.0, 4.0)), np.arange(2))
    assert heard.among(rows((1.0, 2.0), (0.5, 1.5), (3.5, None)), all_rows) == [1, 2]
    assert heard.among(corpus_of(plain("others", 3)), all_rows) == []
