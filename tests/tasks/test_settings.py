"""Settings of tasks: what may be declared, and what is refused."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from motet.tasks.kinds import TaskSettings
from motet.tasks.settings import (
    BinarySettings,
    CrossEntropySettings,
    MulticlassSettings,
    MultilabelSettings,
    RegressionSettings,
    UarSettings,
    declared_labels,
)

_ADAPTER: TypeAdapter[Any] = TypeAdapter(TaskSettings)


def test_a_bare_kind_is_enough() -> None:
    assert _ADAPTER.validate_python("multiclass") == MulticlassSettings()
    assert _ADAPTER.validate_python({"kind": "regression"}) == RegressionSettings()


def test_labels_and_weights_may_be_written_as_numbers() -> None:
    settings = _ADAPTER.validate_python(
        {"kind": "multiclass", "labels": {1: "walk", 2: "run"}, "loss": {"kind": "focal", "class_weights": {"run": 2}}}
    )
    assert settings.labels == {"1": "walk", "2": "run"}
    assert settings.loss.class_weights == {"run": 2.0}
    assert _ADAPTER.validate_python({"kind": "multiclass", "labels": [0, 1]}).labels == ("0", "1")


def test_every_metric_is_reported_by_default_and_the_first_is_the_main_one() -> None:
    assert [metric.kind for metric in MulticlassSettings().metrics][:3] == ["uar", "accuracy", "f1_macro"]
    assert len(BinarySettings().metrics) == 9
    assert [metric.kind for metric in MultilabelSettings().metrics][:2] == ["map", "accuracy"]
    assert [metric.kind for metric in MultilabelSettings().metrics].count("map") == 1
    assert [metric.kind for metric in RegressionSettings().metrics] == ["ccc", "pearson", "mae", "rmse"]
    assert _ADAPTER.validate_python({"kind": "multiclass", "metrics": ["uar"]}).metrics == (UarSettings(),)


def test_declared_labels_keep_their_order() -> None:
    assert declared_labels(("b", "a")) == ("b", "a")
    assert declared_labels({"A": "rest", "E": "seizure", "B": "rest"}) == ("rest", "seizure")
    assert declared_labels(None) == ()


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"kind": "multiclass", "labels": []}, "labels is empty; name the labels"),
        ({"kind": "multiclass", "labels": ["a", "b", "a"]}, "label 'a' is declared twice"),
        ({"kind": "multiclass", "labels": ["a"]}, "two labels or more, but only 'a' is declared"),
        ({"kind": "multiclass", "labels": [True, False]}, "valid string"),
        ({"kind": "multiclass", "metrics": []}, "metrics is empty; name one or more"),
        ({"kind": "multiclass", "metrics": ["ccc"]}, "the kind of a metric is one of uar, accuracy"),
        ({"kind": "multiclass", "loss": "mse"}, "the kind of a loss is one of cross_entropy, focal"),
        ({"kind": "multiclass", "loss": {"kind": "cross_entropy", "label_smoothing": 1.0}}, "less than 1"),
        ({"kind": "multiclass", "loss": {"kind": "cross_entropy", "class_weights": "even"}}, "'none' or 'balanced'"),
        ({"kind": "binary", "labels": ["a", "b", "c"]}, "two labels, but 3 are declared"),
        ({"kind": "binary", "labels": ["a", "b"], "positive": "c"}, "positive is 'c', but the labels are a, b"),
        ({"kind": "multilabel", "labels": ["a", "a"]}, "'a' is declared twice"),
        ({"kind": "regression", "labels": ["x", "x"]}, "'x' is declared twice"),
        ({"kind": "regression", "weight": -1.0}, "greater than or equal to 0"),
    ],
)
def test_what_makes_no_sense_is_refused(tree: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        _ADAPTER.validate_python(tree)


def test_a_bad_metric_is_one_problem() -> None:
    with pytest.raises(ValidationError) as caught:
        _ADAPTER.validate_python({"kind": "multiclass", "metrics": ["ua"]})
    assert caught.value.error_count() == 1


def test_settings_return_from_json() -> None:
    settings = MulticlassSettings(labels=("a", "b"), loss=CrossEntropySettings(class_weights={"a": 2.0}))
    assert MulticlassSettings.model_validate(settings.model_dump(mode="json")) == settings
