from collections import Counter

import pytest

from motet.data.dataset import DataSet
from motet.data.relabel import drop_labels, labels_of, merge_labels, rename_labels
from motet.errors import DataError
from motet.sources.example import Event
from tests.data.builders import data_set, example


@pytest.fixture
def digits() -> DataSet:
    return data_set("digits", [example(row, {"digit": row % 3}) for row in range(9)])


@pytest.fixture
def events() -> DataSet:
    heard = [(Event(0.0, 1.0, "dog"),), (Event(0.0, 1.0, "dog"), Event(0.5, 2.0, "cat")), ()]
    return data_set("events", [example(row, {"event": each}) for row, each in enumerate(heard)])


def test_whole_numbers_are_renamed_as_text(digits: DataSet) -> None:
    found = rename_labels(digits, "digit", {"0": "zero", "2": "two"})
    assert Counter(found.targets("digit")) == {"zero": 3, "1": 3, "two": 3}
    assert labels_of(digits, "digit") == ["0", "1", "2"], "the old view is as it was"


def test_labels_may_change_places(digits: DataSet) -> None:
    assert list(rename_labels(digits, "digit", {"0": "1", "1": "0"}).targets("digit"))[:3] == ["1", "0", "2"]


def test_events_and_sets_are_renamed_and_merged(events: DataSet) -> None:
    assert list(merge_labels(events, "event", {"pet": ["dog", "cat"]}).targets("event"))[1] == (
        Event(0.0, 1.0, "pet"), Event(0.5, 2.0, "pet"),
    )  # fmt: skip
    tags = data_set("tags", [example(0, {"tag": frozenset("ab")}), example(1, {"tag": frozenset("c")})])
    assert list(merge_labels(tags, "tag", {"x": ["a", "b"]}).targets("tag")) == [frozenset("x"), frozenset("c")]


def test_a_group_may_be_called_as_one_of_its_labels(digits: DataSet) -> None:
    assert Counter(merge_labels(digits, "digit", {"0": ["0", "1"]}).targets("digit")) == {"0": 6, "2": 3}


def test_dropped_labels_take_their_rows_along(digits: DataSet) -> None:
    assert labels_of(drop_labels(digits, "digit", ["0", "2"]), "digit") == ["1"]


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda found: rename_labels(found, "digit", {"3": "x"}), r"no row has the label '3'; its labels are 0, 1, 2"),
        (lambda found: rename_labels(found, "digit", {"0": "1"}), r"map calls '0' '1', but there is a label '1'"),
        (lambda found: merge_labels(found, "digit", {"2": ["0", "1"]}), r"as in 2: \[2, 0, 1\]"),
        (lambda found: drop_labels(found, "digit", ["0", "1", "2"]), "drop_labels leaves no row"),
    ],
)
def test_what_cannot_be_is_refused(digits: DataSet, act: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        act(digits)  # type: ignore[operator]


def test_the_nearest_label_is_named(events: DataSet) -> None:
    with pytest.raises(DataError, match="no row has the label 'dogs'; did you mean 'dog'"):
        drop_labels(events, "event", ["dogs"])
