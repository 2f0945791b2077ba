"""A file system that lists folders in another order: what depends on the order shows itself."""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def shuffled_listings(seed: int = 0) -> Iterator[None]:
    """List every folder in an order of its own while the block runs.

    `os.walk`, `glob` and `pathlib` list folders by `os.scandir` and `os.listdir`, which are replaced here. The order of
    files is up to the file system: it differs between disks, and after a copy.
    """
    scandir, listdir = os.scandir, os.listdir
    order = random.Random(seed)

    def scan(*arguments: Any) -> "_Entries":
        with scandir(*arguments) as entries:
            return _Entries(_mixed(list(entries), order))

    def names(*arguments: Any) -> list[Any]:
        return _mixed(list(listdir(*arguments)), order)

    os.scandir, os.listdir = scan, names  # type: ignore[assignment]
    try:
        yield
    finally:
        os.scandir, os.listdir = scandir, listdir


def _mixed(items: list[Any], order: random.Random) -> list[Any]:
    """Return the items in another order: shuffled, and where that changed nothing, reversed."""
    before = list(items)
    order.shuffle(items)
    if items == before:
        items.reverse()
    return items


class _Entries:
    """What `os.scandir` returns: an iterator that is closed."""

    def __init__(self, entries: list[Any]) -> None:
        self._entries = iter(entries)

    def __iter__(self) -> Iterator[Any]:
        return self._entries

    def __next__(self) -> Any:
        return next(self._entries)

    def __enter__(self) -> "_Entries":
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def close(self) -> None:
        return None
