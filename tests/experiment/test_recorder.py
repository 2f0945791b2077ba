"""What a kill between any two writes leaves of a fold, and what a resumed one makes of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.reliability.small import MIXED, differences, small_experiment

import motet
from motet.experiment import recorder
from motet.model import read_notes
from motet.runs.folder import RunFolder
from motet.training import checkpoint


class Killed(BaseException):
    """Stands in for the end of the process: nothing catches it."""


def experiment_of(folder: Path) -> motet.Experiment:
    training = {"epochs": 4, "keep": "best", "checkpoint_s": 1e-9, "optimizer": {"kind": "adam", "learning_rate": 0.02}}
    return small_experiment(folder / "store", MIXED, split={"kind": "holdout", "dev": 0.3}, training=training)


@pytest.mark.parametrize("at", [1, 5, 12])
@pytest.mark.parametrize("name", ["write_model", "save_checkpoint", "write_tensorboard"])
@pytest.mark.parametrize("after", [False, True])
def test_a_kill_beside_any_write_changes_nothing(
    name: str, at: int, after: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = experiment_of(tmp_path)
    motet.train(experiment, tmp_path / "expected")
    write, calls = getattr(recorder, name), [0]
    with monkeypatch.context() as patch:
        patch.setattr(recorder, name, killing(write, calls, at, after))
        try:
            motet.train(experiment, tmp_path / "run")
        except Killed:
            assert calls[0] == at
    motet.train(experiment, tmp_path / "run")
    assert differences(tmp_path / "expected", tmp_path / "run") == []


def killing(write: Callable[..., object], calls: list[int], at: int, after: bool) -> Callable[..., object]:
    def written(*args: object, **notes: object) -> object:
        calls[0] += 1
        if calls[0] == at and not after:
            raise Killed
        found = write(*args, **notes)
        if calls[0] == at:
            raise Killed
        return found

    return written


def test_a_better_model_takes_its_place_only_once_the_resume_state_knows_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = experiment_of(tmp_path)
    fold = RunFolder(tmp_path / "run").fold(1, 1)
    seen: list[tuple[int | None, int | None]] = []

    def looked_at(*args: object, **notes: object) -> None:
        seen.append((epoch_of(fold.best), epoch_of(fold.next_best)))
        checkpoint.save_checkpoint(*args, **notes)  # type: ignore[arg-type]

    monkeypatch.setattr(recorder, "save_checkpoint", looked_at)
    motet.train(experiment, tmp_path / "run")
    better = [(best, waiting) for best, waiting in seen if waiting is not None]
    assert better
    assert better[0][0] is None, "the first best model waits as well"
    assert all(best is None or best < waiting for best, waiting in better)
    assert not fold.next_best.exists()
    assert epoch_of(fold.best) == better[-1][1]


def test_a_best_model_that_no_resume_state_knows_of_is_dropped(tmp_path: Path) -> None:
    experiment = experiment_of(tmp_path)
    motet.train(experiment, tmp_path / "run")
    run = RunFolder(tmp_path / "run")
    fold = run.fold(1, 1)
    model = motet.Model.load(fold.best)
    model.save(fold.next_best, epoch=99)
    before = fold.best.read_bytes()
    for path in (run.result, fold.scores):
        path.unlink()
    motet.train(experiment, tmp_path / "run")
    assert not fold.next_best.exists()
    assert fold.best.read_bytes() == before


def epoch_of(path: Path) -> int | None:
    return int(read_notes(path)["epoch"]) if path.is_file() else None
