"""The formulas of fused tasks, against values worked out by hand."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import TypeAdapter

from motet.errors import ConfigError, DataError
from motet.features.feature_map import TimeGrid
from motet.model import build_task
from motet.tasks import Binary, Events, FrameValues, Multiclass, Multilabel, Task
from motet.tasks.events.settings import EventsSettings, EventThresholdSettings
from motet.tasks.frames import as_objects
from motet.tasks.fused.build import bases_of, build_fused, labels_of, task_settings
from motet.tasks.fused.fused import Fused, Known
from motet.tasks.fused.settings import FuseSettings
from motet.tasks.settings import BinarySettings, MulticlassSettings, MultilabelSettings, TunedThresholdSettings

Values = NDArray[Any]

TASKS: dict[str, Task] = {
    "word": Multiclass(MulticlassSettings(), "word", ("nothing", "no", "yes")),
    "room": Multiclass(MulticlassSettings(), "room", ("hall", "street")),
    "tags": Multilabel(MultilabelSettings(), "tags", ("bell", "dog")),
    "busy": Binary(BinarySettings(), "busy", ("calm", "loud")),
    "sounds": Events(EventsSettings(decision=EventThresholdSettings()), "sounds", ("bell", "dog")),
    "heard": Events(EventsSettings(), "heard", ("bell", "dog")),
}
WORD = np.array([[0.2, 0.3, 0.5], [0.1, 0.8, 0.1]])
ROOM = np.array([[0.75, 0.25], [0.5, 0.5]])
TAGS = np.array([[0.8, 0.4], [0.1, 0.6]])
BUSY = np.array([[0.5], [0.9]])


def made(kind: str, **options: Any) -> Any:
    return TypeAdapter(FuseSettings).validate_python({"kind": kind, **options})


def fused(settings: Any, known: dict[str, Known] | None = None) -> Fused:
    bases = bases_of("made", settings, TASKS)
    labels = labels_of(settings, bases, known or {})
    return build_fused("made", settings, task_settings(settings, bases), labels, bases, build_task)


def told(values: Any) -> Known:
    return Known(np.asarray(values), np.ones(len(values), dtype=bool))


def frames(*values: Any, step_s: float = 0.1) -> Values:
    return as_objects(FrameValues(np.asarray(each, dtype=np.float32), TimeGrid(0.0, step_s)) for each in values)


def test_a_gate_multiplies_labels_and_gives_the_rest_of_classes_to_nothing() -> None:
    gate = fused(made("gate", of="tags", by="busy", exponent=2.0))
    np.testing.assert_allclose(gate.fuse({"tags": TAGS, "busy": BUSY}), TAGS * BUSY**2)
    gate = fused(made("gate", of="word", by="busy", nothing="nothing"))
    found = gate.fuse({"word": WORD, "busy": BUSY})
    np.testing.assert_allclose(found, [[0.6, 0.15, 0.25], [0.19, 0.72, 0.09]])
    quiet = fused(made("gate", of="tags", by="busy", active=["calm"]))
    np.testing.assert_allclose(quiet.fuse({"tags": TAGS, "busy": BUSY}), TAGS * (1 - BUSY))


def test_several_active_labels_are_any_of_them() -> None:
    summed = fused(made("gate", of="tags", by="word", active=["no", "yes"]))
    np.testing.assert_allclose(summed.fuse({"tags": TAGS, "word": WORD}), TAGS * [[0.8], [0.9]])
    own = fused(made("gate", of="busy", by="tags"))
    np.testing.assert_allclose(own.fuse({"busy": BUSY, "tags": TAGS}), BUSY * [[1 - 0.2 * 0.6], [1 - 0.9 * 0.4]])


def test_a_gate_of_frames_takes_frames_and_clips() -> None:
    rows = frames([[0.5, 1.0], [1.0, 0.5]], [[0.8, 0.2]])
    gate = fused(made("gate", of="sounds", by="busy"))
    first, second = gate.fuse({"sounds": rows, "busy": BUSY})
    np.testing.assert_allclose(first.values, [[0.25, 0.5], [0.5, 0.25]])
    np.testing.assert_allclose(second.values, [[0.72, 0.18]], rtol=1e-6)
    assert first.grid == TimeGrid(0.0, 0.1)
    gate = fused(made("gate", of="sounds", by="heard", active=["bell"]))
    (found,) = gate.fuse({"sounds": rows[:1], "heard": frames([[0.5, 0.0], [0.0, 1.0]])})
    np.testing.assert_allclose(found.values, [[0.25, 0.5], [0.0, 0.0]])


def test_frames_of_other_times_are_refused() -> None:
    gate = fused(made("gate", of="sounds", by="heard"))
    for other in (frames([[0.5, 0.5]], step_s=0.2), frames([[0.5, 0.5]] * 3)):
        with pytest.raises(DataError, match=r"fuse\.made: 2 frames of 0\.1 s do not lie on . frames of"):
            gate.fuse({"sounds": frames([[0.5, 1.0], [1.0, 0.5]]), "heard": other})


def test_conditions_are_counted_and_smoothed_towards_all_rows() -> None:
    condition = fused(made("condition", of="tags", by="room", smoothing=2.0))
    tags, room = told([[1.0, 0], [1, 1], [0, 0], [0, 0]]), told([0, 0, 0, 1])
    condition.fit({"tags": tags, "room": room})
    prior = np.array([0.5, 0.25])
    table = np.array([[(2 + 2 * 0.5) / 5, (1 + 2 * 0.25) / 5], [(0 + 2 * 0.5) / 3, (0 + 2 * 0.25) / 3]])
    np.testing.assert_allclose(condition.state()["table"], table)
    np.testing.assert_allclose(condition.state()["prior"], prior)
    usual = ROOM @ table
    odds = TAGS / (1 - TAGS) * (usual / (1 - usual)) / (prior / (1 - prior))
    np.testing.assert_allclose(condition.fuse({"tags": TAGS, "room": ROOM}), odds / (1 + odds))


def test_bayes_rule_is_exact_where_labels_exclude_each_other() -> None:
    table = {"hall": {"nothing": 0.5, "no": 0.5}, "street": {"nothing": 0.2, "no": 0.2, "yes": 0.6}}
    condition = fused(made("condition", of="word", by="room", table=table))
    condition.fit({"word": told([0]), "room": told([0, 1, 1, 1])})
    prior = np.array([0.25 * 0.5 + 0.75 * 0.2] * 2 + [0.75 * 0.6])
    np.testing.assert_allclose(condition.state()["prior"], prior)
    sure = np.array([[0.0, 1.0]])
    likelihood = WORD[:1] / prior  # of what was heard, given the word
    joint = likelihood * [0.2, 0.2, 0.6]
    np.testing.assert_allclose(condition.fuse({"word": WORD[:1], "room": sure}), joint / joint.sum())


@pytest.mark.parametrize("of", ["tags", "word", "busy", "sounds"])
@pytest.mark.parametrize("how", ["odds", "product", "geometric"])
def test_an_exponent_of_zero_changes_nothing(of: str, how: str) -> None:
    seen = {"tags": TAGS, "word": WORD, "busy": BUSY, "sounds": frames([[0.5, 0.25]], [[0.75, 0.5]]), "room": ROOM}
    targets = {"tags": [[1, 0], [0, 1]], "word": [0, 1], "busy": [0, 1]}
    condition = fused(made("condition", of=of, by="room", how=how, exponent=0.0))
    events = as_objects([np.array([[0.0, 1.0, 0.0]]), np.zeros((0, 3))])
    condition.fit({of: told(targets.get(of, events)), "room": told([0, 1])})
    found = condition.fuse(seen)
    plain = [row.values for row in found] if of == "sounds" else found
    wanted = [row.values for row in seen[of]] if of == "sounds" else seen[of]
    np.testing.assert_allclose(plain, wanted, rtol=1e-6)


def test_products_and_geometric_means_of_labels_and_of_the_scene() -> None:
    table = {"hall": {"bell": 0.9, "dog": 0.1}, "street": {"bell": 0.1, "dog": 0.7}}
    usual = ROOM @ np.array([[0.9, 0.1], [0.1, 0.7]])
    for how, wanted in (
        ("product", TAGS * usual**0.5),
        ("geometric", (both := np.sqrt(TAGS * usual)) / (both + np.sqrt((1 - TAGS) * (1 - usual)))),
    ):
        condition = fused(made("condition", of="tags", by="room", table=table, how=how, exponent=0.5))
        np.testing.assert_allclose(condition.fuse({"tags": TAGS, "room": ROOM}), wanted)


def test_a_product_is_among_the_combinations_that_occur() -> None:
    known = {"busy": told([0, 1, 1, 0]), "word": told([1, 1, 2, 1])}
    known["word"].present[3] = False
    product = fused(made("product", of=["busy", "word"]), known)
    assert product.task.labels == ("calm+no", "loud+no", "loud+yes")
    found = product.fuse({"busy": BUSY[:1], "word": WORD[:1]})
    joint = np.array([0.5 * 0.3, 0.5 * 0.3, 0.5 * 0.5])
    np.testing.assert_allclose(found[0], joint / joint.sum())
    targets = product.targets(known)
    assert targets.values[targets.present].tolist() == [0, 1, 2]
    assert targets.present.tolist() == [True, True, True, False]
    with pytest.raises(DataError, match=r"1 rows have combinations that did not occur .* first is 'calm\+yes'"):
        product.targets({"busy": told([0]), "word": told([2])})


def test_means_are_weighted() -> None:
    other = np.array([[0.6, 0.2, 0.2], [0.2, 0.4, 0.4]])
    tasks = {**TASKS, "again": Multiclass(MulticlassSettings(), "again", TASKS["word"].labels)}
    for how, wanted in (
        ("arithmetic", 0.75 * WORD + 0.25 * other),
        ("geometric", (raw := WORD**0.75 * other**0.25) / raw.sum(axis=1, keepdims=True)),
    ):
        settings = made("mean", of=["word", "again"], how=how, weights=[3.0, 1.0])
        bases = bases_of("made", settings, tasks)
        mean = build_fused("made", settings, bases["word"].settings, TASKS["word"].labels, bases, build_task)
        np.testing.assert_allclose(mean.fuse({"word": WORD, "again": other}), wanted)
    settings = made("mean", of=["sounds", "heard"], how="geometric")
    (found,) = fused(settings).fuse({"sounds": frames([[0.5, 0.8]]), "heard": frames([[0.5, 0.2]])})
    np.testing.assert_allclose(found.values, [[0.5, 0.5]], rtol=1e-6)


def test_exponent_and_thresholds_are_tuned_and_saved() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random((300, 2)) < 0.3
    active = truth.any(axis=1, keepdims=True)
    tags = np.where(truth, 0.6, 0.55) + rng.normal(0, 0.05, truth.shape)
    own = MultilabelSettings(decision=TunedThresholdSettings())
    settings = made("gate", of="tags", by="busy", exponent="tuned", task=own)
    seen = {"tags": tags, "busy": np.where(active, 0.9, 0.1) + rng.normal(0, 0.02, active.shape)}
    gate = fused(settings)
    gate.tune(seen, truth.astype(np.float32))
    assert gate.exponent > 0
    again = fused(settings)
    assert again.fuse(seen).tolist() != gate.fuse(seen).tolist()
    again.load_state(gate.state())
    np.testing.assert_array_equal(again.fuse(seen), gate.fuse(seen))
    np.testing.assert_array_equal(again.task.decide(gate.fuse(seen)), gate.task.decide(gate.fuse(seen)))
    useless = fused(settings)
    useless.tune({**seen, "busy": np.full((300, 1), 0.5)}, truth.astype(np.float32))
    assert useless.exponent == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (made("gate", of="tagz", by="busy"), "there is no task 'tagz'; did you mean 'tags'"),
        (made("gate", of="tags", by="tags"), "is made of 'tags' twice"),
        (made("gate", of="word", by="busy"), "nothing: the labels of 'word' exclude each other"),
        (made("gate", of="tags", by="busy", nothing="bell"), "nothing: is 'bell', but the labels of 'tags' do not"),
        (made("gate", of="word", by="busy", nothing="none"), "nothing: label 'none' is unknown"),
        (made("gate", of="tags", by="word"), "active: 'word' is one of nothing, no, yes; name the labels"),
        (made("gate", of="tags", by="word", active=["yep"]), "active: label 'yep' is unknown"),
        (made("condition", of="word", by="tags"), "by: 'tags' is multilabel, but a scene is one label"),
        (
            made("condition", of="tags", by="room", table={"hall": {"cat": 0.5}}),
            "no row for the scene 'street'.*\n.*table.hall: label 'cat' is unknown",
        ),
        (
            made("condition", of="word", by="room", table={"hall": {"no": 1}, "street": {"no": 0.5}}),
            "table.street: sums to 0.5",
        ),
        (made("product", of=["word", "tags"]), "a product joins tasks of one label each, but 'tags' is multilabel"),
        (made("mean", of=["word", "sounds"]), r"'word' is multiclass \(.*\) and 'sounds' is events \(bell, dog\)"),
        (
            made("gate", of="tags", by="busy", task=MulticlassSettings()),
            "task: is multiclass, which cannot be told from what it is made of",
        ),
        (
            made("gate", of="tags", by="busy", task=MultilabelSettings(labels=("dog", "bell"))),
            "task: has the labels dog, bell, but what it is made of gives bell, dog",
        ),
    ],
)
def test_what_cannot_be_fused_is_refused(settings: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fused(settings)


def test_a_product_of_nothing_is_refused() -> None:
    nowhere = Known(np.zeros(2, dtype=np.int64), np.zeros(2, dtype=bool))
    with pytest.raises(ConfigError, match="0 combinations of 'busy' and 'word' occur"):
        fused(made("product", of=["busy", "word"]), {"busy": nowhere, "word": nowhere})


def test_a_table_without_rows_to_count_is_refused() -> None:
    condition = fused(made("condition", of="tags", by="room"))
    nobody = Known(np.zeros(2, dtype=np.int64), np.zeros(2, dtype=bool))
    with pytest.raises(DataError, match="no training row has targets of both"):
        condition.fit({"tags": told([[1, 0], [0, 1]]), "room": nobody})


def test_settings_of_fused_tasks_are_checked() -> None:
    with pytest.raises(ValueError, match="weights are 1, but 2 tasks want one each"):
        made("mean", of=["a", "b"], weights=[1.0])
    with pytest.raises(ValueError, match="exponent is 2, but the share of a geometric mean is from 0 to 1"):
        made("condition", of="a", by="b", how="geometric", exponent=2.0)
    with pytest.raises(ValueError, match="a fused task is not learned, but weight of its task is set"):
        made("gate", of="a", by="b", task=MultilabelSettings(weight=2.0))
