"""Lessons against closed forms: PyTorch's divergence, gradients of Hinton et al., traces, texts and maps by hand."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from motet.data.batch import Column
from motet.features.feature_map import TimeGrid
from motet.tasks.classification import Binary, Multiclass, Multilabel
from motet.tasks.ctc import sequence_score
from motet.tasks.dense import Dense
from motet.tasks.events.settings import EventsSettings
from motet.tasks.events.task import Events
from motet.tasks.frames import FrameValues, as_objects
from motet.tasks.lessons import logits_of_classes, logits_of_labels, soft_classes, soft_labels
from motet.tasks.map_settings import DenseSettings
from motet.tasks.regression import Regression
from motet.tasks.sequence import Sequence
from motet.tasks.settings import (
    BinarySettings,
    MulticlassSettings,
    MultilabelSettings,
    RegressionSettings,
    SequenceSettings,
)
from motet.tasks.traces.settings import TimeRegressionSettings
from motet.tasks.traces.task import TimeRegression

GENERATOR = torch.Generator().manual_seed(1)
OWN, SAID = torch.randn(5, 4, generator=GENERATOR), 3 * torch.randn(5, 4, generator=GENERATOR)


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_soft_classes_are_the_divergence_of_softened_softmaxes(temperature: float) -> None:
    own, said = (logits / temperature for logits in (OWN, SAID))
    expected = F.kl_div(own.log_softmax(1), said.softmax(1), reduction="none").sum(1) * temperature**2
    torch.testing.assert_close(soft_classes(OWN, SAID, temperature), expected)


def test_gradients_at_high_temperatures_are_those_of_logits() -> None:
    """Hinton et al., equation 4: for T far above logits of mean 0, (z - v) / K, here with T^2 taken out again."""
    own, said = (logits - logits.mean(1, keepdim=True) for logits in (OWN, SAID))
    own.requires_grad_()
    soft_classes(own, said, 100.0).sum().backward()  # type: ignore[no-untyped-call]
    assert own.grad is not None
    torch.testing.assert_close(own.grad, (own.detach() - said) / 4, rtol=0.05, atol=0.02)


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_soft_labels_are_the_mean_divergence_of_two_sided_coins(temperature: float) -> None:
    own, said = ((logits / temperature).sigmoid() for logits in (OWN, SAID))
    divergence = said * (said / own).log() + (1 - said) * ((1 - said) / (1 - own)).log()
    torch.testing.assert_close(
        soft_labels(OWN, SAID, temperature), temperature**2 * divergence.mean(1), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("soft", [soft_classes, soft_labels])
def test_who_says_the_same_has_nothing_to_learn(soft: object) -> None:
    assert callable(soft)
    own = OWN.clone().requires_grad_()
    loss = soft(own, OWN, 2.0)
    loss.sum().backward()
    torch.testing.assert_close(loss.detach(), torch.zeros(5), atol=1e-6, rtol=0)
    assert own.grad is not None
    torch.testing.assert_close(own.grad, torch.zeros(5, 4), atol=1e-6, rtol=0)


def test_probabilities_become_logits_again() -> None:
    classes = SAID.double().softmax(1).numpy()
    np.testing.assert_allclose(torch.from_numpy(logits_of_classes(classes)).softmax(1), classes, rtol=1e-5)
    labels = SAID.double().sigmoid().numpy()
    np.testing.assert_allclose(logits_of_labels(labels), SAID, rtol=1e-4)
    assert np.isfinite(logits_of_classes(np.array([[0.0, 1.0]]))).all(), "a vote is sure, and yet has logits"
    assert np.isfinite(logits_of_labels(np.array([[0.0, 1.0]]))).all()


def test_tasks_with_labels_say_logits() -> None:
    multiclass = Multiclass(MulticlassSettings(), "animal", tuple("abcd"))
    multilabel = Multilabel(MultilabelSettings(), "sounds", tuple("abcd"))
    binary = Binary(BinarySettings(), "stress", ("calm", "fearful"))
    prediction, lesson = Column(OWN), Column(SAID)
    assert torch.equal(multiclass.soft_losses(prediction, lesson, 2.0), soft_classes(OWN, SAID, 2.0))
    assert torch.equal(multilabel.soft_losses(prediction, lesson, 2.0), soft_labels(OWN, SAID, 2.0))
    one = Column(OWN[:, :1]), Column(SAID[:, :1])
    assert torch.equal(binary.soft_losses(*one, 2.0), soft_labels(OWN[:, :1], SAID[:, :1], 2.0))
    assert multiclass.lesson(OWN) is OWN
    np.testing.assert_allclose(
        multiclass.lesson_of(multiclass.probabilities(SAID.numpy())), SAID.log_softmax(1), rtol=1e-4, atol=1e-5
    )


def test_numbers_are_said_in_their_own_unit() -> None:
    teacher = Regression(RegressionSettings(labels=("near", "loud")), "both")
    teacher.fit(np.array([[0.0, 10.0], [2.0, 30.0]]))
    outputs = torch.tensor([[1.0, -1.0]])
    assert teacher.lesson(outputs).tolist() == [[2.0, 10.0]]
    student = Regression(RegressionSettings(labels=("loud", "near")), "both")
    student.fit_like(teacher)
    assert student.probabilities(np.array([[-1.0, 1.0]])).tolist() == [[10.0, 2.0]]
    lesson = Column(torch.tensor([[10.0, 2.0]]))
    assert student.soft_losses(Column(torch.tensor([[-1.0, 1.0]])), lesson, 5.0).tolist() == [0.0]
    assert student.soft_losses(Column(torch.tensor([[1.0, 1.0]])), lesson, 5.0).tolist() == [2.0]


def test_frames_are_taught_where_they_are_valid() -> None:
    task = Events(EventsSettings(weak_pooling="attention"), "sounds", ("bell", "dog"))
    outputs = torch.randn(2, 3, 4, generator=GENERATOR)
    said = task.lesson(torch.randn(2, 3, 4, generator=GENERATOR))
    assert said.shape == (2, 3, 2), "scores of attention are no lesson"
    found = task.soft_losses(Column(outputs, lengths=torch.tensor([3, 2])), Column(said), 2.0)
    expected = [
        soft_labels(outputs[row, :length, :2], said[row, :length], 2.0).mean().item()
        for row, length in enumerate([3, 2])
    ]
    assert found.tolist() == pytest.approx(expected)


TRACE = {"loss": {"kind": "mse"}, "delay_s": 3.0, "max_gap_s": 0.1}


def traces(
    names: tuple[str, ...], mean: tuple[float, ...], spread: tuple[float, ...], **options: Any
) -> TimeRegression:
    """A task whose training targets had this mean and standard deviation."""
    task = TimeRegression(TimeRegressionSettings.model_validate({**TRACE, **options}), "affect", names)
    low, high = (np.array([0.0, *(m + sign * s for m, s in zip(mean, spread, strict=True))]) for sign in (-1, 1))
    task.fit(as_objects([np.stack([low, high])]))
    return task


def test_values_over_time_are_said_in_their_unit_and_lie_between_frames() -> None:
    """The teacher gives a frame every 0.5 s from 0.25 s on, the student one every 0.25 s: lines lead to the next.

    Neither the delay of annotations nor their longest gap is one of the teacher's.
    """
    teacher = traces(("arousal",), (10.0,), (2.0,))
    outputs = torch.tensor([[[0.0], [1.0], [-1.0]]])
    said = teacher.lesson(outputs)
    assert said.flatten().tolist() == [10.0, 12.0, 8.0]
    student = traces(("arousal",), (9.0,), (4.0,))
    heard = Column(*_entries(student.heard(Column(said, grid=TimeGrid(0.25, 0.5)))))
    assert heard.values[0].tolist() == [[0.25, 10.0], [0.75, 12.0], [1.25, 8.0]]
    own = Column(torch.zeros(1, 6, 1), grid=TimeGrid(0.0, 0.25))
    wanted = [(value - 9) / 4 for value in (10, 10, 11, 12, 10, 8)]
    assert student.soft_losses(own, heard, 5.0).tolist() == pytest.approx([np.mean(np.square(wanted))])
    shorter = Column(own.values, lengths=torch.tensor([3]), grid=own.grid)
    assert student.soft_losses(shorter, heard, 5.0).tolist() == pytest.approx([np.mean(np.square(wanted[:3]))])
    few = Column(*_entries(student.heard(Column(said, lengths=torch.tensor([1]), grid=TimeGrid(0.25, 0.5)))))
    assert student.soft_losses(own, few, 5.0).tolist() == pytest.approx([1 / 16]), "one frame says the same all along"


def test_values_over_time_are_the_same_asked_before_or_live() -> None:
    teacher = traces(("arousal", "valence"), (1.0, -1.0), (2.0, 0.5), loss="ccc")
    outputs = torch.randn(2, 7, 2, generator=GENERATOR)
    grid = TimeGrid(0.1, 0.2)
    live = teacher.heard(Column(teacher.lesson(outputs), grid=grid))
    before = teacher.lesson_of(teacher.collect(Column(outputs, grid=grid), np.zeros(2)))
    values, lengths = teacher.collate(before, np.zeros(2), np.full(2, np.inf))
    np.testing.assert_allclose(values, live[0], rtol=1e-6)
    assert lengths.tolist() == live[1].tolist() == [7, 7]  # type: ignore[union-attr]
    cut, counts = teacher.collate(before, np.array([0.6, 0.0]), np.array([1.0, np.inf]))
    assert counts.tolist() == [6, 7], "a segment has its own frames and two on either side, in its own time"
    np.testing.assert_allclose(cut[0, :6, 0], [-0.3, -0.1, 0.1, 0.3, 0.5, 0.7], atol=1e-6)
    own = Column(torch.randn(2, 7, 2, generator=GENERATOR), grid=grid)
    truth = Column(torch.from_numpy(values), lengths=torch.from_numpy(lengths))
    plain = traces(("arousal", "valence"), (1.0, -1.0), (2.0, 0.5), loss="ccc", max_gap_s=None)
    torch.testing.assert_close(teacher.soft_losses(own, truth, 1.0), plain.losses(own, truth))


def test_values_that_only_a_teacher_knows_have_its_unit() -> None:
    teacher = traces(("arousal", "valence"), (1.0, -1.0), (2.0, 0.5))
    student = TimeRegression(TimeRegressionSettings(labels=("valence", "arousal")), "affect")
    student.fit_like(teacher)
    assert student.decision_state() == {"mean": [-1.0, 1.0], "spread": [0.5, 2.0]}


def test_a_text_is_learned_as_the_teacher_reads_it() -> None:
    task = Sequence(SequenceSettings(), "words", ("one two three",))
    paths = [[0, 0, 3, 0, 2], [3, 1, 1, 3, 3]]
    frames = [FrameValues(np.eye(4, dtype=np.float32)[path] * 0.9 + 0.025, TimeGrid(0.0, 0.1)) for path in paths]
    lessons = task.lesson_of(as_objects(frames))
    assert [lesson.ravel().tolist() for lesson in lessons] == [[0, 0, 2], [1]]
    values, lengths = task.collate(lessons, np.zeros(2), np.full(2, np.inf))
    outputs = torch.randn(2, 5, 4, generator=GENERATOR)
    lesson = Column(torch.from_numpy(values), lengths=torch.from_numpy(lengths))
    found = task.soft_losses(Column(outputs), lesson, 2.0)
    expected = [-sequence_score(outputs[row].double().log_softmax(1).numpy(), text) / len(text)
                for row, text in enumerate([[0, 0, 2], [1]])]  # fmt: skip
    assert found.tolist() == pytest.approx(expected, rel=1e-5)


def test_a_beam_reads_as_the_teachers_own_decision_does() -> None:
    beam = Sequence(SequenceSettings.model_validate({"decision": {"kind": "beam", "width": 4}}), "words", ("a",))
    greedy = Sequence(SequenceSettings(), "words", ("a",))
    unsure = as_objects([FrameValues(np.array([[0.4, 0.6], [0.4, 0.6]], np.float32), TimeGrid(0.0, 0.1))])
    assert [task.lesson_of(unsure)[0].ravel().tolist() for task in (greedy, beam)] == [[], [0.0]]


def test_a_map_is_learned_frame_by_frame_and_what_has_no_target_does_not_count() -> None:
    own, said = torch.randn(2, 6, 3, generator=GENERATOR), torch.randn(2, 6, 3, generator=GENERATOR)
    lengths = torch.tensor([6, 4])
    for shift in (0, 2):
        task = Dense(DenseSettings(of="mel", shift=shift), "clean")
        found = task.soft_losses(Column(own), Column(said, lengths=lengths), 2.0)
        expected = [(own - said)[row, : length - shift].square().mean().item() for row, length in enumerate([6, 4])]
        assert found.tolist() == pytest.approx(expected)
    longer = Column(torch.cat([own, own[:, :1]], dim=1))
    assert task.soft_losses(longer, Column(said, lengths=lengths), 2.0).tolist() == pytest.approx(expected)


def _entries(heard: tuple[torch.Tensor, torch.Tensor | None]) -> tuple[torch.Tensor, None, torch.Tensor | None]:
    return heard[0], None, heard[1]
