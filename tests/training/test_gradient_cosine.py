"""Cosines by hand, and that looking changes nothing of the training, nor does stopping change what was seen."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import motet
from motet.files import JsonLines
from motet.runs.tracking import scalars
from motet.training.gradient_cosine import GradientCosine, cosine
from tests.reliability.small import differences, small_experiment


def test_tasks_that_pull_apart_agree_and_do_not_care() -> None:
    shared = nn.Parameter(torch.tensor([1.0, 2.0]))
    own = nn.Parameter(torch.tensor([5.0]))
    losses = {
        "a": shared[:1] * 3.0,  # gradient (3, 0)
        "b": shared.sum().reshape(1) * own,  # gradient (5, 5), and one of its own
        "c": -2.0 * shared[:1],  # gradient (-2, 0)
        "d": shared[1:] ** 2,  # gradient (0, 4)
    }
    looked = GradientCosine(every=1)
    looked.observe(0, losses, [shared, own])
    found = looked.result()
    assert found == pytest.approx(
        {"a|b": math.sqrt(0.5), "a|c": -1.0, "a|d": 0.0, "b|c": -math.sqrt(0.5), "b|d": math.sqrt(0.5), "c|d": 0.0}
    )
    assert shared.grad is None


def test_only_parameters_that_both_reach_count() -> None:
    assert cosine((torch.ones(2), None, torch.ones(1)), (torch.ones(2), torch.ones(9), None)) == pytest.approx(1.0)
    assert math.isnan(cosine((torch.ones(2), None), (None, torch.ones(2))))
    assert math.isnan(cosine((torch.zeros(2),), (torch.ones(2),)))


def test_the_mean_of_every_so_many_steps() -> None:
    weight = nn.Parameter(torch.tensor([1.0, 0.0]))
    looked = GradientCosine(every=2)
    for step, second in enumerate(([1.0, 0.0], [9.0, 9.0], [-1.0, 0.0], [9.0, 9.0], [0.0, 1.0])):
        losses = {"a": weight[:1] * 1.0, "b": (weight * torch.tensor(second)).sum().reshape(1)}
        looked.observe(step, losses, [weight])
        if step == 2:
            state = json.loads(json.dumps(looked.state()))
            looked = GradientCosine(every=2)
            looked.restore(state)
    assert looked.result() == pytest.approx({"a|b": 0.0})
    assert looked.result() == {}


def test_tasks_without_a_gradient_are_passed_over() -> None:
    weight = nn.Parameter(torch.ones(1))
    looked = GradientCosine(every=1)
    looked.observe(0, {"a": weight * 2.0, "b": torch.ones(1)}, [weight])
    assert looked.result() == {}


def test_it_is_recorded_and_changes_no_weight(tmp_path: Path) -> None:
    records: dict[str, list[dict[str, Any]]] = {}
    for name, track in (("plain", []), ("looked", [{"kind": "gradient_cosine", "every": 2}])):
        experiment = small_experiment(tmp_path / "store", training={"epochs": 2, "track": track})
        motet.train(experiment, tmp_path / name)
        records[name] = [dict(record) for record in JsonLines(tmp_path / name / "seed-1/fold-1/metrics.jsonl").read()]
    changed = {Path(name).name for name in differences(tmp_path / "plain", tmp_path / "looked")}
    assert changed <= {"metrics.jsonl", "last.safetensors"}
    for record in records["looked"]:
        found = record.pop("track")["gradient_cosine"]
        assert "digit|speaker" in found
        assert all(-1 <= value <= 1 for value in found.values())
        assert ("gradient_cosine/digit|speaker", 0.5) in scalars(
            {**record, "track": {"gradient_cosine": {"digit|speaker": 0.5}}}
        )
    assert records["looked"] == records["plain"]
