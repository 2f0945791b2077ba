from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from motet.data.dataset import DataSet
from motet.data.derive import AnyDerived, default_kind, derive, in_order
from motet.data.relabel_settings import (
    ActivitySettings,
    BinsSettings,
    CopySettings,
    DistancesSettings,
    GroupsSettings,
    LabelSetSettings,
    ProductSettings,
)
from motet.errors import ConfigError, DataError
from motet.sources.example import Event
from motet.sources.trace import Trace
from tests.data.builders import data_set, example

NEAR = DistancesSettings(of="events", labels=("dog",), step_s=0.5)
DOG_IS_NEAR = Trace(
    [0.0, 0.5, 1.0], np.array([[0.0, 1.0], [0.5, 0.5], [np.nan, np.nan]]), ("since_onset", "until_offset")
)
DOG = Event(0.0, 1.0, "dog")
ROWS: list[dict[str, Any]] = [
    {"word": "yes", "who": 1, "level": 0.5, "tags": frozenset({"dog"}), "events": (DOG,)},
    {"word": "no", "who": 2, "level": 1.5, "tags": frozenset({"rain"}), "events": (Event(0.5, 2.0, "rain"),)},
    {"word": "hm", "level": 1.0, "tags": frozenset(), "events": ()},
    {"who": 2},
]
BINS = BinsSettings(of="level", edges=(0.5, 1.0), labels=("low", "middle", "high"))


@pytest.fixture
def found() -> DataSet:
    return data_set("found", [example(row, targets) for row, targets in enumerate(ROWS)])


@pytest.mark.parametrize(
    ("settings", "wanted", "kind"),
    [
        (GroupsSettings(of="word", labels={"sure": ("yes", "no")}), ["sure", "sure", None, None], "multiclass"),
        (GroupsSettings(of="word", labels={"sure": ("yes", "no")}, rest="unsure"), ["sure", "sure", "unsure", None],
         "multiclass"),
        (GroupsSettings(of="tags", labels={"animal": ("dog",)}), [{"animal"}, set(), set(), None],
         "multilabel"),
        (GroupsSettings(of="events", labels={"animal": ("dog",)}), [(Event(0.0, 1.0, "animal"),), (), (), None],
         "events"),
        (CopySettings(of="level"), [0.5, 1.5, 1.0, None], "regression"),
        (LabelSetSettings(of="events"), [{"dog"}, {"rain"}, set(), None], "multilabel"),
        (LabelSetSettings(of="word"), [{"yes"}, {"no"}, {"hm"}, None], "multilabel"),
        (NEAR, [DOG_IS_NEAR, None, None, None], "time_regression"),
        (ActivitySettings(of="tags"), ["present", "present", "absent", None], "multiclass"),
        (ActivitySettings(of="events", nothing=("rain",), absent="no", present="yes"), ["yes", "no", "no", None],
         "multiclass"),
        (ActivitySettings(of="word", nothing=("hm",)), ["present", "present", "absent", None], "multiclass"),
        (ProductSettings(of=("word", "who")), ["yes+1", "no+2", None, None], "multiclass"),
        (BINS, ["middle", "high", "high", None], "multiclass"),
    ],
)  # fmt: skip
def test_every_kind_derives(found: DataSet, settings: AnyDerived, wanted: list[Any], kind: str) -> None:
    derived = derive(found, "new", settings)
    assert list(derived.targets("new")) == wanted
    assert default_kind(derived.targets("new"), settings) == kind
    assert "new" not in found.task_names, "the old view is as it was"


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("word", CopySettings(of="who"), "there is a target of this name already"),
        ("new", CopySettings(of="wrod"), "no example has a target 'wrod'; did you mean 'word'"),
        ("new", BinsSettings(of="word", edges=(1.0,), labels=("a", "b")), "'word' has the target 'yes'; use groups"),
        ("new", ProductSettings(of=("word", "tags")), "a product joins single labels, but 'tags' has others"),
    ],
)
def test_what_cannot_be_derived_is_refused(found: DataSet, name: str, settings: AnyDerived, message: str) -> None:
    with pytest.raises(DataError, match=message):
        derive(found, name, settings)


def test_combinations_of_one_name_are_refused() -> None:
    rows = [{"a": "x+y", "b": "z"}, {"a": "x", "b": "y+z"}]
    found = data_set("found", [example(row, targets) for row, targets in enumerate(rows)])
    with pytest.raises(DataError, match=r"two combinations are called 'x\+y\+z'; choose another separator"):
        derive(found, "both", ProductSettings(of=("a", "b")))


def test_derived_tasks_may_be_made_of_each_other_but_not_in_a_circle() -> None:
    first, second = CopySettings(of="second"), ProductSettings(of=("word", "who"))
    assert list(in_order({"first": first, "second": second})) == ["second", "first"]
    with pytest.raises(ConfigError, match="first, second are made of each other"):
        in_order({"first": first, "second": CopySettings(of="first")})
    with pytest.raises(ConfigError, match="derive: first is made of itself; make"):
        in_order({"first": CopySettings(of="first")})


@pytest.mark.parametrize(
    ("settings", "given", "message"),
    [
        (GroupsSettings, {"labels": {"a": ["x"], "b": ["x"]}}, "label 'x' is in 'a' and in 'b'"),
        (BinsSettings, {"edges": [2, 1], "labels": ["a", "b", "c"]}, "edges are 2, 1, but edges ascend"),
        (BinsSettings, {"edges": [1.0], "labels": ["a"]}, "1 edges make 2 classes, but 1 different labels"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: Any, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        settings(of="task", **given)


def test_of_events_that_overlap_the_later_one_counts() -> None:
    rows = [example(0, {"events": (Event(0.0, 2.0, "rain"), Event(0.5, 1.5, "dog"))})]
    derived = derive(data_set("both", rows), "near", DistancesSettings(of="events", step_s=0.5))
    (trace,) = derived.targets("near")
    assert isinstance(trace, Trace)
    assert trace.values.tolist()[:4] == [[0.0, 2.0], [0.0, 1.0], [0.5, 0.5], [1.5, 0.5]]
    labelled = data_set("labels", [example(0, {"word": "yes"})])
    with pytest.raises(DataError, match="distances are those of events, but 'word' has the target 'yes'"):
        derive(labelled, "near", DistancesSettings(of="word"))
