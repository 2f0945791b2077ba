"""`kill -9` at random moments of extraction and training, then the same command again: as if nothing had been."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import motet
from motet.runs.folder import RunFolder, read_json
from motet.store import Store
from tests.reliability.processes import Running, forked, fresh
from tests.reliability.small import LIVELY, SPEAKERS, differences, held, small_experiment, write_experiment

Start = Callable[[Sequence[str], Path], Running]

KILLS = [(forked, 3), pytest.param(fresh, 50, marks=pytest.mark.full)]
_LONGEST_S = 120.0


def undisturbed_s(start: Start, arguments: Sequence[str], folder: Path) -> float:
    """Run a command to its end, and return how long it took once everything is imported."""
    if start is forked:
        assert start(["doctor"], folder / "output").wait(_LONGEST_S) == 0
    began = time.monotonic()
    assert start(arguments, folder / "output").wait(_LONGEST_S) == 0, (folder / "output").read_text()
    return time.monotonic() - began


def kill_at_random(start: Start, arguments: Sequence[str], folder: Path, moment_s: float) -> bool:
    """Kill a command after some time; return whether it was still under way."""
    process = start(arguments, folder / "output")
    time.sleep(moment_s)
    process.kill()
    code = process.wait(_LONGEST_S)
    assert code in (0, -signal.SIGKILL), (folder / "output").read_text()
    return code != 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9")
@pytest.mark.parametrize(("start", "kills"), KILLS)
def test_training_goes_on_after_every_kill(start: Start, kills: int, tmp_path: Path) -> None:
    moments, expected, file = random.Random(1), tmp_path / "expected", tmp_path / "small.yaml"
    training = {"checkpoint_s": 0.02, "epochs": 4, "keep": {"kind": "every", "epochs": 3}}
    write_experiment(file, small_experiment(tmp_path / "store", LIVELY, training=training))
    whole_s = undisturbed_s(start, ["train", str(file), "-o", str(expected)], tmp_path)
    expected_store, done = held(tmp_path / "store"), 0
    for place in range(5 * kills):
        run, store = tmp_path / f"run {place}", tmp_path / f"store {place}"
        arguments = ["train", str(file), f"store.path={store}", "-o", str(run)]
        while done < kills and kill_at_random(start, arguments, tmp_path, moments.uniform(0.1, 0.8) * whole_s):
            done += 1
        undisturbed_s(start, arguments, tmp_path)
        assert differences(run, expected) == [], f"after {done} kills"
        assert held(store) == expected_store
        assert list(run.rglob("*.tmp")) == []
        if done == kills:
            return
    pytest.fail("runs end before they can be killed")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9")
@pytest.mark.parametrize(("start", "kills"), KILLS)
def test_extraction_goes_on_after_every_kill(start: Start, kills: int, tmp_path: Path) -> None:
    moments, file = random.Random(2), tmp_path / "small.yaml"
    data = {"speakers": {"source": {**SPEAKERS, "examples": 400, "duration_s": 0.3}}}
    write_experiment(file, small_experiment(tmp_path / "expected", LIVELY, data=data))
    whole_s = undisturbed_s(start, ["extract", str(file)], tmp_path)
    expected, done = held(tmp_path / "expected"), 0
    assert len(expected) == 400
    for place in range(5 * kills):
        store = tmp_path / f"store {place}"
        arguments = ["extract", str(file), f"store.path={store}"]
        while done < kills and kill_at_random(start, arguments, tmp_path, moments.uniform(0.1, 0.8) * whole_s):
            done += 1
            assert held(store).items() <= expected.items()
        undisturbed_s(start, arguments, tmp_path)
        assert held(store) == expected, f"after {done} kills"
        if done == kills:
            return
    pytest.fail("extractions end before they can be killed")


def test_two_processes_extract_one_data_set_at_once(tmp_path: Path) -> None:
    data = {"speakers": {"source": {**SPEAKERS, "examples": 300}}}
    file, log = tmp_path / "small.yaml", tmp_path / "output"
    experiment = small_experiment(tmp_path / "store", LIVELY, data=data)
    write_experiment(file, experiment)
    both = [forked(["extract", str(file), "--json"], log) for _ in range(2)]
    assert [process.wait(_LONGEST_S) for process in both] == [0, 0], log.read_text()
    alone = small_experiment(tmp_path / "alone", LIVELY, data=data)
    motet.extract(alone, workers=1)
    expected = held(tmp_path / "alone")
    assert len(expected) == 300
    assert held(tmp_path / "store") == expected
    sizes = [
        {path.name: path.stat().st_size for path in (tmp_path / name).glob("maps.*")} for name in ("store", "alone")
    ]
    assert sizes[0] == sizes[1], "no map stands there twice"


@pytest.mark.full
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="only Linux tells the children of a process")
def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    data = {"speakers": {"source": {**SPEAKERS, "examples": 20_000, "duration_s": 1.0}}}
    file = write_experiment(tmp_path / "small.yaml", small_experiment(tmp_path / "store", LIVELY, data=data))
    command = [sys.executable, "-m", "motet", "extract", str(file), "--workers", "2"]
    parent = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    index, deadline = tmp_path / "store" / "maps.v1.index", time.monotonic() + _LONGEST_S
    while not index.exists() or not index.stat().st_size:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
    assert len(children) >= 2
    parent.kill()
    parent.wait()
    while any(_runs(child) for child in children):
        assert time.monotonic() < deadline, "a worker waits for work for ever"
        time.sleep(0.05)


def _runs(process: str) -> bool:
    """Whether a process is there and not just a name that nobody has asked for."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_two_processes_do_not_train_in_one_folder(tmp_path: Path) -> None:
    file, log = tmp_path / "small.yaml", tmp_path / "output"
    experiment = small_experiment(tmp_path / "store", LIVELY, training={"epochs": 1000, "checkpoint_s": 0.02})
    write_experiment(file, experiment)
    process = forked(["train", str(file), "-o", str(tmp_path / "run")], log)
    try:
        deadline = time.monotonic() + _LONGEST_S
        while not (tmp_path / "run" / "run.log").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        with pytest.raises(
            motet.MachineError, match=r"run.\.lock: held by process \d+ .* Wait for it to end or stop it"
        ):
            motet.train(experiment, tmp_path / "run")
    finally:
        process.kill()
        process.wait(_LONGEST_S)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGTERM")
def test_the_command_line_stops_between_two_steps_and_says_so(tmp_path: Path) -> None:
    file, run = tmp_path / "small.yaml", tmp_path / "run"
    experiment = small_experiment(tmp_path / "store", LIVELY, training={"epochs": 400})
    write_experiment(file, experiment)
    command = [sys.executable, "-m", "motet", "train", str(file), "-o", str(run), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("epoch 3/"):
                break
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=_LONGEST_S)
    assert process.returncode == 130
    assert "interrupted; what was done is kept, and this goes on from there: motet train" in errors
    assert "Traceback" not in errors
    assert '"exit_code": 130' in output
    assert RunFolder(run).fold(1, 1).last.is_file()
    assert not RunFolder(run).result.exists()


def test_the_folder_of_a_run_that_was_killed_at_its_very_beginning_is_taken(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    for name in (".lock", ".experiment.yaml.0123456789ab.tmp"):
        (run / name).write_bytes(b"torn")
    experiment = small_experiment(tmp_path / "store", LIVELY, training={"epochs": 1})
    motet.train(experiment, run)
    assert read_json(RunFolder(run).result)["folds"] == 2
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("years of work")
    with pytest.raises(motet.ConfigError, match="holds other files and no run; name another folder with -o"):
        motet.train(experiment, tmp_path / "other")
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["thesis.tex"]
    with Store(tmp_path / "store") as store:
        assert store.problems() == []
