"""Tasks of clips fused with tasks of frames, against values worked out by hand."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import TypeAdapter

from motet.errors import ConfigError, DataError
from motet.features.feature_map import TimeGrid
from motet.model import build_task
from motet.tasks import Binary, Events, FrameValues, Multiclass, Multilabel, Task
from motet.tasks.events.settings import (
    ActivitySettings,
    EventsSettings,
    EventThresholdSettings,
    OnsetsSettings,
    SegmentF1Settings,
    TunedEventsSettings,
)
from motet.tasks.events.task import Activity, Onsets
from motet.tasks.frames import as_objects
from motet.tasks.fused.build import bases_of, build_fused, labels_of, task_settings
from motet.tasks.fused.fused import Fused, Known
from motet.tasks.fused.settings import FuseSettings
from motet.tasks.settings import BinarySettings, MulticlassSettings, MultilabelSettings

Values = NDArray[Any]

PLAIN = EventThresholdSettings()
TASKS: dict[str, Task] = {
    "sound": Multiclass(MulticlassSettings(), "sound", ("bell", "dog", "silence")),
    "room": Multiclass(MulticlassSettings(), "room", ("hall", "street")),
    "tags": Multilabel(MultilabelSettings(), "tags", ("bell", "dog")),
    "alarm": Binary(BinarySettings(), "alarm", ("no", "yes")),
    "busy": Activity(ActivitySettings(decision=PLAIN, metrics=(SegmentF1Settings(),)), "busy"),
    "strokes": Onsets(OnsetsSettings(), "strokes", ("hit",)),
    "events": Events(EventsSettings(decision=PLAIN), "events", ("bell", "dog")),
    "again": Events(EventsSettings(decision=PLAIN), "again", ("bell", "dog")),
}
SOUND = np.array([[0.5, 0.25, 0.25], [0.125, 0.75, 0.125]])
TAGS = np.array([[0.75, 0.5], [0.25, 1.0]])
ROOM = np.array([[0.75, 0.25], [0.5, 0.5]])
NAN = float("nan")


def made(kind: str, **options: Any) -> Any:
    return TypeAdapter(FuseSettings).validate_python({"kind": kind, **options})


def fused(settings: Any, known: dict[str, Known] | None = None) -> Fused:
    bases = bases_of("made", settings, TASKS)
    labels = labels_of(settings, bases, known or {})
    truth = None if settings.truth is None else TASKS[settings.truth]
    return build_fused("made", settings, task_settings(settings, bases), labels, bases, build_task, truth=truth)


def told(values: Any) -> Known:
    return Known(np.asarray(values), np.ones(len(values), dtype=bool))


def happened(*lists: list[tuple[float, float, int]]) -> Known:
    return told(as_objects(np.array(events, dtype=np.float64).reshape(-1, 3) for events in lists))


def frames(*values: Any) -> Values:
    return as_objects(FrameValues(np.asarray(each, dtype=np.float32), TimeGrid(0.0, 0.1)) for each in values)


def shown(known: Known) -> list[list[list[float]]]:
    return [np.nan_to_num(events, nan=-9.0).tolist() for events in known.values]


def test_a_class_times_activity_is_an_event_of_that_class() -> None:
    gate = fused(made("gate", of="sound", by="busy", nothing="silence", exponent=2.0))
    assert (gate.task.kind, gate.task.labels) == ("events", ("bell", "dog"))
    assert gate.task.settings.decision == PLAIN
    assert gate.task.metrics.names == ("segment_f1",)
    active = frames([[0.5], [1.0], [0.0]], [[0.5]])
    first, second = gate.fuse({"sound": SOUND, "busy": active})
    np.testing.assert_allclose(first.values, [[0.125, 0.0625], [0.5, 0.25], [0.0, 0.0]])
    np.testing.assert_allclose(second.values, [[0.03125, 0.1875]])
    assert (first.grid, len(second.values)) == (TimeGrid(0.0, 0.1), 1)


def test_classes_are_decided_as_events() -> None:
    gate = fused(made("gate", of="sound", by="busy"))
    assert gate.task.labels == ("bell", "dog", "silence")
    active = frames([[1.0], [0.9], [0.5], [1.0]], [[0.6], [0.7], [0.0], [0.0]])
    decided = gate.task.decide(gate.fuse({"sound": SOUND, "busy": active}))
    np.testing.assert_allclose(decided[0], [[-0.05, 0.05, 0.0], [0.25, 0.35, 0.0]], atol=0.06)
    np.testing.assert_allclose(decided[1], [[0.05, 0.15, 1.0]], atol=0.06)
    assert [row[:, 2].tolist() for row in decided] == [[0.0, 0.0], [1.0]]


def test_the_times_are_those_of_activity_and_the_label_is_that_of_the_clip() -> None:
    gate = fused(made("gate", of="sound", by="busy", nothing="silence"))
    assert gate.scored_by == ("sound", "busy")
    activity = happened([(1, 2, 0)], [(0, 1, 0), (3, 4, 0)], [(0, 1, 0)], [])
    known = {"sound": told([0, 1, 2, 1]), "busy": activity}
    assert shown(gate.targets(known)) == [[[1, 2, 0]], [[0, 1, 1], [3, 4, 1]], [], []]
    known["busy"].present[1] = False
    assert gate.targets(known).present.tolist() == [True, False, True, True]


def test_tags_times_activity() -> None:
    gate = fused(made("gate", of="tags", by="busy"))
    (found,) = gate.fuse({"tags": TAGS[:1], "busy": frames([[0.5], [1.0]])})
    np.testing.assert_allclose(found.values, [[0.375, 0.25], [0.75, 0.5]])
    known = {
        "tags": told([[1.0, 0], [1, 1], [0, 0], [0, 1], [1, 1]]),
        "busy": happened([(1, 2, 0)], [(1, 2, 0)], [(1, 2, 0)], [(NAN, NAN, 0)], []),
    }
    assert shown(gate.targets(known)) == [[[1, 2, 0]], [[-9, -9, 0], [-9, -9, 1]], [], [[-9, -9, 1]], []]


def test_a_task_of_events_may_say_which_tag_was_heard_when() -> None:
    gate = fused(made("gate", of="tags", by="busy", truth="events"))
    assert gate.scored_by == ("events",)
    known = {"events": happened([(1, 2, 0), (1.5, 3, 1)]), "tags": told([[1.0, 1]]), "busy": happened([(1, 3, 0)])}
    assert shown(gate.targets(known)) == [[[1, 2, 0], [1.5, 3, 1]]]


def test_only_active_labels_of_events_count() -> None:
    gate = fused(made("gate", of="alarm", by="events", active=["dog"]))
    assert gate.task.labels == ("yes",)
    (found,) = gate.fuse({"alarm": np.array([[0.5]]), "events": frames([[1.0, 0.5], [0.0, 1.0]])})
    np.testing.assert_allclose(found.values, [[0.25], [0.5]])
    known = {"alarm": told([1, 0]), "events": happened([(0, 5, 0), (1, 2, 1)], [(0, 5, 1)])}
    assert shown(gate.targets(known)) == [[[1, 2, 0]], []]
    both = fused(made("gate", of="alarm", by="events"))
    (found,) = both.fuse({"alarm": np.array([[0.5]]), "events": frames([[0.5, 0.5], [0.0, 1.0]])})
    np.testing.assert_allclose(found.values, [[0.375], [0.5]])
    known["events"] = happened([(0, 2, 0), (1, 3, 1), (4, 5, 1)], [])
    assert shown(both.targets(known)) == [[[0, 3, 0], [4, 5, 0]], []]


def test_onsets_of_a_class_are_onsets() -> None:
    gate = fused(made("gate", of="sound", by="strokes", nothing="silence"))
    assert (gate.task.kind, gate.task.main_metric) == ("onsets", "onset_f1")
    known = {"sound": told([1]), "strokes": happened([(0.5, 0.5, 0), (1, 1, 0)])}
    assert shown(gate.targets(known)) == [[[0.5, 0.5, 1], [1, 1, 1]]]


def test_a_product_of_scenes_and_events_is_events_of_scenes() -> None:
    known = {"room": told([0, 1, 1, 0]), "events": happened([(1, 2, 0)], [(0, 1, 1), (2, 3, 0)], [(0, 1, 1)], [])}
    product = fused(made("product", of=["room", "events"]), known)
    assert (product.task.kind, product.task.labels) == ("events", ("hall+bell", "street+bell", "street+dog"))
    rows = frames([[0.5, 1.0], [1.0, 0.0]], [[0.25, 0.5]])
    first, second = product.fuse({"room": ROOM, "events": rows})
    np.testing.assert_allclose(first.values, [[0.375, 0.125, 0.25], [0.75, 0.25, 0.0]])
    np.testing.assert_allclose(second.values, [[0.125, 0.125, 0.25]])
    assert shown(product.targets(known)) == [[[1, 2, 0]], [[0, 1, 2], [2, 3, 1]], [[0, 1, 2]], []]


def test_the_order_of_a_product_is_that_of_its_labels_and_tags_without_times_stay() -> None:
    known = {
        "alarm": told([0, 1, 1]),
        "events": happened([(1, 2, 1)], [(NAN, NAN, 0)], [(NAN, NAN, -1)]),
        "room": told([1, 0, 0]),
    }
    product = fused(made("product", of=["alarm", "events", "room"]), known)
    assert product.task.labels == ("no+dog+street", "yes+bell+hall")
    seen = {"alarm": np.array([[0.25]]), "events": frames([[0.5, 0.8]]), "room": ROOM[:1]}
    (found,) = product.fuse(seen)
    np.testing.assert_allclose(found.values, [[0.75 * 0.8 * 0.25, 0.25 * 0.5 * 0.75]], rtol=1e-6)
    assert shown(product.targets(known)) == [[[1, 2, 0]], [[-9, -9, 1]], [[-9, -9, -1]]]
    strange = {"alarm": told([1, 1]), "events": happened([(0, 1, 0)], [(0, 1, 1)]), "room": told([0, 0])}
    with pytest.raises(DataError, match=r"1 rows have combinations that did not occur .* first is 'yes\+dog\+hall'"):
        product.targets(strange)


def test_a_mean_of_tags_and_events_is_of_frames() -> None:
    rows = frames([[0.25, 0.5], [0.75, 0.0]])
    mean = fused(made("mean", of=["tags", "events"], weights=[1.0, 3.0]))
    assert (mean.task.kind, mean.task.labels, mean.scored_by) == ("events", ("bell", "dog"), ("events",))
    (found,) = mean.fuse({"tags": TAGS[:1], "events": rows})
    np.testing.assert_allclose(found.values, [[0.375, 0.5], [0.75, 0.125]])
    geometric = fused(made("mean", of=["events", "tags"], how="geometric"))
    (found,) = geometric.fuse({"tags": TAGS[:1], "events": frames([[0.25, 0.5], [0.75, 0.8]])})
    np.testing.assert_allclose(found.values, [[0.5, 0.5], [0.75, 2 / 3]], rtol=1e-5)


def test_events_conditioned_on_a_scene_keep_their_frames() -> None:
    table = {"hall": {"bell": 0.8, "dog": 0.4}, "street": {"bell": 0.4, "dog": 0.8}}
    condition = fused(made("condition", of="events", by="room", table=table, how="product"))
    (found,) = condition.fuse({"events": frames([[0.5, 1.0], [1.0, 0.5]]), "room": ROOM[:1]})
    np.testing.assert_allclose(found.values, [[0.35, 0.5], [0.7, 0.25]], rtol=1e-6)


def test_thresholds_and_exponent_are_tuned_on_what_is_given() -> None:
    own = EventsSettings(decision=TunedEventsSettings(metric="segment_f1"), metrics=(SegmentF1Settings(),))
    settings = made("gate", of="sound", by="busy", nothing="silence", exponent="tuned", task=own)
    gate = fused(settings)
    heard = np.array([0, 1] * 6)
    sure = np.where(heard[:, None] == np.arange(3), 0.4, 0.3)
    active = np.where(np.arange(20) > 10, 0.9, 0.7)[:, None]
    seen = {"sound": sure, "busy": frames(*[active] * 12)}
    targets = gate.targets({"sound": told(heard), "busy": happened(*[[(1.0, 2.0, 0)]] * 12)}).values
    assert gate.task.score(gate.fuse(seen), targets)["segment_f1"] == 0, "0.4 is below a half"
    gate.tune(seen, targets)
    assert gate.task.score(gate.fuse(seen), targets)["segment_f1"] == 1
    assert gate.exponent > 0
    again = fused(settings)
    again.load_state(gate.state())
    assert all(
        (one == other).all() for one, other in zip(*(g.task.decide(g.fuse(seen)) for g in (gate, again)), strict=True)
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (made("gate", of="sound", by="busy", nothing="quiet"), "nothing: label 'quiet' is unknown"),
        (
            made("gate", of="tags", by="busy", nothing="dog"),
            "nothing: is 'dog', but the labels of 'tags' do not exclude",
        ),
        (made("gate", of="tags", by="events", active=["cat"]), "active: label 'cat' is unknown"),
        (
            made("gate", of="sound", by="busy", task=MulticlassSettings()),
            r"task: is multiclass, which .* made of \(sound: multiclass, busy: activity\); give it the kind events",
        ),
        (
            made("gate", of="sound", by="busy", truth="events"),
            r"truth: 'events' is events \(bell, dog\), but what it scores is events \(bell, dog, silence\)",
        ),
        (
            made("gate", of="tags", by="busy", truth="tags"),
            r"truth: 'tags' is multilabel \(bell, dog\), but what it scores is events",
        ),
        (made("gate", of="tags", by="busy", truth="event"), "there is no task 'event'; did you mean 'events'"),
        (made("condition", of="sound", by="busy"), "by: 'busy' is activity, but a scene is one label of several"),
        (
            made("product", of=["events", "room", "again"]),
            "one task of frames at most, but 'events' and 'again' are told",
        ),
        (made("product", of=["tags", "busy"]), "a product joins tasks of one label each, but 'tags' is multilabel"),
        (made("mean", of=["tags", "busy"]), r"'tags' is multilabel \(bell, dog\) and 'busy' is events \(active\)"),
        (made("mean", of=["sound", "events"]), "'sound' is multiclass .* and 'events' is events"),
    ],
)
def test_what_has_no_sense_is_refused(settings: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fused(settings)


def test_a_truth_may_score_any_fused_task() -> None:
    mean = fused(made("mean", of=["events", "again"], truth="again"))
    known = {"events": happened([(0, 1, 0)]), "again": happened([(0, 1, 1)])}
    assert mean.scored_by == ("again",)
    assert shown(mean.targets(known)) == [[[0, 1, 1]]]
