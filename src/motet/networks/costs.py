"""What a network costs to run: multiply-adds of its layers, time, and memory of its weights.

Multiply-adds are those of matrix products and convolutions, as PyTorch counts them (two operations each); what is done
cell by cell (normalisation, activation, pooling, the gates of a recurrent cell) does not count, as is usual.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from motet.data.batch import Column
from motet.networks.build import Shapes
from motet.networks.plan import count_parameters

_ROUNDS = 30
K = TypeVar("K")


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A network and what it is measured on.

    Parameters
    ----------
    network
        The network; it stays where it lies and is left in evaluation mode.
    inputs
        The shapes of the inputs, with their frames.
    tasks
        The tasks that it is to predict, by name.
    """

    network: nn.Module
    inputs: Shapes
    tasks: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Costs:
    """What a network costs for one row.

    Parameters
    ----------
    parameters
        Trained values.
    weights_bytes
        All that it keeps: weights and buffers.
    multiply_adds
        Of one forward pass.
    by_layer
        The same by the name of the module, for modules that have some of their own.
    latency_ms
        The middle time of a forward pass, of a row by itself, in rounds with the networks that it is measured beside.
    """

    parameters: int
    weights_bytes: int
    multiply_adds: int
    by_layer: Mapping[str, int]
    latency_ms: float


def measure_costs(candidates: Mapping[K, Candidate]) -> dict[K, Costs]:
    """Measure networks on one row of zeros each; times are taken in turn, so a busy machine slows all."""
    rows = {name: _row(candidate) for name, candidate in candidates.items()}
    passes = {name: partial(own.network, rows[name], dict.fromkeys(own.tasks)) for name, own in candidates.items()}
    latencies_ms = _latencies_ms(passes)
    found = {}
    for name, candidate in candidates.items():
        counter = FlopCounterMode(display=False)
        with torch.inference_mode(), _countable(), counter:
            passes[name]()
        kept = [*candidate.network.parameters(), *candidate.network.buffers()]
        found[name] = Costs(
            parameters=count_parameters(candidate.network),
            weights_bytes=sum(tensor.numel() * tensor.element_size() for tensor in kept),
            multiply_adds=counter.get_total_flops() // 2,
            by_layer=_own_counts(counter, candidate.network),
            latency_ms=latencies_ms[name],
        )
    return found


def _row(candidate: Candidate) -> dict[str, Column]:
    """Return one row of zeros on the device of a network, which is put into evaluation mode."""
    candidate.network.eval()
    device = next((parameter.device for parameter in candidate.network.parameters()), torch.device("cpu"))
    return {
        name: Column(torch.zeros(1, shape.channels, shape.frames or 1, shape.bins, device=device))
        for name, shape in candidate.inputs.items()
    }


@contextmanager
def _countable() -> Iterator[None]:
    """Compute recurrent cells by matrix products, which are counted, and not by oneDNN's kernel, which is not."""
    backend: Any = torch.backends.mkldnn
    before = backend.enabled
    backend.enabled = False
    try:
        yield
    finally:
        backend.enabled = before


def _own_counts(counter: FlopCounterMode, network: nn.Module) -> dict[str, int]:
    """Return the multiply-adds of every module that computes itself: those without children that count."""
    counts = {name: sum(found.values()) // 2 for name, found in counter.get_flop_counts().items()}
    root = type(network).__name__
    named = {name.removeprefix(f"{root}."): value for name, value in counts.items() if name.startswith(f"{root}.")}
    return {
        name: value
        for name, value in named.items()
        if value and not any(other.startswith(f"{name}.") for other in named)
    }


def _latencies_ms(passes: Mapping[K, Callable[[], object]]) -> dict[K, float]:
    """Return the middle time of each of some forward passes over rounds of all; the first round does not count."""
    times: dict[K, list[float]] = {name: [] for name in passes}
    with torch.inference_mode():
        for _ in range(1 + _ROUNDS):
            for name, run in passes.items():
                began = time.perf_counter()
                run()
                if torch.cuda.is_available():
                    torch.cuda.synchronize()
                times[name].append(time.perf_counter() - began)
    return {name: 1e3 * statistics.median(own[1:]) for name, own in times.items()}
