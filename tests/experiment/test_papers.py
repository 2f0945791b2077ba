"""The set-ups of the literature run on small corpora of the layouts that their publishers chose."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from tests.sources.corpora import layouts
from tests.sources.corpora.layouts import write_layout

from motet.config import Context, load, validate
from motet.experiment.dry_run import Plan, dry_run
from motet.experiment.run import train
from motet.experiment.settings import Experiment
from motet.experiment.sweep import load_sweep, sweep
from motet.tasks.classification import Multiclass, Multilabel
from motet.tasks.dense import Dense
from motet.tasks.events.task import Events

PAPERS = Path(__file__).parents[2] / "examples" / "papers"
DOCS = Path(__file__).parents[2] / "docs"
QUICK = ["training.epochs=1", "training.threads=1", "evaluation.plots=false", "evaluation.interval.resamples=10"]
Quick = Callable[..., tuple[Plan, dict[str, dict[str, dict[str, float]]]]]


@pytest.fixture
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Quick:
    """Return what plans the experiment of a paper, trains it for an epoch, and returns the plan and its figures."""
    monkeypatch.setenv("MOTET_DATA", str(tmp_path))

    def run(name: str, *overrides: str) -> tuple[Plan, dict[str, dict[str, dict[str, float]]]]:
        given = [*QUICK, f"store.path={tmp_path / 'store'}", *overrides]
        experiment = validate(Experiment, load(PAPERS / name, given), Context(check_files=True))
        return dry_run(experiment), train(experiment, tmp_path / "run").result["tasks"]

    return run


def test_georgiev_2017(quick: Quick, tmp_path: Path) -> None:
    write_layout(tmp_path / "ravdess", layouts.ravdess())
    write_layout(tmp_path / "ASVspoof2015", layouts.asvspoof2015())
    write_layout(tmp_path / "TUT-acoustic-scenes-2017-development", layouts.dcase_scenes())
    plan, figures = quick("georgiev2017.yaml", "training.epochs=2")
    assert list(plan.tasks) == ["speaker", "emotion", "stress", "scene"]
    assert plan.tasks["speaker"].labels == ("T1", "T2", "T3", "T4", "unknown")
    assert shapes(plan)[0] == "[C=1, T=1, F=216]"
    assert set(figures) == {"speaker", "emotion", "stress", "scene"}
    assert all(0 <= of_task["uar"]["value"] <= 1 for of_task in figures.values())


def test_xu_2018(quick: Quick, tmp_path: Path) -> None:
    write_layout(tmp_path / "TUT-acoustic-scenes-2017-development", layouts.dcase_scenes(folds=4), duration_s=1.5)
    write_layout(tmp_path / "TUT-sound-events-2017-development", layouts.dcase_events(), duration_s=2.0)
    plan, figures = quick("xu2018.yaml", "split.folds=1", "model.encoder.0.channels=[4, 4, 4, 4]")
    assert {name: type(task) for name, task in plan.tasks.items()} == {"scene": Multiclass, "events": Multilabel}
    assert plan.tasks["events"].labels == ("car", "children", "people")
    assert shapes(plan)[:2] == ["[C=1, T=86, F=128]", "[C=4, T=42, F=63]"]
    assert set(figures) == {"scene", "events"}


def test_deshmukh_2020(quick: Quick, tmp_path: Path) -> None:
    write_layout(tmp_path / "FSDKaggle2018", layouts.fsdkaggle2018())
    write_layout(tmp_path / "TAU-urban-acoustic-scenes-2019-development", layouts.dcase_scenes(), duration_s=0.5)
    network = "model.encoder.0.channels=[4, 4]"
    plan, figures = quick("deshmukh2020.yaml", network, "segments={length_s: 0.2, hop_s: 0.2}", "training.batch_size=4")
    assert {name: type(task) for name, task in plan.tasks.items()} == {"heard": Events, "map": Dense}
    assert shapes(plan)[0] == "[C=1, T=6, F=64]"
    assert 0 <= figures["heard"]["tag_f1"]["value"] <= 1
    assert figures["map"]["mse"]["value"] > 0
    with_and_without = load_sweep(PAPERS / "deshmukh2020.yaml", ["combine={tasks: [1, all]}"]).points
    assert [point.experiment.training.monitor for point in with_and_without] == ["heard.tag_f1", None, "heard.tag_f1"]


def test_huang_2019(quick: Quick, tmp_path: Path) -> None:
    write_layout(tmp_path / "DESED" / "dataset", layouts.desed(), duration_s=2.0)
    small = ["model.encoder.0.channels=[2, 4]", "model.trunk.0.channels=[4]", "segments={length_s: 2.0, hop_s: 2.0}"]
    small += ["model.heads.highest.layers.0.channels=[4]", "model.heads.tags.layers.0.channels=[4, 4, 4]"]
    plan, figures = quick("huang2019.yaml", *small)
    assert {name: type(task) for name, task in plan.tasks.items()} == {
        "events": Events,
        "highest": Events,
        "tags": Multilabel,
    }
    rows = {count.task: (count.train, count.dev, count.test) for count in plan.rows if count.task}
    assert set(rows.values()) == {(16, 2, 6)}, "weak and synthetic rows train, validation tests"
    assert figures["events"].keys() >= {"event_f1", "segment_f1"}
    assert set(figures) == {"events", "highest", "tags"}


def test_lee_2019(quick: Quick, tmp_path: Path) -> None:
    write_layout(tmp_path / "speech_commands", layouts.speech_commands(), duration_s=0.1)
    write_layout(tmp_path / "FSDKaggle2018", layouts.fsdkaggle2018(), duration_s=0.1)
    small = ["segments={length_s: 0.1, hop_s: 0.1}", "model.heads.label.layers.0.channels=[4, 4]"]
    small += [f"model.encoder.wave.{number}.channels=[4, 4, 4, 4, 4, 4]" for number in (0, 1)]
    plan, figures = quick("lee2019.yaml", *small)
    kinds = {name: type(task) for name, task in plan.tasks.items()}
    assert kinds == {"label": Multiclass, "next": Dense, "clean": Dense, "whole": Dense}
    assert shapes(plan)[0] == "[C=1, T=1600, F=1]"
    assert set(figures) == set(kinds)
    assert figures["clean"].keys() >= {"si_sdr_gain", "mse"}
    assert figures["whole"]["lsd"]["value"] > 0


def test_lee_2019_predicts_samples_that_it_has_not_seen() -> None:
    settings: Any = validate(Experiment, load(PAPERS / "lee2019.yaml"))
    ahead = sum(dilation * (cnn.kernel // 2) for cnn in settings.model.encoder["wave"] for dilation in cnn.dilation)
    assert settings.data["next"].tasks["next"].shift == ahead + 1


@pytest.fixture
def eight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with all data sets of the variation experiment."""
    monkeypatch.setenv("MOTET_DATA", str(tmp_path))
    write_layout(tmp_path / "ASVspoof2015", layouts.asvspoof2015())
    write_layout(tmp_path / "audioset", layouts.audioset())
    write_layout(tmp_path / "TUT-acoustic-scenes-2017-development", layouts.dcase_scenes(folds=4))
    write_layout(tmp_path / "TUT-sound-events-2017-development", layouts.dcase_events(), duration_s=2.0)
    write_layout(tmp_path / "FSDKaggle2018", layouts.fsdkaggle2018())
    write_layout(tmp_path / "ravdess", layouts.ravdess(actors=4))
    write_layout(tmp_path / "speech_commands", layouts.speech_commands())
    return tmp_path


def test_callebaut_2021_is_255_combinations_of_two_features_and_two_networks(eight: Path) -> None:
    grid = load_sweep(PAPERS / "callebaut2021.yaml")
    assert len(grid.points) == 255 * 2 * 2
    names = list(grid.experiment.data)
    assert [point.choices["data"] for point in grid.points[::4]] == [
        "+".join(chosen) for size in range(1, 9) for chosen in combinations(names, size)
    ]


def test_callebaut_2021_runs_three_readers(eight: Path) -> None:
    small = [
        'sweep."model.encoder".values.cnn.0.channels=[2, 2, 2, 2]',
        'sweep."model.encoder".values.dnn.0.hidden=[8, 8]',
        "signal.rate_hz=8000",
        "split.folds=1",
        f"store.path={eight / 'store'}",
    ]
    grid = load_sweep(PAPERS / "callebaut2021.yaml", [*QUICK, *small])
    chosen = [point for point in grid.points if point.choices["data"] == "scenes+events+stress"]
    swept = sweep(replace(grid, points=chosen), eight / "sweep")
    assert swept.failed == []
    assert [point["name"] for point in swept.result["points"]] == [
        f"data=scenes+events+stress,features={features},encoder={network}"
        for features in ("mel", "mfcc")
        for network in ("cnn", "dnn")
    ]
    assert all(list(point["tasks"]) == ["scene", "events", "stress"] for point in swept.result["points"])


def test_the_files_that_are_told_are_there() -> None:
    told = set(re.findall(r"examples/papers/(\w+\.yaml)", (DOCS / "literature.md").read_text(encoding="utf-8")))
    assert len(told) > 6
    assert told <= {path.name for path in PAPERS.iterdir()}


def shapes(plan: Plan) -> Sequence[str]:
    """Return what every layer receives."""
    assert plan.layers is not None
    return [str(layer.in_shapes[0]) for layer in plan.layers]
