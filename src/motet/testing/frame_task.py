"""What training and evaluation rely on of a task with a prediction for every frame; see `motet.tasks.frames`.

Axes: n rows, T frames, K outputs, E entries of a target, D values of an entry.
"""

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from motet.data.batch import Column
from motet.features.feature_map import TimeGrid
from motet.tasks.frames import FrameTask, FrameValues, as_objects
from motet.testing.findings import Findings

_FRAMES, _SHORT = 64, 40
_STEP_S = 0.1


def check_frame_task(found: Findings, task: FrameTask, again: FrameTask, targets: Sequence[Any]) -> None:
    """Note every mistake of a task.

    Parameters
    ----------
    again
        The same task, built once more.
    targets
        Some targets as examples have them; events lie within the first 4 s.
    """
    encoded = _encoded(found, task, targets)
    if encoded is None:
        return
    with found.attempt("fit"):
        task.fit(encoded)
    outputs = torch.randn(len(encoded), _FRAMES, task.output_size, generator=torch.Generator().manual_seed(0))
    with found.attempt("losses"):
        _check_losses(found, task, encoded, outputs)
    with found.attempt("collect"):
        lengths = torch.tensor([_SHORT, *[_FRAMES] * (len(encoded) - 1)])
        prediction = Column(outputs, None, lengths, TimeGrid(0.0, _STEP_S))
        probabilities = task.collect(prediction, np.zeros(len(encoded)))
        if _check_collected(found, probabilities, lengths.tolist()):
            _check_merge(found, task, probabilities)
            _check_decision(found, task, again, probabilities, encoded)


def _encoded(found: Findings, task: FrameTask, targets: Sequence[Any]) -> NDArray[Any] | None:
    codes = []
    for target in targets:
        with found.attempt(f"encoding {target!r}"):
            code = task.encode(target)
            if found.expect(
                isinstance(code, np.ndarray) and code.ndim == 2 and code.dtype == np.float64,
                f"encode({target!r}) is no float64 [E, D]: a target of frames is a list of entries",
            ):
                codes.append(code)
                back = task.from_plain(json.loads(json.dumps(task.to_plain(code))))
                found.expect(
                    back.shape == code.shape and np.array_equal(back, code, equal_nan=True),
                    f"{target!r} comes back as {back.tolist()} from to_plain and from_plain: predictions are kept so",
                )
    if len(codes) != len(targets):
        return None
    encoded = as_objects(codes)
    with found.attempt("decode"):
        found.expect(len(task.decode(encoded)) == len(encoded), "decode gives not one target for each list of entries")
    return encoded


def _check_losses(found: Findings, task: FrameTask, encoded: NDArray[Any], outputs: torch.Tensor) -> None:
    size = len(encoded)
    stops_s = np.full(size, _FRAMES * _STEP_S)
    values, counts = task.collate(encoded, np.zeros(size), stops_s)
    target = Column(torch.from_numpy(values), None, torch.from_numpy(counts))
    predicted = outputs.clone().requires_grad_()
    grid = TimeGrid(0.0, _STEP_S)
    losses = task.losses(Column(predicted, None, None, grid), target)
    if not found.expect(
        tuple(losses.shape) == (size,) and bool(torch.isfinite(losses).all()),
        f"losses have the shape {list(losses.shape)} for {size} rows, or are not finite: one number a row, the mean "
        "over its valid frames",
    ):
        return
    (gradient,) = torch.autograd.grad(losses.sum(), predicted, allow_unused=True)
    found.expect(
        gradient is not None and bool(torch.isfinite(gradient).all()) and bool(gradient.abs().sum() > 0),
        "losses give no finite gradient: compute them with differentiable operations of PyTorch",
    )
    assert target.lengths is not None
    first = Column(target.values[:1], None, target.lengths[:1])
    alone = task.losses(Column(outputs[:1], None, None, grid), first)[0].item()
    found.expect(
        math.isclose(alone, losses[0].item(), rel_tol=1e-4, abs_tol=1e-6),
        f"the loss of a row is {alone:.4g} alone and {losses[0].item():.4g} beside others: a row's loss is its own",
    )
    short = task.losses(Column(outputs[:1, :_SHORT], None, None, grid), first)[0].item()
    lengths = torch.tensor([_SHORT, *[_FRAMES] * (size - 1)])
    padded = task.losses(Column(outputs, None, lengths, grid), target)[0].item()
    found.expect(
        math.isclose(short, padded, rel_tol=1e-4, abs_tol=1e-6),
        f"the loss of a row of {_SHORT} frames is {short:.4g} alone and {padded:.4g} padded: padding counts nowhere",
    )


def _check_collected(found: Findings, probabilities: Any, lengths: Sequence[int]) -> bool:
    return found.expect(
        len(probabilities) == len(lengths)
        and all(isinstance(one, FrameValues) for one in probabilities)
        and [len(one.values) for one in probabilities] == list(lengths)
        and all(bool(np.isfinite(one.values).all()) for one in probabilities),
        "collect gives not the finite probabilities of the valid frames of each row: FrameValues in an array of "
        "objects",
    )


def _check_merge(found: Findings, task: FrameTask, probabilities: NDArray[Any]) -> None:
    later = FrameValues(probabilities[1].values, TimeGrid(probabilities[0].grid.start_s + 2.0, _STEP_S))
    for rule in task.merge_rules:
        with found.attempt(f"merge by {rule}"):
            merged = task.merge(as_objects([probabilities[0], later]), rule)
            found.expect(
                isinstance(merged, FrameValues) and len(merged.values) == round(2.0 / _STEP_S) + len(later.values),
                f"merge by {rule} gives not the frames of both segments: lay them over each other by their times",
            )
            single = task.merge(probabilities[:1], rule)
            found.expect(
                np.allclose(single.values, probabilities[0].values),
                f"merge by {rule} changes a single segment: it is returned as it is",
            )


def _check_decision(
    found: Findings, task: FrameTask, again: FrameTask, probabilities: NDArray[Any], encoded: NDArray[Any]
) -> None:
    with found.attempt("decide"):
        task.tune(probabilities, encoded)
        decisions = task.decide(probabilities)
        found.expect(
            len(decisions) == len(probabilities) and all(one.ndim == 2 for one in decisions),
            "decide gives not one list of entries for each row",
        )
        json.dumps([task.to_plain(one) for one in decisions], allow_nan=False)
        again.load_decision_state(json.loads(json.dumps(task.decision_state(), allow_nan=False)))
        same = [np.array_equal(one, other) for one, other in zip(decisions, again.decide(probabilities), strict=True)]
        found.expect(
            all(same),
            "decides otherwise after decision_state and load_decision_state: return all that tune and fit have chosen",
        )
    with found.attempt("score"):
        scores = task.score(probabilities, encoded)
        found.expect(
            tuple(scores) == tuple(task.metrics.names),
            f"score gives {list(scores)}, wanted is a number for each of {', '.join(task.metrics.names)}",
        )
