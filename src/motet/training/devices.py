"""Where training runs: the device, its precision, and its threads."""

from contextlib import AbstractContextManager, nullcontext

import torch

from motet.errors import ConfigError, MachineError


def choose_device(name: str) -> torch.device:
    """Return the device called `name`; `auto` is CUDA, then MPS, then the CPU.

    Raises
    ------
    ConfigError
        If there is no such name.
    MachineError
        If the device was asked for by name and this machine lacks it.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, there in available.items() if there))
    if name not in available:
        raise ConfigError(f"there is no device {name!r}; there is auto, {', '.join(available)}")
    if not available[name]:
        there = ", ".join(kind for kind, present in available.items() if present)
        raise MachineError(f"training.device is {name!r}, which this machine lacks (it has {there}); use auto")
    return torch.device(name)


def choose_precision(name: str, device: torch.device) -> torch.dtype | None:
    """Return the dtype of the forward pass under autocast, or None for full precision.

    `auto` is bfloat16 where the CUDA device computes with it, else float16 on CUDA, else full precision.

    Raises
    ------
    ConfigError
        If float16 is asked for on a device without a float16 forward pass.
    """
    if name == "off":
        return None
    if name == "auto":
        if device.type != "cuda":
            return None
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if name == "float16" and device.type == "cpu":
        raise ConfigError("training.autocast: float16 wants a GPU, this run is on the CPU; use bfloat16 or auto")
    return torch.bfloat16 if name == "bfloat16" else torch.float16


def seed_generators(device: torch.device, seed: int) -> None:
    """Seed what a step on this device draws from: PyTorch's generator of the CPU, and that of the device.

    `torch.manual_seed` seeds every kind of device and, for those that were not used yet, notes the call with a stack
    trace: more time than a small network's optimizer takes, and memory at every step.
    """
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)


def autocast(device: torch.device, precision: torch.dtype | None) -> AbstractContextManager[object]:
    """Return the context of a forward pass in this precision."""
    return nullcontext() if precision is None else torch.autocast(device.type, dtype=precision)
