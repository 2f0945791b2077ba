"""What more tasks cost: heads on one trunk, and ways to combine their losses, as multiples of the plain step.

    python -m benchmarks tasks

The network is the CNN of the ESC-10 example with linear heads; a step is forward, losses, objective, optimizer. Both
sides take turns, and the middle one of the ratios of all rounds counts.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from benchmarks.measure import Row, compare, repeat
from pydantic import TypeAdapter
from torch import Tensor

from motet.data.batch import Column
from motet.networks.build import build_network
from motet.networks.settings import ModelSettings
from motet.networks.shape import MapShape
from motet.training.objective import build_objective
from motet.training.objective_settings import ObjectiveSettings

ROUNDS, ROWS, CLASSES, TASKS = 5, 16, 10, 4
SHAPE = MapShape(1, 250, 64)
MODEL = {"encoder": [{"kind": "cnn", "channels": [24, 48, 96, 128]}], "pooling": {"over": "all"}}
GRADIENTS = ("pcgrad", "gradvac", "mgda", "cagrad", "upgrad", "config", "aligned_mtl", "nash_mtl")
LOSSES = ("normalised", "uncertainty", "dwa", "gls", "imtl_l", "stch", "famo")


def backward(loss: Tensor) -> None:
    torch.autograd.backward(loss)


def step(num_tasks: int, **objective: Any) -> Callable[[], None]:
    """Return a training step with so many tasks."""
    torch.manual_seed(0)
    tasks = [f"task_{number}" for number in range(num_tasks)]
    network = build_network(ModelSettings.model_validate(MODEL), {"mel": SHAPE}, dict.fromkeys(tasks, CLASSES))
    settings = TypeAdapter(ObjectiveSettings).validate_python({"kind": "weighted", **objective})
    weights, counts = dict.fromkeys(tasks, 1.0), dict.fromkeys(tasks, ROWS)
    combined = build_objective(settings, weights, torch.device("cpu"), list(network.parameters()))
    optimizer = torch.optim.Adam([*network.parameters(), *combined.parameters()], 1e-3, fused=True)
    column = Column(torch.randn(ROWS, SHAPE.channels, SHAPE.frames or 1, SHAPE.bins))
    targets = {task: torch.randint(0, CLASSES, (ROWS,)) for task in tasks}

    def losses() -> tuple[dict[str, Tensor], tuple[Tensor, ...]]:
        output = network({"mel": column}, dict.fromkeys(tasks))
        found = {
            task: F.cross_entropy(own.values, targets[task], reduction="none")
            for task, own in output.predictions.items()
        }
        return found, output.shared

    def again() -> dict[str, Tensor]:
        with torch.no_grad():
            return {task: loss.mean() for task, loss in losses()[0].items()}

    def take() -> None:
        optimizer.zero_grad()
        found, shared = losses()
        combined.accumulate(found, counts, backward, shared)
        combined.combine(backward)
        for weight in network.parameters():
            if weight.grad is not None and weight.grad.stride() != weight.stride():
                weight.grad = torch.empty_like(weight).copy_(weight.grad)
        optimizer.step()
        combined.after_step(again)

    return take


def measure() -> Iterator[Row]:
    """Yield the rows about several tasks."""
    torch.set_num_threads(1)
    one, plain = step(1), step(TASKS)
    found = compare(lambda: repeat(plain, 3), lambda: repeat(one, 3), rounds=4 * ROUNDS)
    note = found.told(1e3 / 3, "ms a step")
    share = 100 * (found.cost - 1) / (TASKS - 1)
    yield Row("four linear heads against one: each added head", share, "%", 5.0, "lower", note)
    kinds = [(kind, {"on": on}) for on in ("features", "parameters") for kind in GRADIENTS]
    for kind, options in [*((kind, {}) for kind in LOSSES), *kinds]:
        own = step(TASKS, kind=kind, **options)
        found = compare(own, plain, rounds=ROUNDS)
        goal = 1.5 if options.get("on") == "features" else None
        name = " ".join([f"{TASKS} tasks, {kind}", *(f"on {on}" for on in options.values())])
        yield Row(f"{name}: the weighted sum", found.cost, goal=goal, better="lower", note=found.told(1e3, "ms"))
