"""Annotations beside recordings: a table of times and values, or an array of values at a rate."""

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motet.errors import ConfigError, DataError
from motet.sources.manifest import Manifest, read_manifest
from motet.sources.settings import TraceSettings
from motet.sources.trace import Trace

_UNKNOWN = ("", "nan", "NaN", "NA", "?")


def read_trace(path: Path, settings: TraceSettings) -> Trace:
    """Read the annotation of one recording.

    Parameters
    ----------
    path
        A table (CSV, TSV, Parquet) with a row for every moment, or a .npy file [E] or [E, K].

    Raises
    ------
    DataError
        If it cannot be read, or is no annotation; the message names the file.
    ConfigError
        If nothing says when its values hold.
    """
    try:
        found = _from_array(path, settings) if path.suffix.lower() == ".npy" else _from_table(path, settings)
    except DataError as error:
        raise DataError(*(text if str(path) in text else f"{path}: {text}" for text in error.problems)) from None
    return found


def _from_array(path: Path, settings: TraceSettings) -> Trace:
    if settings.rate_hz is None:
        raise ConfigError(f"{path}: holds no times; set rate_hz in `traces`, the values per second")
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"cannot be read as an array ({error}); write it again") from None
    if values.dtype.kind not in "fiu" or values.ndim not in (1, 2):
        raise DataError(f"holds {values.dtype} of shape {list(values.shape)}; wanted are numbers [E] or [E, K]")
    return Trace.sampled(values, rate_hz=settings.rate_hz, start_s=settings.start_s, names=settings.values or ())


def _from_table(path: Path, settings: TraceSettings) -> Trace:
    try:
        table = read_manifest(path, delimiter=settings.delimiter or _delimiter(path), missing=_UNKNOWN)
    except UnicodeDecodeError as error:  # of the first line, which tells the delimiter
        raise DataError(f"is not UTF-8 ({error.reason}); save it as UTF-8") from None
    names = settings.values or tuple(
        name for name in table.columns if name != settings.time and _is_numeric(table, name)
    )
    if not names:
        raise DataError("has no column of numbers; name the values in `traces`")
    values = np.stack([_numbers(table, name) for name in names], axis=1)
    if settings.rate_hz is not None:
        return Trace.sampled(values, rate_hz=settings.rate_hz, start_s=settings.start_s, names=names)
    times_s = _numbers(table, settings.time)
    return Trace(times_s + settings.start_s, values, names)


def _delimiter(path: Path) -> str | None:
    """Return a semicolon where the header is separated by it, as annotations often are; None for what is usual."""
    if path.suffix.lower() == ".parquet" or not path.is_file():
        return None
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file), [])
    return ";" if len(header) == 1 and ";" in header[0] else None


def _is_numeric(table: Manifest, name: str) -> bool:
    try:
        _numbers(table, name)
    except DataError:
        return False
    return True


def _numbers(table: Manifest, name: str) -> NDArray[np.float64]:
    column = table.column(name)
    found = np.full(len(column.cells), np.nan)
    for row, cell in enumerate(column.cells):
        if cell is not None:
            try:
                found[row] = float(cell)  # type: ignore[arg-type]
            except (TypeError, ValueError):
                raise DataError(f"{column.place(row)}: {name} is {cell!r}, which is no number; correct it") from None
    return found
