"""Label names: natural order, what counts as a label, and messages for unknown ones."""

import numpy as np
import pytest

from motet.errors import ConfigError, DataError
from motet.tasks.labels import Vocabulary, collect_labels, label_text, label_weights, natural_key


def test_numbers_inside_names_are_ordered_by_value() -> None:
    names = ["10", "9", "take 2b", "take 10", "take 2", "Dog", "cat", "01", "1"]
    ordered = sorted(names, key=natural_key)
    assert ordered.index("9") < ordered.index("10")
    assert ordered.index("take 2") < ordered.index("take 2b") < ordered.index("take 10")
    assert sorted(ordered, key=natural_key) == ordered


def test_labels_are_collected_once_in_natural_order() -> None:
    assert collect_labels([10, 9, np.int64(9), "9", 2.0]) == ("2", "9", "10")
    assert collect_labels([]) == ()


@pytest.mark.parametrize("target", [1.5, float("nan"), frozenset({"a"}), (1.0,), None])
def test_other_targets_are_no_labels(target: object) -> None:
    with pytest.raises(DataError, match="is not a label; a label is text or a whole number"):
        label_text(target)


def test_a_set_of_labels_is_told_as_such() -> None:
    with pytest.raises(DataError, match=r"the set \{a, b\} is not a label; .*: choose multilabel for sets"):
        label_text(frozenset({"b", "a"}))


def test_declared_labels_win_over_those_found() -> None:
    vocabulary = Vocabulary.build("t", ("b", "a"), ("a", "b", "c"))
    assert vocabulary.names == ("b", "a")
    assert (vocabulary.code("b"), vocabulary.code("a")) == (0, 1)


def test_a_mapping_renames_what_the_data_say_and_still_knows_the_names() -> None:
    vocabulary = Vocabulary.build("t", {"1": "walk", "2": "run", "3": "walk"}, ("1", "2", "3"))
    assert vocabulary.names == ("walk", "run")
    assert [vocabulary.code(target) for target in (1, "2", 3.0, "run")] == [0, 1, 0, 1]


def test_the_last_label_can_be_chosen() -> None:
    vocabulary = Vocabulary.build("t", None, ("a", "b"), last="a")
    assert (vocabulary.names, vocabulary.code("a")) == (("b", "a"), 1)


def test_an_unknown_label_names_the_nearest() -> None:
    vocabulary = Vocabulary.build("animal", None, ("cat", "dog"))
    with pytest.raises(
        DataError, match=r"task 'animal': label 'dgo' is unknown \(did you mean 'dog'\?\); known are cat"
    ):
        vocabulary.code("dgo")
    many = Vocabulary.build("many", None, tuple(f"label {number}" for number in range(50)))
    with pytest.raises(DataError, match=r"label 11, \.\.\.; correct it or add it"):
        many.code("x")
    with pytest.raises(DataError, match=r"task 'animal': 1\.5 is not a label"):
        vocabulary.code(1.5)


def test_weights_are_one_where_none_is_given() -> None:
    assert label_weights({"b": 3.0}, ("a", "b")).tolist() == [1.0, 3.0]
    with pytest.raises(ConfigError, match="label 'c' is unknown"):
        label_weights({"c": 1.0}, ("a", "b"))
