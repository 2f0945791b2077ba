"""Tasks with labels: codes and names, probabilities, decisions, figures."""

import json
from typing import Any

import numpy as np
import pytest
import scipy.special
import sklearn.metrics as reference
import torch

from motet.errors import ConfigError, DataError
from motet.tasks import Binary, Multiclass, Multilabel, Task
from motet.tasks.settings import (
    BinaryCrossEntropySettings,
    BinarySettings,
    CrossEntropySettings,
    MulticlassSettings,
    MultilabelSettings,
    ThresholdSettings,
    TunedThresholdSettings,
)


def _multiclass(**options: Any) -> Multiclass:
    return Multiclass(MulticlassSettings(**options), "animal", ("cat", "dog", "owl"))


def _binary(**options: Any) -> Binary:
    return Binary(BinarySettings(**options), "sick", ("no", "yes"))


def _multilabel(**options: Any) -> Multilabel:
    return Multilabel(MultilabelSettings(**options), "tags", ("bird", "rain", "wind"))


_TASKS: list[Task] = [_multiclass(), _binary(), _multilabel()]


def _targets(task: Task, rows: int = 40) -> Any:
    generator = np.random.default_rng(0)
    if isinstance(task, Multilabel):
        return (generator.random((rows, 3)) < 0.4).astype(np.float32)
    return generator.integers(0, len(task.labels), rows)


def _outputs(task: Task, rows: int = 40) -> Any:
    return np.random.default_rng(1).normal(size=(rows, task.output_size)).astype(np.float32)


@pytest.mark.parametrize("task", _TASKS, ids=lambda task: task.name)
def test_codes_and_names_return(task: Task) -> None:
    targets = _targets(task)
    encoded = [task.encode(target) for target in task.decode(targets)]
    np.testing.assert_array_equal(np.stack(encoded), targets)
    assert np.stack(encoded).dtype == task.target_dtype
    assert encoded[0].shape == task.target_shape


@pytest.mark.parametrize("task", _TASKS, ids=lambda task: task.name)
def test_decisions_have_the_form_of_targets(task: Task) -> None:
    decided = task.decide(task.probabilities(_outputs(task)))
    assert decided.shape == (40, *task.target_shape)
    assert decided.dtype == task.decision_dtype


@pytest.mark.parametrize("task", _TASKS, ids=lambda task: task.name)
def test_the_loss_is_one_value_a_row_and_reaches_every_output(task: Task) -> None:
    predictions = torch.from_numpy(_outputs(task)).requires_grad_()
    losses = task.loss(predictions, torch.from_numpy(_targets(task)))
    assert losses.shape == (40,)
    losses.sum().backward()  # type: ignore[no-untyped-call]
    assert predictions.grad is not None
    assert (predictions.grad != 0).all()


@pytest.mark.parametrize("task", _TASKS, ids=lambda task: task.name)
def test_a_weight_is_a_repeated_row(task: Task) -> None:
    probabilities, targets = task.probabilities(_outputs(task)), _targets(task)
    weights = np.random.default_rng(2).integers(0, 4, 40)
    rows = np.repeat(np.arange(40), weights)
    weighted = task.score(probabilities, targets, weights)
    assert weighted == pytest.approx(task.score(probabilities[rows], targets[rows]), abs=1e-12)
    assert list(weighted) == list(task.metrics.names)


@pytest.mark.parametrize("task", _TASKS, ids=lambda task: task.name)
def test_the_table_agrees_with_scikit_learn(task: Task) -> None:
    probabilities, targets = task.probabilities(_outputs(task)), _targets(task)
    table = task.table(probabilities, targets)
    assert tuple(table) == task.labels
    decided = task.decide(probabilities)
    arguments = {"average": None, "zero_division": np.nan}
    precision, recall, f1, rows = reference.precision_recall_fscore_support(targets, decided, **arguments)
    for code, row in enumerate(table.values()):
        expected = [rows[code], precision[code], recall[code], f1[code]]
        assert [row[name] for name in ("rows", "precision", "recall", "f1")] == pytest.approx(expected)
    ranked = [name for name, row in table.items() if "auc" in row]
    assert tuple(ranked) == task.output_names


def test_probabilities_are_softmax_and_sigmoid() -> None:
    outputs = np.array([[800.0, -800.0, 0.0], [1.0, 2.0, 3.0]], dtype=np.float32)
    np.testing.assert_allclose(_multiclass().probabilities(outputs), scipy.special.softmax(outputs, axis=1))
    np.testing.assert_allclose(_multilabel().probabilities(outputs), scipy.special.expit(outputs.astype(float)))
    np.testing.assert_allclose(
        _binary().probabilities(outputs[:, :1]), scipy.special.expit(outputs[:, :1].astype(float))
    )


def test_multiclass_auc_is_one_against_all_others() -> None:
    task = _multiclass()
    probabilities, targets = task.probabilities(_outputs(task)), _targets(task)
    expected = reference.roc_auc_score(targets, probabilities, multi_class="ovr")
    assert task.score(probabilities, targets)["auc"] == pytest.approx(expected)


def test_binary_figures_count_both_labels_and_rank_the_positive_one() -> None:
    task = _binary()
    probabilities, targets = task.probabilities(_outputs(task)), _targets(task)
    scores, decided = task.score(probabilities, targets), probabilities[:, 0] >= 0.5
    assert scores["uar"] == pytest.approx(reference.balanced_accuracy_score(targets, decided))
    assert scores["f1_macro"] == pytest.approx(reference.f1_score(targets, decided, average="macro"))
    assert scores["auc"] == pytest.approx(reference.roc_auc_score(targets, probabilities[:, 0]))
    assert scores["map"] == pytest.approx(reference.average_precision_score(targets, probabilities[:, 0]))


def test_multilabel_figures() -> None:
    task = _multilabel()
    probabilities, targets = task.probabilities(_outputs(task)), _targets(task)
    scores = task.score(probabilities, targets)
    assert task.main_metric == "map"
    assert scores["map"] == pytest.approx(reference.average_precision_score(targets, probabilities, average="macro"))
    assert scores["auc"] == pytest.approx(reference.roc_auc_score(targets, probabilities, average="macro"))
    assert scores["f1_micro"] == pytest.approx(reference.f1_score(targets, probabilities >= 0.5, average="micro"))


@pytest.mark.parametrize("task", _TASKS, ids=lambda task: task.name)
def test_confusion_counts_every_row(task: Task) -> None:
    targets = _targets(task)
    decided = task.decide(task.probabilities(_outputs(task)))
    matrix = task.confusion(decided, targets)
    assert matrix is not None
    if isinstance(task, Multilabel):
        np.testing.assert_array_equal(matrix, reference.multilabel_confusion_matrix(targets, decided))
    else:
        np.testing.assert_array_equal(matrix, reference.confusion_matrix(targets, decided))


def test_the_positive_label_is_the_last_or_the_one_declared() -> None:
    assert (_binary().labels, _binary().output_names) == (("no", "yes"), ("yes",))
    turned = _binary(positive="no")
    assert (turned.labels, turned.output_names, int(turned.encode("no"))) == (("yes", "no"), ("no",), 1)
    again = Binary(turned.settings, turned.name, turned.labels)
    assert again.labels == turned.labels


def test_declared_labels_map_what_the_data_say() -> None:
    settings = MulticlassSettings(labels={"A": "rest", "B": "rest", "E": "seizure"})
    task = Multiclass(settings, "state", Multiclass.collect_labels(["A", "B", "E"]))
    assert task.labels == ("rest", "seizure")
    assert [int(task.encode(target)) for target in "ABE"] == [0, 0, 1]


def test_multilabel_targets_are_sets() -> None:
    task = _multilabel()
    assert task.encode(frozenset()).tolist() == [0, 0, 0]
    assert task.encode("rain").tolist() == [0, 1, 0]
    assert task.encode(["wind", "bird"]).tolist() == [1, 0, 1]
    collected = Multilabel.collect_labels([frozenset({"b", "a"}), frozenset(), frozenset({"c", "a"})])
    assert collected == ("a", "b", "c")
    with pytest.raises(DataError, match=r"task 'tags': \(0.0, 1.0, 1.0\) is not a set of labels; turn rows of flags"):
        task.encode((0.0, 1.0, 1.0))
    with pytest.raises(DataError, match="task 'tags': label 'snow' is unknown"):
        task.encode(frozenset({"snow"}))


def test_thresholds_are_tuned_per_label_and_kept() -> None:
    task = _multilabel(decision=TunedThresholdSettings())
    probabilities = np.array([[0.1, 0.6, 0.5], [0.2, 0.9, 0.1]])
    targets = np.array([[0, 0, 1], [1, 1, 0]], dtype=np.float32)
    task.tune(probabilities, targets)
    np.testing.assert_array_equal(task.decide(probabilities), targets == 1)
    again = _multilabel(decision=TunedThresholdSettings())
    again.load_decision_state(json.loads(json.dumps(task.decision_state())))
    np.testing.assert_array_equal(again.decide(probabilities), targets == 1)
    assert _multilabel().decision_state() == {}
    binary = _binary(decision=TunedThresholdSettings(metric="uar"))
    binary.tune(np.array([[0.1], [0.2]]), np.array([0, 1]))
    np.testing.assert_array_equal(binary.decide(np.array([[0.1], [0.2]])), [0, 1])


def test_a_fixed_threshold_is_used() -> None:
    task = _binary(decision=ThresholdSettings(value=0.2))
    assert task.decode(task.decide(np.array([[0.3], [0.1]]))) == ["yes", "no"]


def test_class_weights_are_learned_from_training_rows() -> None:
    task = _multiclass(loss=CrossEntropySettings(class_weights="balanced"))
    task.fit(np.array([0, 0, 0, 1, 2, 2]))
    losses = task.loss(torch.zeros(3, 3), torch.tensor([0, 1, 2])) / np.log(3)
    torch.testing.assert_close(losses, torch.tensor([2 / 3, 2.0, 1.0]))


def test_segments_are_merged() -> None:
    np.testing.assert_allclose(
        _multiclass().merge(np.array([[0.2, 0.3, 0.5], [0.6, 0.1, 0.3]]), "mean"), [0.4, 0.2, 0.4]
    )
    assert _binary().merge(np.array([[0.2], [0.9], [0.7]]), "max").tolist() == [0.9]


def test_decisions_of_another_model_are_scored_as_given() -> None:
    task = _multiclass()
    probabilities, targets = task.probabilities(_outputs(task)), _targets(task)
    assert task.score(probabilities, targets, decisions=targets)["uar"] == 1.0


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Multiclass(MulticlassSettings(), "t", ("a",)), r"two labels or more, but the data have 1 \(a\)"),
        (lambda: Binary(BinarySettings(), "t", ("a", "b", "c")), r"two labels, but the data have 3 \(a, b, c\)"),
        (lambda: Binary(BinarySettings(), "t", ()), r"the data have 0 \(none\)"),
        (lambda: Binary(BinarySettings(positive="c"), "t", ("a", "b")), "positive is 'c', but the labels are a, b"),
        (lambda: Multilabel(MultilabelSettings(), "t", ()), "the data have no label"),
    ],
)
def test_data_that_are_no_such_task_are_refused(build: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        build()


def test_a_weight_of_an_unknown_label_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"label 'no' is unknown; known are yes"):
        _binary(loss=BinaryCrossEntropySettings(positive_weights={"no": 2.0}))
