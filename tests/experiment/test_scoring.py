import math
from pathlib import Path
from typing import Any

import pytest
from tests.reliability.small import MIXED, small_experiment
from tests.training.small import small_corpus, small_model

import motet
from motet.experiment.scoring import monitored_value
from motet.model import Model
from motet.runs.folder import RunFolder


@pytest.fixture(scope="module")
def model() -> Model:
    """Tasks digit and word, whose main metric is the UAR, and level, whose main metric is the CCC."""
    return small_model(small_corpus())


def value(model: Model, scores: dict[str, dict[str, float]], monitor: str | None = None) -> float:
    experiment = small_experiment(Path("store"), MIXED)
    training = experiment.training.model_copy(update={"monitor": monitor})
    found = monitored_value(experiment.model_copy(update={"training": training}), model, scores)
    assert found is not None
    return found


SCORES = {"digit": {"uar": 0.6, "accuracy": 0.9}, "word": {"uar": 0.4}, "level": {"ccc": -0.1, "mae": 2.5}}


def test_by_default_it_is_the_mean_of_the_main_metrics(model: Model) -> None:
    assert value(model, SCORES) == pytest.approx((0.6 + 0.4 - 0.1) / 3)
    assert value(model, {"word": {"uar": 0.4}}) == 0.4


def test_one_metric_may_be_chosen_and_errors_are_better_when_small(model: Model) -> None:
    assert value(model, SCORES, "digit.accuracy") == 0.9
    assert value(model, SCORES, "level.mae") == -2.5


def test_what_is_undefined_is_left_out(model: Model) -> None:
    undefined: dict[str, dict[str, float]] = {"level": {"ccc": math.nan}}
    assert value(model, {**SCORES, **undefined}) == pytest.approx(0.5)
    assert math.isnan(value(model, undefined))
    assert math.isnan(value(model, {}))


def test_a_task_without_development_rows_is_named(model: Model) -> None:
    with pytest.raises(
        motet.ConfigError, match=r"monitor is 'level\.mae', but no development row has a target of 'level'"
    ):
        value(model, {"digit": {"uar": 0.6}}, "level.mae")


def test_segments_of_a_recording_are_merged_by_the_rule(tmp_path: Path) -> None:
    """A sliding evaluation gives one prediction a recording; rules differ in what they predict."""
    source = {
        "kind": "generated",
        "content": "scenes",
        "examples": 24,
        "classes": 3,
        "rate_hz": 2000,
        "duration_s": 0.4,
    }
    found: dict[str, Any] = {}
    for rule in ("mean", "vote"):
        experiment = small_experiment(
            tmp_path / "store", MIXED, data={"scenes": {"source": source}},
            segments={"length_s": 0.1, "hop_s": 0.05, "merge": rule}, split={"kind": "holdout", "dev": 0.3},
            training={"epochs": 1},
        )  # fmt: skip
        run = motet.train(experiment, tmp_path / rule)
        predictions = RunFolder(run.path).fold(1, 1).predictions / "scene.csv"
        found[rule] = predictions.read_text()
        ids = [line.split(",")[1] for line in found[rule].splitlines()[1:]]
        assert len(ids) == len(set(ids)) == 6
        override = experiment.evaluation.model_copy(update={"merge": "vote"})
        motet.train(experiment.model_copy(update={"evaluation": override}), tmp_path / f"{rule} as vote")
        as_vote = RunFolder(tmp_path / f"{rule} as vote").fold(1, 1).predictions / "scene.csv"
        assert (as_vote.read_text() == found[rule]) == (rule == "vote")
    assert found["mean"] != found["vote"]
