from typing import Literal

import numpy as np
import pytest

from motet.data.dataset import DataSet
from motet.data.roles import FoldSplit, SplitOfDataSet, count_folds
from motet.data.settings import (
    FoldsSettings,
    HoldoutSettings,
    KFoldSettings,
    LeaveOneGroupOutSettings,
    OneSidedSettings,
    PredefinedSettings,
)
from motet.data.splits import split_data_set
from motet.errors import ConfigError, DataError
from motet.sources.example import Role
from tests.data.builders import data_set, example, grouped, in_folds, in_partition, plain


def split(found: DataSet, settings: SplitOfDataSet, folds: int | None = None, seed: int = 1) -> list[FoldSplit]:
    number = count_folds(found, settings) if folds is None else folds
    return split_data_set(found, settings, seed=seed, tasks=found.task_names, folds=number)


def labels_of(found: DataSet, rows: np.ndarray) -> list[str]:
    return sorted(str(label) for label in found.select(rows).targets(found.task_names[0]))


def test_folds_are_the_publishers() -> None:
    found = in_folds("set", 20, ["1", "2", "3", "4", "5"])
    splits = split(found, FoldsSettings(dev=0))
    assert [fold.name for fold in splits] == ["1", "2", "3", "4", "5"]
    assert [fold.test.tolist() for fold in splits] == [
        [row for row in range(20) if row // 2 % 5 == number] for number in range(5)
    ]
    assert all(np.array_equal(np.setdiff1d(np.arange(20), fold.test), fold.train) for fold in splits)


def test_folds_are_ordered_by_number() -> None:
    found = in_folds("set", 44, [str(number) for number in range(1, 12)])
    assert [fold.name for fold in split(found, FoldsSettings())] == [str(number) for number in range(1, 12)]


def test_an_example_absent_from_a_fold_is_not_used_in_it() -> None:
    roles: list[dict[str, Role]] = [{"1": "train"}, {"1": "test", "2": "train"}, {"2": "test"}, {"1": "train"}]
    found = data_set("set", [example(row, {"x": "a"}, folds=folds) for row, folds in enumerate(roles)])
    first, second = split(found, FoldsSettings(dev=0))
    assert (first.train.tolist(), first.test.tolist()) == ([0, 3], [1])
    assert (second.train.tolist(), second.test.tolist()) == ([1], [2])


def test_the_publishers_dev_rows_are_kept() -> None:
    roles: list[Role] = ["train", "train", "dev", "test"]
    found = data_set("set", [example(row, {"x": "a"}, folds={"1": role}) for row, role in enumerate(roles)])
    (fold,) = split(found, FoldsSettings(dev=0.5))
    assert (fold.train.tolist(), fold.dev.tolist(), fold.test.tolist()) == ([0, 1], [2], [3])


@pytest.mark.parametrize("settings", [FoldsSettings(dev=0.5), PredefinedSettings(dev=0.5)])
def test_a_partition_is_kept(settings: SplitOfDataSet) -> None:
    found = in_partition("set", {"train": 8, "test": 4})
    (fold,) = split(found, settings)
    assert fold.test.tolist() == [8, 9, 10, 11]
    assert labels_of(found, fold.dev) == ["0", "0", "1", "1"]
    assert labels_of(found, fold.train) == ["0", "0", "1", "1"]


def test_a_partition_is_kept_in_every_fold_of_the_corpus() -> None:
    found = in_partition("set", {"train": 20, "test": 4})
    splits = split(found, FoldsSettings(), folds=3)
    assert [fold.test.tolist() for fold in splits] == [[20, 21, 22, 23]] * 3


def test_rows_outside_a_partition_train_where_none_is_said_to() -> None:
    found = in_partition("set", {None: 4, "test": 2})
    (fold,) = split(found, PredefinedSettings(dev=0))
    assert fold.train.tolist() == [0, 1, 2, 3]


def test_rows_outside_a_partition_with_training_rows_are_refused() -> None:
    found = in_partition("set", {"train": 2, None: 1, "test": 1})
    with pytest.raises(DataError, match="1 of 4 examples are in no partition while others are in train"):
        split(found, PredefinedSettings(dev=0))


def test_a_partition_is_wanted_where_it_is_asked_for() -> None:
    with pytest.raises(ConfigError, match="kind is 'predefined', but no example of the data set is in a test"):
        split(plain("set", 20), PredefinedSettings())


def test_folds_come_before_a_partition() -> None:
    roles: list[Role] = ["train", "test", "train", "test"]
    found = data_set(
        "set",
        [
            example(row, {"x": "a"}, folds={"1": role}, partition="test" if row < 2 else "train")
            for row, role in enumerate(roles)
        ],
    )
    (by_fold,) = split(found, FoldsSettings(dev=0))
    (by_partition,) = split(found, PredefinedSettings(dev=0))
    assert (by_fold.test.tolist(), by_partition.test.tolist()) == ([1, 3], [0, 1])


def test_a_set_with_neither_has_as_many_folds_as_the_corpus() -> None:
    splits = split(plain("set", 40), FoldsSettings(), folds=4)
    tested = np.concatenate([fold.test for fold in splits])
    assert sorted(tested.tolist()) == list(range(40))
    assert [len(fold.test) for fold in splits] == [10] * 4


def test_a_set_with_neither_is_held_out_where_the_corpus_has_one_fold() -> None:
    found = plain("set", 100)
    (fold,) = split(found, FoldsSettings(test=0.3, dev=0))
    assert labels_of(found, fold.test) == ["x"] * 15 + ["y"] * 15


def test_folds_of_a_set_with_neither_may_be_asked_for() -> None:
    assert len(split(plain("set", 40), FoldsSettings(folds=4))) == 4


def test_kfold_overrules_the_publisher() -> None:
    found = in_folds("set", 60, ["1", "2"])
    splits = split(found, KFoldSettings(folds=3, dev=0))
    assert [fold.name for fold in splits] == ["1", "2", "3"]
    assert sorted(np.concatenate([fold.test for fold in splits]).tolist()) == list(range(60))
    assert [labels_of(found, fold.test) for fold in splits] == [["a"] * 10 + ["b"] * 10] * 3


def test_kfold_keeps_groups_whole() -> None:
    found = grouped("set", [f"g{row // 4}" for row in range(48)])
    for fold in split(found, KFoldSettings(folds=3)):
        sides = [set(found.select(rows).groups.counts()) for rows in (fold.train, fold.dev, fold.test)]
        assert sum(map(len, sides)) == 12
        assert all(sides)


def test_more_folds_than_groups_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"5 folds of 3 groups, .* ask for at most 3 folds"):
        split(grouped("set", ["a", "b", "c"] * 10), KFoldSettings(folds=5))


def test_every_group_is_left_out_once() -> None:
    found = grouped("set", ["ann"] * 4 + ["bob"] * 6 + ["eve"] * 8)
    splits = split(found, LeaveOneGroupOutSettings(dev=0))
    assert [(fold.name, fold.test.tolist()) for fold in splits] == [
        ("ann", list(range(4))),
        ("bob", list(range(4, 10))),
        ("eve", list(range(10, 18))),
    ]


def test_leaving_out_groups_wants_groups() -> None:
    with pytest.raises(ConfigError, match="'leave_one_group_out', but 10 of 10 examples have no group"):
        split(plain("set", 10), LeaveOneGroupOutSettings())


def test_a_holdout_overrules_the_publisher() -> None:
    found = in_partition("set", {"train": 90, "test": 10})
    (fold,) = split(found, HoldoutSettings(test=0.4, dev=0))
    assert len(fold.test) == 40
    assert fold.test.min() < 90


@pytest.mark.parametrize("found", [plain("set", 20), in_partition("set", {"train": 15, "test": 5})])
@pytest.mark.parametrize(("side", "sizes"), [("train", (17, 3, 0)), ("test", (0, 0, 20))])
def test_a_set_may_only_train_or_only_test(
    found: DataSet, side: Literal["train", "test"], sizes: tuple[int, int, int]
) -> None:
    (fold,) = split(found, OneSidedSettings(side=side, dev=0.15))
    assert (len(fold.train), len(fold.dev), len(fold.test)) == sizes


def test_fewer_folds_than_there_are_may_be_run() -> None:
    found = in_folds("set", 20, ["1", "2", "3", "4", "5"])
    assert [fold.name for fold in split(found, FoldsSettings(folds=2))] == ["1", "2"]


def test_more_folds_than_there_are_begin_again() -> None:
    found = in_folds("set", 20, ["1", "2"])
    splits = split(found, FoldsSettings(folds=3))
    assert [fold.name for fold in splits] == ["1", "2", "1"]
    assert np.array_equal(splits[0].test, splits[2].test)


def test_dev_may_be_the_next_fold() -> None:
    found = in_folds("set", 20, ["1", "2", "3", "4", "5"])
    splits = split(found, FoldsSettings(dev="fold"))
    for number, fold in enumerate(splits):
        assert np.array_equal(fold.dev, splits[(number + 1) % 5].test)
        assert len(np.intersect1d(fold.train, fold.dev)) == 0


def test_the_next_fold_gives_training_rows_only() -> None:
    roles: list[dict[str, Role]] = [{"1": "test"}, {"1": "train", "2": "test"}, {"2": "test"}, {"1": "train"}]
    found = data_set("set", [example(row, {"x": "a"}, folds=folds) for row, folds in enumerate(roles)])
    (fold,) = split(found, FoldsSettings(dev="fold", folds=1))
    assert (fold.train.tolist(), fold.dev.tolist(), fold.test.tolist()) == ([3], [1], [0])


def test_dev_may_be_the_publishers_partition_under_another_split() -> None:
    found = in_partition("set", {"train": 10, "dev": 10, "test": 10})
    (fold,) = split(found, HoldoutSettings(test=0.2, dev="partition"))
    assert np.array_equal(fold.dev, np.setdiff1d(np.arange(10, 20), fold.test))


def test_one_fold_has_no_next_fold() -> None:
    with pytest.raises(ConfigError, match="dev is 'fold', but the data set has one fold only"):
        split(in_partition("set", {"train": 4, "test": 4}), FoldsSettings(dev="fold"))


def test_the_seed_decides() -> None:
    found = plain("set", 60)
    first, again, other = (split(found, KFoldSettings(), seed=seed) for seed in (1, 1, 2))
    assert all(
        np.array_equal(a.test, b.test) and np.array_equal(a.dev, b.dev) for a, b in zip(first, again, strict=True)
    )
    assert not np.array_equal(first[0].test, other[0].test)


def test_a_publishers_split_does_not_depend_on_the_seed() -> None:
    found = in_folds("set", 40, ["1", "2"])
    first, other = (split(found, FoldsSettings(), seed=seed) for seed in (1, 2))
    assert np.array_equal(first[0].test, other[0].test)
