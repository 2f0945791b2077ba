"""Stopped at any step and resumed: the same bytes as if never stopped."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import motet
from motet import Experiment
from motet.runs.folder import RunFolder
from motet.training import loop
from tests.reliability.small import WAYS, differences, small_experiment

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(scope="module", params=list(WAYS))
def undisturbed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Experiment, Path, int]:
    """An experiment, its run, and the number of its steps."""
    folder = tmp_path_factory.mktemp(str(request.param))
    experiment = small_experiment(folder / "store", WAYS[str(request.param)])
    steps = [0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "take_step", counting(steps))
        motet.train(experiment, folder / "run")
    return experiment, folder / "run", steps[0]


def counting(steps: list[int], at_step: Callable[[int], None] = lambda step: None) -> Callable[..., None]:
    take_step = loop.take_step

    def step(*args: Any) -> None:
        take_step(*args)
        steps[0] += 1
        at_step(steps[0])

    return step


def train_with_stop(
    experiment: Experiment, run: Path, patch: pytest.MonkeyPatch, stop_at: int, number: signal.Signals
) -> bool:
    """Train until somebody asks to stop after so many steps; return whether it came to that."""

    def at_step(step: int) -> None:
        if step == stop_at:
            signal.raise_signal(number)

    with patch.context() as inner:
        inner.setattr(loop, "take_step", counting([0], at_step))
        try:
            motet.train(experiment, run)
        except KeyboardInterrupt:
            return True
    return False


def train_with_every_stop(experiment: Experiment, run: Path, patch: pytest.MonkeyPatch) -> int:
    """Train one step a process, as it were, with both signals in turn; return how often it was stopped."""
    stops = 0
    while train_with_stop(experiment, run, patch, 1, SIGNALS[stops % 2]):
        stops += 1
    return stops


def test_stopped_after_every_single_step(
    undisturbed: tuple[Experiment, Path, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, expected, steps = undisturbed
    assert train_with_every_stop(experiment, tmp_path / "run", monkeypatch) == steps
    assert differences(tmp_path / "run", expected) == []


@pytest.mark.parametrize(
    "choose", [lambda steps: [steps // 2 + 1], pytest.param(lambda steps: range(1, steps + 1), marks=pytest.mark.full)]
)
def test_stopped_once(
    undisturbed: tuple[Experiment, Path, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    choose: Callable[[int], Any],
) -> None:
    experiment, expected, steps = undisturbed
    for step in choose(steps):
        run = tmp_path / str(step)
        assert train_with_stop(experiment, run, monkeypatch, step, SIGNALS[step % 2])
        assert not RunFolder(run).result.exists()
        motet.train(experiment, run)
        assert differences(run, expected) == [], f"stopped after step {step}"


def test_saving_after_every_step_changes_nothing(undisturbed: tuple[Experiment, Path, int], tmp_path: Path) -> None:
    experiment, expected, _ = undisturbed
    training = experiment.training.model_copy(update={"checkpoint_s": 1e-6})
    motet.train(experiment.model_copy(update={"training": training}), tmp_path / "run")
    assert differences(tmp_path / "run", expected) == []


def test_a_stop_during_the_last_validation_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked between the last step and the end of a fold: the next one does not begin."""
    experiment = small_experiment(tmp_path / "store", WAYS["mixed"], training={"epochs": 1})
    motet.train(experiment, tmp_path / "expected")
    finish, asked = loop._finish_epoch, [0]

    def ask(*args: Any) -> bool:
        asked[0] += 1
        if asked[0] == 1:
            signal.raise_signal(signal.SIGTERM)
        return finish(*args)

    monkeypatch.setattr(loop, "_finish_epoch", ask)
    with pytest.raises(KeyboardInterrupt):
        motet.train(experiment, tmp_path / "run")
    assert RunFolder(tmp_path / "run").folds() == [(1, 1)]
    motet.train(experiment, tmp_path / "run")
    assert differences(tmp_path / "run", tmp_path / "expected") == []


def test_a_finished_run_is_left_as_it_is(
    undisturbed: tuple[Experiment, Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, run, _ = undisturbed
    before = {path: path.stat().st_mtime_ns for path in run.glob("seed-*/**/*")}
    monkeypatch.setattr(loop, "take_step", lambda *args: pytest.fail("every fold is finished"))
    motet.train(experiment, run)
    assert {path: path.stat().st_mtime_ns for path in run.glob("seed-*/**/*")} == before
