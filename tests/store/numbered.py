"""Matrices that anyone, also another process, can make again from their number."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from motet.files import digest_bytes
from motet.store import Store
from motet.store.store import Item


def matrix(number: int) -> NDArray[np.float32]:
    """Return the matrix of a number: 3 to 9 frames, 1 or 2 channels, 4 bins, a pattern of its own."""
    shape = (3 + number % 7, 1 + number % 2, 4)
    return (np.arange(np.prod(shape), dtype=np.float32) / np.float32(128) + np.float32(number)).reshape(shape)


def key(number: int) -> bytes:
    """Return the key of a number."""
    return digest_bytes(str(number).encode())


def item(number: int) -> Item:
    """Return what is appended for a number."""
    return key(number), matrix(number), number / 8, 0.01


def items(numbers: Iterable[int]) -> Iterator[Item]:
    """Return what is appended for some numbers."""
    return map(item, numbers)


def held(store: Store, numbers: Iterable[int]) -> list[int]:
    """Return which numbers the store holds, having compared their values, shapes and times."""
    result = []
    for number in numbers:
        entry = store.find([key(number)])
        if entry.present[0]:
            np.testing.assert_array_equal(store.read(entry), matrix(number))
            assert (entry.start_s[0], entry.step_s[0]) == (number / 8, 0.01)
            result.append(number)
    return result
