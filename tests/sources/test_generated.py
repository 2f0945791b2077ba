from collections import Counter
from itertools import product
from typing import Any

import numpy as np
import pytest

from motet.signals.signal import Signal
from motet.sources.example import Example, is_events, label_set
from motet.sources.generated import Generated
from motet.sources.settings import GeneratedSettings

CONTENTS = ("scenes", "events", "speakers", "sensors")


def listed(**settings: Any) -> list[Example]:
    """Return generated examples."""
    return list(Generated(GeneratedSettings.model_validate(settings)).examples())


def signal(example: Example) -> Signal:
    """Synthesise an example."""
    found = example.inputs["signal"].read()
    assert isinstance(found, Signal)
    return found


@pytest.mark.parametrize("content", CONTENTS)
def test_examples_are_the_same_every_time_and_follow_the_settings(content: str) -> None:
    settings: dict[str, Any] = {"content": content, "examples": 6, "rate_hz": 2000, "duration_s": 0.5}
    once, again, other = listed(**settings), listed(**settings), listed(**settings, seed=1)
    assert [example.id for example in once] == [f"{content}-{index:06d}" for index in range(6)]
    for left, right in zip(once, again, strict=True):
        assert left.targets == right.targets
        np.testing.assert_array_equal(signal(left).values, signal(right).values)
    assert signal(once[5]).num_channels == (3 if content == "sensors" else 1)
    assert signal(once[5]).rate_hz == 2000.0
    assert 0.3 <= signal(once[5]).duration_s <= 0.7
    assert not np.array_equal(signal(once[0]).values[:, :500], signal(other[0]).values[:, :500])


@pytest.mark.parametrize("content", CONTENTS)
def test_tasks_are_those_of_the_targets(content: str) -> None:
    source = Generated(GeneratedSettings.model_validate({"content": content, "examples": 40, "classes": 3}))
    for example in source.examples():
        assert set(example.targets) - {"timeline"} == set(source.tasks())
    kinds = {"events": ["multilabel"], "sensors": ["multiclass", "regression"]}
    expected = kinds.get(content, ["multiclass"] * len(source.tasks()))
    assert [task["kind"] for task in source.tasks().values()] == expected


def test_classes_are_balanced() -> None:
    counts = Counter(example.targets["scene"] for example in listed(examples=60, classes=5))
    assert set(counts.values()) == {12}
    assert len(counts) == 5


@pytest.mark.parametrize(("groups", "folds"), [*product((2, 5, 6), (2, 3, 5))])
def test_every_fold_has_every_class_and_speaker(groups: int, folds: int) -> None:
    examples = listed(content="speakers", examples=3 * groups * folds, classes=3, groups=groups, folds=folds)
    seen: Counter[tuple[object, ...]] = Counter()
    for example in examples:
        (own,) = [fold for fold, role in (example.folds or {}).items() if role == "test"]
        seen[own, example.targets["digit"], example.targets["speaker"]] += 1
        assert example.group is None
    assert set(seen.values()) == {1}
    assert len(seen) == 3 * groups * folds


def test_a_group_lies_in_one_fold() -> None:
    examples = listed(content="speakers", examples=120, groups=7, folds=3, grouped=True)
    homes: dict[str | None, set[str]] = {}
    for example in examples:
        own = next(fold for fold, role in (example.folds or {}).items() if role == "test")
        homes.setdefault(example.group, set()).add(own)
    assert len(homes) == 7
    assert all(len(folds) == 1 for folds in homes.values())
    source = Generated(GeneratedSettings(content="speakers", grouped=True))
    assert list(source.tasks()) == ["digit"]  # nobody is both heard in training and a class in testing


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"examples": 19, "classes": 4, "folds": 5}, "examples is 19: 5 folds of 4 classes need at least 20"),
        ({"groups": 2, "folds": 3, "grouped": True}, "groups is 2: 3 folds need as many groups; raise it"),
    ],
)
def test_folds_without_examples_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GeneratedSettings.model_validate(settings)


def test_events_have_their_times() -> None:
    for example in Generated(GeneratedSettings(content="events", examples=10)).examples():
        timeline = example.targets["timeline"]
        assert is_events(timeline)
        assert label_set(timeline) == example.targets["events"]
        assert all(event.offset_s > event.onset_s for event in timeline)
