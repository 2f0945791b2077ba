"""What goes to standard output: JSON documents and tables."""

import json
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

SCHEMA = 1
"""Version of all JSON documents; it changes when a key is renamed or removed."""

_GAP = "  "
_NARROWEST = 24


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document with the version of its schema."""
    print(json.dumps({"schema": SCHEMA, **document}, ensure_ascii=False, allow_nan=False))


def table(rows: Sequence[Sequence[str]], *, header: Sequence[str], wrap: bool = False) -> str:
    """Return rows as aligned text; columns whose cells are all numbers are aligned to the right.

    Parameters
    ----------
    wrap
        Whether the last column is broken into lines where the terminal ends.

    Examples
    --------
    >>> print(table([["a", "1"], ["b", "20"]], header=["set", "rows"]))
    set  rows
    ---  ----
    a       1
    b      20
    """
    cells = [list(header), *[list(row) for row in rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    right = [bool(rows) and all(_is_number(row[column]) for row in rows) for column in range(len(header))]
    room = shutil.get_terminal_size((110, 24)).columns - sum(widths[:-1]) - len(_GAP) * (len(header) - 1)
    if wrap and len(header) > 1:
        widths[-1] = min(widths[-1], max(_NARROWEST, room))
    lines = []
    for row in cells:
        *first, last = [
            cell.rjust(width) if numeric else cell.ljust(width)
            for cell, width, numeric in zip(row, widths, right, strict=True)
        ]
        parts = textwrap.wrap(last, widths[-1]) or [last] if wrap else [last]
        lines.append(_GAP.join([*first, parts[0]]).rstrip())
        lines += [_GAP.join([*(" " * width for width in widths[:-1]), part]).rstrip() for part in parts[1:]]
        if row is cells[0]:
            lines.append(_GAP.join("-" * width for width in widths))
    return "\n".join(lines)


def figures_table(tasks: Mapping[str, Mapping[str, Mapping[str, float | None]]]) -> str:
    """Return the figures of every task with their 95 % intervals, as fractions."""
    rows = [
        [task if number == 0 else "", metric, *(_figure(figure[key]) for key in ("value", "low", "high"))]
        for task, metrics in tasks.items()
        for number, (metric, figure) in enumerate(metrics.items())
    ]
    return table(rows, header=["task", "metric", "value", "low", "high"])


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _is_number(cell: str) -> bool:
    """Tell whether a cell is a number, possibly with a unit, or says that there is none."""
    return cell in ("", "-", "?") or cell.lstrip("-+~").replace(",", "")[:1].isdigit()
