"""What training and evaluation rely on of a task: codes and back, a loss for every row, merging, a state to be saved.

Axes: n rows, K outputs.
"""

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from motet.config import Context, Settings, UserComponent, required, validate
from motet.errors import DataError
from motet.experiment.tasks import build_tasks
from motet.tasks.frames import FrameTask
from motet.tasks.kinds import TaskSettings
from motet.tasks.task import Task
from motet.testing.findings import Findings, several
from motet.testing.frame_task import check_frame_task

_ROWS = 12
_UNKNOWN = "a label that no data set has"


class _Subject(Settings):
    task: TaskSettings = required("What is checked.")


def check_task(task: Any, targets: Sequence[Any]) -> None:
    """Check that a task does what training and evaluation rely on.

    Parameters
    ----------
    task
        What may stand behind `tasks.NAME`: settings, a class with its options, an object.
    targets
        Some targets as examples have them; every label at least once.

    Raises
    ------
    ContractError
        With every mistake and its remedy.
    ConfigError, DataError
        If the settings cannot be understood, or do not fit the targets.

    Examples
    --------
    >>> check_task({"kind": "multiclass"}, ["dog", "cat", "bird", "cat"])
    """
    settings = validate(_Subject, {"task": task}, Context(allow_code=True, check_files=True)).task
    name = settings.place if isinstance(settings, UserComponent) else settings.kind
    built = _build(settings, targets)
    with Findings(f"task {name}") as found:
        _check_labels(found, built, _build(settings, [*reversed(targets), *targets]))
        if isinstance(built, FrameTask):
            again = _build(settings, targets)
            assert isinstance(again, FrameTask)
            check_frame_task(found, built, again, targets)
            return
        encoded = _encoded(found, built, targets)
        if encoded is None:
            return
        with found.attempt("fit"):
            built.fit(encoded)
        outputs = np.random.default_rng(0).normal(size=(len(encoded), built.output_size))
        _check_loss(found, built, encoded, outputs)
        probabilities = _probabilities(found, built, outputs)
        if probabilities is None:
            return
        _check_merge(found, built, probabilities)
        _check_decision(found, built, _build(settings, targets), probabilities, encoded)
        _check_figures(found, built, probabilities, encoded)


def _build(settings: Any, targets: Sequence[Any]) -> Task:
    return build_tasks({"checked": settings}, lambda _: list(targets))["checked"]


def _check_labels(found: Findings, task: Task, other: Task) -> None:
    found.expect(
        task.labels == other.labels,
        f"has the labels {task.labels}, and {other.labels} where rows come in another order: sort them in "
        "collect_labels; folds and saved models must agree on codes",
    )
    found.expect(
        len(set(task.labels)) == len(task.labels) and all(isinstance(label, str) for label in task.labels),
        f"its labels {task.labels} repeat or are no text: each is a string of its own",
    )
    found.expect(task.output_size > 0, "has no output: name them in output_names")


def _encoded(found: Findings, task: Task, targets: Sequence[Any]) -> NDArray[Any] | None:
    """Return codes of some rows, after trying them one by one and back."""
    codes = []
    for target in targets:
        with found.attempt(f"encoding {target!r}"):
            code = np.asarray(task.encode(target))
            if found.expect(
                code.shape == task.target_shape and code.dtype == task.target_dtype,
                f"encode({target!r}) gives {code.dtype} {list(code.shape)}, but target_dtype is {task.target_dtype} "
                f"and target_shape {list(task.target_shape)}: make them agree",
            ):
                codes.append(code)
    if len(codes) != len(targets):
        return None
    encoded = np.stack(codes)
    with found.attempt("decode"):
        decoded = task.decode(encoded)
        if found.expect(
            len(decoded) == len(targets),
            f"decode gives {len(decoded)} targets for {len(targets)} codes: it gives one for each",
        ):
            wrong = [
                f"{target!r} comes back as {back!r}"
                for target, back in zip(targets, decoded, strict=True)
                if not _same(task, target, back)
            ]
            found.expect(
                not wrong, f"encode and decode do not go round ({several(wrong)}): decode is the inverse of encode"
            )
    _check_refusal(found, task)
    return np.concatenate([encoded] * -(-_ROWS // len(encoded)))[: max(_ROWS, len(encoded))]


def _same(task: Task, target: Any, back: Any) -> bool:
    """Tell whether a target came back, under its own name or under that of the label that it stands for."""
    if isinstance(target, frozenset | set):
        wanted = {str(label) for label in target}
        return wanted == {str(label) for label in back} or not wanted <= set(task.labels)
    if isinstance(back, str):
        return str(target) == back or (str(target) not in task.labels and back in task.labels)
    try:
        return bool(np.allclose(np.ravel(target), np.ravel(back), rtol=1e-5, atol=1e-6))
    except (TypeError, ValueError):
        return bool(target == back)


def _check_refusal(found: Findings, task: Task) -> None:
    """Try a target that cannot be one."""
    wrong: Any = float("nan") if task.decision_dtype.kind == "f" else _UNKNOWN
    candidates = [wrong] if task.target_shape == () or task.decision_dtype.kind == "f" else [frozenset([_UNKNOWN])]
    for target in candidates:
        try:
            task.encode(target)
        except DataError:
            continue
        except Exception as error:
            found.add(
                f"encode({target!r}) raises {type(error).__name__}: let it raise motet.DataError, which names the row"
            )
        else:
            found.add(f"encode({target!r}) is accepted: unknown labels and numbers that are not finite are refused")


def _check_loss(found: Findings, task: Task, encoded: NDArray[Any], outputs: NDArray[np.float64]) -> None:
    with found.attempt("loss"):
        predictions = torch.tensor(outputs, dtype=torch.float32, requires_grad=True)
        targets = torch.from_numpy(encoded)
        loss = task.loss(predictions, targets)
        if not found.expect(
            tuple(loss.shape) == (len(encoded),),
            f"loss has the shape {list(loss.shape)} for {len(encoded)} rows: it is one value per row, without a mean "
            "over rows (reduction='none', then the mean over the other axes)",
        ):
            return
        found.expect(bool(torch.isfinite(loss).all()), "loss is not finite for usual outputs: guard its logarithms")
        alone, beside = task.loss(predictions[:1], targets[:1])[0].item(), loss[0].item()
        found.expect(
            math.isclose(alone, beside, rel_tol=1e-4, abs_tol=1e-6),
            f"loss of a row is {alone:.4g} alone and {beside:.4g} beside others: a row's loss is its own",
        )
        (gradient,) = torch.autograd.grad(loss.sum(), predictions, allow_unused=True)
        found.expect(
            gradient is not None and bool(torch.isfinite(gradient).all()) and bool(gradient.abs().sum() > 0),
            "loss gives no finite gradient: compute it with differentiable operations of PyTorch",
        )


def _probabilities(found: Findings, task: Task, outputs: NDArray[np.float64]) -> NDArray[np.float64] | None:
    with found.attempt("probabilities"):
        probabilities = np.asarray(task.probabilities(outputs.astype(np.float32)))
        if found.expect(
            probabilities.shape == outputs.shape and bool(np.isfinite(probabilities).all()),
            f"probabilities have the shape {list(probabilities.shape)} for outputs {list(outputs.shape)}, or are not "
            "finite: one for every output",
        ):
            alone = np.asarray(task.probabilities(outputs[:1].astype(np.float32)))
            found.expect(
                bool(np.allclose(alone[0], probabilities[0], rtol=1e-5)),
                "probabilities of a row depend on the other rows: work along the last axis only",
            )
            return probabilities
    return None


def _check_merge(found: Findings, task: Task, probabilities: NDArray[np.float64]) -> None:
    segments = 4 if task.output_size == 3 else 3  # so that the axes cannot be taken for each other
    for rule in task.merge_rules:
        with found.attempt(f"merge by {rule}"):
            merged = np.asarray(task.merge(probabilities[:segments], rule))
            found.expect(
                merged.shape == (task.output_size,) and bool(np.isfinite(merged).all()),
                f"merge by {rule} gives the shape {list(merged.shape)} for {segments} segments of {task.output_size} "
                f"outputs: the one prediction of an example is [{task.output_size}]",
            )
            single = np.asarray(task.merge(probabilities[:1], rule))
            found.expect(
                single.shape != (task.output_size,) or bool(np.allclose(single, probabilities[0], rtol=1e-5)),
                f"merge by {rule} changes a single segment: it is returned as it is",
            )


def _check_decision(
    found: Findings, task: Task, again: Task, probabilities: NDArray[np.float64], encoded: NDArray[Any]
) -> None:
    with found.attempt("decide"):
        task.tune(probabilities, encoded)
        decisions = task.decide(probabilities)
        found.expect(
            decisions.shape == (len(probabilities), *task.target_shape) and decisions.dtype == task.decision_dtype,
            f"decide gives {decisions.dtype} {list(decisions.shape)}, wanted is {task.decision_dtype} "
            f"{[len(probabilities), *task.target_shape]}: it decides for every row, as targets are",
        )
        found.expect(len(task.decode(decisions)) == len(decisions), "decode does not take what decide gives")
    with found.attempt("decision_state"):
        try:
            state = json.loads(json.dumps(task.decision_state(), allow_nan=False))
        except (TypeError, ValueError) as error:
            found.add(f"decision_state is no JSON ({error}): return plain lists, numbers that are finite, and text")
            return
        again.load_decision_state(state)
        found.expect(
            np.array_equal(task.decide(probabilities), again.decide(probabilities)),
            "decides otherwise after decision_state and load_decision_state: return all that tune and fit have chosen",
        )


def _check_figures(found: Findings, task: Task, probabilities: NDArray[np.float64], encoded: NDArray[Any]) -> None:
    with found.attempt("score"):
        scores = task.score(probabilities, encoded)
        found.expect(
            tuple(scores) == tuple(task.metrics.names) and all(isinstance(value, float) for value in scores.values()),
            f"score gives {scores}, wanted is a number for each of {', '.join(task.metrics.names)}",
        )
        order = np.random.default_rng(1).permutation(len(encoded))
        other = task.score(probabilities[order], encoded[order])
        found.expect(
            all(np.isclose(scores[name], other[name], equal_nan=True) for name in scores if name in other),
            "scores depend on the order of the rows: sum over all of them",
        )
    with found.attempt("table"):
        json.dumps(task.table(probabilities, encoded))
