import math

import pytest

from motet.errors import DataError
from motet.sources.example import Event, Example, fold_roles, is_events, label_set


def test_an_example_is_tested_in_its_own_fold_and_trained_on_in_the_others() -> None:
    roles = fold_roles(["1", "3", "2", "3"])
    assert roles["3"] == {"1": "train", "2": "train", "3": "test"}
    for fold in "123":
        assert [own for own in roles if roles[own][fold] == "test"] == [fold]


def test_folds_stand_in_natural_order() -> None:
    assert list(fold_roles(["10", "b", "2", "a", "1"])["b"]) == ["1", "2", "10", "a", "b"]


def test_what_is_not_known_is_absent() -> None:
    example = Example("a", {})
    assert example.targets == {}
    assert (example.group, example.folds, example.partition) == (None, None, None)


def test_events_stand_in_the_order_of_their_onsets() -> None:
    events = [Event(2.0, 3.0, "a"), Event(1.0, 1.0, "b"), Event(1.0, 1.0, "a")]
    assert [event.label for event in sorted(events)] == ["a", "b", "a"]


@pytest.mark.parametrize(
    ("onset_s", "offset_s"), [(-0.1, 1.0), (1.0, 0.9), (math.nan, 1.0), (0.0, math.nan), (0.0, math.inf)]
)
def test_events_with_impossible_times_are_refused(onset_s: float, offset_s: float) -> None:
    with pytest.raises(DataError, match=r"event 'dog' lasts from .* s, but an event starts at 0 s or later"):
        Event(onset_s, offset_s, "dog")


def test_an_event_is_something() -> None:
    with pytest.raises(DataError, match=r"the event at 1\.5 s has the label ''"):
        Event(1.5, 2.0, "")
    with pytest.raises(DataError, match=r"has the label 3: give it one of text"):
        Event(1.5, 2.0, 3)  # type: ignore[arg-type]


def test_only_tuples_of_events_are_events() -> None:
    assert is_events((Event(0.0, 1.0, "dog"), Event(0.5, 0.5, "cat")))
    assert not any(is_events(target) for target in ("dog", 1.0, (1.0, 2.0), frozenset(["dog"])))


def test_the_labels_of_a_target() -> None:
    assert label_set((Event(0.0, 1.0, "dog"), Event(0.5, 0.5, "cat"))) == {"dog", "cat"}
    assert [label_set(target) for target in ("dog", 3, frozenset("ab"), ())] == [{"dog"}, {"3"}, {"a", "b"}, set()]
