"""Flipped bytes in a store or a checkpoint: found, named, and rebuilt or refused."""

import random
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import motet
from motet.cli import main
from motet.data.roles import FoldSplit
from motet.experiment.data import open_data
from motet.experiment.preparation import prepare_fold
from motet.runs.folder import RunFolder
from motet.training import loop
from tests.reliability.small import MIXED, PADDED, differences, held, small_experiment


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store and a finished run."""
    folder = tmp_path_factory.mktemp("trained")
    motet.train(experiment_of(folder), folder / "run")
    return folder


def experiment_of(folder: Path, way: dict[str, Any] = MIXED) -> motet.Experiment:
    return small_experiment(folder / "store", way, training={"epochs": 2})


def flip(path: Path, place: int, bit: int = 4) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1 << bit
    path.write_bytes(content)


@pytest.mark.parametrize("flips", [6, pytest.param(200, marks=pytest.mark.full)])
@pytest.mark.parametrize("name", ["maps.v1.data", "maps.v1.index"])
def test_flipped_bytes_of_the_store_are_named_and_computed_anew(
    trained: Path, tmp_path: Path, name: str, flips: int
) -> None:
    """The run comes out as if nothing had been, and leaves the store whole."""
    places = random.Random(name)
    expected = held(trained / "store")
    for number in range(flips):
        folder = tmp_path / str(number)
        shutil.copytree(trained / "store", folder / "store")
        place = places.randrange((folder / "store" / name).stat().st_size)
        flip(folder / "store" / name, place, places.randrange(8))
        if number == 0:
            motet.train(experiment_of(folder), folder / "run")
            assert differences(folder / "run", trained / "run") == []
            log = (folder / "run" / "run.log").read_text()
            assert f"WARNING {folder / 'store' / name}: " in log
            assert "computed anew" in log or "computed again" in log
        else:
            read_all(experiment_of(folder))
        assert held(folder / "store") == expected, f"byte {place}"
        shutil.rmtree(folder)


def read_all(experiment: motet.Experiment) -> None:
    """Read every map as a training does, without training."""
    with open_data(experiment, workers=1) as data:
        rows = np.arange(len(data.corpus))
        prepared = prepare_fold(experiment, data, FoldSplit("1", rows, rows[:0], rows[:0]), 1)
        assert sum(batch.size for batch in prepared.loader.evaluate(rows, batch_size=8)) >= len(rows)


def test_a_store_that_was_cut_short_is_filled_again(trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained / "store", tmp_path / "store")
    data = tmp_path / "store" / "maps.v1.data"
    data.write_bytes(data.read_bytes()[: data.stat().st_size // 3])
    motet.train(experiment_of(tmp_path), tmp_path / "run")
    assert differences(tmp_path / "run", trained / "run") == []
    assert held(tmp_path / "store") == held(trained / "store")


@pytest.mark.parametrize("flips", [5, pytest.param(200, marks=pytest.mark.full)])
def test_a_damaged_checkpoint_is_refused_and_the_remedy_helps(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flips: int
) -> None:
    places, experiment, run = random.Random(3), experiment_of(trained), tmp_path / "run"
    stop_in_the_middle(experiment, run, monkeypatch)
    last = RunFolder(run).fold(1, 1).last
    whole = last.read_bytes()
    for _ in range(flips):
        flip(last, places.randrange(len(whole)), places.randrange(8))
        with pytest.raises(
            motet.DataError, match=r"fold-1.last\.safetensors: is damaged.*delete its folder seed-S/fold-K"
        ):
            motet.train(experiment, run)
        last.write_bytes(whole)
    flip(last, len(whole) // 2)
    shutil.rmtree(last.parent)
    motet.train(experiment, run)
    assert differences(run, trained / "run") == []


def stop_in_the_middle(experiment: motet.Experiment, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take_step, steps = loop.take_step, [0]

    def step(*args: Any) -> None:
        take_step(*args)
        steps[0] += 1
        if steps[0] == 2:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "take_step", step)
        with pytest.raises(KeyboardInterrupt):
            motet.train(experiment, run)


@pytest.mark.parametrize("verb", ["evaluate", "predict"])
def test_a_damaged_model_is_refused_by_whoever_uses_it(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained / "run", run)
    model = RunFolder(run).fold(1, 1).last
    flip(model, model.stat().st_size - 5)
    others = [str(trained / "run" / "run.log"), "--like", "scenes"] if verb == "predict" else []
    assert main([verb, str(run), *others]) == 3
    errors = capsys.readouterr().err
    assert f"error: {model}: is damaged, its checksum does not match; restore it from a copy" in errors
    assert "Traceback" not in errors


def test_a_fold_without_a_resume_state_begins_anew(trained: Path, tmp_path: Path) -> None:
    """What a kill between the best model and the first checkpoint leaves, and records without any of both."""
    experiment = experiment_of(trained, PADDED)
    motet.train(experiment, tmp_path / "expected")
    run = tmp_path / "run"
    shutil.copytree(tmp_path / "expected", run)
    fold = RunFolder(run).fold(1, 2)
    for path in (RunFolder(run).result, fold.scores, fold.last):
        path.unlink()
    flip(fold.best, 100)
    fold.epoch(9).write_bytes(b"of another life")
    (fold.path / ".last.safetensors.0123456789ab.tmp").write_bytes(b"torn")
    motet.train(experiment, run)
    assert differences(run, tmp_path / "expected") == []
    assert not list(run.rglob("*.tmp"))


def test_records_that_a_checkpoint_does_not_know_are_written_again(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, run = experiment_of(trained), tmp_path / "run"
    stop_in_the_middle(experiment, run, monkeypatch)
    metrics = RunFolder(run).fold(1, 1).metrics
    with metrics.open("a") as file:
        file.write('{"epoch": 1, "of": "a step that was lost"}\n{"epoch": 2, "torn')
    motet.train(experiment, run)
    assert differences(run, trained / "run") == []
