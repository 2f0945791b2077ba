"""`motet train --dry-run`: what would run, as an experiment file with the rest as comments, or as JSON."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from motet.cli.output import print_json, size, table
from motet.config import dump, to_yaml
from motet.experiment.dry_run import InputPlan, Plan, dry_run
from motet.experiment.settings import Experiment
from motet.networks.plan import LayerPlan
from motet.networks.shape import MapShape
from motet.tasks.traces import TimeRegression
from motet.training.procedures import ProcedurePlan

Json = dict[str, Any]


def show(experiment: Experiment, *, as_json: bool, allow_code: bool = False) -> int:
    """Print what would run."""
    plan = dry_run(experiment, allow_code=allow_code)
    if as_json:
        print_json(plan_json(plan))
    else:
        print(plan_text(plan))
    return 0


def plan_text(plan: Plan) -> str:
    """Return the resolved experiment as YAML, then rows, maps, layers and sizes as comments."""
    teachers = _teachers(plan) if plan.teachers else ""
    parts = [_rows(plan), teachers, _maps(plan), _layers(plan), _procedure(plan), _sizes(plan)]
    comments = "\n\n".join(filter(None, parts)).splitlines()
    return to_yaml(plan.experiment) + "\n" + "\n".join(f"# {line}".rstrip() for line in comments)


def plan_json(plan: Plan) -> Json:
    """Return the plan as plain data."""
    return {
        "experiment": dump(plan.experiment),
        "seed": plan.experiment.all_seeds[0],
        "rows": [{name: getattr(row, name) for name in row.__slots__} for row in plan.rows],
        "tasks": {name: {"kind": task.kind, "labels": list(task.labels)} for name, task in plan.tasks.items()},
        "fused": {
            name: {
                "kind": own.task.kind,
                "labels": list(own.task.labels),
                "fuse": own.settings.kind,
                "of": list(own.bases),
            }
            for name, own in plan.fused.items()
        },
        "teachers": [
            {"task": found.task, "fold": found.fold, "model": found.model, "data_sets": list(found.data_sets)}
            for found in plan.teachers
        ],
        "inputs": [_input_json(found) for found in plan.inputs],
        "layers": None if plan.layers is None else [_layer_json(layer) for layer in plan.layers],
        "parameters": plan.num_parameters,
        "frozen": plan.num_frozen,
        "procedure": None if plan.procedure is None else _procedure_json(plan.procedure),
        "losses": None if plan.losses is None else list(plan.losses),
        "store": {
            "path": plan.experiment.store.path,
            "missing_bytes": plan.missing_bytes,
            "free_bytes": plan.free_bytes,
        },
        "memory": None
        if plan.memory is None
        else {"weights_bytes": plan.memory.weights, "step_bytes": plan.memory.step},
    }


def _rows(plan: Plan) -> str:
    rows, before = [], ("", "")
    for row in plan.rows:
        place = (row.fold, row.data_set)
        shown = ["" if old == new else new for old, new in zip(before, place, strict=True)]
        if row.fold != before[0]:
            shown = list(place)
        rows.append([*shown, row.task or "(all rows)", *(f"{count:,}" for count in (row.train, row.dev, row.test))])
        before = place
    tasks = [f"{name}: {task.kind}, {_counted(len(task.labels), _noun(task))}" for name, task in plan.tasks.items()]
    tasks += [
        f"{name}: {own.settings.kind} of {' and '.join(own.bases)}, fused after the fact: {own.task.kind}, "
        f"{_counted(len(own.task.labels), _noun(own.task))}"
        for name, own in plan.fused.items()
    ]
    tasks = tasks or ["no tasks: losses of the network's own are all that is learned"]
    found = table(rows, header=["fold", "data set", "task", "train", "dev", "test"])
    return f"ROWS of seed {plan.experiment.all_seeds[0]}\n{found}\n" + "\n".join(tasks)


def _teachers(plan: Plan) -> str:
    rows = []
    for found in plan.teachers:
        settings = plan.experiment.teachers[found.task]
        asked = "at every step" if settings.live else "before training"
        softened = plan.tasks[found.task].lesson_kind in ("classes", "labels", "frames")
        how = [f"{settings.share:g}", f"{settings.temperature:g}" if softened else "-", asked]
        rows.append([found.task, found.fold, found.model, ", ".join(found.data_sets), *how])
    return f"TEACHERS\n{table(rows, header=['task', 'fold', 'model', 'rows of', 'share', 'temperature', 'asked'])}"


def _maps(plan: Plan) -> str:
    rows = []
    for found in plan.inputs:
        facts = found.facts
        known = ["?"] * 4
        if facts is not None:
            known = [str(facts.channels), str(facts.bins), _step(facts.step_s), _frames(facts.frames)]
        rows.append(
            [
                found.data_set,
                found.name if found.read else f"{found.name} (target)",
                f"{found.recordings:,}",
                f"{found.stored:,}",
                *known,
                found.origin or "?",
            ]
        )
    header = ["data set", "input", "recordings", "stored", "channels", "bins", "step", "frames", "known from"]
    return f"MAPS\n{table(rows, header=header)}"


def _layers(plan: Plan) -> str:
    if plan.layers is None:
        return "NETWORK\nnot known: no recording could be read"
    own = "" if plan.losses is None else f"\nlosses of its own: {', '.join(plan.losses) or 'none'}"
    return f"NETWORK\n{_layer_table(plan.layers)}{own}"


def _procedure(plan: Plan) -> str:
    """Return what the procedure has of its own; nothing where it has nothing."""
    found = plan.procedure
    if found is None or not (found.layers is None or found.layers or found.epochs_before):
        return ""
    if found.layers is None:
        return f"PROCEDURE {found.kind}\nwhat it trains beside the network, and for how long before, is not known"
    lines = [f"PROCEDURE {found.kind}: trained beside the network, and no part of the model"]
    lines.append(_layer_table(found.layers))
    if found.epochs_before:
        after = plan.experiment.training.epochs
        lines.append(
            f"{found.epochs_before} epochs of its own come before the {after} of training.epochs: "
            f"{found.epochs_before + after} in all"
        )
    return "\n".join(lines)


def _layer_table(layers: Sequence[LayerPlan]) -> str:
    """Return layers and their sums; frozen values only where there are some."""
    rows = [
        [layer.path, layer.kind, " + ".join(map(str, layer.in_shapes)), str(layer.out_shape),
         f"{layer.num_parameters:,}", f"{layer.num_frozen:,}"]
        for layer in layers
    ]  # fmt: skip
    trained, frozen = (sum(getattr(layer, name) for layer in layers) for name in ("num_parameters", "num_frozen"))
    rows.append(["all", "", "", "", f"{trained:,}", f"{frozen:,}"])
    header = ["layer", "kind", "in", "out", "parameters", "frozen"]
    shown = len(header) if frozen else len(header) - 1
    return table([row[:shown] for row in rows], header=header[:shown])


def _sizes(plan: Plan) -> str:
    missing = "an unknown size" if plan.missing_bytes is None else size(plan.missing_bytes)
    lines = [f"disk: {missing} to store in {plan.experiment.store.path}, {size(plan.free_bytes)} free"]
    memory = plan.memory
    if memory is not None:
        step = "an unknown size" if memory.step is None else size(memory.step)
        lines.append(
            f"memory beside the program: {size(memory.weights)} for weights, gradients and optimizer, "
            f"{step} for a step ({memory.rows} rows of {memory.frames:,} frames)"
        )
    return "ABOUT\n" + "\n".join(lines)


def _noun(task: Any) -> str:
    return "value" if task.decision_dtype.kind == "f" or isinstance(task, TimeRegression) else "label"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _step(step_s: float) -> str:
    return "-" if step_s == 0 else f"{1000 * step_s:.4g} ms"


def _frames(frames: Any) -> str:
    if not len(frames):
        return "?"
    low, high = int(frames.min()), int(frames.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _input_json(found: InputPlan) -> Json:
    facts = found.facts
    known = facts is not None and len(facts.frames)
    return {
        "data_set": found.data_set,
        "input": found.name,
        "read": found.read,
        "recordings": found.recordings,
        "stored": found.stored,
        "known_from": found.origin,
        "channels": facts and facts.channels,
        "bins": facts and facts.bins,
        "step_s": facts and facts.step_s,
        "frames": _statistics(facts.frames) if facts is not None and known else None,
        "missing_bytes": found.missing_bytes,
    }


def _statistics(frames: Any) -> Json:
    return {"min": int(frames.min()), "median": float(np.median(frames)), "max": int(frames.max())}


def _layer_json(layer: LayerPlan) -> Json:
    return {
        "path": layer.path,
        "kind": layer.kind,
        "in": [_shape_json(shape) for shape in layer.in_shapes],
        "out": _shape_json(layer.out_shape),
        "parameters": layer.num_parameters,
        "frozen": layer.num_frozen,
    }


def _procedure_json(found: ProcedurePlan) -> Json:
    return {
        "kind": found.kind,
        "layers": None if found.layers is None else [_layer_json(layer) for layer in found.layers],
        "parameters": found.num_parameters,
        "epochs_before": found.epochs_before,
    }


def _shape_json(shape: MapShape) -> list[int | None]:
    return [shape.channels, shape.frames, shape.bins]
