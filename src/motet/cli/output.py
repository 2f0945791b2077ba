"""What goes to standard output: JSON documents and tables."""

import json
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

SCHEMA = 1
"""Version of all JSON documents; it changes when a key is renamed or removed."""

_GAP = "  "
_NARROWEST = 24


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document with the version of its schema."""
    print(json.dumps({"schema": SCHEMA, **document}, ensure_ascii=False, allow_nan=False))


def table(rows: Sequence[Sequence[str]], *, header: Sequence[str], widest: Mapping[int, int] | None = None) -> str:
    """Return rows as aligned text; columns whose cells are all numbers are aligned to the right.

    Parameters
    ----------
    widest
        Columns whose cells are broken into lines, and their greatest width; 0 for what the terminal has left.

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
    for column, width in sorted((widest or {}).items(), key=lambda item: item[1], reverse=True):
        widths[column] = min(widths[column], width or _room(widths, column))
    right = [bool(rows) and all(_is_number(row[column]) for row in rows) for column in range(len(header))]
    lines = [line for row in cells for line in _lines(row, widths, right)]
    first = len(_lines(cells[0], widths, right))
    return "\n".join([*lines[:first], _GAP.join("-" * width for width in widths), *lines[first:]])


def _room(widths: Sequence[int], column: int) -> int:
    """Return what is left of the terminal beside all other columns."""
    others = sum(widths) - widths[column] + len(_GAP) * (len(widths) - 1)
    return max(_NARROWEST, shutil.get_terminal_size((120, 24)).columns - others)


def _lines(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> list[str]:
    """Return a row as lines: as many as its longest cell takes."""
    columns = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row, widths, strict=True)]
    return [
        _GAP.join(
            part.rjust(width) if numeric else part.ljust(width)
            for part, width, numeric in zip(parts, widths, right, strict=True)
        ).rstrip()
        for parts in zip_longest(*columns, fillvalue="")
    ]


def figures_table(tasks: Mapping[str, Mapping[str, Mapping[str, float | None]]]) -> str:
    """Return the figures of every task with their 95 % intervals, as fractions."""
    rows = [
        [task if number == 0 else "", metric, *(_figure(figure[key]) for key in ("value", "low", "high"))]
        for task, metrics in tasks.items()
        for number, (metric, figure) in enumerate(metrics.items())
    ]
    return table(rows, header=["task", "metric", "value", "low", "high"])


def result_table(result: Mapping[str, Any]) -> str:
    """Return the figures of a result: those of its tasks, then losses of the network's own, lower being better."""
    losses = {"losses": result["losses"]} if "losses" in result else {}
    return figures_table({**result["tasks"], **losses})


def size(num_bytes: int) -> str:
    """Return a number of bytes as people say it.

    Examples
    --------
    >>> size(300), size(5 * 2**20)
    ('300 B', '5.0 MiB')
    """
    value, units = float(num_bytes), ["B", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:.0f} B" if units[0] == "B" else f"{value:.1f} {units[0]}"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _is_number(cell: str) -> bool:
    """Tell whether a cell is a number, possibly with a unit, or says that there is none."""
    return cell in ("", "-", "?") or cell.lstrip("-+~").replace(",", "")[:1].isdigit()
