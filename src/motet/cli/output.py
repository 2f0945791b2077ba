"""How the command line prints: JSON documents, tables, and progress."""

import json
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from motet.cli.interrupts import interruptible

SCHEMA = 1


def print_json(document: dict[str, Any]) -> None:
    """Print one JSON document with the version of its schema."""
    print(json.dumps({"schema": SCHEMA} | document, ensure_ascii=False, allow_nan=False))


def table(rows: Sequence[Sequence[str]], *, header: Sequence[str]) -> str:
    """Return rows as aligned text; columns whose cells are all numbers are aligned to the right."""
    cells = [list(header), *[list(row) for row in rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    right = [bool(rows) and all(_is_number(row[column]) for row in rows) for column in range(len(header))]
    lines = []
    for row in cells:
        padded = [
            cell.rjust(width) if numeric else cell.ljust(width)
            for cell, width, numeric in zip(row, widths, right, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _is_number(cell: str) -> bool:
    return cell == "" or cell[0].isdigit() or (cell[0] in "-+.~" and cell[1:2].isdigit())


@contextmanager
def console() -> Iterator[None]:
    """Show the log on standard error while a command runs, and let Ctrl-C stop it between two steps."""
    logger = logging.getLogger("motet")
    handler = _BesideTheBar(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        with interruptible():
            yield
    finally:
        logger.removeHandler(handler)


class _BesideTheBar(logging.StreamHandler[Any]):
    """Writes above a progress bar rather than through it."""

    def emit(self, record: logging.LogRecord) -> None:
        from tqdm import tqdm

        tqdm.write(self.format(record), file=self.stream)


class Bars:
    """Progress: a bar with the time left on a terminal, and a plain line now and then elsewhere.

    Called with a label and a total; returns what is called with every count.
    """

    every_s = 15.0

    def __call__(self, what: str, total: int) -> Callable[[int], None]:
        """Begin a bar, which appears with the first count and goes with the last."""
        return _Bar(what, total, self.every_s).count


class _Bar:
    def __init__(self, what: str, total: int, every_s: float) -> None:
        self._what, self._total, self._every_s, self._done = what, total, every_s, 0
        self._said = self._began = time.monotonic()
        self._bar: Any = None

    def count(self, count: int) -> None:
        self._done += count
        if sys.stderr.isatty():
            self._draw(count)
        elif time.monotonic() - self._said > self._every_s:
            self._said = time.monotonic()
            left_s = (self._said - self._began) / self._done * (self._total - self._done)
            print(f"{self._what}: {self._done}/{self._total}, about {left_s:.0f} s left", file=sys.stderr)

    def _draw(self, count: int) -> None:
        from tqdm import tqdm

        if self._bar is None:
            self._bar = tqdm(total=self._total, desc=self._what, leave=False, dynamic_ncols=True, file=sys.stderr)
        self._bar.update(count)
        if self._done >= self._total:
            self._bar.close()


def figures_table(tasks: Mapping[str, Mapping[str, Mapping[str, float | None]]]) -> str:
    """Return the figures of every task with their intervals, in percent where they are shares."""
    rows = [
        [task if number == 0 else "", metric, *(_figure(figure[key]) for key in ("value", "low", "high"))]
        for task, metrics in tasks.items()
        for number, (metric, figure) in enumerate(metrics.items())
    ]
    return table(rows, header=["task", "metric", "value", "low", "high"])


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
