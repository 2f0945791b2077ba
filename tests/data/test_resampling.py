from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from motet.data.corpus import Corpus
from motet.data.relabel_settings import DownSettings, Part, UpSettings
from motet.data.resampling import Resampling, resample
from motet.data.roles import FoldSplit
from motet.data.sampling import SamplingRows
from tests.data.builders import corpus_of, plain

COUNTS = {"train": {"a": 20, "b": 10, "c": 10}, "dev": {"a": 4, "b": 2, "c": 2}, "test": {"a": 6, "b": 3, "c": 3}}


@pytest.fixture
def corpus() -> Corpus:
    return corpus_of(plain("first", 30, "sound", "xy"), plain("second", 60, "word", "aabc"))


@pytest.fixture
def fold() -> FoldSplit:
    return FoldSplit("1", np.arange(0, 70), np.arange(70, 78), np.arange(78, 90))


def labels(corpus: Corpus, rows: np.ndarray) -> dict[str, int]:
    """Return how often each label of the second set stands among rows of the corpus."""
    own = rows[rows >= 30] - 30
    return dict(sorted(Counter(map(str, corpus.data_sets["second"].targets("word").take(own))).items()))


@pytest.mark.parametrize(
    ("wanted", "changed"),
    [
        (Resampling({"word": {"a": 5}}), {"train": {"a": 5, "b": 10, "c": 10}}),
        (Resampling({"word": {"a": 5, "b": 1}}, ("dev", "test")), {"dev": {"a": 4, "b": 1, "c": 2},
                                                                  "test": {"a": 5, "b": 1, "c": 3}}),
        (Resampling({}, balance=UpSettings(), balanced="word"), {"train": {"a": 20, "b": 20, "c": 20}}),
        (Resampling({}, balance=DownSettings(), balanced="word"), {"train": {"a": 10, "b": 10, "c": 10}}),
        (
            Resampling({"word": {"a": 12}}, balance=UpSettings(), balanced="word"),
            {"train": {"a": 12, "b": 12, "c": 12}},
        ),
        (Resampling({}, balance=DownSettings(parts=("test",)), balanced="word"), {"test": {"a": 3, "b": 3, "c": 3}}),
    ],
)  # fmt: skip
def test_only_the_parts_that_are_asked_for_change(
    corpus: Corpus, fold: FoldSplit, wanted: Resampling, changed: dict[Part, dict[str, int]]
) -> None:
    found = resample(corpus, fold, {"second": wanted}, seed=1)
    for part, counts in COUNTS.items():
        rows = getattr(found, part)
        assert labels(corpus, rows) == changed.get(part, counts)  # type: ignore[call-overload]
        assert (np.diff(rows) >= 0).all()
        assert np.isin(rows, getattr(fold, part)).all()
    assert np.array_equal(found.train[found.train < 30], np.arange(30)), "the other data set keeps its rows"


def test_without_settings_nothing_changes(corpus: Corpus, fold: FoldSplit) -> None:
    assert resample(corpus, fold, {}, seed=1) is fold


def test_a_row_that_comes_again_is_drawn_anew(corpus: Corpus, fold: FoldSplit) -> None:
    fold = replace(fold, train=np.asarray([3, 3, 3, 40]))
    rows = SamplingRows.of(corpus, fold.train)
    assert rows.rows.tolist() == [3, 93, 183, 40]
    assert rows.data_sets.tolist() == [0, 0, 0, 1]
