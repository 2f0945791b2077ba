"""How the command line prints: JSON documents, tables, and progress."""

import json
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from motet.cli.interrupts import interruptible

SCHEMA = 1


def print_json(document: dict[str, Any]) -> None:
    """Print one JSON document with the version of its schema."""
    print(json.dumps({"schema": SCHEMA, **document}, ensure_ascii=False, allow_nan=False))


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


class Progress:
    """A bar with the time left on a terminal, and a plain line now and then elsewhere.

    Parameters
    ----------
    what
        What is counted, for the label: "extracting esc10".
    total
        How many there are.
    """

    every_s = 15.0

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total, self._done = what, total, 0
        self._bar: Any = None
        self._said = self._began = time.monotonic()
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, desc=what, leave=False, dynamic_ncols=True, file=sys.stderr)

    def __call__(self, count: int = 1) -> None:
        """Count finished ones."""
        self._done += count
        if self._bar is not None:
            self._bar.update(count)
        elif time.monotonic() - self._said > self.every_s:
            self._said = time.monotonic()
            left_s = (self._said - self._began) / self._done * (self._total - self._done)
            print(f"{self._what}: {self._done}/{self._total}, about {left_s:.0f} s left", file=sys.stderr)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()
