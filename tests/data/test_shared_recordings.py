from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motet.data.corpus import Corpus
from motet.data.dataset import DataSet
from motet.data.roles import SplitOfDataSet
from motet.data.settings import (
    FoldsSettings,
    HoldoutSettings,
    KFoldSettings,
    LeaveOneGroupOutSettings,
    OneSidedSettings,
)
from motet.data.shared_recordings import SharedRecordings, clusters
from motet.data.splits import split_corpus
from motet.errors import DataError
from motet.signals.recording import Recording
from motet.sources.example import Example, Role
from tests.data.builders import corpus_of, data_set, plain


def of_files(
    name: str,
    numbers: range,
    *,
    task: str = "word",
    group: str | None = None,
    span: tuple[float, float | None] = (0.0, None),
    partition: Role | None = None,
    folder: str = "there",
) -> DataSet:
    """A set of files by number, their labels in turn, in groups of four where these have a name."""
    return data_set(
        name,
        (
            Example(
                f"{name}-{number}",
                {"signal": Recording[Any].of(Path(folder) / f"{number}.wav", start_s=span[0], end_s=span[1])},
                {task: "ab"[number % 2]},
                None if group is None else f"{group} {number // 4}",
                None,
                partition,
            )
            for number in numbers
        ),
    )


def sides(corpus: Corpus, settings: SplitOfDataSet | dict[str, SplitOfDataSet]) -> list[list[dict[str, str]]]:
    """Return by fold and data set on which side each file stands."""
    found = []
    for fold in split_corpus(corpus, settings, seed=1):
        by_set: list[dict[str, str]] = [{} for _ in corpus.data_sets]
        for side in ("train", "dev", "test"):
            for row in getattr(fold, side).tolist():
                own, local = corpus.locate(row)
                by_set[list(corpus.data_sets).index(own.name)][own.ids[local].split("-")[-1]] = side
        found.append(by_set)
    return found


@pytest.mark.parametrize(
    "settings", [HoldoutSettings(test=0.3, dev=0.2), KFoldSettings(folds=4, dev="fold"), FoldsSettings(dev=0.25)]
)
def test_two_extractions_of_one_data_set_are_split_as_one(settings: SplitOfDataSet) -> None:
    corpus = corpus_of(
        of_files("mel", range(40)), of_files("wave", range(40), task="other"), plain("alone", 20, "third")
    )
    for mel, wave, _ in sides(corpus, settings):
        assert mel == wave
        assert set(mel.values()) == {"train", "dev", "test"}


def test_a_part_of_the_other_set_goes_with_it_and_groups_of_either_hold() -> None:
    corpus = corpus_of(of_files("all", range(40)), of_files("few", range(6, 30), task="other", group="speaker"))
    for every, few in sides(corpus, KFoldSettings(folds=4)):
        assert len(every) == 40
        assert all(every[number] == side for number, side in few.items())
        groups = [{every[str(number)] for number in range(first, first + 4)} for first in range(8, 28, 4)]
        assert all(len(group) == 1 for group in groups)


def test_groups_keep_their_names() -> None:
    corpus = corpus_of(of_files("a", range(16), group="speaker"), of_files("b", range(16), task="other"))
    folds = split_corpus(corpus, LeaveOneGroupOutSettings(dev=0), seed=1)
    assert [fold.name for fold in folds] == [f"speaker {number}" for number in range(4)]
    assert all(len(fold.test) == 8 for fold in folds)


def test_overlapping_spans_of_a_file_belong_together_and_others_do_not() -> None:
    whole, first, last = (
        of_files("whole", range(8)),
        of_files("first", range(8), span=(0.0, 1.0)),
        of_files("last", range(8), span=(2.0, 3.0)),
    )
    assert set(SharedRecordings(corpus_of(whole, first, last)).kin.values()) == {"whole"}
    assert SharedRecordings(corpus_of(first, last)).kin == {"first": "first", "last": "last"}
    elsewhere = of_files("elsewhere", range(8), folder="elsewhere")
    assert SharedRecordings(corpus_of(whole, elsewhere)).kin == {"whole": "whole", "elsewhere": "elsewhere"}


def test_a_recording_on_two_sides_is_refused() -> None:
    corpus = corpus_of(of_files("here", range(20)), of_files("there", range(15, 30), task="other"))
    settings: dict[str, SplitOfDataSet] = {
        "here": HoldoutSettings(test=0.3, dev=0),
        "there": OneSidedSettings(side="train", dev=0),
    }
    wrong = r"one recording trains in 'there' as 'there-\d+' and tests in 'here' as 'here-\d+'.*; a recording stands on"
    with pytest.raises(DataError, match=wrong):
        split_corpus(corpus, settings, seed=1)


def test_publishers_that_disagree_are_refused() -> None:
    corpus = corpus_of(
        of_files("a", range(20), partition="train"),
        of_files("b", range(20), task="other", partition="test"),
    )
    with pytest.raises(DataError, match="group 'recording of a-0' has 1 in train and 1 in test"):
        split_corpus(corpus, FoldsSettings(dev=0), seed=1)


def spans_of_files(overlap_s: float, **inputs: Any) -> DataSet:
    """Three spans of a second of each of ten files; the inputs that are given stand beside each."""
    step_s = 1.0 - overlap_s
    return data_set(
        "spans",
        (
            Example(
                f"{number}-{part}",
                {"signal": Recording[Any].of(Path(f"{number}.wav"), start_s=part * step_s, end_s=part * step_s + 1.0)}
                | inputs,
                {"word": "ab"[number % 2]},
            )
            for number in range(10)
            for part in range(3)
        ),
    )


@pytest.mark.parametrize("settings", [HoldoutSettings(test=0.3, dev=0.2), KFoldSettings(folds=5, dev=0.2)])
@pytest.mark.parametrize("overlap_s", [0.1, 1.0])
def test_overlapping_spans_within_a_data_set_stand_on_one_side(settings: SplitOfDataSet, overlap_s: float) -> None:
    data = spans_of_files(overlap_s)
    for fold in split_corpus(corpus_of(data), settings, seed=1):
        side = {data.ids[row]: name for name in ("train", "dev", "test") for row in getattr(fold, name).tolist()}
        assert len(side) == 30
        assert all(len({side[f"{number}-{part}"] for part in range(3)}) == 1 for number in range(10))


def test_spans_beside_each_other_and_rows_that_come_again_are_split_freely() -> None:
    beside, again = spans_of_files(0.0), of_files("files", range(8))
    assert not SharedRecordings(corpus_of(beside)).torn
    assert not SharedRecordings(corpus_of(again.select([0, 1, 1, 2, 2, *range(3, 8)]))).torn
    common = spans_of_files(0.0, reference=Recording[Any].of(Path("reference.wav")))
    assert not SharedRecordings(corpus_of(common)).torn


def test_a_publisher_that_tears_a_recording_is_refused() -> None:
    rows = (
        Example(str(row), {"signal": Recording[Any].of(Path(f"{row // 2}.wav"))}, {"word": "ab"[row // 2 % 2]},
                None, None, "test" if row == 5 else "train")
        for row in range(20)
    )  # fmt: skip
    with pytest.raises(DataError, match=r"group 'recording of 4' has 1 in train and 1 in test"):
        split_corpus(corpus_of(data_set("twice", rows)), FoldsSettings(dev=0), seed=1)


def test_arrays_in_memory_are_the_same_only_if_they_are_one() -> None:
    values = [np.zeros(100) for _ in range(4)]

    def of(name: str, task: str, arrays: list[Any]) -> DataSet:
        rows = (
            Example(str(row), {"signal": Recording[Any].of(array, 100.0)}, {task: "ab"[row % 2]})
            for row, array in enumerate(arrays)
        )
        return data_set(name, rows)

    assert SharedRecordings(corpus_of(of("a", "one", values), of("b", "two", values))).kin["b"] == "a"
    copies = [array.copy() for array in values]
    assert SharedRecordings(corpus_of(of("a", "one", values), of("b", "two", copies))).kin["b"] == "b"


def test_only_equal_settings_make_one_split() -> None:
    kin = {"a": "a", "b": "a", "c": "c", "d": "a"}
    assert clusters(kin, {"a": 1, "b": 1, "c": 1, "d": 2}) == [["a", "b"], ["c"], ["d"]]
