"""A training that is saved and goes on: the model's file with the resume state beside it, in one file.

Names of tensors say whose they are: `model.*` is the model, which `Model.load` reads alone; `resume.*` is the rest.
The document's `resume` part holds what is no tensor: position, schedule, stopping rule, gradient scaler.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from motet import tensor_file
from motet.errors import DataError
from motet.training.loop import Position, Training
from motet.training.procedure_state import optimizers_of, restore_procedure, state_of

Tensors = dict[str, Tensor]
_OPTIMIZER, _SUMS, _RUNNING, _OBJECTIVE = "resume.optimizer.", "resume.sums.", "resume.running.", "resume.objective."
_PROCEDURE, _ITS_OPTIMIZER = "resume.procedure.", "resume.procedure_optimizer."


def save_checkpoint(training: Training, path: Path, **notes: Any) -> None:
    """Write model and resume state atomically as one file."""
    tensors, model = training.model.to_tensors(**notes)
    optimizer_tensors, optimizer = _flatten(training.optimizer.state_dict())
    tensors |= _named(_OPTIMIZER, optimizer_tensors)
    tensors |= _named(_SUMS, training.sums)
    for task, running in training.running.items():
        tensors |= _named(f"{_RUNNING}{task}/", running.state_dict())
    tensors |= _named(_OBJECTIVE, training.objective.state_dict())
    tensors |= _named(_PROCEDURE, state_of(training.procedure))
    of_procedure = {}
    for name, own in optimizers_of(training.procedure).items():
        own_tensors, of_procedure[name] = _flatten(own.state_dict())
        tensors |= _named(f"{_ITS_OPTIMIZER}{name}/", own_tensors)
    resume = {
        "position": asdict(training.position),
        "counts": training.counts,
        "optimizer": optimizer,
        "procedure": of_procedure,
        "schedule": training.schedule.state(),
        "stopping": _state_of(training.stopping),
        "grad_scaler": {} if training.grad_scaler is None else training.grad_scaler.state_dict(),
        "tracked": {each.name: each.state() for each in training.tracked},
    }
    tensor_file.write(path, tensors, {"model": model, "resume": resume})


def load_checkpoint(training: Training, path: Path) -> None:
    """Bring a training to where the file left it.

    Raises
    ------
    DataError
        If the file is damaged or holds a model without a resume state.
    """
    tensors, document = tensor_file.read(path)
    if "resume" not in document:
        raise DataError(f"{path}: holds a model but no resume state; training goes on from last.safetensors only")
    resume = document["resume"]
    training.model.take(tensors, document)
    _restore(training.optimizer, _part(_OPTIMIZER, tensors), resume["optimizer"])
    restore_procedure(training.procedure, _part(_PROCEDURE, tensors))
    for name, own in optimizers_of(training.procedure).items():
        _restore(own, _part(f"{_ITS_OPTIMIZER}{name}/", tensors), resume["procedure"][name])
    training.sums = {name: tensor.to(training.device) for name, tensor in _part(_SUMS, tensors).items()}
    training.counts = resume["counts"]
    for task, running in training.running.items():
        state = _part(f"{_RUNNING}{task}/", tensors)
        running.load_state_dict({name: tensor.to(training.device) for name, tensor in state.items()})
    training.objective.load_state_dict(_part(_OBJECTIVE, tensors))
    training.position = Position(**resume["position"])
    training.schedule.restore(resume["schedule"])
    restore = getattr(training.stopping, "restore", None)
    if restore is not None:
        restore(resume["stopping"])
    for each in training.tracked:
        each.restore(resume["tracked"][each.name])
    if training.grad_scaler is not None:
        training.grad_scaler.load_state_dict(resume["grad_scaler"])


def _restore(optimizer: Optimizer, tensors: Tensors, plain: Mapping[str, Any]) -> None:
    optimizer.load_state_dict(_unflatten(tensors, plain))
    _lay_out(optimizer)


def _lay_out(optimizer: Optimizer) -> None:
    """Give the state of every parameter the parameter's own layout (channels last), as if it had never been saved."""
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                state[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def _state_of(rule: object) -> dict[str, Any]:
    state: dict[str, Any] = rule.state() if hasattr(rule, "state") else {}
    return state


def _named(prefix: str, tensors: Mapping[str, Tensor]) -> Tensors:
    return {f"{prefix}{name}": tensor for name, tensor in tensors.items()}


def _part(prefix: str, tensors: Mapping[str, Tensor]) -> Tensors:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _flatten(state: Mapping[str, Any]) -> tuple[Tensors, dict[str, Any]]:
    """Part an optimizer's state into tensors by `parameter/name` and plain values."""
    tensors: Tensors = {}
    values: dict[str, dict[str, Any]] = {}
    for parameter, entries in state["state"].items():
        for name, entry in entries.items():
            if isinstance(entry, Tensor):
                tensors[f"{parameter}/{name}"] = entry
            else:
                values.setdefault(str(parameter), {})[name] = entry
    return tensors, {"groups": state["param_groups"], "values": values}


def _unflatten(tensors: Tensors, plain: Mapping[str, Any]) -> dict[str, Any]:
    state: dict[int, dict[str, Any]] = {int(key): dict(values) for key, values in plain["values"].items()}
    for key, tensor in tensors.items():
        parameter, name = key.split("/", 1)
        state.setdefault(int(parameter), {})[name] = tensor
    return {"state": state, "param_groups": plain["groups"]}
