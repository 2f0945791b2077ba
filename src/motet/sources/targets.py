"""From the cells of columns to targets: a label, a set of labels, a number or several numbers for each row.

A column is whole numbers where every cell is one, numbers where every cell is one, and text otherwise; 01 is
text. Whole numbers serve as class codes and as values, so which of them is meant is left to the task.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from motet.errors import DataError
from motet.sources.codes import CodeNames
from motet.sources.example import Target
from motet.sources.settings import Value

Cell = Value | bool | frozenset[str] | None
Meaning = Literal["auto", "label", "labels", "number", "numbers"]

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ZERO_FIRST = re.compile(r"[+-]?0[0-9]")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table, or of an array with a row for each example.

    Parameters
    ----------
    name
        What the table calls it.
    cells
        One a row; None is missing.
    place
        Names a row for messages.
    """

    name: str
    cells: Sequence[Cell]
    place: Callable[[int], str]


def typed(column: Column) -> list[Value | None]:
    """Return the cells of a column as whole numbers, numbers or text, whichever all of them are.

    Raises
    ------
    DataError
        If a column of numbers holds NaN or infinity.
    """
    cells = [_plain(cell) for cell in column.cells]
    numbers = [_number(cell) for cell in cells]
    if any(cell is not None and number is None for cell, number in zip(cells, numbers, strict=True)):
        return [None if cell is None else str(cell) for cell in cells]
    for row, number in enumerate(numbers):
        if number is not None and not math.isfinite(number):
            raise DataError(
                f"{column.place(row)}: {column.name} is {cells[row]} in a column of numbers; "
                f"correct it, or leave the cell empty (tables: add '{cells[row]}' to `missing`)"
            )
    if all(number is None or float(number).is_integer() for number in numbers):
        return [None if number is None else int(number) for number in numbers]
    return [None if number is None else float(number) for number in numbers]


def targets_of(
    columns: Sequence[Column],
    *,
    meaning: Meaning = "auto",
    separator: str | None = None,
    names: CodeNames | None = None,
) -> list[Target | None]:
    """Return the target of each row; None where it is missing.

    Parameters
    ----------
    columns
        The columns of one task, all of the same length.
    meaning
        What the cells hold; "auto" looks at them, as `TargetColumns` says.
    separator
        What stands between the labels of a cell, where one column holds several.
    names
        Names of codes. Of several columns of labels, the headers are the codes.

    Raises
    ------
    DataError
        If a cell does not have the meaning, or a code has no name.
    """
    if len(columns) > 1:
        return _from_several(columns, meaning, names)
    (column,) = columns
    if separator is not None or any(isinstance(cell, frozenset) for cell in column.cells):
        return _each(column, lambda cell, place: _labels(cell, separator, names, place))
    if meaning == "label" or names is not None:
        return _each(column, lambda cell, place: _label(cell, names, place))
    if meaning in ("number", "numbers"):
        return _numbers(column)
    return list(typed(column))


def default_task(targets: Iterable[Target | None]) -> dict[str, Any]:
    """Return the task that targets look like; whole numbers are taken for classes.

    Examples
    --------
    >>> default_task([None, 1.5])["kind"], default_task(["a", "b"])["kind"], default_task([frozenset()])["kind"]
    ('regression', 'multiclass', 'multilabel')
    """
    first = next((target for target in targets if target is not None), None)
    if isinstance(first, frozenset):
        return {"kind": "multilabel"}
    return {"kind": "regression" if isinstance(first, float | tuple) else "multiclass"}


def _from_several(columns: Sequence[Column], meaning: Meaning, names: CodeNames | None) -> list[Target | None]:
    switches = [[_switch(cell) for cell in column.cells] for column in columns]
    wrong = [
        (row, column)
        for column, column_switches in zip(columns, switches, strict=True)
        for row, (cell, switch) in enumerate(zip(column.cells, column_switches, strict=True))
        if cell is not None and switch is None
    ]
    if meaning == "labels" and wrong:
        row, column = wrong[0]
        raise DataError(
            f"{column.place(row)}: {column.name} is '{column.cells[row]}': a column of a label holds 0 or 1; "
            "correct it, or write values: numbers"
        )
    if meaning == "numbers" or wrong:
        values = [_numbers(column) for column in columns]
        return _together(columns, values, tuple)
    headers = [names.name(column.name, f"column {column.name}") if names else column.name for column in columns]
    return _together(
        columns, switches, lambda row: frozenset(header for header, on in zip(headers, row, strict=True) if on)
    )


def _together(
    columns: Sequence[Column], values: Sequence[Sequence[Any]], combine: Callable[[Sequence[Any]], Target]
) -> list[Target | None]:
    targets: list[Target | None] = []
    for number, row in enumerate(zip(*values, strict=True)):
        absent = [column.name for column, value in zip(columns, row, strict=True) if value is None]
        if absent and len(absent) < len(columns):
            raise DataError(
                f"{columns[0].place(number)}: {', '.join(absent)} missing, but {len(columns) - len(absent)} other "
                "columns of this target given; fill in all of them or none"
            )
        targets.append(None if absent else combine(row))
    return targets


def _each(column: Column, convert: Callable[[Any, str], Target]) -> list[Target | None]:
    return [None if cell is None else convert(cell, column.place(row)) for row, cell in enumerate(column.cells)]


def _numbers(column: Column) -> list[Target | None]:
    return _each(column, lambda cell, place: _finite(cell, column.name, place))


def _label(cell: Value | bool, names: CodeNames | None, place: str) -> Target:
    value = _plain(cell)
    assert value is not None
    return names.name(value, place) if names else value


def _labels(cell: Cell, separator: str | None, names: CodeNames | None, place: str) -> Target:
    pieces = cell if isinstance(cell, frozenset) else str(cell).split(separator)
    labels = {piece.strip() for piece in pieces} - {""}
    return frozenset(names.name(label, place) for label in labels) if names else frozenset(labels)


def _finite(cell: Cell, name: str, place: str) -> float:
    number = _number(_plain(cell))
    if number is None or not math.isfinite(number):
        raise DataError(
            f"{place}: {name} is '{cell}', which is not a finite number; correct the cell or leave it empty"
        )
    return float(number)


def _switch(cell: Cell) -> bool | None:
    """Return whether a cell says yes; None if it says neither yes nor no."""
    number = _number(_plain(cell))
    if number is None:
        return {"true": True, "false": False}.get(str(_plain(cell)).lower())
    return bool(number) if number in (0, 1) else None


def _plain(cell: Cell) -> Value | None:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return ", ".join(sorted(cell)) if isinstance(cell, frozenset) else cell


def _number(cell: Value | None) -> float | None:
    if cell is None or isinstance(cell, int | float):
        return cell
    if _NOT_FINITE.fullmatch(cell) or (_NUMBER.fullmatch(cell) and not _ZERO_FIRST.match(cell)):
        return float(cell)
    return None
