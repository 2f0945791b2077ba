from collections import Counter

import numpy as np
import pytest

from motet.data.dataset import DataSet
from motet.errors import DataError
from motet.sources.example import Event, fold_roles
from tests.data.builders import data_set, example, grouped, in_folds, plain


@pytest.fixture
def words() -> DataSet:
    labels = ["yes", "yes", "yes", "no", "no", "maybe"]
    return data_set("words", [example(row, {"word": label}) for row, label in enumerate(labels)])


@pytest.fixture
def tagged() -> DataSet:
    tags = [{"a"}, {"a", "b"}, {"b"}, {"a", "b", "c"}]
    return data_set("tagged", [example(row, {"tags": frozenset(held)}) for row, held in enumerate(tags)])


def test_select_keeps_the_order_given_and_leaves_the_data_set_alone(words: DataSet) -> None:
    assert words.select([4, 0, 0]).ids == ["4", "0", "0"]
    assert len(words) == 6


def test_a_view_of_a_view_is_a_view_of_the_table(words: DataSet) -> None:
    assert words.select([5, 4, 3]).select([0, 2]).ids == ["5", "3"]


def test_filter_sees_examples(words: DataSet) -> None:
    assert words.filter(lambda found: found.targets["word"] == "no").ids == ["3", "4"]


def test_recordings_belong_to_the_rows(words: DataSet) -> None:
    recordings = words.select([2, 1]).recordings("signal")
    assert [recording.describe() for recording in recordings if recording] == ["2.signal", "1.signal"]


def test_an_unknown_target_is_named(words: DataSet) -> None:
    with pytest.raises(DataError, match="no example has a target 'wrod': its targets are word"):
        words.targets("wrod")


def test_units_are_groups_or_else_examples() -> None:
    found = data_set("mixed", [example(row, group=group) for row, group in enumerate(["b", None, "a", "b", None])])
    units = found.units()
    assert units[0] == units[3]
    assert len(set(units.tolist())) == 4


def test_a_repeated_row_is_one_unit(words: DataSet) -> None:
    assert len(set(words.select([1, 1, 2]).units().tolist())) == 2


@pytest.mark.parametrize(("limit", "kept"), [(20, 20), (0.1, 10), (7, 7), (1000, 100), (1.0, 100), (0.001, 1)])
def test_limit_keeps_so_many_rows(limit: float, kept: int) -> None:
    assert len(plain("set", 100).limit(limit)) == kept


def test_limit_keeps_the_mix_of_labels_and_folds() -> None:
    limited = in_folds("set", 200, ["1", "2", "3", "4", "5"], labels="abcd").limit(40, seed=3)
    described = limited.describe()
    assert described["targets"]["sound"]["labels"] == {"a": 10, "b": 10, "c": 10, "d": 10}
    assert [described["folds"][fold]["test"] for fold in "12345"] == [8, 8, 8, 8, 8]


def test_limit_keeps_the_order_of_rows_and_depends_on_the_seed() -> None:
    found = plain("set", 100)
    ids = [int(name) for name in found.limit(30, seed=1).ids]
    assert ids == sorted(ids)
    assert ids == [int(name) for name in found.limit(30, seed=1).ids]
    assert ids != [int(name) for name in found.limit(30, seed=2).ids]


def test_limit_keeps_small_groups_whole() -> None:
    found = grouped("set", [f"g{row // 3}" for row in range(300)])
    limited = found.limit(60)
    assert set(limited.groups.counts().values()) == {3}
    assert 58 <= len(limited) <= 60


@pytest.mark.parametrize("limit", [99, 103, 106, 107])
def test_limit_is_never_exceeded(limit: int) -> None:
    found = grouped("set", [f"g{row // 9}" for row in range(540)])
    assert len(found.limit(limit)) == 99


def test_limit_cuts_large_groups_alike() -> None:
    found = grouped("set", ["ann", "bob", "eve"] * 100, labels="xxxyyy")
    limited = found.limit(60)
    assert limited.groups.counts() == {"ann": 20, "bob": 20, "eve": 20}
    assert limited.describe()["targets"]["word"]["labels"] == {"x": 30, "y": 30}


def test_limit_labels_keeps_at_most_so_many(words: DataSet) -> None:
    limited = words.limit_labels("word", {"yes": 1, "no": 5, "maybe": 0})
    assert limited.describe()["targets"]["word"]["labels"] == {"no": 2, "yes": 1}


def test_limit_labels_names_an_unknown_label(words: DataSet) -> None:
    with pytest.raises(DataError, match="no row has the label 'yse': its labels are maybe, no, yes"):
        words.limit_labels("word", {"yse": 1})


def test_drop_label_drops_its_rows(words: DataSet) -> None:
    assert words.drop_label("word", "yes").ids == ["3", "4", "5"]


def test_drop_label_takes_it_out_of_sets(tagged: DataSet) -> None:
    dropped = tagged.drop_label("tags", "a")
    assert list(dropped.targets("tags")) == [frozenset("b"), frozenset("b"), frozenset("bc")]
    assert dropped.describe()["targets"]["tags"]["labels"] == {"b": 3, "c": 1}
    assert tagged.describe()["targets"]["tags"]["labels"] == {"a": 3, "b": 3, "c": 1}


def test_drop_label_takes_its_events_out() -> None:
    kick, snare = Event(0.5, 0.5, "kick"), Event(1.0, 1.0, "snare")
    found = data_set("set", [example(0, {"drums": (kick, snare)}), example(1, {"drums": (kick,)}), example(2)])
    dropped = found.drop_label("drums", "kick")
    assert dropped.ids == ["0", "2"]
    assert list(dropped.targets("drums")) == [(snare,), None]
    assert found.describe()["targets"]["drums"] == {"missing": 1, "labels": {"kick": 2, "snare": 1}}


def test_rows_without_a_target_stay() -> None:
    found = data_set("set", [example(0, {"x": "a"}), example(1), example(2, {"x": "b"})])
    assert found.drop_label("x", "a").ids == ["1", "2"]
    assert found.limit_labels("x", {"a": 0}).ids == ["1", "2"]
    assert found.upsample("x").ids == ["0", "1", "2"]


def test_upsample_repeats_rare_labels(words: DataSet) -> None:
    more = words.upsample("word", seed=1)
    assert more.describe()["targets"]["word"]["labels"] == {"maybe": 3, "no": 3, "yes": 3}
    counts = Counter(more.ids)
    assert counts["5"] == 3
    assert sorted([counts["3"], counts["4"]]) == [1, 2]
    assert all(counts[name] == 1 for name in "012")


def test_describe_tells_all() -> None:
    roles = fold_roles(["1", "2"])
    found = data_set(
        "set",
        [
            example(0, {"word": "a", "age": 1.0}, group="g", folds=roles["1"], partition="test"),
            example(1, {"word": "b", "age": 3.0}, group="h", folds=roles["2"], partition="train"),
            example(2, {"word": "b"}, group="h", folds=roles["2"], partition="train"),
        ],
    )
    assert found.describe() == {
        "rows": 3,
        "inputs": ["signal"],
        "groups": 2,
        "folds": {"1": {"test": 1, "train": 2}, "2": {"train": 1, "test": 2}},
        "partition": {"test": 1, "train": 2},
        "targets": {
            "word": {"missing": 0, "labels": {"a": 1, "b": 2}},
            "age": {"missing": 1, "min": [1.0], "mean": [2.0], "max": [3.0]},
        },
    }


def test_describe_gives_statistics_of_tuples() -> None:
    found = data_set("set", [example(0, {"xy": (1.0, 5.0)}), example(1, {"xy": (3.0, 7.0)})])
    assert found.describe()["targets"]["xy"]["mean"] == [2.0, 6.0]


def test_describe_counts_what_is_no_number() -> None:
    found = data_set("set", [example(0, {"x": 1.0}), example(1, {"x": "dog"})])
    assert found.describe()["targets"]["x"] == {"missing": 0, "labels": {"1.0": 1, "dog": 1}}


def test_iterating_gives_examples(words: DataSet) -> None:
    assert [found.targets["word"] for found in words.select(np.array([5, 3]))] == ["maybe", "no"]
