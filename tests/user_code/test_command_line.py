"""The user's own classes in a file, `kind: ./mine.py:Name`, from the command line: train, evaluate, predict, move."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

import motet
from motet.cli import main
from tests.user_code.tones import RATE_HZ, pitch, samples

MINE = """
import numpy as np
import torch
from dataclasses import replace
from torch import nn


class Louder:
    def __init__(self, gain):
        self.gain = gain

    def __call__(self, signal):
        return replace(signal, values=signal.values * self.gain)


class Energy:
    def __init__(self, rate_hz, hop_s=0.01):
        self.hop_s = hop_s
        self.hop = round(rate_hz * hop_s)

    def __call__(self, values):
        return values.unfold(1, self.hop, self.hop).diff(dim=2).square().mean(2)[:, :, None].log()


class Mean(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.heads = nn.ModuleDict({task: nn.Linear(1, count) for task, count in outputs.items()})

    def forward(self, inputs):
        return {task: head(inputs["signal"].mean((1, 2, 3))[:, None]) for task, head in self.heads.items()}


class Doubt:
    name = "doubt"
    higher_is_better = False

    def __call__(self, probabilities, targets):
        return (1 - probabilities.max(axis=1)).mean()
"""

FILE = """
name: tones
data:
  tones:
    source: {kind: folders, path: "${TONES}"}
    tasks: {label: {kind: multiclass, metrics: [uar, "./mine.py:Doubt"]}}
signal: {steps: [{kind: ./mine.py:Louder, gain: 2.0}]}
features: {kind: "./mine.py:Energy", hop_s: 0.02}
segments: {length_s: 0.2}
model: {network: "./mine.py:Mean"}
training: {epochs: 2, batch_size: 8, optimizer: {learning_rate: 0.5}}
evaluation: {interval: {resamples: 20}, plots: false}
store: {path: "${TONES}/../store"}
"""

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of sound files, a folder for each label."""
    folder = tmp_path_factory.mktemp("files") / "tones"
    for number in range(16):
        path = folder / pitch(number) / f"{number:02}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples(number)[0] / 2, int(RATE_HZ))
    return folder


@pytest.fixture
def folder(tmp_path: Path, tones: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of an experiment with classes of its own."""
    monkeypatch.setenv("TONES", str(tones))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    (tmp_path / "tones.yaml").write_text(FILE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Return a function that runs a command and returns its exit code and what it printed."""

    def run(*words: str) -> tuple[int, str, str]:
        code = main(words)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def _trained(command: Command) -> dict[str, dict[str, float]]:
    code, out, err = command("train", "tones.yaml", "--allow-code", "-o", "run", "--json")
    assert code == 0, err
    figures: dict[str, dict[str, float]] = json.loads(out)["tasks"]["label"]
    return figures


def test_nothing_of_it_runs_without_leave(folder: Path, command: Command) -> None:
    (folder / "mine.py").write_text("raise RuntimeError", encoding="utf-8")
    for words in (
        ["train", "tones.yaml", "-o", "run"],
        ["train", "tones.yaml", "--dry-run"],
        ["extract", "tones.yaml"],
    ):
        code, out, err = command(*words)
        assert (code, out) == (2, "")
        lines = err.splitlines()
        assert len(lines) == 4
        assert lines[1] == (
            "tones.yaml:7:18: signal.steps.0: './mine.py:Louder' is user code, which runs only when you say so; "
            "add --allow-code"
        )
    assert not (folder / "run").exists()


def test_a_run_is_evaluated_and_predicts_where_it_was_moved(folder: Path, tones: Path, command: Command) -> None:
    figures = _trained(command)
    assert list(figures) == ["uar", "doubt"]
    assert "kind: code/mine.py:Louder" in (folder / "run/experiment.yaml").read_text(encoding="utf-8").replace('"', "")
    assert (folder / "run/code/mine.py").read_text(encoding="utf-8") == MINE
    (folder / "mine.py").unlink()
    shutil.move(folder / "run", folder / "elsewhere")

    code, _, err = command("evaluate", "elsewhere")
    assert code == 2
    assert "'code/mine.py:Mean' is user code, which runs only when you say so; add --allow-code" in err
    code, out, err = command("evaluate", "elsewhere", "--allow-code", "--json")
    assert code == 0, err
    assert "16 from the store" in err
    assert json.loads(out)["tasks"]["label"] == figures

    code, out, err = command("predict", "elsewhere", str(tones / "low"), "--allow-code")
    assert code == 0, err
    assert len(list(csv.DictReader(io.StringIO(out)))) == 8


def test_a_model_finds_its_code_beside_it(folder: Path, command: Command) -> None:
    _trained(command)
    (folder / "deploy").mkdir()
    shutil.copy(folder / "run/seed-1/fold-1/best.safetensors", folder / "deploy/tones.safetensors")
    shutil.copytree(folder / "run/code", folder / "deploy/code")
    shutil.rmtree(folder / "run")
    model = motet.Model.load(folder / "deploy/tones.safetensors", allow_code=True)
    assert type(model.network.module).__name__ == "Mean"


def test_what_is_stored_depends_on_the_file(folder: Path, command: Command) -> None:
    def computed() -> int:
        code, out, err = command("extract", "tones.yaml", "--allow-code", "--json")
        assert code == 0, err
        found: dict[str, int] = json.loads(out)["data"]["tones"]["signal"]
        assert found["computed"] + found["reused"] == 16
        return found["computed"]

    (folder / "mine.py").write_text(MINE + "\n# of this test\n", encoding="utf-8")
    assert [computed(), computed()] == [16, 0]
    (folder / "mine.py").write_text(MINE.replace("diff(dim=2).", "") + "\n# of this test\n", encoding="utf-8")
    assert [computed(), computed()] == [16, 0]


def test_a_run_does_not_go_on_with_other_code(folder: Path, command: Command) -> None:
    _trained(command)
    (folder / "mine.py").write_text(MINE + "\n# changed\n", encoding="utf-8")
    code, _, err = command("train", "tones.yaml", "--allow-code", "-o", "run")
    assert code == 2
    assert f"code/mine.py: {folder / 'mine.py'} has another content" in err
    (folder / "mine.py").write_text(MINE, encoding="utf-8")
    code, _, err = command("train", "tones.yaml", "--allow-code", "-o", "run")
    assert code == 0, err
    assert "finished before" in err


def test_files_of_one_name_are_kept_apart(folder: Path, command: Command) -> None:
    (folder / "other").mkdir()
    (folder / "other/mine.py").write_text(MINE + "\n# another one\n", encoding="utf-8")
    code, _, err = command("train", "tones.yaml", "model.network=./other/mine.py:Mean", "--allow-code", "-o", "run")
    assert code == 0, err
    assert sorted(path.name for path in (folder / "run/code").iterdir()) == ["mine-2.py", "mine.py"]
    assert (folder / "run/code/mine-2.py").read_text(encoding="utf-8").endswith("# another one\n")
    assert command("evaluate", "run", "--allow-code")[0] == 0


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.full)])
def test_a_failure_names_file_and_line(
    folder: Path, command: Command, monkeypatch: pytest.MonkeyPatch, workers: str
) -> None:
    broken = MINE.replace("return replace(signal, values=signal.values * self.gain)", "return signal.valeus")
    (folder / "mine.py").write_text(broken, encoding="utf-8")
    code, out, err = command("extract", "tones.yaml", "--allow-code", "--workers", workers)
    assert (code, out) == ({"1": 1, "2": 2}[workers], "")
    assert f"{folder}/mine.py:13: Louder.__call__: AttributeError: 'Signal' object has no attribute 'valeus'" in err
    assert "Traceback" not in err
    if workers == "1":
        monkeypatch.setenv("MOTET_TRACEBACK", "1")
        assert "Traceback" in command("extract", "tones.yaml", "--allow-code", "--workers", "1")[2]


def test_a_class_that_takes_other_options_is_named(folder: Path, command: Command) -> None:
    code, _, err = command("extract", "tones.yaml", "signal.steps.0.volume=3", "--allow-code")
    assert code == 2
    assert f"{folder}/mine.py:Louder: got an unexpected keyword argument 'volume'; it is called with ()" in err


def test_the_whole_of_a_dry_run(folder: Path, command: Command) -> None:
    code, out, err = command("train", "tones.yaml", "--dry-run", "--allow-code")
    assert code == 0, err
    assert "model.network" in out


@pytest.mark.full
def test_a_source_in_a_file_is_read_by_workers(folder: Path, command: Command) -> None:
    (folder / "source.py").write_text(
        """
import hashlib
from dataclasses import dataclass
import numpy as np
import motet

@dataclass(frozen=True)
class Noise:
    number: int

    def read(self, start_s, end_s):
        values = np.random.default_rng(self.number).standard_normal((1, 400)).astype(np.float32)
        return motet.Signal(values * (1 + self.number % 2), 2000.0)

    def digest(self, cache):
        return hashlib.blake2b(f"noise {self.number}".encode(), digest_size=16).digest()

    def describe(self):
        return f"noise {self.number}"

class Noises:
    def __init__(self, count):
        self.count = count

    def examples(self, reader):
        for number in range(self.count):
            yield motet.Example(str(number), {"signal": motet.Recording(Noise(number))}, {"label": "ab"[number % 2]})
""",
        encoding="utf-8",
    )
    source = "data.tones.source={kind: ./source.py:Noises, count: 12}"
    code, out, err = command("extract", "tones.yaml", source, "--allow-code", "--workers", "2", "--json")
    assert code == 0, err
    assert json.loads(out)["data"]["tones"]["signal"]["computed"] == 12
    assert np.isclose(json.loads(out)["data"]["tones"]["signal"]["bytes"], 12 * 10 * 4)
