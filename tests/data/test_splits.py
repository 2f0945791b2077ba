from pathlib import Path

import numpy as np
import pytest

from motet.data.dataset import DataSet
from motet.data.roles import SplitOfDataSet
from motet.data.settings import (
    FoldsSettings,
    HoldoutSettings,
    KFoldSettings,
    LeaveOneGroupOutSettings,
    OneSidedSettings,
    PredefinedSettings,
)
from motet.data.splits import num_folds, split_corpus, split_data_set
from motet.errors import ConfigError
from motet.sources.example import fold_roles
from tests.data.builders import corpus_of, data_set, example, grouped, in_folds, in_partition, plain

FIVE = ["1", "2", "3", "4", "5"]


def three_sets() -> list[DataSet]:
    return [in_folds("esc", 100, FIVE), in_partition("fsdd", {"train": 40, "test": 10}), plain("words", 80)]


def test_the_split_of_the_design_mixes_folds_a_partition_and_neither() -> None:
    corpus = corpus_of(*three_sets())
    splits = split_corpus(corpus, FoldsSettings(dev=0.15), seed=1)
    assert [fold.name for fold in splits] == FIVE
    esc, fsdd, words = (corpus.rows_of(name) for name in ("esc", "fsdd", "words"))
    tested = [np.intersect1d(fold.test, esc) for fold in splits]
    assert np.array_equal(np.sort(np.concatenate(tested)), esc)
    assert all(np.array_equal(np.intersect1d(fold.test, fsdd), fsdd[40:]) for fold in splits)
    of_words = [np.intersect1d(fold.test, words) for fold in splits]
    assert np.array_equal(np.sort(np.concatenate(of_words)), words)
    for fold in splits:
        parts = np.concatenate([fold.train, fold.dev, fold.test])
        assert np.array_equal(np.sort(parts), np.arange(len(corpus)))
        assert all((np.diff(part) > 0).all() for part in (fold.train, fold.dev, fold.test))
        assert [counts["rows"] for counts in corpus.count(fold.dev).values()] == [12, 6, 10]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_split_of_the_design_works_for_each_kind_of_set_alone(number: int) -> None:
    splits = split_corpus(corpus_of(three_sets()[number]), FoldsSettings(dev=0.15), seed=1)
    assert len(splits) == [5, 1, 1][number]


def test_each_data_set_may_be_split_in_its_own_way() -> None:
    corpus = corpus_of(grouped("a", ["g", "h", "i"] * 10), plain("b", 60, "other"), plain("c", 30, "third"))
    settings: dict[str, SplitOfDataSet] = {
        "a": LeaveOneGroupOutSettings(),
        "b": KFoldSettings(folds=3),
        "c": OneSidedSettings(side="train"),
    }
    splits = split_corpus(corpus, settings, seed=1)
    assert [fold.name for fold in splits] == ["g", "h", "i"]
    assert [[counts["rows"] for counts in corpus.count(fold.test).values()] for fold in splits] == [[10, 20, 0]] * 3


def test_unequal_numbers_of_folds_are_refused() -> None:
    corpus = corpus_of(in_folds("a", 40, FIVE), in_folds("b", 40, ["1", "2"], task="other"))
    wrong = r"'a' has 5, 'b' has 2.* ask for equally many, as with data.b.split: {kind: folds, folds: 5}$"
    with pytest.raises(ConfigError, match=wrong):
        split_corpus(corpus, FoldsSettings(), seed=1)
    split_corpus(corpus, {"a": FoldsSettings(), "b": FoldsSettings(folds=5)}, seed=1)


def test_unequal_numbers_of_folds_work_where_a_number_is_given() -> None:
    corpus = corpus_of(in_folds("a", 40, FIVE), in_folds("b", 40, ["1", "2"], task="other"))
    splits = split_corpus(corpus, FoldsSettings(folds=4), seed=1)
    of_b = [np.intersect1d(fold.test, corpus.rows_of("b")) for fold in splits]
    assert len(splits) == 4
    assert np.array_equal(of_b[0], of_b[2])
    assert not np.array_equal(of_b[0], of_b[1])


def test_sets_of_one_fold_do_not_count() -> None:
    sets = {found.name: found for found in three_sets()}
    assert num_folds(sets, dict.fromkeys(sets, FoldsSettings())) == 5
    del sets["esc"]
    assert num_folds(sets, dict.fromkeys(sets, FoldsSettings())) == 1


def test_dev_rows_differ_from_fold_to_fold_of_one_partition() -> None:
    found = in_partition("set", {"train": 40, "test": 10})
    splits = split_data_set(found, PredefinedSettings(), seed=1, tasks=["digit"], folds=2)
    assert not np.array_equal(splits[0].dev, splits[1].dev)


def test_dev_rows_are_stratified_over_tasks() -> None:
    found = data_set(
        "set", [example(row, {"digit": str(row % 10), "speaker": "abcdef"[row // 100]}) for row in range(600)]
    )
    (fold,) = split_data_set(found, HoldoutSettings(test=0.1, dev=0.1), seed=1, tasks=["digit", "speaker"], folds=1)
    described = found.select(fold.dev).describe()["targets"]
    assert set(described["digit"]["labels"].values()) <= {5, 6}
    assert set(described["speaker"]["labels"].values()) <= {9, 10}


def test_esc_10_as_published(motet_data: Path) -> None:
    roles = fold_roles(FIVE)
    found = data_set(
        "esc10",
        (
            example(path.name, {"sound": path.parent.name}, group=path.stem.split("-")[1], folds=roles[path.name[0]])
            for path in sorted((motet_data / "esc10").glob("*/*.ogg"))
        ),
    )
    splits = split_corpus(corpus_of(found), FoldsSettings(dev=0.15), seed=1)
    assert [len(fold.test) for fold in splits] == [80] * 5
    for fold in splits:
        labels = found.select(fold.dev).describe()["targets"]["sound"]["labels"]
        assert len(labels) == 10
        assert set(labels.values()) <= {4, 5, 6}


def test_unseen_speakers_of_the_spoken_digits(motet_data: Path) -> None:
    names = [path.stem.split("_") for path in sorted((motet_data / "fsdd").glob("*.wav"))]
    found = data_set("fsdd", (example("_".join(name), {"digit": name[0]}, group=name[1]) for name in names))
    splits = split_corpus(corpus_of(found), LeaveOneGroupOutSettings(), seed=1)
    assert len(splits) == 6
    for fold in splits:
        assert len(found.select(fold.dev).groups.counts()) == 1
        assert found.select(fold.dev).describe()["targets"]["digit"]["labels"] == {
            str(digit): 50 for digit in range(10)
        }
