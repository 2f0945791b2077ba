"""Lessons against closed forms: PyTorch's divergence, gradients of Hinton et al., and what turns probabilities back."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from motet.data.batch import Column
from motet.tasks.classification import Binary, Multiclass, Multilabel
from motet.tasks.events.settings import EventsSettings
from motet.tasks.events.task import Events
from motet.tasks.lessons import logits_of_classes, logits_of_labels, soft_classes, soft_labels
from motet.tasks.regression import Regression
from motet.tasks.settings import BinarySettings, MulticlassSettings, MultilabelSettings, RegressionSettings

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
