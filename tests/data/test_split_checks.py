from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motet.data.roles import count_folds
from motet.data.settings import (
    FoldsSettings,
    HoldoutSettings,
    KFoldSettings,
    LeaveOneGroupOutSettings,
    OneSidedSettings,
    PredefinedSettings,
)
from motet.data.splits import split_corpus, split_data_set
from motet.errors import ConfigError, DataError
from motet.sources.example import Role
from tests.data.builders import corpus_of, data_set, example, grouped, in_partition, plain

KINDS = [KFoldSettings(folds=2), KFoldSettings(folds=5), HoldoutSettings(), LeaveOneGroupOutSettings(), FoldsSettings()]


@given(
    st.lists(st.tuples(st.integers(0, 8), st.sampled_from("xyz")), min_size=1, max_size=50),
    st.sampled_from(KINDS),
    st.sampled_from([0.0, 0.15, 0.6, "fold"]),
    st.integers(0, 100),
)
@settings(max_examples=120, deadline=None)
def test_a_group_never_stands_on_two_sides(
    rows: list[tuple[int, str]], kind: FoldsSettings, dev: float | str, seed: int
) -> None:
    if isinstance(kind, HoldoutSettings) and dev == "fold":
        return
    found = data_set("set", [example(row, {"word": word}, group=f"g{group}") for row, (group, word) in enumerate(rows)])
    split = kind.model_copy(update={"dev": dev})
    try:
        folds = split_data_set(found, split, seed=seed, tasks=["word"], folds=count_folds(found, split))
    except (ConfigError, DataError):
        return  # too few groups, which is told
    groups = np.asarray(list(found.groups))
    for fold in folds:
        parts = [fold.train, fold.dev, fold.test]
        sides = [set(groups[part].tolist()) for part in parts]
        assert sum(map(len, sides)) == len(set(groups.tolist()))
        assert sorted(np.concatenate(parts).tolist()) == list(range(len(found)))
        assert len(fold.test)
        assert len(fold.dev) or not dev or not len(fold.train)


def test_a_published_split_that_tears_a_group_is_refused() -> None:
    roles: list[Role] = ["train", "train", "test", "test"]
    found = data_set(
        "esc", [example(row, {"x": "a"}, group="ab"[row % 2], partition=role) for row, role in enumerate(roles)]
    )
    message = (
        r"data set 'esc', fold '1': group 'a' has 1 in train and 1 in test, but a group stands on one side only "
        r"\(2 such in all\): correct the groups .* data.esc.split: \{kind: kfold\}"
    )
    with pytest.raises(DataError, match=message):
        split_data_set(found, PredefinedSettings(dev=0), seed=1, tasks=["x"], folds=1)


def test_a_repeated_example_is_not_torn_either() -> None:
    found = in_partition("set", {"train": 4, "test": 2}).select([0, 0, 1, 2, 3, 4, 5])
    (fold,) = split_data_set(found, PredefinedSettings(dev=0.4), seed=1, tasks=["digit"], folds=1)
    assert {0, 1} <= set(fold.train.tolist()) or {0, 1} <= set(fold.dev.tolist())


def test_an_empty_test_part_is_refused() -> None:
    with pytest.raises(DataError, match="data set 'set', fold '1': no row of 2 is left to test on"):
        split_data_set(plain("set", 2), HoldoutSettings(dev=0), seed=1, tasks=["word"], folds=1)


def test_one_group_alone_cannot_be_split() -> None:
    rows = (example(row, {"word": f"w{row % 2}"}, group="tom") for row in range(12))
    with pytest.raises(DataError, match=r"no row of 12 is left to test on, as all are of one group 'tom'"):
        split_data_set(data_set("set", rows), HoldoutSettings(dev=0), seed=1, tasks=["word"], folds=1)


def test_a_task_that_tells_the_group_is_named_as_a_cause() -> None:
    rows = (example(row, {"who": f"w{row // 4}"}, group=f"g{row // 4}") for row in range(12))
    message = (
        r"no row of 12 is left to test on \(a test row of some label would be its last, as where a task tells the g"
    )
    with pytest.raises(DataError, match=message):
        split_data_set(data_set("set", rows), HoldoutSettings(dev=0), seed=1, tasks=["who"], folds=1)


def test_an_empty_dev_part_is_refused() -> None:
    found = in_partition("set", {"train": 2, "test": 1})
    with pytest.raises(DataError, match=r"data set 'set', fold '1': dev is 0.15, but no training row can be spared"):
        split_data_set(found, PredefinedSettings(), seed=1, tasks=["digit"], folds=1)


def test_dev_rows_of_a_partition_that_has_none_are_refused() -> None:
    found = in_partition("set", {"train": 8, "test": 2})
    with pytest.raises(DataError, match="dev is 'partition', but the publisher's partition has no dev row"):
        split_data_set(found, PredefinedSettings(dev="partition"), seed=1, tasks=["digit"], folds=1)


def test_a_label_without_training_rows_names_data_set_task_label_and_fold() -> None:
    found = grouped("voices", ["ann"] * 4 + ["bob"] * 4 + ["eve"] * 4, labels="x")
    rare = data_set(
        "voices",
        [
            example(row, {"word": "rare" if group == "eve" else "x"}, group=group)
            for row, group in enumerate(found.groups)
        ],
    )
    message = (
        "data set 'voices' [(]4 rows[)], task 'word', label 'rare', fold 'eve': has 4 rows but none to train on: "
        "add data, split by another kind, or drop the label"
    )
    with pytest.raises(DataError, match=message):
        split_corpus(corpus_of(rare), LeaveOneGroupOutSettings(dev=0), seed=1)


def test_a_label_may_be_trained_in_another_data_set() -> None:
    here = in_partition("here", {"train": 4, "test": 2}, task="word", labels="x")
    there = in_partition("there", {"train": 2, "test": 2}, task="word", labels="xy")
    assert len(split_corpus(corpus_of(here, there), FoldsSettings(dev=0), seed=1)) == 1


def test_a_label_of_a_set_without_training_rows_is_refused() -> None:
    roles: list[Role] = ["train", "train", "test"]
    tags = [frozenset("a"), frozenset("a"), frozenset("ab")]
    found = data_set(
        "set",
        [
            example(row, {"tags": held}, partition=role)
            for row, (held, role) in enumerate(zip(tags, roles, strict=True))
        ],
    )
    with pytest.raises(DataError, match="task 'tags', label 'b', fold '1': has 1 row but none to train on"):
        split_corpus(corpus_of(found, kinds={"tags": "multilabel"}), FoldsSettings(dev=0), seed=1)


def test_a_task_without_training_rows_is_refused() -> None:
    found = data_set(
        "set",
        [
            example(
                row, {"x": "ab"[row % 2]} | ({"age": 1.0} if row > 3 else {}), partition="train" if row < 4 else "test"
            )
            for row in range(6)
        ],
    )
    message = "data set 'set', task 'age', fold '1': no training row has a target"
    with pytest.raises(DataError, match=message):
        split_corpus(corpus_of(found, kinds={"age": "regression"}), FoldsSettings(dev=0), seed=1)


@pytest.mark.parametrize(("side", "what"), [("train", "test on"), ("test", "train on")])
def test_a_corpus_wants_rows_to_train_and_to_test_on(side: Literal["train", "test"], what: str) -> None:
    with pytest.raises(DataError, match=f"fold '1': no data set has a row to {what}"):
        split_corpus(corpus_of(plain("set", 20)), OneSidedSettings(side=side), seed=1)
