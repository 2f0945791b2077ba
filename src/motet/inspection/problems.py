"""Problems of data sets with their remedies, and the order in which they are told: the gravest first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Severity = Literal["wrong", "doubtful", "note"]
"""wrong: training refuses it, or its figures would mislead; doubtful: look at it; note: good to know."""

_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a data set.

    Parameters
    ----------
    severity
        How grave it is.
    kind
        What it is called, the same in every report: "silent", "group on both sides".
    found
        What was found.
    remedy
        What helps.
    count
        How many rows it touches.
    examples
        The first few of them.
    """

    severity: Severity
    kind: str
    found: str
    remedy: str
    count: int
    examples: tuple[str, ...] = ()

    @classmethod
    def of(cls, severity: Severity, kind: str, rows: Sequence[str], found: str, remedy: str) -> "Problem":
        """Return the problem of some rows, which are named."""
        return cls(severity, kind, found, remedy, len(rows), tuple(rows[:_EXAMPLES]))


def ranked(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems by severity, then by the rows that they touch."""
    order = {severity: number for number, severity in enumerate(get_args(Severity))}
    return sorted(problems, key=lambda problem: (order[problem.severity], -problem.count, problem.kind))


def counted(number: int, noun: str) -> str:
    """Return a number and its noun: "1 recording", "20 recordings"."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
