"""What identifies the rows of a data set: a digest of everything about them that is not in the recordings."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

from motet.data.dataset import DataSet
from motet.data.table import Coded
from motet.sources.example import Event
from motet.sources.trace import Trace


def digest_rows(data_set: DataSet) -> bytes:
    """Return 16 bytes that stand for identifiers, targets, groups, folds and partitions of all rows, in order.

    Examples
    --------
    >>> from motet.signals.recording import Recording
    >>> from motet.sources.example import Example
    >>> rows = [Example("a", {"signal": Recording(None)}, {"sign": sign}) for sign in "+-"]
    >>> digest_rows(DataSet.of("one", rows[:1])) == digest_rows(DataSet.of("one", rows[1:]))
    False
    """
    columns: Mapping[str, Coded[Any]] = {
        "groups": data_set.groups,
        "folds": data_set.folds,
        "partitions": data_set.partitions,
        **{f"target {task}": data_set.targets(task) for task in data_set.task_names},
    }
    digest = hashlib.blake2b(json.dumps(data_set.ids).encode(), digest_size=16)
    for name, column in columns.items():
        digest.update(f"\x1e{name}\x1f{json.dumps(column.values, default=_plain)}\x1f".encode())
        digest.update(column.codes.tobytes())
    return digest.digest()


def _plain(value: frozenset[str] | Event | Trace) -> list[Any]:
    if isinstance(value, Trace):
        return value.plain()
    return list(astuple(value)) if isinstance(value, Event) else sorted(value)
