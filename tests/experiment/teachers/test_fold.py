"""Students that learn of teachers: what they hear, in every relation of data sets and tasks, stopped and resumed."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.experiment.teachers.classroom import LOGMEL, VOICES, begun, lesson_plan, losses, refused, trained, written
from tests.reliability.small import LIVELY, SCENES, SPEAKERS, differences
from tests.reliability.test_resuming import SIGNALS, train_with_every_stop, train_with_stop

import motet
from motet import Experiment
from motet.cli.dry_run import plan_text
from motet.errors import ConfigError
from motet.experiment.dry_run import dry_run
from motet.files import JsonLines
from motet.model import Model
from motet.runs.folder import RunFolder

DIGIT = {"digit": {"kind": "multiclass"}}
EVENTS = {
    "kind": "generated", "content": "events", "examples": 16, "classes": 2, "rate_hz": 2000, "duration_s": 0.3,
}  # fmt: skip


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("school")
    trained(folder)
    return folder


def student(school: Path, said: Mapping[str, Any] | None = None, **changed: Any) -> Experiment:
    return lesson_plan(school, teachers={"digit": {"run": str(school / "teacher"), **(said or {})}}, **changed)


def test_lessons_are_what_the_teacher_predicts(school: Path) -> None:
    """Of test rows of the other fold its run has written them down; the lessons are those of the training rows here."""
    _, prepared = begun(student(school, {"fold": "1/2"}))
    told = written(school / "teacher", 2, "digit")
    known = dict(zip(told.ids.tolist(), told.probabilities, strict=True))
    lessons, corpus = prepared.loader.lessons["digit"], prepared.corpus
    assert lessons.values is not None
    rows = np.flatnonzero(lessons.present)
    assert rows.tolist() == prepared.fold.train.tolist()
    for row in rows.tolist():
        np.testing.assert_allclose(np.exp(lessons.values[row]), known[corpus.data_sets["voices"].ids[row]], rtol=1e-5)


@pytest.mark.parametrize("share", [0.4, 1.0])
def test_asked_before_or_at_every_step_is_the_same_where_nothing_is_random(school: Path, share: float) -> None:
    runs = [
        motet.train(student(school, {"live": live, "share": share}), school / f"live={live}-{share}").path
        for live in (False, True)
    ]
    assert losses(runs[0]) == pytest.approx(losses(runs[1]), rel=1e-4)
    if share == 1.0:
        labels = motet.train(lesson_plan(school), school / "untaught").path
        assert losses(labels)[0] != pytest.approx(losses(runs[0])[0], rel=1e-3)


def test_a_student_needs_no_teacher_any_more(school: Path, tmp_path: Path) -> None:
    run = trained(tmp_path)
    taught = motet.train(lesson_plan(tmp_path, teachers={"digit": {"run": str(run)}}), tmp_path / "student")
    shutil.rmtree(run)
    found = motet.evaluate(tmp_path / "student")
    assert found["tasks"]["digit"]["uar"] == taught.result["tasks"]["digit"]["uar"]
    assert isinstance(taught.model(), Model)


def test_nobody_goes_on_with_another_teacher(school: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(school / "teacher", tmp_path / "teacher")
    plan = lesson_plan(school, teachers={"digit": {"run": str(tmp_path / "teacher")}})
    assert train_with_stop(plan, tmp_path / "student", monkeypatch, 2, SIGNALS[0])
    fold = RunFolder(tmp_path / "teacher").fold(1, 1)
    shutil.copy(fold.last, fold.best)
    with pytest.raises(ConfigError, match=r"teachers.digit.run: .* holds other models than when the run in .* began"):
        motet.train(plan, tmp_path / "student")


def test_a_scene_that_only_a_teacher_knows(tmp_path: Path) -> None:
    """As of Imoto et al. 2020: recordings with events learn what scene they are of from a teacher of scenes."""
    teacher = trained(tmp_path, data={"scenes": {"source": SCENES}})
    heard = {**EVENTS, "classes": 3}
    tasks = {"events": {"kind": "multilabel"}, "scene": {"kind": "multiclass"}}
    given: dict[str, Any] = {
        "data": {"street": {"source": heard, "tasks": tasks}},
        "teachers": {"scene": {"run": str(teacher), "like": "scenes"}},
    }
    with pytest.raises(ConfigError, match=r"data.street.tasks.scene.labels: is not given, and no example has a target"):
        dry_run(lesson_plan(tmp_path, **given))
    labels = Model.load(RunFolder(teacher).fold(1, 1).best).tasks["scene"].labels
    tasks["scene"]["labels"] = list(reversed(labels))  # type: ignore[assignment]
    plan = lesson_plan(tmp_path, **given)
    rows = {(row.task, row.fold): (row.train, row.test) for row in dry_run(plan).rows}
    assert rows["scene", "1"] == (0, 0)
    run = motet.train(plan, tmp_path / "student")
    assert list(run.result["tasks"]) == ["events"], "only labels are scored"
    record = JsonLines(RunFolder(run.path).fold(1, 1).metrics).read()[-1]
    assert record["loss"]["scene"] > 0
    assert list(record["dev"]) == ["events"]
    assert run.model().tasks["scene"].labels == tuple(reversed(labels))
    assert list(motet.evaluate(run.path, part="train")["tasks"]) == ["events"]
    assert motet.train(plan, tmp_path / "student").result == run.result


@pytest.mark.parametrize("live", [False, True])
def test_numbers_that_only_a_teacher_knows(tmp_path: Path, live: bool) -> None:
    """The student has no numbers to learn their unit from, so it is the teacher's."""
    number = {"intensity": {"kind": "regression", "labels": ["value"]}}
    signal = {"rate_hz": 2000, "channels": "mono"}
    sensors = {**SCENES, "content": "sensors"}
    teacher = trained(tmp_path, data={"bodies": {"source": sensors, "tasks": number}}, signal=signal)
    data = {"rooms": {"source": SCENES, "tasks": {"scene": {"kind": "multiclass"}, **number}}}
    told = {"intensity": {"run": str(teacher), "live": live}}
    plan = lesson_plan(tmp_path, data=data, teachers=told, signal=signal)
    training, _ = begun(plan)
    own = Model.load(RunFolder(teacher).fold(1, 1).best).tasks["intensity"]
    assert training.model.tasks["intensity"].decision_state() == own.decision_state()
    run = motet.train(plan, tmp_path / "student")
    assert list(run.result["tasks"]) == ["scene"]
    assert losses(run.path)[-1] < losses(run.path)[0]


LESSONS = [{"live": False}, {"live": True, "temperature": 3.0}]


@pytest.mark.parametrize("said", LESSONS, ids=["before", "live"])
def test_stopped_after_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, Any]) -> None:
    """With random waveforms, crops, maps and mixup, balanced rows, micro-batches, two data sets and three tasks."""
    common: dict[str, Any] = {
        "data": {"speakers": {"source": SPEAKERS}, "scenes": {"source": SCENES}}, "features": LOGMEL,
        "split": {"kind": "holdout", "dev": 0.2},
    }  # fmt: skip
    teacher = trained(tmp_path, **common, signal={"rate_hz": 2000}, training={"epochs": 1})
    teachers = {"digit": {"run": str(teacher), **said}, "scene": {"run": str(teacher), "share": 1.0}}
    training = {"batch_size": 16, "epochs": 1, **LIVELY["training"], "objective": "uncertainty"}
    plan = lesson_plan(tmp_path, **(LIVELY | common | {"teachers": teachers, "training": training}))
    motet.train(plan, tmp_path / "run")
    assert train_with_every_stop(plan, tmp_path / "again", monkeypatch) >= 3
    assert differences(tmp_path / "run", tmp_path / "again") == []


def test_a_teacher_with_other_features_is_asked_before(school: Path, tmp_path: Path) -> None:
    features = {**LOGMEL, "bands": 5}
    assert motet.train(student(school, features=features), tmp_path / "student").result["tasks"]["digit"]
    match = (
        r"teachers.digit.live: the teacher hears what the student hears, but its input 'signal' is logmel \(1 channel, "
        r"6 bins, .*\) and that of data.voices is logmel \(1 channel, 5 bins, .*set live: false"
    )
    refused(student(school, {"live": True}, features=features), match, tmp_path)


def test_a_teacher_in_the_loop_hears_what_the_student_reads(tmp_path: Path) -> None:
    """Its own targets need no encoder there; but what is a target only of the student's stands in no batch."""
    names = {"mel": LOGMEL, "low": {**LOGMEL, "bands": 4}}
    tasks = {"digit": DIGIT["digit"], "shape": {"kind": "dense", "of": "mel", "metrics": ["mse"]}}
    data = {"voices": {"source": VOICES, "tasks": tasks}}
    given: dict[str, Any] = {"data": data, "features": names}
    layers = {name: [{"kind": "rnn", "hidden": 3}] for name in names}
    heard = {name: {"encoder": {name: layers[name]}} for name in names}
    both = trained(tmp_path, "both", **given, model={"encoder": layers, "fusion_per": "frame"})
    low = trained(tmp_path, "low", **given, model=heard["low"])
    told = {"digit": {"run": str(low), "live": True}}
    run = motet.train(lesson_plan(tmp_path, **given, model=heard["low"], teachers=told), tmp_path / "student")
    assert run.result["tasks"].keys() == {"digit", "shape"}
    told["digit"]["run"] = str(both)
    match = (
        r"teachers.digit.live: the teacher hears the input 'mel' with the student, but the network here does not read"
    )
    refused(lesson_plan(tmp_path, **given, model=heard["low"], teachers=told), match, tmp_path)


def test_events_are_taught_frame_by_frame(tmp_path: Path) -> None:
    tasks = {"timeline": {"kind": "events", "metrics": ["segment_f1"]}}
    given: dict[str, Any] = {"data": {"street": {"source": EVENTS, "tasks": tasks}}, "split": {"kind": "holdout"}}
    layer = {"kind": "cnn", "channels": [3], "pooling": {"kind": "max", "size": [1, 2]}}
    teacher = trained(tmp_path, **given, model={"encoder": [layer]})
    told = {"timeline": {"run": str(teacher)}}
    with pytest.raises(ConfigError, match=r"teachers.timeline.live: is false, .* set live: true"):
        dry_run(lesson_plan(tmp_path, **given, teachers=told))
    told["timeline"]["live"] = True  # type: ignore[assignment]
    narrow = {**layer, "channels": [2]}
    taught, untaught = (
        motet.train(lesson_plan(tmp_path, **given, **by, model={"encoder": [narrow]}), tmp_path / name).path
        for name, by in (("student", {"teachers": told}), ("untaught", {}))
    )
    assert losses(taught)[0] != pytest.approx(losses(untaught)[0], rel=1e-3)
    slower = {**layer, "pooling": {"kind": "max", "size": [2, 2]}}
    with pytest.raises(ConfigError, match=r"teachers.timeline: the teacher gives \d+ frames, .* let both shorten time"):
        motet.train(lesson_plan(tmp_path, **given, teachers=told, model={"encoder": [slower]}), tmp_path / "slower")


def test_a_dry_run_tells_how_a_teacher_teaches(school: Path) -> None:
    lines = plan_text(dry_run(student(school, {"live": True, "temperature": 3.0}))).splitlines()
    told = [line.split()[-5:] for line in lines if str(school / "teacher") in line and "seed-1" in line]
    assert told == [["0.7", "3", "at", "every", "step"]] * 2


def test_only_some_data_sets_are_taught(school: Path) -> None:
    data = {
        "voices": {"source": VOICES, "tasks": DIGIT},
        "more": {"source": {**VOICES, "seed": 3}, "tasks": DIGIT},
    }
    for live in (False, True):
        training, prepared = begun(student(school, {"data": ["more"], "live": live, "like": "voices"}, data=data))
        present, corpus = prepared.loader.lessons["digit"].present, prepared.corpus
        assert not present[corpus.rows_of("voices")].any()
        assert present[corpus.rows_of("more")].sum() == np.isin(prepared.fold.train, corpus.rows_of("more")).sum()
        own = training.teaching["digit"]
        assert (own.ask is not None) == live
        if own.ask is not None:
            batch = prepared.loader.draw(np.arange(3), epoch=0, training=True)
            assert own.ask(batch, lambda _, inputs: dict(inputs)) is None


def test_a_sweep_over_teachers(school: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="motet")
    done = motet.sweep(
        student(school, {"share": 0.5}, training={"epochs": 1}), tmp_path / "sweep",
        sweep={"teachers.digit.temperature": [1.0, 4.0]},
    )  # fmt: skip
    assert [point["status"] for point in done.result["points"]] == ["finished", "finished"]
    again = motet.sweep(
        student(school, {"share": 0.5}, training={"epochs": 1}), tmp_path / "sweep",
        sweep={"teachers.digit.temperature": [1.0, 4.0]},
    )  # fmt: skip
    assert caplog.text.count("finished before") == 2, "with the same teacher they are kept"
    assert [point["tasks"] for point in again.result["points"]] == [point["tasks"] for point in done.result["points"]]


def test_a_derived_task_is_taught_like_any_other(tmp_path: Path) -> None:
    derived = {"voices": {"source": VOICES, "derive": {"said": {"kind": "copy", "of": "digit"}},
                          "tasks": {"said": {"kind": "multiclass"}}}}  # fmt: skip
    run = trained(tmp_path, data=derived)
    plan = dry_run(lesson_plan(tmp_path, data=derived, teachers={"said": {"run": str(run)}}))
    assert list(plan.tasks) == ["said"]
    assert plan.tasks["said"].labels == ("0", "1", "2")
