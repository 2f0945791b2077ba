"""Maps that teachers make: in the scale of the student, of rows with and without a true map, and resumed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.experiment.teachers.classroom import LOGMEL, VOICES, begun, lesson_plan, losses, refused, trained
from tests.reliability.small import LIVELY, differences
from tests.reliability.test_resuming import train_with_every_stop

import motet
from motet import Experiment
from motet.errors import ConfigError
from motet.experiment.dry_run import dry_run
from motet.files import JsonLines
from motet.model import Model
from motet.runs.folder import RunFolder
from motet.signals.readers.arrays import ArraySignal
from motet.sources.example import Example

TONE: dict[str, Any] = {"tone": {"kind": "dense", "of": "clean", "metrics": ["mse"]}}
MAPS = {"rough": {**LOGMEL, "bands": 4}, "clean": LOGMEL}
ROUGH: dict[str, Any] = {"features": MAPS, "model": {"encoder": {"rough": [{"kind": "rnn", "hidden": 4}]}}}
PAIRS: dict[str, Any] = {"data": {"voices": {"source": VOICES, "tasks": TONE}}, **ROUGH}
BARE = {"source": {**VOICES, "seed": 3}, "tasks": TONE, "features": {"rough": MAPS["rough"]}}


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher that makes maps of six bands from those of four."""
    return trained(tmp_path_factory.mktemp("maker"), **PAIRS)


def follower(maker: Path, said: dict[str, Any] | None = None, **changed: Any) -> Experiment:
    teachers = {"tone": {"run": str(maker), "live": True, **(said or {})}}
    return lesson_plan(maker.parent, **{**PAIRS, "teachers": teachers, **changed})


def test_a_lesson_is_the_map_of_the_teacher_in_the_scale_of_the_student(maker: Path) -> None:
    """Back in their own unit, by the scaling of either, both are one map; the loss is that of this map."""
    training, prepared = begun(follower(maker, {"fold": "1/2"}, scaling={"kind": "min_max"}))
    batch = prepared.loader.draw(prepared.fold.train[:5], epoch=0, training=True)
    ask = training.teaching["tone"].ask
    assert ask is not None
    lesson = ask(batch, lambda _, inputs: dict(inputs))
    teacher = Model.load(RunFolder(maker).fold(1, 2).best).eval()
    with torch.no_grad():
        made = teacher.network(teacher.scale(batch, torch.device("cpu")), {"tone": None}).predictions["tone"]
    assert lesson is not None
    theirs, ours = (model.scaling("voices", "clean") for model in (teacher, training.model))
    valid = torch.arange(made.values.shape[1]) < made.lengths[:, None]
    in_decibels = made.values * theirs.scale[0] + theirs.offset[0]
    torch.testing.assert_close((lesson.values * ours.scale[0] + ours.offset[0])[valid], in_decibels[valid])
    assert (lesson.values[~valid] == 0).all()
    assert not torch.allclose(lesson.values, made.values)
    task, truth = training.model.tasks["tone"], training.model.targets(batch, torch.device("cpu"))["tone"]
    expected = [
        (truth.values - lesson.values)[row, :length].square().mean().item()
        for row, length in enumerate(lesson.lengths.tolist())  # type: ignore[union-attr]
    ]
    assert task.soft_losses(truth, lesson, 1.0).tolist() == pytest.approx(expected)


def test_share_divides_true_map_and_the_teachers(maker: Path, tmp_path: Path) -> None:
    """The loss of the first step, before any weight moves, is linear in the share."""
    training = {"epochs": 1, "batch_size": 64}
    plans = [
        *(follower(maker, {"share": share}, training=training) for share in (0.25, 0.75, 1.0)),
        lesson_plan(maker.parent, **PAIRS, training=training),
    ]
    quarter, most, teacher, truth = (
        losses(motet.train(plan, tmp_path / f"{number}").path)[0] for number, plan in enumerate(plans)
    )
    assert quarter == pytest.approx(0.25 * teacher + 0.75 * truth, rel=1e-5)
    assert most == pytest.approx(0.75 * teacher + 0.25 * truth, rel=1e-5)
    assert teacher != pytest.approx(truth, rel=1e-2)


def test_rows_without_a_true_map_learn_of_the_teacher_alone(maker: Path, tmp_path: Path) -> None:
    data = {**PAIRS["data"], "bare": BARE}
    shared = {"kind": "standard", "shared": True}
    plan = follower(maker, {"like": "voices"}, data=data, scaling=shared)
    rows = {(row.data_set, row.task): row.train for row in dry_run(plan).rows if row.fold == "1"}
    assert rows["voices", "tone"] == rows["voices", None] > 0
    assert (rows["bare", "tone"], rows["bare", None] > 0) == (0, True)
    training, prepared = begun(plan)
    batch = prepared.loader.draw(prepared.fold.train, epoch=0, training=True)
    assert batch.counts["tone"] == batch.size > len(batch.targets["tone"].values) == rows["voices", None]
    assert training.model.document.data_sets["bare"].inputs.keys() == {"rough"}
    run = motet.train(plan, tmp_path / "student")
    assert losses(run.path)[-1] < losses(run.path)[0]
    again = motet.evaluate(run.path)
    assert again["tasks"]["tone"]["mse"] == run.result["tasks"]["tone"]["mse"]
    for teachers in ({}, {"tone": {"run": str(maker), "live": True, "data": ["voices"]}}):
        with pytest.raises(ConfigError, match=r"data.bare.tasks.tone.of: there is no feature 'clean'; there is rough"):
            lesson_plan(maker.parent, **{**PAIRS, "data": data, "teachers": teachers})


def waves(seed: int, *names: str) -> Callable[[], Iterator[Example]]:
    """Tones, and the same in noise beside them; only those recordings that are named."""

    def examples() -> Iterator[Example]:
        for row in range(12):
            random = np.random.default_rng([seed, row])
            clean = np.sin(np.arange(300 + 10 * (row % 4)) * random.uniform(0.2, 0.6))
            found = {"clean": clean, "rough": clean + 0.3 * random.normal(size=len(clean))}
            yield Example(
                f"tone-{seed}-{row}", {name: motet.Recording(ArraySignal(found[name], 2000.0)) for name in names}, {}
            )

    return examples


@pytest.mark.parametrize("procedure", ["joint", "gan"])
def test_noisy_recordings_without_clean_ones(tmp_path: Path, procedure: str) -> None:
    """Other recordings beside those that are read, of one data set only; judged are true maps alone."""
    given = {**ROUGH, "features": LOGMEL, "split": {"kind": "holdout", "dev": 0.2}}
    pairs = {"source": waves(0, "rough", "clean"), "tasks": TONE}
    teacher = trained(tmp_path, **given, data={"pairs": pairs})
    plan = lesson_plan(
        tmp_path, **given, data={"pairs": pairs, "bare": {"source": waves(1, "rough"), "tasks": TONE}},
        teachers={"tone": {"run": str(teacher), "live": True, "like": "pairs"}},
        training={"procedure": "joint" if procedure == "joint" else {"kind": "gan", "task": "tone", "discriminator": [
            {"kind": "mlp", "hidden": [3]}]}},
    )  # fmt: skip
    run = motet.train(plan, tmp_path / "student")
    record = JsonLines(RunFolder(run.path).fold(1, 1).metrics).read()[-1]
    assert all(np.isfinite(loss) for loss in record["loss"].values())
    assert ("tone.adversarial" in record["loss"]) == (procedure == "gan")


def test_maps_of_scales_that_nobody_knows(maker: Path, tmp_path: Path) -> None:
    data = {**PAIRS["data"], "more": {"source": {**VOICES, "seed": 5}, "tasks": TONE}, "bare": BARE}
    match = (
        r"teachers.tone: examples of data.bare here have no map 'clean', and voices, more scale it each .*shared: true"
    )
    refused(follower(maker, {"like": "voices"}, data=data), match, tmp_path)


def test_maps_are_not_asked_for_before(maker: Path, tmp_path: Path) -> None:
    match = r"teachers.tone.live: is false, but 'tone' is a map, which a teacher makes at every step .*set live: true"
    refused(follower(maker, {"live": False}), match, tmp_path)


def test_other_maps(maker: Path, tmp_path: Path) -> None:
    ahead = {"tone": {**TONE["tone"], "shift": 1}}
    match = r"teachers.tone: `shift` of the task 'tone' is 1, but of 'tone' of .* 0; make both the same"
    refused(follower(maker, data={"voices": {"source": VOICES, "tasks": ahead}}), match, tmp_path)
    wider = {**MAPS, "clean": {**LOGMEL, "bands": 8}}
    match = r"teachers.tone: the 'clean' that the teacher makes is .* 6 bins, .* that of data.voices is .* 8 bins"
    refused(follower(maker, features=wider), match, tmp_path)
    other = {"tone": {**TONE["tone"], "of": "other"}}
    plan = follower(maker, features={"rough": MAPS["rough"], "other": LOGMEL}, data={
        "voices": {"source": VOICES, "tasks": other}})  # fmt: skip
    match = r"teachers.tone: `of` of the task 'tone' is other, but of 'tone' of .* clean; make both the same"
    refused(plan, match, tmp_path)


def test_stopped_after_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With random waveforms, crops, maps and mixup, in micro-batches, with a data set that has no true maps."""
    common = {**ROUGH, "segments": {"length_s": 0.1, "crop": "random"}, "split": "holdout", "signal": {"rate_hz": 2000}}
    teacher = trained(tmp_path, **common, data=PAIRS["data"], training={"epochs": 1})
    given: dict[str, Any] = LIVELY | common | {"sampling": "mixed", "augment": ["time_mask", "noise"]}
    given |= {"signal": LIVELY["signal"], "scaling": {"kind": "standard", "shared": True}}
    plan = lesson_plan(tmp_path, **{
        **given, "data": {**PAIRS["data"], "bare": BARE}, "training": {
            **LIVELY["training"], "epochs": 1, "batch_size": 20},
        "teachers": {"tone": {"run": str(teacher), "live": True, "like": "voices", "share": 0.5}},
    })  # fmt: skip
    motet.train(plan, tmp_path / "run")
    assert train_with_every_stop(plan, tmp_path / "again", monkeypatch) >= 3
    assert differences(tmp_path / "run", tmp_path / "again") == []
