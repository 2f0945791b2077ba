"""Tasks with events: targets and their codes, losses at the network's own rate, scores."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from motet.errors import DataError
from motet.features.feature_map import TimeGrid
from motet.tasks.events.settings import ActivitySettings, EventsSettings, OnsetsSettings
from motet.tasks.events.task import Activity, Events, Onsets
from motet.tasks.frames import FrameValues, as_objects

LABELS = ("bell", "dog")


@dataclass(frozen=True)
class Happening:
    onset_s: float
    offset_s: float
    label: str


@dataclass(frozen=True)
class Part:
    values: Tensor
    lengths: Tensor | None = None
    grid: TimeGrid | None = None


HAPPENINGS = (Happening(0.5, 0.9, "dog"), Happening(0.1, 0.6, "bell"), Happening(0.2, 0.4, "dog"))


def batch(task: Events, targets: list[Any], *, frames: int = 10, outputs: Tensor | None = None) -> tuple[Part, Part]:
    encoded = as_objects(task.encode(target) for target in targets)
    values, lengths = task.collate(encoded, np.zeros(len(targets)), np.ones(len(targets)))
    outputs = torch.zeros(len(targets), frames, task.output_size) if outputs is None else outputs
    return Part(outputs, None, TimeGrid(0.0, 0.1)), Part(torch.from_numpy(values), torch.from_numpy(lengths))


def test_events_are_encoded_by_onset_and_come_back() -> None:
    task = Events(EventsSettings(), "sounds", Events.collect_labels([HAPPENINGS, frozenset({"cat"})]))
    assert task.labels == ("bell", "cat", "dog")
    encoded = task.encode(HAPPENINGS)
    assert encoded.tolist() == [[0.1, 0.6, 0], [0.2, 0.4, 2], [0.5, 0.9, 2]]
    assert task.to_plain(encoded) == [[0.1, 0.6, "bell"], [0.2, 0.4, "dog"], [0.5, 0.9, "dog"]]
    for target in (HAPPENINGS, (), frozenset({"dog"}), frozenset()):
        plain = task.to_plain(task.encode(target))
        assert np.array_equal(task.from_plain(plain), task.encode(target), equal_nan=True)


def test_a_set_of_labels_is_a_target_without_times() -> None:
    task = Events(EventsSettings(), "sounds", LABELS)
    flags = task.label_flags(as_objects(task.encode(t) for t in (frozenset({"dog"}), frozenset(), HAPPENINGS)))
    assert flags.tolist() == [[False, True], [False, False], [True, True]]


def test_activity_unites_all_labels() -> None:
    task = Activity(ActivitySettings(), "busy", ("bell", "dog"))
    assert task.labels == ("active",)
    assert task.encode(HAPPENINGS).tolist() == [[0.1, 0.9, 0]]
    assert task.to_plain(task.encode(frozenset({"bell", "dog"}))) == [[None, None, "active"]]


def test_onsets_end_where_they_start_and_need_times() -> None:
    task = Onsets(OnsetsSettings(), "drums", LABELS)
    assert task.encode(HAPPENINGS)[:, :2].tolist() == [[0.1, 0.1], [0.2, 0.2], [0.5, 0.5]]
    with pytest.raises(DataError, match=r"'dog'.*labels without times, but onsets are times"):
        task.encode(frozenset({"dog"}))


def test_other_labels_are_refused_or_ignored() -> None:
    with pytest.raises(DataError, match="label 'dog' is unknown"):
        Events(EventsSettings(labels=("bell",)), "sounds").encode(HAPPENINGS)
    task = Events(EventsSettings(labels=("bell",), others="ignore"), "sounds")
    assert task.encode(HAPPENINGS).tolist() == [[0.1, 0.6, 0]]
    assert task.to_plain(task.encode(frozenset({"dog"}))) == [[None, None, None]]


@pytest.mark.parametrize("target", ["dog", 3.0, ("dog",), ((0.1, 0.2, "dog"),)])
def test_what_is_no_event_is_refused(target: Any) -> None:
    with pytest.raises(DataError, match="is no tuple of events; give each event its onset"):
        Events(EventsSettings(), "sounds", LABELS).encode(target)


def test_balanced_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="depends on the network; give a mapping"):
        EventsSettings.model_validate({"loss": {"kind": "bce", "positive_weights": "balanced"}})


def test_a_segment_keeps_what_reaches_into_it_in_its_own_time() -> None:
    task = Events(EventsSettings(), "sounds", LABELS)
    assert task.cut(task.encode(HAPPENINGS), 0.5, 1.5).round(6).tolist() == [[-0.4, 0.1, 0], [0.0, 0.4, 1]]
    weak = task.encode(frozenset({"dog"}))
    assert np.array_equal(task.cut(weak, 0.5, 1.5), weak, equal_nan=True)


def test_the_loss_is_that_of_the_frames_where_times_are_known_and_of_the_recording_elsewhere() -> None:
    task = Events(EventsSettings(weak_pooling="mean", weak_weight=0.5), "sounds", LABELS)
    targets = [HAPPENINGS, frozenset({"dog"})]
    task.fit(as_objects(task.encode(target) for target in targets))
    right = torch.full((10, 2), -5.0)
    right[1:6, 0] = 5.0
    right[[2, 3, 5, 6, 7, 8], 1] = 5.0
    outputs = torch.stack([right, torch.tensor([-30.0, 0.0]).expand(10, 2)])
    losses = task.losses(*batch(task, targets, outputs=outputs))
    assert losses[0].item() == pytest.approx(np.log1p(np.exp(-5)), rel=1e-3)
    assert losses[1].item() == pytest.approx(0.5 * np.log(2) / 2, rel=1e-3)


def test_attention_has_scores_of_its_own_that_learn() -> None:
    task = Events(EventsSettings(weak_pooling="attention"), "sounds", LABELS)
    assert task.output_size == 4
    outputs = torch.randn(1, 10, 4, generator=torch.manual_seed(0)).requires_grad_()
    losses = task.losses(*batch(task, [frozenset({"dog"})], outputs=outputs))
    (gradient,) = torch.autograd.grad(losses.sum(), outputs)
    assert gradient[0, :, 2:].abs().sum() > 0
    assert task.frame_probabilities(outputs.detach().numpy()[0]).shape == (10, 2)


def test_an_onset_is_learned_at_its_frame_and_in_part_beside_it() -> None:
    task = Onsets(OnsetsSettings(width_frames=1), "drums", ("kick",))
    _, frames = task.followed(*batch(task, [(Happening(0.32, 0.32, "kick"),)]))
    assert frames[:, 0].tolist() == [0, 0, 0.5, 1, 0.5, 0, 0, 0, 0, 0]


def test_running_figures_look_at_frames_whose_times_are_known() -> None:
    task = Events(EventsSettings(), "sounds", LABELS)
    prediction, target = batch(task, [HAPPENINGS, frozenset({"dog"})], outputs=torch.full((2, 10, 2), 1.0))
    running = task.running()
    running.update(*task.followed(prediction, target))
    assert running.result()["frame_f1"] == pytest.approx(2 * 11 / (20 + 11))


def test_scores_leave_out_rows_without_times_and_know_psds() -> None:
    settings = EventsSettings.model_validate(
        {"decision": "threshold", "metrics": ["event_f1", "segment_f1", "onset_f1", "psds1", "psds2"]}
    )
    task = Events(settings, "sounds", LABELS)
    grid = TimeGrid(0.05, 0.1)
    right = np.zeros((10, 2), dtype=np.float32)
    right[1:6, 0] = right[[2, 3, 5, 6, 7, 8], 1] = 1.0
    rows = as_objects([FrameValues(right, grid), FrameValues(np.ones((10, 2), np.float32), grid)])
    targets = as_objects([task.encode(HAPPENINGS), task.encode(frozenset({"dog"}))])
    assert set(task.score(rows, targets).values()) == {1.0}
    table = task.table(rows, targets)
    assert table["dog"] == {"events": 2.0, "precision": 1.0, "recall": 1.0, "f1": 1.0}
    weights = np.array([[1.0, 0.0], [0.0, 1.0]])
    scores = task.scorer(rows, task.decide(rows), targets)(weights)
    assert np.isnan([values[1] for values in scores.values()]).all()
    assert not task.higher_is_better("event_error_rate")


def test_tags_are_scored_whether_times_are_known_or_not() -> None:
    settings = EventsSettings.model_validate({"decision": "threshold", "metrics": ["tag_f1", "tag_f1_macro"]})
    task = Events(settings, "sounds", LABELS)
    bell, both = np.zeros((10, 2), dtype=np.float32), np.zeros((10, 2), dtype=np.float32)
    bell[8, 0] = both[2, 0] = both[3, 1] = 1.0
    rows = as_objects([FrameValues(values, TimeGrid(0.05, 0.1)) for values in (both, bell)])
    targets = as_objects([task.encode(HAPPENINGS), task.encode(frozenset({"dog"}))])
    weights = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
    scores = task.scorer(rows, task.decide(rows), targets)(weights)
    assert scores["tag_f1"].tolist() == pytest.approx([2 * 2 / (3 + 3), 1.0, 0.0])  # bell and dog, then bell for dog
    assert scores["tag_f1_macro"].tolist() == pytest.approx([2 / 3, 1.0, 0.0])
    table = task.table(rows, targets)
    assert {name: counts["f1"] for name, counts in table.items()} == pytest.approx({"bell": 2 / 3, "dog": 2 / 3})


def test_tuning_looks_at_rows_whose_times_are_known() -> None:
    task = Events(EventsSettings(), "sounds", ("bell",))
    quiet = np.zeros((10, 1), dtype=np.float32)
    quiet[1:6] = 0.3
    rows = as_objects([FrameValues(quiet, TimeGrid(0.05, 0.1)), FrameValues(1 - quiet, TimeGrid(0.05, 0.1))])
    targets = as_objects([task.encode((Happening(0.1, 0.6, "bell"),)), task.encode(frozenset({"bell"}))])
    task.tune(rows, targets)
    other = Events(EventsSettings(), "sounds", ("bell",))
    other.load_decision_state(task.decision_state())
    assert other.decide(rows)[0].round(6).tolist() == [[0.1, 0.6, 0]]


def test_without_any_label_there_is_no_task() -> None:
    with pytest.raises(DataError, match="task 'sounds': the data have no event"):
        Events(EventsSettings(), "sounds")
