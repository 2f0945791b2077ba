"""Values over time and texts, which teachers say as targets: what is heard and learned, in segments, and resumed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.experiment.teachers.classroom import LOGMEL, begun, lesson_plan, losses, refused, trained, written
from tests.reliability.small import LIVELY, SCENES, SHORT, differences
from tests.reliability.test_resuming import train_with_every_stop

import motet
from motet import Experiment
from motet.cli.dry_run import plan_text
from motet.errors import ConfigError
from motet.experiment.dry_run import dry_run
from motet.experiment.network_checks import check_texts
from motet.model import Model
from motet.runs.folder import RunFolder

EFFORTS = {**SHORT, "content": "efforts", "examples": 16, "classes": 2, "duration_s": 0.3}
EFFORT = {"effort": {"kind": "time_regression", "loss": "mse"}}
MOTION: dict[str, Any] = {"data": {"motion": {"source": EFFORTS, "tasks": EFFORT}}}
POOLED: dict[str, Any] = {"kind": "cnn", "channels": [3], "pooling": {"kind": "max", "size": [1, 2]}}
SLOWER = {**POOLED, "pooling": {"kind": "max", "size": [2, 2]}}


@pytest.fixture(scope="module")
def mover(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher of efforts."""
    return trained(tmp_path_factory.mktemp("school"), **MOTION, model={"encoder": [POOLED]})


def follower(mover: Path, said: dict[str, Any], layer: dict[str, Any] = POOLED, **changed: Any) -> Experiment:
    given = {**MOTION, "model": {"encoder": [layer]}, "teachers": {"effort": {"run": str(mover), **said}}}
    return lesson_plan(mover.parent, **{**given, **changed})


def decided(run: Path, fold: int, task: str) -> dict[str, Any]:
    """What a run has decided of the test rows of a fold, by example."""
    found = written(run, fold, task)
    return dict(zip(found.ids.tolist(), found.decisions, strict=True))


def test_values_are_what_the_teacher_predicts(mover: Path) -> None:
    """Of test rows of the other fold its run has written them down; the lessons are those of the training rows here."""
    _, prepared = begun(follower(mover, {"fold": "1/2"}))
    lessons, ids = prepared.loader.lessons["effort"], prepared.corpus.data_sets["motion"].ids
    assert lessons.values is not None
    rows, known = np.flatnonzero(lessons.present), decided(mover, 2, "effort")
    assert rows.tolist() == prepared.fold.train.tolist()
    for row in rows.tolist():
        np.testing.assert_allclose(lessons.values[row], known[ids[row]], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("layer", [POOLED, SLOWER], ids=["same frames", "other frames"])
def test_values_are_the_same_asked_before_or_live(mover: Path, tmp_path: Path, layer: dict[str, Any]) -> None:
    """Where nothing is random; also where the student has half as many frames as its teacher."""
    runs = [
        motet.train(follower(mover, {"live": live, "share": 0.6}, layer), tmp_path / f"{live}").path
        for live in (False, True)
    ]
    assert losses(runs[0]) == pytest.approx(losses(runs[1]), rel=1e-4)
    untaught = motet.train(lesson_plan(mover.parent, **MOTION, model={"encoder": [layer]}), tmp_path / "untaught").path
    assert losses(untaught)[0] != pytest.approx(losses(runs[0])[0], rel=1e-3)


def test_a_dry_run_tells_of_no_temperature_where_no_labels_are_softened(mover: Path) -> None:
    lines = plan_text(dry_run(follower(mover, {}))).splitlines()
    told = [line.split()[-4:] for line in lines if str(mover) in line and "seed-1" in line]
    assert told == [["0.7", "-", "before", "training"]] * 2


def test_values_of_segments_are_those_of_their_moments(mover: Path) -> None:
    """Of what was said of the whole recording, a random segment has its moments and one or two on either side."""
    cut = {"length_s": 0.1, "hop_s": 0.1, "crop": "random"}
    _, prepared = begun(follower(mover, {}, segments=cut))
    batch, said = prepared.loader.draw(prepared.fold.train, epoch=0, training=True), prepared.loader.lessons["effort"]
    lesson = batch.lessons["effort"]
    assert said.values is not None
    assert batch.starts_s is not None
    assert lesson.lengths is not None
    assert len(set(batch.starts_s.tolist())) > 2
    for at, (row, start_s) in enumerate(zip(batch.row_ids.tolist(), batch.starts_s.tolist(), strict=True)):
        moments = said.values[row] - [start_s, 0.0]
        first = max(0, int((moments[:, 0] <= 0).sum()) - 2)
        heard = lesson.values[at, : lesson.lengths[at]].numpy()
        np.testing.assert_allclose(heard, moments[first : first + len(heard)], rtol=1e-4, atol=1e-6)
        assert heard[-1, 0] >= 0.1 - 1e-6 or first + len(heard) == len(moments)


def test_values_that_only_a_teacher_knows(mover: Path, tmp_path: Path) -> None:
    """Of recordings with another annotation, by a teacher with other features."""
    tasks: dict[str, Any] = {"scene": {"kind": "multiclass"}, "effort": EFFORT["effort"]}
    given: dict[str, Any] = {"data": {"rooms": {"source": {**EFFORTS, "content": "scenes"}, "tasks": tasks}}}
    teachers = {"effort": {"run": str(mover), "like": "motion"}}
    given |= {"features": {**LOGMEL, "bands": 4, "hop_s": 0.008}, "model": {"encoder": [POOLED]}}
    signal = {"signal": {"rate_hz": 2000, "channels": "mono"}}
    with pytest.raises(ConfigError, match=r"data.rooms.tasks.effort.labels: is not given, and no example has a target"):
        dry_run(lesson_plan(tmp_path, **given, **signal, teachers=teachers))
    tasks["effort"] = {**EFFORT["effort"], "labels": list(Model.load(_best(mover)).tasks["effort"].labels)}
    plan = lesson_plan(tmp_path, **given, **signal, teachers=teachers)
    training, _ = begun(plan)
    assert training.model.tasks["effort"].decision_state() == Model.load(_best(mover)).tasks["effort"].decision_state()
    run = motet.train(plan, tmp_path / "student")
    assert list(run.result["tasks"]) == ["scene"]
    assert losses(run.path)[-1] < losses(run.path)[0]


SAID = [{"live": False}, {"live": True, "share": 0.5}]


@pytest.mark.parametrize("said", SAID, ids=["before", "live"])
def test_values_stopped_after_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, Any]) -> None:
    """With random waveforms, crops, maps and mixup, in micro-batches, beside a data set without such values."""
    cut = {"length_s": 0.1, "hop_s": 0.1, "crop": "random"}
    common: dict[str, Any] = {
        "data": {**MOTION["data"], "scenes": {"source": SCENES}}, "segments": cut, "split": "holdout",
        "model": {"encoder": [POOLED]}, "signal": {"rate_hz": 2000, "channels": "mono"},
    }  # fmt: skip
    teacher = trained(tmp_path, **common, training={"epochs": 1})
    given = LIVELY | common | {"signal": {**common["signal"], "augment": ["gain", "noise"]}, "sampling": "mixed"}
    given["training"] = {**LIVELY["training"], "batch_size": 16, "epochs": 1}
    given["augment"] = ["time_mask", "noise"]
    plan = lesson_plan(tmp_path, **given, teachers={"effort": {"run": str(teacher), **said}})
    motet.train(plan, tmp_path / "run")
    assert train_with_every_stop(plan, tmp_path / "again", monkeypatch) >= 2
    assert differences(tmp_path / "run", tmp_path / "again") == []


SPEECH = {**SHORT, "content": "speakers", "examples": 60, "classes": 2, "groups": 1}
WORDS: dict[str, Any] = {"digit": {"kind": "sequence"}}
STRINGS = {
    "source": SPEECH,
    "strings": {"target": "digit", "shortest": 1, "longest": 2, "pause_s": 0.05},
    "tasks": WORDS,
}
READING: dict[str, Any] = {
    "data": {"strings": STRINGS},
    "model": {"encoder": [{"kind": "rnn", "hidden": 16, "bidirectional": True}]},
    "training": {"epochs": 12, "batch_size": 4, "optimizer": {"kind": "adam", "learning_rate": 0.02}},
}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher that reads digits."""
    return trained(tmp_path_factory.mktemp("reading"), **READING)


def pupil(reader: Path, said: dict[str, Any] | None = None, **changed: Any) -> Experiment:
    given = {**READING, "training": {"epochs": 2, "batch_size": 8}, "teachers": {"digit": {"run": str(reader)}}}
    given["teachers"]["digit"] |= said or {}
    return lesson_plan(reader.parent, **{**given, **changed})


def test_texts_are_what_the_teacher_reads(reader: Path) -> None:
    _, prepared = begun(pupil(reader, {"fold": "1/2"}))
    lessons, ids = prepared.loader.lessons["digit"], prepared.corpus.data_sets["strings"].ids
    assert lessons.values is not None
    rows, known = np.flatnonzero(lessons.present), decided(reader, 2, "digit")
    assert rows.tolist() == prepared.fold.train.tolist()
    assert [lessons.values[row].tolist() for row in rows] == [known[ids[row]].tolist() for row in rows]
    assert sum(len(lessons.values[row]) for row in rows) > 0, "it reads something"


def test_texts_of_recordings_that_nobody_wrote_down(reader: Path, tmp_path: Path) -> None:
    """The student learns from texts of the teacher alone, by other features; only what is written down is scored."""
    silent = {"source": {**SPEECH, "seed": 4, "content": "scenes"}, "tasks": {"digit": WORDS["digit"]}}
    data = {"strings": STRINGS, "others": silent}
    said = {"like": "strings", "data": ["others"]}
    plan = pupil(reader, said, data=data, features={**LOGMEL, "bands": 4})
    assert {(row.data_set, row.task): row.train > 0 for row in dry_run(plan).rows if row.fold == "1"} == {
        ("strings", None): True, ("strings", "digit"): True, ("others", None): True, ("others", "digit"): False,
    }  # fmt: skip
    _, prepared = begun(plan)
    batch = prepared.loader.draw(prepared.fold.train, epoch=0, training=True)
    assert batch.counts["digit"] == batch.size
    assert len(batch.targets["digit"].values) + len(batch.lessons["digit"].values) == batch.size
    run = motet.train(plan, tmp_path / "student")
    assert losses(run.path)[-1] < losses(run.path)[0]
    assert set(written(run.path, 1, "digit").data_sets.tolist()) == {"strings"}


def test_nobody_reads_at_every_step(reader: Path, tmp_path: Path) -> None:
    match = r"teachers.digit.live: is true, but 'digit' is a text, which a teacher reads .* set live: false"
    refused(pupil(reader, {"live": True}), match, tmp_path)


def test_texts_of_a_teacher_must_fit_into_the_frames_of_the_student(reader: Path) -> None:
    training, prepared = begun(pupil(reader))
    check_texts(prepared, training.model)
    lessons, row = prepared.loader.lessons["digit"], int(prepared.fold.train[0])
    assert lessons.values is not None
    lessons.values[row] = np.zeros((99, 1))
    id_ = prepared.corpus.data_sets["strings"].ids[row]
    match = rf"task 'digit': 1 texts of the teacher are longer than the frames that the network leaves .*: {id_};"
    with pytest.raises(ConfigError, match=match):
        check_texts(prepared, training.model)


def test_a_teacher_that_reads_nothing_is_told(reader: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    mute = trained(tmp_path, **{**READING, "training": {"epochs": 0}})
    begun(pupil(mute))
    assert "task digit: the teacher reads nothing off" in caplog.text


def test_texts_stopped_after_every_step(reader: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signal = {"rate_hz": 2000, "augment": ["gain", "noise"]}
    plan = pupil(reader, signal=signal, augment=["noise"], mixup={"alpha": 0.4}, split={"kind": "kfold", "folds": 2},
                 training={"epochs": 1, "batch_size": 16, "micro_batches": 2})  # fmt: skip
    motet.train(plan, tmp_path / "run")
    assert train_with_every_stop(plan, tmp_path / "again", monkeypatch) >= 3
    assert differences(tmp_path / "run", tmp_path / "again") == []


def _best(run: Path) -> Path:
    return RunFolder(run).fold(1, 1).best
