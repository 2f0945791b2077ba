"""One fold: where it computes, and what is random in it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.reliability.small import LIVELY, MIXED, differences, small_experiment

import motet
from motet.data.loader import Loader
from motet.draws import Occasion
from motet.experiment.data import open_data
from motet.files import JsonLines
from motet.maps import LiveMaps
from motet.runs.folder import RunFolder, read_json
from motet.training import loop

HOLDOUT = {"kind": "holdout", "dev": 0.3}


def test_waveforms_are_changed_in_training_only_and_anew_in_every_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when a row is drawn twice in an epoch, as a balanced sampler does."""
    read_many, occasions = LiveMaps.read_many, list[Occasion | None]()

    def spy(self: Any, rows: Any, starts: Any, stops: Any, out: Any, occasion: Occasion | None = None) -> None:
        occasions.append(occasion)
        read_many(self, rows, starts, stops, out, occasion)

    monkeypatch.setattr(LiveMaps, "read_many", spy)
    experiment = small_experiment(tmp_path / "store", LIVELY, split=HOLDOUT)
    motet.train(experiment, tmp_path / "run")
    drawn = [occasion for occasion in occasions if occasion is not None]
    assert {occasion.epoch for occasion in drawn} == {0, 1, 2}
    keys = [(occasion.epoch, row) for occasion in drawn for row in occasion.row_ids.tolist()]
    assert len(keys) == len(set(keys)), "no draw is made twice"
    rows = [row for _, row in keys]
    assert max(rows) >= 54, "a row that came again had a number of its own"
    first_training = next(place for place, occasion in enumerate(occasions) if occasion is not None)
    assert first_training > 0, "scaling was fitted before, to unchanged signals"
    assert occasions[-1] is None, "test rows come last, unchanged"


def test_batches_with_random_waveforms_are_the_same_again(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path / "store", LIVELY)
    rows = np.array([1, 8, 40, 1 + 54])
    with open_data(experiment, workers=1) as data:
        batches = [
            Loader(data.corpus, data.maps(seed), seed=seed).draw(rows, epoch=epoch, training=training)
            for seed, epoch, training in [
                (1, 2, True),
                (1, 2, True),
                (1, 3, True),
                (2, 2, True),
                (1, 2, False),
                (1, 3, False),
            ]
        ]
    values = [batch.inputs["signal"].values for batch in batches]
    assert torch.equal(values[0], values[1])
    assert torch.equal(values[4], values[5]), "nothing is random in evaluation"
    assert not any(torch.equal(values[0], other) for other in values[2:5])
    twice = [place for place, row in enumerate(batches[0].row_ids.tolist()) if row % 54 == 1]
    assert not torch.equal(*values[0][twice]), "the row that came twice sounds different"
    assert torch.equal(*values[4][twice])


def test_bfloat16_trains_about_as_full_precision_does(tmp_path: Path) -> None:
    losses = []
    for precision in ("off", "bfloat16"):
        training = {"autocast": precision, "device": "cpu"}
        run = motet.train(
            small_experiment(tmp_path / "store", MIXED, split=HOLDOUT, training=training), tmp_path / precision
        )
        fold = RunFolder(run.path).fold(1, 1)
        losses.append([sum(record["loss"].values()) for record in JsonLines(fold.metrics).read()])
        assert {value.dtype for value in run.model().state_dict().values()} == {torch.float32}
    assert losses[0] == pytest.approx(losses[1], rel=0.02)
    assert losses[0] != losses[1]


def test_half_precision_on_the_cpu_is_refused(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path / "store", MIXED, training={"autocast": "float16", "device": "cpu"})
    with pytest.raises(motet.ConfigError, match="autocast: float16 wants a GPU, this run is on the CPU"):
        motet.train(experiment, tmp_path / "run")


def test_threads_are_those_of_the_settings(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    try:
        experiment = small_experiment(tmp_path / "store", MIXED, split=HOLDOUT, training={"threads": 2, "epochs": 1})
        motet.train(experiment, tmp_path / "run")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("sampling", ["mixed", "proportional", {"kind": "balanced", "by": "data_set"}, "temperature",
                                      "stratified", "alternating", "bucketed"])  # fmt: skip
def test_every_sampler_trains_every_task(tmp_path: Path, sampling: Any) -> None:
    experiment = small_experiment(tmp_path / "store", MIXED, sampling=sampling, split=HOLDOUT, training={"epochs": 1})
    run = motet.train(experiment, tmp_path / "run")
    (record,) = JsonLines(RunFolder(run.path).fold(1, 1).metrics).read()
    assert record["loss"].keys() == {"digit", "speaker", "scene"}
    assert record["dev"].keys() == {"digit", "speaker", "scene"}


def test_thresholds_are_tuned_on_development_rows(tmp_path: Path) -> None:
    source = {
        "kind": "generated",
        "content": "events",
        "examples": 40,
        "classes": 3,
        "rate_hz": 2000,
        "duration_s": 0.4,
    }
    events = {"kind": "multilabel", "decision": "tuned_threshold"}
    experiment = small_experiment(
        tmp_path / "store", MIXED, data={"events": {"source": source, "tasks": {"events": events}}},
        split={"kind": "holdout", "dev": 0.4}, training={"keep": "best"}, sampling="mixed",
    )  # fmt: skip
    run = motet.train(experiment, tmp_path / "run")
    state = run.model().tasks["events"].decision_state()
    assert state
    assert motet.evaluate(run.path, part="dev")["tasks"]["events"]["f1_macro"]["value"] == pytest.approx(
        max(record["dev"]["events"]["f1_macro"] for record in JsonLines(RunFolder(run.path).fold(1, 1).metrics).read()
            if record["epoch"] == run.model().document.notes["epoch"])
    )  # fmt: skip


def test_dropout_and_augmentation_make_runs_of_other_seeds_differ(tmp_path: Path) -> None:
    first, again, other = (
        motet.train(small_experiment(tmp_path / "store", LIVELY, seed=seed), tmp_path / name).path
        for name, seed in (("first", 5), ("again", 5), ("other", 6))
    )
    assert differences(first, again) == []
    records = [JsonLines(RunFolder(path).fold(seed, 1).metrics).read() for path, seed in ((first, 5), (other, 6))]
    assert records[0] != records[1]


def test_a_loss_that_explodes_names_fold_task_and_remedy(tmp_path: Path) -> None:
    training = {"optimizer": {"kind": "sgd", "learning_rate": 1e38}, "clip_norm": None}
    experiment = small_experiment(tmp_path / "store", LIVELY, training=training)
    with pytest.raises(
        motet.MotetError, match=r"seed 1, fold 1 of 2 .*training loss of task '\w+' is .*lower training\.opt"
    ):
        motet.train(experiment, tmp_path / "run")
    assert "ERROR" in RunFolder(tmp_path / "run").log.read_text()


def test_nothing_trains_twice_within_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row of the training part is drawn once an epoch."""
    take_step, drawn = loop.take_step, list[int]()

    def step(training: Any, batch: Any) -> None:
        drawn.extend(batch.row_ids.tolist())
        take_step(training, batch)

    monkeypatch.setattr(loop, "take_step", step)
    experiment = small_experiment(tmp_path / "store", MIXED, split=HOLDOUT, training={"epochs": 2})
    run = motet.train(experiment, tmp_path / "run")
    rows = read_json(RunFolder(run.path).fold(1, 1).scores)["rows"]["train"]
    assert len(drawn) == 2 * sum(own["rows"] for own in rows.values())
    assert sorted(drawn) == sorted(2 * list(dict.fromkeys(drawn)))
