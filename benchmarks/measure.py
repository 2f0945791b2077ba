"""How benchmarks measure, and what they report: a ratio of CPU times, taken side by side in one run.

Ours and a reference take turns within each round, so that whatever else the machine does meets both. The middle one
of the rounds' ratios counts. CPU time is user and system time of this process and of the children it has waited for.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Call = Callable[[], object]
Benchmark = Callable[[], Iterator["Row"]]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Parameters
    ----------
    what
        What was measured.
    measured
        The figure.
    unit
        Its unit: "x" for a ratio of times, or "s", "ms", "a second".
    goal
        What it should reach; None for a figure that is only told.
    better
        Whether a higher or a lower figure is better.
    note
        The times behind the figure.
    """

    what: str
    measured: float
    unit: str = "x"
    goal: float | None = None
    better: Literal["higher", "lower"] = "higher"
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        if self.goal is None:
            return None
        return self.measured >= self.goal if self.better == "higher" else self.measured <= self.goal


@dataclass(frozen=True, slots=True)
class Compared:
    """CPU seconds of ours and of a reference, round by round."""

    ours: Sequence[float]
    reference: Sequence[float]

    @property
    def speed(self) -> float:
        """How fast ours is as a multiple of the reference: above 1 it is faster."""
        return statistics.median(other / own for own, other in zip(self.ours, self.reference, strict=True))

    @property
    def cost(self) -> float:
        """What ours takes as a multiple of the reference: below 1 it is faster."""
        return statistics.median(own / other for own, other in zip(self.ours, self.reference, strict=True))

    @property
    def excess_s(self) -> float:
        """CPU seconds that ours takes more than the reference."""
        return statistics.median(own - other for own, other in zip(self.ours, self.reference, strict=True))

    def told(self, scale: float = 1.0, unit: str = "CPU s") -> str:
        """Return the middle times of both sides."""
        own, other = statistics.median(self.ours) * scale, statistics.median(self.reference) * scale
        return f"{own:.3g} against {other:.3g} {unit}"


def compare(ours: Call, reference: Call, *, rounds: int, warm_up: bool = True) -> Compared:
    """Measure two calls in turn. Which of them begins changes from round to round."""
    if warm_up:
        ours()
        reference()
    own, other = [], []
    for number in range(rounds):
        if number % 2:
            other.append(cpu_s(reference))
            own.append(cpu_s(ours))
        else:
            own.append(cpu_s(ours))
            other.append(cpu_s(reference))
    return Compared(own, other)


def repeat(call: Call, times: int) -> None:
    """Call so often, for a call that is too short to be timed alone."""
    for _ in range(times):
        call()


def cpu_s(call: Call) -> float:
    """Return the CPU seconds of a call, children included."""
    before = _used_s()
    call()
    return _used_s() - before


def _used_s() -> float:
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def median_cpu_s(call: Call, rounds: int) -> float:
    """Return the middle CPU seconds of a call."""
    return statistics.median(cpu_s(call) for _ in range(rounds))
