from typing import Any

import pytest
from pydantic import TypeAdapter

from motet.errors import DataError
from motet.sources.example import Role
from motet.sources.partitions import partition_by, role_at, role_named, roles_by
from motet.sources.settings import PartitionSettings, Value


def role(rules: Any, values: dict[str, Value | None]) -> Role | None:
    """Return the role that settings give to values."""
    return partition_by(TypeAdapter(PartitionSettings).validate_python(rules))(values, "a.wav")


@pytest.mark.parametrize(
    ("word", "expected"), [("Train", "train"), ("val", "dev"), ("devel", "dev"), ("TEST ", "test")]
)
def test_roles_have_many_words(word: str, expected: Role) -> None:
    assert role_named(word) == role_at(word, "a.wav") == expected


def test_other_words_are_refused() -> None:
    assert role_named("held_out") is None
    with pytest.raises(DataError, match=r"a\.wav: the partition is 'held_out'; it must be train, dev or test"):
        role_at("held_out", "a.wav")


@pytest.mark.parametrize(
    ("rule", "inside", "outside"),
    [
        ({"below": 5}, [4, 4.9, -1], [5, 6]),
        ({"above": 5}, [5.1, 6], [5, 4]),
        ({"above": 2, "below": 4}, [3], [2, 4]),
        ({"equals": 5}, [5, 5.0, "5", "05"], [4, "x"]),
        ({"equals": "anna"}, ["anna"], ["Anna", 1]),
        ({"in": [1, "x", 2.5]}, [1, "01", "x", 2.5], [2, "y"]),
        ({"in": [1, 2, 3], "below": 3}, [1, 2], [3, 0]),
        ({"in": [1, 2], "equals": 2}, [2], [1]),
    ],
)
def test_rules_are_conditions_that_all_hold(rule: dict[str, Any], inside: list[Value], outside: list[Value]) -> None:
    rules = {"test": {"piece": rule}}
    assert {role(rules, {"piece": value}) for value in inside} == {"test"}
    assert {role(rules, {"piece": value}) for value in outside} == {"train"}


def test_rules_that_fit_no_example_are_refused() -> None:
    settings = TypeAdapter(PartitionSettings).validate_python({"test": {"x": {"above": 9}}})
    assert roles_by(settings, [({"x": 1}, "a"), ({"x": 10}, "b")], "here") == ["train", "test"]
    with pytest.raises(DataError, match=r"here: none of 2 examples fits partition\.test; correct its rules"):
        roles_by(settings, [({"x": 1}, "a"), ({"x": 2}, "b")], "here")
    assert roles_by(settings, [], "here") == []
    assert roles_by(None, [({}, "a")], "here") == [None]


def test_all_values_of_a_role_must_fit() -> None:
    rules = {"test": {"speaker": {"equals": "a"}, "take": {"below": 2}}}
    assert role(rules, {"speaker": "a", "take": 1}) == "test"
    assert role(rules, {"speaker": "a", "take": 2}) == role(rules, {"speaker": "b", "take": 1}) == "train"


def test_what_no_rule_fits_is_for_training_or_else_for_testing() -> None:
    assert role({"dev": {"x": {"equals": 1}}}, {"x": 2}) == "train"
    assert role({"train": {"x": {"equals": 1}}}, {"x": 2}) == "test"
    assert role({"train": {"x": {"equals": 1}}, "dev": {"x": {"equals": 2}}}, {"x": 3}) == "test"
    with pytest.raises(DataError, match=r"a\.wav: no rule of `partition` fits it, and train and test both have rules"):
        role({"train": {"x": {"equals": 1}}, "test": {"x": {"equals": 2}}}, {"x": 3})


def test_rules_must_exclude_each_other() -> None:
    with pytest.raises(DataError, match=r"a\.wav: the rules put it into dev and test; make them exclude each other"):
        role({"dev": {"x": {"below": 3}}, "test": {"x": {"below": 2}}}, {"x": 1})


def test_text_is_not_compared_with_numbers() -> None:
    with pytest.raises(DataError, match=r"a\.wav: 'old' is text, but `partition` compares it with a number"):
        role({"test": {"x": {"below": 3}}}, {"x": "old"})


def test_a_piece_may_name_the_partition() -> None:
    assert role("split", {"split": "validation"}) == "dev"
    assert role("split", {"split": None}) is None
    assert partition_by(None)({}, "a.wav") is None


def test_a_missing_value_fits_no_rule() -> None:
    assert role({"test": {"x": {"below": 3}}}, {"x": None}) == "train"
