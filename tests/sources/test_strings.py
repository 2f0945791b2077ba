"""Strings: their sound, their text, and that a string belongs where its recordings belong."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motet.config import validate
from motet.errors import ConfigError, DataError
from motet.files import DigestCache
from motet.signals.recording import Recording
from motet.signals.settings import ReaderSettings
from motet.sources.example import Example
from motet.sources.settings import StringSettings
from motet.sources.strings import Strings, StringSignal


class Words:
    """Twenty words of two speakers, of which each fifth is for testing; word i lasts i + 1 samples of value i + 1."""

    def examples(self, reader: ReaderSettings | None = None) -> Iterator[Example]:
        for number in range(20):
            yield Example(
                f"word-{number}",
                {"signal": Recording.of(np.full((1, number + 1), number + 1.0), 100.0)},
                {"word": f"w{number}", "speaker": f"s{number % 2}", "index": number},
                group=f"s{number % 2}",
                partition="test" if number % 5 == 0 else "train",
            )

    def tasks(self) -> dict[str, dict[str, Any]]:
        return {}


def _strings(**options: Any) -> list[Example]:
    return list(Strings(Words(), StringSettings(target="word", **options)).examples())


def test_the_sound_is_the_recordings_with_pauses_and_the_text_their_labels() -> None:
    for example in _strings(pause_s=0.2):
        values = example.inputs["signal"].read().values[0]
        numbers = [int(word[1:]) for word in str(example.targets["word"]).split()]
        assert 2 <= len(numbers) <= 5
        said = np.concatenate([np.full(number + 1, number + 1.0) for number in numbers])
        np.testing.assert_array_equal(values[values > 0], said)
        assert 0 <= (values == 0).sum() <= 40 * (len(numbers) - 1)


def test_a_string_belongs_where_its_recordings_belong() -> None:
    where = {example.id: (example.group, example.partition) for example in Words().examples()}
    for example in _strings(within=["speaker"]):
        words = str(example.targets["word"]).split()
        assert {where[f"word-{word[1:]}"] for word in words} == {(example.group, example.partition)}
        assert example.targets["speaker"] == example.group
        assert "index" not in example.targets


def test_every_recording_comes_once_a_round_but_for_leftovers() -> None:
    for rounds in (1, 3):
        words = Counter(word for example in _strings(rounds=rounds) for word in str(example.targets["word"]).split())
        assert max(words.values()) <= rounds
        assert sum(words.values()) >= rounds * 20 - rounds * 4


def test_the_same_seed_gives_the_same_strings() -> None:
    one, again, other = _strings(), _strings(), _strings(seed=1)
    assert [example.targets for example in one] == [example.targets for example in again]
    assert [example.targets for example in one] != [example.targets for example in other]
    assert len({example.id for example in one}) == len(one)


def test_what_identifies_a_string_is_its_parts_and_pauses(tmp_path: Path) -> None:
    cache = DigestCache(tmp_path)
    one, two = (Recording.of(np.full((1, 5), value), 100.0) for value in (1.0, 2.0))
    made = [
        StringSignal(parts, pauses)
        for parts, pauses in (((one, two), (0.1,)), ((two, one), (0.1,)), ((one, two), (0.2,)), ((one,), ()))
    ]
    assert len({signal.digest(cache) for signal in made}) == 4
    assert made[0].digest(cache) == StringSignal((one, two), (0.1,)).digest(cache)
    assert made[0].read(0.05, 0.1).num_samples == 5


def test_recordings_that_differ_are_refused() -> None:
    parts = Recording.of(np.ones((1, 5)), 100.0), Recording.of(np.ones((1, 5)), 200.0)
    with pytest.raises(DataError, match="differ in rate or channels \\(100 Hz with 1 channels, 200 Hz"):
        StringSignal(parts, (0.1,)).read()
    with pytest.raises(ConfigError, match="strings: no example has the targets wird"):
        next(Strings(Words(), StringSettings(target="wird")).examples())
    with pytest.raises(ConfigError, match="shortest is 4 and longest 3: swap them"):
        validate(StringSettings, {"target": "word", "shortest": 4, "longest": 3})


def test_recordings_that_are_too_few_for_any_string_are_told() -> None:
    with pytest.raises(ConfigError, match=r"strings.shortest: is 9, but at most 8 recordings agree"):
        _strings(shortest=9, longest=9)
