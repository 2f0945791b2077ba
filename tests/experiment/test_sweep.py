"""A sweep: its runs are those that training would make, what is done is kept, and a failure stops nothing else."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from tests.reliability.small import LOGMEL, SCENES, SPEAKERS, differences

import motet
from motet.data import identity
from motet.experiment import data as data_module
from motet.experiment import listing
from motet.experiment.reuse import StoredFeatures

MODEL = {"encoder": [{"kind": "cnn", "channels": [3]}]}


def written(store: Path, **changed: Any) -> dict[str, Any]:
    return {
        "data": {"scenes": {"source": SCENES}, "speakers": {"source": SPEAKERS}},
        "features": LOGMEL,
        "segments": {"length_s": 0.1},
        "split": {"kind": "holdout", "test": 0.3, "dev": 0.3},
        "model": MODEL,
        "training": {"epochs": 1, "batch_size": 10, "threads": 1},
        "evaluation": {"interval": {"resamples": 20}, "plots": False},
        "store": {"path": str(store)},
        "sweep": {"training.optimizer.learning_rate": [0.01, 0.001]},
        "combine": {"data": "all"},
    } | changed


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def swept(store: Path, tmp_path_factory: pytest.TempPathFactory) -> motet.SweepResult:
    """Two data sets in all combinations, with two learning rates."""
    return motet.sweep(written(store), tmp_path_factory.mktemp("sweeps") / "small")


def test_runs_lie_in_folders_of_their_names(swept: motet.SweepResult) -> None:
    assert [point["name"] for point in swept.result["points"]] == [
        f"data={names},learning_rate={rate}"
        for names in ("scenes", "speakers", "scenes+speakers")
        for rate in (0.01, 0.001)
    ]
    for point in swept.result["points"]:
        assert point["status"] == "finished"
        assert point["error"] is None
        assert point["tasks"] == json.loads((swept.path / point["name"] / "result.json").read_text())["tasks"]
    assert json.loads((swept.path / "sweep.json").read_text()) == swept.result
    assert (swept.result["schema"], swept.failed) == (1, [])


def test_a_run_is_what_training_alone_makes(swept: motet.SweepResult, store: Path, tmp_path: Path) -> None:
    alone = {key: value for key, value in written(store).items() if key not in ("sweep", "combine")}
    alone["training"] = {**alone["training"], "optimizer": {"learning_rate": 0.001}}
    motet.train(motet.load_experiment(alone), tmp_path / "run")
    assert differences(tmp_path / "run", swept.path / "data=scenes+speakers,learning_rate=0.001") == []


def test_the_table_has_a_row_for_every_figure(swept: motet.SweepResult) -> None:
    with (swept.path / "sweep.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    first = swept.result["points"][0]
    assert rows[0]["point"] == first["name"]
    assert (rows[0]["data"], rows[0]["training.optimizer.learning_rate"]) == ("scenes", "0.01")
    assert (rows[0]["task"], rows[0]["metric"]) == ("scene", "uar")
    assert float(rows[0]["value"]) == first["tasks"]["scene"]["uar"]["value"]
    assert len(rows) == sum(len(metrics) for point in swept.result["points"] for metrics in point["tasks"].values())


def test_data_are_listed_and_identified_once(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[str] = []
    digested: list[str] = []

    def list_data_set(experiment: motet.Experiment, name: str, *, whole: bool) -> listing.Listed:
        listed.append(name)
        return listing.list_data_set(experiment, name, whole=whole)

    def digest_rows(data_set: motet.DataSet) -> bytes:
        digested.append(data_set.name)
        return identity.digest_rows(data_set)

    monkeypatch.setattr(data_module, "list_data_set", list_data_set)
    monkeypatch.setattr(data_module, "digest_rows", digest_rows)
    motet.sweep(written(store), tmp_path / "sweep")
    assert sorted(listed) == sorted(digested) == ["scenes", "speakers"]


def test_what_is_done_is_kept_and_what_stopped_goes_on(store: Path, tmp_path: Path) -> None:
    given = written(store, combine={})
    first = motet.sweep(given, tmp_path / "sweep")
    kept, lost = (tmp_path / "sweep" / point["name"] / "result.json" for point in first.result["points"])
    before = kept.stat().st_mtime_ns
    lost.unlink()
    again = motet.sweep(given, tmp_path / "sweep")
    assert kept.stat().st_mtime_ns == before
    assert lost.is_file()
    assert [point["tasks"] for point in again.result["points"]] == [point["tasks"] for point in first.result["points"]]


def test_only_what_a_change_touches_is_made_anew(store: Path, tmp_path: Path) -> None:
    given = written(store, sweep={"training.epochs": [0, 1]}, combine={"data": [1]})
    motet.sweep(given, tmp_path / "sweep")
    given["data"] = {**given["data"], "scenes": {"source": {**SCENES, "examples": 26}}}
    again = motet.sweep(given, tmp_path / "sweep")
    assert again.failed == []
    aside = sorted(path.name for path in (tmp_path / "sweep" / "outdated").iterdir())
    assert aside == ["data=scenes,epochs=0.1", "data=scenes,epochs=1.1"]


def test_why_maps_are_computed_is_told() -> None:
    assert StoredFeatures("a", "b", 9, 9, 0).told() == "9 of 9 maps are stored"
    assert StoredFeatures("a", "b", 9, 4, 2).told() == (
        "4 of 9 maps are stored; 2 recordings are new or changed; 3 were never computed with these settings"
    )


def test_a_failed_point_is_listed_and_stops_no_other(store: Path, tmp_path: Path) -> None:
    found = motet.sweep(
        written(store, combine={}, sweep={"model.encoder.0.channels": [[2], [2] * 5], "seed": [1]}), tmp_path / "sweep"
    )
    assert found.failed == ["channels=2-2-2-2-2,seed=1"]
    good, bad = found.result["points"]
    assert (good["status"], bad["status"], bad["tasks"]) == ("finished", "failed", {})
    assert "model.encoder.0" in bad["error"]
    rows = list(csv.DictReader((tmp_path / "sweep" / "sweep.csv").read_text().splitlines()))
    assert "model.encoder.0" in rows[-1]["error"]


def test_other_scaling_split_and_segments_share_the_data(store: Path, tmp_path: Path) -> None:
    sweep = {"scaling.kind": ["none", "robust"], "segments.length_s": [0.1, 0.15], "split.test": [0.3, 0.5]}
    found = motet.sweep(written(store, combine={}, sweep=sweep), tmp_path / "sweep")
    assert found.failed == []
    for point in motet.load_sweep(written(store, combine={}, sweep=sweep)).points:
        ran = motet.load_experiment(tmp_path / "sweep" / point.name / "experiment.yaml")
        assert (ran.scaling, ran.segments, ran.split) == (
            point.experiment.scaling, point.experiment.segments, point.experiment.split,
        )  # fmt: skip
        model = motet.Model.load(tmp_path / "sweep" / point.name / "seed-1" / "fold-1" / "best.safetensors")
        assert model.document.data_sets["scenes"].inputs["signal"].scaling == ran.scaling
        assert model.document.data_sets["scenes"].length_s == pytest.approx(ran.segments.length_s, abs=0.01)  # type: ignore[union-attr]


def test_a_sweep_wants_a_folder_of_its_own(swept: motet.SweepResult, store: Path, tmp_path: Path) -> None:
    with pytest.raises(motet.ConfigError, match="is the folder of a run, and a sweep holds many"):
        motet.sweep(written(store), swept.path / swept.result["points"][0]["name"])
    (tmp_path / "file").touch()
    with pytest.raises(motet.ConfigError, match="is a file, and a sweep wants a folder"):
        motet.sweep(written(store), tmp_path / "file")
