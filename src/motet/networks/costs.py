"""What a network costs to run: multiply-adds of its layers, time, and memory of its weights.

Multiply-adds are those of matrix products and convolutions, as PyTorch counts them (two operations each); what is done
cell by cell (normalisation, activation, pooling, the gates of a recurrent cell) does not count, as is usual.
"""

import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from motet.data.batch import Column
from motet.networks.build import Shapes
from motet.networks.plan import count_parameters

_REPEATS = 30


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
        The middle time of a forward pass, of a row by itself.
    """

    parameters: int
    weights_bytes: int
    multiply_adds: int
    by_layer: Mapping[str, int]
    latency_ms: float


def measure_costs(network: nn.Module, inputs: Shapes, tasks: Mapping[str, object]) -> Costs:
    """Measure a network on one row of zeros, on the device where it lies; it is left in evaluation mode.

    Parameters
    ----------
    inputs
        The shapes of the inputs, with their frames.
    tasks
        The tasks that it is to predict, by name.
    """
    network.eval()
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    row = {
        name: Column(torch.zeros(1, shape.channels, shape.frames or 1, shape.bins, device=device))
        for name, shape in inputs.items()
    }
    rows = dict.fromkeys(tasks)
    counter = FlopCounterMode(display=False)
    with torch.inference_mode(), _countable(), counter:
        network(row, rows)
    by_layer = _own_counts(counter, network)
    with torch.inference_mode():
        latency_ms = _latency_ms(network, row, rows)
    kept = [*network.parameters(), *network.buffers()]
    return Costs(
        parameters=count_parameters(network),
        weights_bytes=sum(tensor.numel() * tensor.element_size() for tensor in kept),
        multiply_adds=counter.get_total_flops() // 2,
        by_layer=by_layer,
        latency_ms=latency_ms,
    )


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


def _latency_ms(network: nn.Module, row: Mapping[str, Column], rows: Mapping[str, None]) -> float:
    times = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        network(row, rows)
        if next(iter(row.values())).values.is_cuda:
            torch.cuda.synchronize()
        times.append(time.perf_counter() - began)
    return 1e3 * statistics.median(times)
