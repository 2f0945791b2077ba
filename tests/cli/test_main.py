"""How a command ends: every exit code, what is said of it, and what a program can read."""

import io
import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tests.cli.conftest import Motet

from motet.cli import main
from motet.errors import MotetError
from motet.experiment.progress import EpochProgress


def test_0_is_done(motet: Motet) -> None:
    said = motet("options", "evaluation")
    assert (said.code, said.err) == (0, "")


def test_1_is_failed(motet: Motet, experiment: Path, tmp_path: Path) -> None:
    said = motet("train", experiment, "-o", tmp_path / "run", "training.optimizer={kind: sgd, learning_rate: 1.0e+30}")
    assert said.code == 1
    assert "error: seed 1, fold 1 of 1 (1): the training loss of task 'pitch' is nan" in said.err
    assert "lower training.optimizer.learning_rate" in said.err


def test_2_is_configuration(motet: Motet, experiment: Path) -> None:
    said = motet("train", experiment, "features.bnads=10", "training.epochs=ten", "--json")
    assert said.code == 2
    problems = json.loads(said.out)["error"]["problems"]
    assert problems == [
        "override 'features.bnads=10': features.bnads: there is no such option of logmel; did you mean 'bands'?",
        "override 'training.epochs=ten': training.epochs: 'ten' is not a whole number",
    ]
    assert said.err == "error: " + "\n".join(problems) + "\n"


def test_2_is_usage(motet: Motet) -> None:
    said = motet("tarin", "x.yaml")
    assert (said.code, said.out) == (2, "")
    assert said.err == "error: verb 'tarin' is unknown; did you mean 'train'?\n"


def test_a_located_problem_begins_with_its_place(motet: Motet, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("data:\n  a: {source: generated}\nfeatures: {kind: logmel, bnads: 3}\n")
    said = motet("train", file)
    assert said.code == 2
    assert said.err == f"{file}:3:26: features.bnads: there is no such option of logmel; did you mean 'bands'?\n"


def test_3_is_data(motet: Motet, tones: Path, tmp_path: Path) -> None:
    (tmp_path / "low").mkdir()
    (tmp_path / "low" / "empty.wav").touch()
    (tmp_path / "low" / "text.wav").write_text("no sound")
    (tmp_path / "high").symlink_to(tones / "high")
    file = tmp_path / "bad.yaml"
    store = (tmp_path / "store").as_posix()
    file.write_text(f'data: {{a: {{source: {{kind: folders, path: "{tmp_path}"}}}}}}\nstore: {{path: "{store}"}}\n')
    said = motet("extract", file, "--json", "data.a.use=train")
    assert said.code == 3
    error = json.loads(said.out)["error"]
    assert error["exit_code"] == 3
    assert [text.split(": ")[0] for text in error["problems"][:2]] == [
        str(tmp_path / "low" / "empty.wav"),
        str(tmp_path / "low" / "text.wav"),
    ]
    assert error["problems"][2] == (
        "data set 'a': 2 of 18 recordings cannot be used; repair or remove them, or set data.a.on_error: skip"
    )


def test_4_is_environment(motet: Motet, experiment: Path, tmp_path: Path) -> None:
    lacking = "mps" if not torch.backends.mps.is_available() else "cuda"
    said = motet("train", experiment, "-o", tmp_path / "run", f"training.device={lacking}")
    assert said.code == 4
    assert f"training.device is '{lacking}', which this machine lacks" in said.err


def test_130_is_interrupted_and_the_same_command_goes_on(
    motet: Motet, experiment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("train", experiment, "-o", tmp_path / "run", "training.epochs=3")
    steps: list[int] = []

    def interrupt(self: EpochProgress) -> None:
        steps.append(1)
        if len(steps) == 4:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(EpochProgress, "step", interrupt)
        said = motet(*words, "--json")
    assert (said.code, len(steps)) == (130, 4)
    assert "stopped in epoch 2 after step 1; saved" in said.err
    again = f"motet train {experiment} -o {tmp_path / 'run'} training.epochs=3 --json"
    assert said.err.endswith(f"interrupted; what was done is kept, and this goes on from there: {again}\n")
    assert json.loads(said.out)["error"]["exit_code"] == 130
    assert (tmp_path / "run" / "run.log").read_text().splitlines()[-1].endswith("ERROR interrupted")
    said = motet(*words)
    assert said.code == 0
    assert "resuming in epoch 2 after step 1" in said.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_being_told_to_end_is_an_interrupt(
    number: signal.Signals, motet: Motet, monkeypatch: pytest.MonkeyPatch, finished: Path
) -> None:
    before = signal.getsignal(number)

    def told(*args: object, **options: object) -> None:
        signal.raise_signal(number)

    monkeypatch.setattr("motet.experiment.evaluate.evaluate", told)
    assert motet("evaluate", finished).code == 130
    assert signal.getsignal(number) is before


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (MotetError("no"), 1, "error: no\n"),
        (PermissionError(13, "Permission denied", "/runs"), 4, "error: /runs: Permission denied; check that"),
        (MemoryError("big"), 4, r"error: out of memory (big); lower training.batch_size"),
        (torch.OutOfMemoryError("CUDA"), 4, "error: out of memory (CUDA); lower training.batch_size"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_whatever_happens_has_a_code(
    error: BaseException, code: int, message: str, motet: Motet, monkeypatch: pytest.MonkeyPatch
) -> None:
    _raise_from_options(monkeypatch, error)
    said = motet("options", "--json")
    assert said.code == code
    assert said.err.startswith(message)
    assert json.loads(said.out)["error"]["exit_code"] == code


def test_a_defect_shows_where_it_arose(motet: Motet, monkeypatch: pytest.MonkeyPatch) -> None:
    _raise_from_options(monkeypatch, ZeroDivisionError("division by zero"))
    said = motet("options", "--json")
    assert said.code == 1
    assert "Traceback" in said.err
    assert "this is a defect of Motet: please report it with the lines above" in said.err
    assert json.loads(said.out)["error"]["problems"][0] == "ZeroDivisionError: division by zero"


def test_a_reader_that_goes_away_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

        def fileno(self) -> int:
            return os.open(os.devnull, os.O_WRONLY)

    monkeypatch.setattr(sys, "stdout", Gone())
    assert main(["options", "store"]) == 1
    assert capfd.readouterr().err == ""


def test_the_program_ends_quietly_when_its_reader_does() -> None:
    command = [sys.executable, "-m", "motet", "options"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        assert program.stdout.readline() == b"experiment\n"
        program.stdout.close()
        assert program.stderr.read() == b""
        assert program.wait(timeout=60) == 1


def test_a_command_leaves_the_log_as_it_was(motet: Motet, finished: Path) -> None:
    logger = logging.getLogger("motet")
    before = logger.level, list(logger.handlers)
    motet("evaluate", finished)
    assert (logger.level, list(logger.handlers)) == before


def _raise_from_options(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*args: object) -> None:
        raise error

    monkeypatch.setattr("motet.cli.options.run", fail)
