from pathlib import Path
from typing import Any

import pytest
from tests.reliability.small import PADDED, SPEAKERS, small_experiment, write_experiment

import motet
from motet.files import JsonLines
from motet.runs.folder import RunFolder, read_json


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[motet.Experiment, motet.Run]:
    """A run whose every epoch is kept."""
    folder = tmp_path_factory.mktemp("trained")
    experiment = small_experiment(folder / "store", PADDED, split={"kind": "holdout", "dev": 0.3, "test": 0.3})
    return experiment, motet.train(experiment, folder / "run")


def value(report: dict[str, Any], task: str = "digit", metric: str = "uar") -> float:
    found: float = report["tasks"][task][metric]["value"]
    return found


def test_the_best_epoch_on_test_rows_is_the_result(trained: tuple[motet.Experiment, motet.Run]) -> None:
    _, run = trained
    report = motet.evaluate(run.path)
    assert (report["schema"], report["run"], report["epoch"], report["part"]) == (
        1,
        run.path.as_posix(),
        "best",
        "test",
    )
    assert report["tasks"] == run.result["tasks"]


def test_every_kept_epoch_scores_on_development_rows_as_it_did_in_training(
    trained: tuple[motet.Experiment, motet.Run],
) -> None:
    _, run = trained
    for record in JsonLines(RunFolder(run.path).fold(1, 1).metrics).read():
        report = motet.evaluate(run.path, epoch=str(record["epoch"]), part="dev")
        for task, metrics in record["dev"].items():
            assert {name: value(report, task, name) for name in metrics} == pytest.approx(metrics, nan_ok=True)


def test_last_is_the_last_epoch(trained: tuple[motet.Experiment, motet.Run]) -> None:
    _, run = trained
    last = len(JsonLines(RunFolder(run.path).fold(1, 1).metrics).read())
    assert motet.evaluate(run.path, epoch="last")["tasks"] == motet.evaluate(run.path, epoch=str(last))["tasks"]
    assert motet.evaluate(run.path, epoch="last", part="train")["tasks"]["digit"]


def test_other_data_are_evaluated_whole(trained: tuple[motet.Experiment, motet.Run], tmp_path: Path) -> None:
    """With the run's own settings: a file says only which data."""
    _, run = trained
    other = small_experiment(tmp_path / "store", data={"speakers": {"source": {**SPEAKERS, "examples": 40, "seed": 9}}})
    report = motet.evaluate(run.path, data=write_experiment(tmp_path / "other.yaml", other))
    assert set(report["tasks"]) == {"digit", "speaker"}
    assert report["tasks"]["digit"]["uar"]["low"] <= value(report) <= report["tasks"]["digit"]["uar"]["high"]
    same = small_experiment(tmp_path / "store", data={"speakers": {"source": SPEAKERS}})
    both = [motet.evaluate(run.path, data=write_experiment(tmp_path / "same.yaml", same)) for _ in range(2)]
    assert both[0]["tasks"] == both[1]["tasks"]
    unknown = small_experiment(tmp_path / "store", data={"birds": {"source": SPEAKERS}})
    with pytest.raises(
        motet.ConfigError, match=r"data\.birds: the run has no data set of this name \(speakers, scenes\)"
    ):
        motet.evaluate(run.path, data=write_experiment(tmp_path / "unknown.yaml", unknown))


def test_other_data_cannot_change_what_was_trained(trained: tuple[motet.Experiment, motet.Run], tmp_path: Path) -> None:
    _, run = trained
    own = {
        "source": SPEAKERS,
        "strings": {"target": "digit"},
        "on_error": "skip",
        "signal": {"rate_hz": 1000},
        "tasks": {"digit": "sequence"},
    }
    other = small_experiment(tmp_path / "store", data={"speakers": own})
    with pytest.raises(motet.ConfigError) as error:
        motet.evaluate(run.path, data=write_experiment(tmp_path / "other.yaml", other))
    assert error.value.problems == tuple(
        f"data.speakers.{part}: differs from what the run was trained with; leave it out, it is taken from the run"
        for part in ("tasks", "strings", "signal")
    )


def test_other_data_that_the_models_have_heard_are_told(
    trained: tuple[motet.Experiment, motet.Run], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, run = trained

    def told(**source: Any) -> str:
        caplog.clear()
        other = small_experiment(tmp_path / "store", data={"speakers": {"source": {**SPEAKERS, **source}}})
        motet.evaluate(run.path, data=write_experiment(tmp_path / "other.yaml", other))
        return caplog.text

    assert "21 of 30 rows trained or selected a model of this run, the first is 'speakers-00000" in told()
    assert "trained or selected" not in told(seed=9)


def test_what_there_is_not_is_named(trained: tuple[motet.Experiment, motet.Run], tmp_path: Path) -> None:
    _, run = trained
    with pytest.raises(motet.ConfigError, match=r"--epoch 99: .* keeps best, last, 1, 2, 3; set training\.keep: all"):
        motet.evaluate(run.path, epoch="99")
    with pytest.raises(motet.ConfigError, match=r"--epoch first: .* keeps best, last, 1"):
        motet.evaluate(run.path, epoch="first")
    with pytest.raises(motet.ConfigError, match="is not the folder of a run"):
        motet.evaluate(tmp_path)
    (tmp_path / "experiment.yaml").write_bytes(RunFolder(run.path).experiment.read_bytes())
    with pytest.raises(motet.ConfigError, match="no fold of this run is done; run `motet train` first"):
        motet.evaluate(tmp_path)
    RunFolder(tmp_path).fold(1, 1).path.mkdir(parents=True)
    with pytest.raises(motet.ConfigError, match=r"no fold of this run is done \(seed 1 fold 1 is under way\)"):
        motet.evaluate(tmp_path)


def test_a_run_that_is_not_done_is_evaluated_as_far_as_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = RunFolder(motet.train(small_experiment(tmp_path / "store", training={"epochs": 1}), tmp_path / "run").path)
    caplog.set_level("WARNING", "motet")
    caplog.clear()
    whole = motet.evaluate(run.path)
    assert whole["folds"] == [{"seed": 1, "fold": 1}, {"seed": 1, "fold": 2}]
    assert not caplog.records
    for path in (run.result, run.fold(1, 2).scores):
        path.unlink()
    half = motet.evaluate(run.path)
    assert half["folds"] == [{"seed": 1, "fold": 1}]
    expected = read_json(run.fold(1, 1).scores)["tasks"]["digit"]["metrics"]["uar"]
    assert value(half) == expected
    [told] = caplog.messages
    assert told == "the run is not done: these figures are of the 1 folds that are; seed 1 fold 2 is under way"


def test_a_part_without_rows_is_named(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path / "store", split={"kind": "holdout", "dev": 0}, training={"epochs": 1})
    run = motet.train(experiment, tmp_path / "run")
    with pytest.raises(motet.ConfigError, match="--part dev: fold 1 has no such rows; choose another part"):
        motet.evaluate(run.path, part="dev")
