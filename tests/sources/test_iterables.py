from collections.abc import Iterator
from itertools import count, islice
from typing import Any

import pytest

from motet.errors import ConfigError, DataError
from motet.sources.example import Example
from motet.sources.iterables import IterableSource, UserSource

EXAMPLES = [Example(str(number), {}, {"parity": number % 2}) for number in range(3)]


def test_lists_and_functions_can_be_listed_again() -> None:
    for source in (IterableSource(EXAMPLES), IterableSource(lambda: iter(EXAMPLES))):
        assert list(source.examples()) == list(source.examples()) == EXAMPLES
        assert source.tasks() == {}


def test_generators_are_lazy_and_may_be_endless() -> None:
    made: list[int] = []

    def endless() -> Iterator[Example]:
        for number in count():
            made.append(number)
            yield Example(str(number), {})

    source = IterableSource(endless())
    assert [example.id for example in islice(source.examples(), 2)] == ["0", "1"]
    assert made == [0, 1]
    with pytest.raises(
        DataError, match="can be listed only once: give a list, or the function that makes the generator"
    ):
        next(source.examples())


def test_tasks_can_be_given() -> None:
    tasks = {"parity": {"kind": "binary"}}
    assert IterableSource(EXAMPLES, tasks).tasks() == tasks


def test_other_things_than_examples_are_refused() -> None:
    wrong: list[Any] = [EXAMPLES[0], ("a.wav", "dog")]
    with pytest.raises(DataError, match=r"item 1 of the iterable is of type tuple; every item must be a motet"):
        list(IterableSource(wrong).examples())


def test_a_source_of_ones_own_returns_examples() -> None:
    class Forgetful:
        def examples(self, reader: object) -> None:
            pass

    with pytest.raises(ConfigError, match=r"the source Forgetful: its examples\(reader\) returned NoneType; return a"):
        list(UserSource(Forgetful()).examples())
