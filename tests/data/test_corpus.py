import numpy as np
import pytest

from motet.config import Settings
from motet.data.corpus import Corpus, raw_targets, shared_settings
from motet.errors import ConfigError, DataError
from motet.tasks.settings import MulticlassSettings, RegressionSettings
from tests.data.builders import corpus_of, data_set, example, plain


@pytest.fixture
def corpus() -> Corpus:
    """Two data sets that share a task; the second has a task of its own, with missing targets."""
    first = data_set("first", [example(row, {"word": "ab"[row % 2]}) for row in range(4)])
    second = data_set(
        "second",
        [
            example(0, {"word": "c", "age": 4.0}),
            example(1, {"age": 5.0}),
            example(2, {"word": "a"}),
        ],
    )
    return corpus_of(first, second, kinds={"age": "regression"})


def test_rows_are_numbered_through(corpus: Corpus) -> None:
    assert len(corpus) == 7
    assert corpus.rows_of("second").tolist() == [4, 5, 6]
    assert corpus.data_set_numbers(np.array([0, 3, 4, 6])).tolist() == [0, 0, 1, 1]
    found, row = corpus.locate(5)
    assert (found.name, row) == ("second", 1)


def test_a_shared_task_has_one_list_of_labels(corpus: Corpus) -> None:
    assert corpus.tasks["word"].labels == ("a", "b", "c")
    assert corpus.targets["word"].values.tolist() == [0, 1, 0, 1, 2, 0, 0]
    assert corpus.targets["word"].present.tolist() == [True] * 5 + [False, True]


def test_a_task_of_one_data_set_is_absent_from_the_other(corpus: Corpus) -> None:
    age = corpus.targets["age"]
    assert age.present.tolist() == [False] * 4 + [True, True, False]
    assert age.values[4:6, 0].tolist() == [4.0, 5.0]
    assert age.values.dtype == np.float32


def test_targets_can_be_sets() -> None:
    tags = [frozenset("a"), frozenset("ac"), frozenset(), frozenset("b")]
    found = data_set("set", [example(row, {"tags": held}) for row, held in enumerate(tags)])
    corpus = corpus_of(found, kinds={"tags": "multilabel"})
    assert corpus.targets["tags"].values.tolist() == [[1, 0, 0], [1, 0, 1], [0, 0, 0], [0, 1, 0]]


def test_rows_are_counted_by_data_set_and_task(corpus: Corpus) -> None:
    assert corpus.count(np.array([0, 1, 4, 5])) == {
        "first": {"rows": 2, "tasks": {"word": 2}},
        "second": {"rows": 2, "tasks": {"word": 1, "age": 2}},
    }


def test_kin_have_the_same_data_set_and_the_same_tasks(corpus: Corpus) -> None:
    kinship = corpus.kinship()
    assert len(set(kinship[:4].tolist())) == 1
    assert len(set(kinship.tolist())) == 4


def test_classes_are_numbered_over_data_sets(corpus: Corpus) -> None:
    assert corpus.classes().tolist() == [0, 1, 0, 1, 3, 2, 4]
    assert corpus.classes("age")[:4].tolist() == [0, 1, 0, 1]


def test_a_target_that_cannot_be_encoded_names_data_set_and_example(corpus: Corpus) -> None:
    strange = data_set("third", [example("one", {"word": "a"}), example("two", {"word": "bb"})])
    with pytest.raises(DataError, match=r"data set 'third', example 'two': .*'bb'"):
        Corpus({"third": strange}, {"word": corpus.tasks["word"]}, {"third": ["word"]})


def test_many_such_targets_are_counted(corpus: Corpus) -> None:
    strange = data_set("third", [example(row, {"word": f"w{row}"}) for row in range(8)])
    with pytest.raises(DataError, match="data set 'third': and 3 more"):
        Corpus({"third": strange}, {"word": corpus.tasks["word"]}, {"third": ["word"]})


def test_an_input_that_some_examples_lack_is_refused() -> None:
    found = data_set("set", [example(0, {"x": "a"}, inputs=("signal", "video")), example(1, {"x": "b"})])
    with pytest.raises(DataError, match="1 of 2 examples lack the input 'video', the first is '1'"):
        corpus_of(found)


def test_a_task_that_is_used_wants_targets() -> None:
    found = {"set": plain("set", 4)}
    with pytest.raises(DataError, match="no example has a target 'digit'"):
        raw_targets(found, {"set": ["digit"]}, "digit")


def test_raw_targets_are_those_of_the_view() -> None:
    found = plain("set", 6, labels="xyz").select([0, 1])
    assert raw_targets({"set": found}, {"set": ["word"]}, "word") == ["x", "y"]


def test_a_task_without_use_is_not_read() -> None:
    corpus = Corpus({"set": plain("set", 4)}, {}, {})
    assert corpus.uses == {"set": ()}
    assert corpus.classes().tolist() == [0, 0, 0, 0]


def test_shared_tasks_must_agree() -> None:
    given: dict[str, dict[str, Settings]] = {
        "a": {"age": RegressionSettings()},
        "b": {"age": MulticlassSettings()},
    }
    with pytest.raises(
        ConfigError, match=r"age: differs from data\.a\.tasks\.age \(kind: 'multiclass' here, 'regression' there\)"
    ):
        shared_settings(given)
