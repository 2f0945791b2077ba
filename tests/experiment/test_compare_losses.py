"""Runs beside each other by losses of the network's own, with and without tasks."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from tests.reliability.small import LOGMEL, SPEAKERS

import motet
from motet.cli import main
from motet.experiment.compare_losses import FoldLosses, LossDifference, compare_losses, unpaired
from motet.runs.folder import RunFolder

NETWORK = """
import torch
from torch import nn

class Code(nn.Module):
    def __init__(self, inputs, outputs, width, tells=True):
        super().__init__()
        size = inputs["signal"].bins
        self.body, self.back, self.tells = nn.Linear(size, width), nn.Linear(width, size), tells
        self.heads = nn.ModuleDict({task: nn.Linear(width, int(count)) for task, count in outputs.items()})

    def forward(self, inputs):
        frames = inputs["signal"].transpose(1, 2).flatten(2)
        code = torch.tanh(self.body(frames))
        outputs = {task: head(code.mean(1)) for task, head in self.heads.items()}
        losses = {"restored": (self.back(code) - frames).square().mean((1, 2))}
        return (outputs, losses) if self.tells or self.training else outputs
"""


def swept(folder: Path, tasks: dict[str, str], **options: dict[str, Any]) -> Path:
    """Train such networks of some options by name, in two folds of two seeds."""
    (folder / "code.py").write_text(NETWORK)
    networks = {name: {"kind": f"{folder}/code.py:Code", **own} for name, own in options.items()}
    given: dict[str, Any] = {
        "data": {"speakers": {"source": SPEAKERS, "tasks": tasks}},
        "features": LOGMEL,
        "segments": {"length_s": 0.1},
        "split": {"kind": "kfold", "folds": 2},
        "seeds": [1, 2],
        "model": {"network": next(iter(networks.values()))},
        "training": {"epochs": 1, "batch_size": 10},
        "store": {"path": str(folder / "store")},
        "evaluation": {"interval": {"resamples": 20}, "plots": False},
    }
    found = motet.sweep(given, folder / "sweep", allow_code=True, sweep={"model.network": {"values": networks}})
    assert found.failed == []
    return found.path


def told(run: Path) -> float:
    """The mean of its folds and seeds, as its result has it."""
    value = json.loads(RunFolder(run).result.read_text())["losses"]["restored"]["value"]
    assert isinstance(value, float)
    return value


@pytest.mark.parametrize("tasks", [{}, {"digit": "multiclass"}])
def test_runs_are_compared_by_their_losses(
    tasks: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = swept(tmp_path, tasks, small={"width": 2}, wide={"width": 5})
    first, second = sweep / "network=small", sweep / "network=wide"
    found = motet.compare([sweep], allow_code=True)
    assert [one["task"] for one in found["comparisons"]] == list(tasks)
    assert found["left_out"] == []
    (loss,) = found["losses"]
    assert (loss["run"], loss["loss"], loss["folds"]) == (second.as_posix(), "restored", 4)
    assert loss["first"] == pytest.approx(told(first), rel=1e-9)
    assert loss["difference"] == pytest.approx(told(second) - told(first), rel=1e-9)
    assert loss["difference"] != 0
    assert main(["compare", str(sweep), "--allow-code"]) == 0
    said = capsys.readouterr().out
    assert "LOSSES OF THE NETWORK'S OWN: means of folds, so without interval and test\n" in said
    assert ("McNemar" in said) == bool(tasks)
    assert said.splitlines()[-1].split()[1:] == [
        "restored", "4", f"{loss['first']:.4f}", f"{loss['second']:.4f}", f"{loss['difference']:.4f}",
    ]  # fmt: skip


def test_runs_that_tell_nothing_are_refused_with_the_remedy(tmp_path: Path) -> None:
    sweep = swept(tmp_path, {}, open={"width": 2}, silent={"width": 2, "tells": False})
    with pytest.raises(motet.DataError, match=r"\(losses\.restored\), but none; let the network return losses of its"):
        motet.compare([sweep], allow_code=True)


def test_folds_are_paired_that_tested_as_many_rows() -> None:
    def run(*folds: tuple[float, int]) -> dict[tuple[int, int], FoldLosses]:
        return {(0, number): FoldLosses({"own": mean}, {"a": rows}) for number, (mean, rows) in enumerate(folds, 1)}

    first, second = run((1.0, 5), (2.0, 6), (4.0, 7)), run((2.0, 5), (9.0, 9), (3.5, 7))
    assert compare_losses(first, second) == [LossDifference("own", 2, 2.5, 2.75, 0.25)]
    assert "1 of 3 folds have other numbers of test rows than in the first run" in (unpaired(first, second) or "")
    assert compare_losses(first, run((1.0, 1))) == []
    assert compare_losses(first, {}) == []
    assert unpaired(first, {}) is unpaired(first, first) is None
    undefined = compare_losses(first, run((math.nan, 5)))
    assert math.isnan(undefined[0].difference)
