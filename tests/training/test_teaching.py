"""Losses of targets and lessons: by hand, in micro-batches, mixed, task by task, and with a teacher in the loop."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch

from motet.data.batch import Batch, Column
from motet.data.corpus import Corpus
from motet.data.loader import Lessons, Loader
from motet.features.settings import MixupSettings
from motet.tasks.lessons import soft_classes
from motet.training.loop import descend, take_step
from motet.training.mixing import micro_batches, prepare, row_losses
from motet.training.procedures.alternating import alternate
from motet.training.teaching import Teaching, Vary, blended
from tests.training.small import gradients, small_corpus, small_loader, small_model, small_training, weights

CPU = torch.device("cpu")
ROWS = np.array([0, 1, 2, 10, 12])
TEACHING = {"level": Teaching(0.25, 2.0), "word": Teaching(0.6, 3.0)}


def lessons(corpus: Corpus, seed: int = 0) -> dict[str, Lessons]:
    """All rows of digits but one are taught the level, which a third of them lacks; all words are taught."""
    generator = np.random.default_rng(seed)
    in_digits = np.arange(len(corpus)) < 10
    return {
        "level": Lessons(
            in_digits & (np.arange(len(corpus)) != 2), generator.random((len(corpus), 1)).astype(np.float32)
        ),
        "word": Lessons(~in_digits, generator.normal(size=(len(corpus), 3)).astype(np.float32)),
    }


def taught(mixup: MixupSettings | None = None) -> Loader:
    loader = small_loader(small_corpus(), mixup=mixup)
    loader.lessons = lessons(loader.corpus)
    return loader


def test_a_row_learns_of_what_it_has() -> None:
    prediction = Column(torch.zeros(3, 1), torch.tensor([1, 4, 6]))
    hard, soft = torch.tensor([10.0, 20.0]), torch.tensor([1.0, 2.0])
    found = blended(prediction, hard, torch.tensor([1, 4]), soft, torch.tensor([4, 6]), 0.75)
    assert found.tolist() == [10.0, 0.25 * 20 + 0.75 * 1, 2.0]
    assert blended(prediction, None, None, soft, None, 0.75) is soft
    both = blended(replace(prediction, rows=None), torch.ones(3), None, torch.zeros(3), None, 1.0)
    assert both.tolist() == [0.0] * 3, "a share of 1 leaves labels out"


def test_batches_bring_lessons_in_training_only() -> None:
    drawn = taught().draw(ROWS, epoch=0, training=True)
    assert drawn.lessons["level"].rows is not None
    assert drawn.lessons["level"].rows.tolist() == [0, 1]
    assert drawn.targets["level"].rows is not None
    assert drawn.targets["level"].rows.tolist() == [1, 2], "of rows 0, 1 and 2 the first has no level"
    assert drawn.counts == {"digit": 3, "level": 3, "word": 2}
    for batch in (taught().draw(ROWS, epoch=0, training=False), *taught().evaluate(ROWS, batch_size=9)):
        assert batch.lessons == {}
        assert batch.counts == {"digit": 3, "level": 2, "word": 2}


def test_losses_are_those_of_rows_by_hand() -> None:
    loader = taught()
    drawn = loader.draw(ROWS, epoch=0, training=True)
    model = small_model(loader.corpus)
    ready = prepare(drawn.inputs, drawn, CPU)
    predictions = model.network(ready.inputs, ready.rows).predictions
    assert predictions["level"].rows.tolist() == [0, 1, 2]
    found = row_losses(model.tasks, predictions, ready, TEACHING)
    level, task = predictions["level"].values, model.tasks["level"]
    said = torch.from_numpy(loader.lessons["level"].values[[0, 1]])  # type: ignore[index]
    truth = drawn.targets["level"].values
    soft, hard = task.loss(level[:2], said), task.loss(level[1:], truth)
    torch.testing.assert_close(found["level"], torch.stack([soft[0], 0.25 * soft[1] + 0.75 * hard[0], hard[1]]))
    word = predictions["word"].values
    soft = soft_classes(word, drawn.lessons["word"].values, 3.0)
    torch.testing.assert_close(
        found["word"], 0.6 * soft + 0.4 * model.tasks["word"].loss(word, drawn.targets["word"].values)
    )


@pytest.mark.parametrize("mixup", [None, MixupSettings(alpha=1.0)])
def test_micro_batches_change_nothing(mixup: MixupSettings | None) -> None:
    drawn = taught(mixup).draw(ROWS, epoch=0, training=True)
    assert (drawn.mix is None) == (mixup is None)
    found = []
    for parts in (1, 4):
        training = small_training(
            small_model(small_corpus()), micro_batches=parts, teaching=TEACHING, optimizer=torch.optim.SGD
        )
        descend(training, drawn)
        found.append(gradients(training.model))
    assert found[0].keys() == found[1].keys()
    for name, value in found[0].items():
        torch.testing.assert_close(found[1][name], value, msg=name)


def test_mixed_rows_learn_of_both_lessons() -> None:
    drawn = taught(MixupSettings(alpha=1.0)).draw(np.arange(10, 18), epoch=0, training=True)
    model = small_model(small_corpus())
    ready = prepare(drawn.inputs, drawn, CPU)
    predictions = model.network(ready.inputs, ready.rows).predictions
    found = row_losses(model.tasks, predictions, ready, {"word": Teaching(1.0, 2.0)})["word"]
    assert drawn.mix is not None
    said, weight = drawn.lessons["word"].values, drawn.mix.weight
    own, other = (soft_classes(predictions["word"].values, each, 2.0) for each in (said, said[drawn.mix.partner]))
    torch.testing.assert_close(found, weight * own + (1 - weight) * other)


def test_a_task_that_is_only_taught_is_learned() -> None:
    """No row of the batch has a target of the word: the count, the loss and the update come from the teacher."""
    loader = taught()
    loader.corpus.targets["word"].present[:] = False
    drawn = loader.draw(ROWS, epoch=0, training=True)
    assert "word" not in drawn.targets
    assert drawn.counts["word"] == 2
    training = small_training(small_model(small_corpus()), teaching=TEACHING)
    before = weights(training.model)
    take_step(training, drawn)
    changed = {name for name, value in weights(training.model).items() if not torch.equal(value, before[name])}
    assert any("heads.word" in name or "word" in name for name in changed)
    assert training.counts["word"] == 2
    assert all(not len(part.targets) or "word" not in part.targets for part in micro_batches(prepare(
        drawn.inputs, drawn, CPU), drawn.size, 2))  # fmt: skip


def test_tasks_in_turn_have_their_lessons() -> None:
    drawn = taught().draw(ROWS, epoch=0, training=True)
    found, expected = (small_training(small_model(small_corpus()), teaching=TEACHING) for _ in range(2))
    alternate(found, drawn)
    for task in drawn.counts:
        descend(expected, drawn.of_task(task))
    for name, value in weights(expected.model).items():
        assert torch.equal(weights(found.model)[name], value), name


def test_a_teacher_in_the_loop_hears_what_the_student_hears() -> None:
    loader = taught(MixupSettings(alpha=1.0))
    heard: list[Mapping[str, Column]] = []

    def ask(batch: Batch, vary: Vary) -> Column:
        own, rows = batch.part(["words"])
        heard.append(vary(own, own.inputs))
        return Column(torch.ones(own.size, 3), rows)

    class Louder:
        num_draws = 1

        def __call__(self, values: torch.Tensor, lengths: torch.Tensor | None, uniforms: torch.Tensor) -> torch.Tensor:
            return values * uniforms[:, :, None, None]

    loader.lessons = {"word": Lessons(loader.lessons["word"].present)}
    drawn = loader.draw(np.array([0, 1, 10, 11, 12, 13]), epoch=1, training=True)
    assert (drawn.lessons, drawn.counts["word"]) == ({}, 4)
    model, seen = small_model(small_corpus()), []
    model.network.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    training = small_training(model, teaching={"word": Teaching(0.5, 2.0, ask)}, augmentations=[Louder()], epochs=3)
    training.position.epoch = 1
    take_step(training, drawn)
    torch.testing.assert_close(heard[0]["signal"].values, seen[0]["signal"].values[2:])
