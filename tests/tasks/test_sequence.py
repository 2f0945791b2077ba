"""Texts as targets: codes and back, the loss against its definition, decisions and figures."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from motet.config import validate
from motet.data.batch import Column
from motet.errors import ConfigError, DataError
from motet.features.feature_map import TimeGrid
from motet.tasks.ctc import sequence_score
from motet.tasks.frames import FrameValues, as_objects
from motet.tasks.sequence import Sequence
from motet.tasks.settings import SequenceSettings

_TEXTS = ["two one", "one one two", "three"]
_GRID = TimeGrid(0.0, 0.01)


def _task(**options: Any) -> Sequence:
    return Sequence(SequenceSettings.model_validate(options), "digits", Sequence.collect_labels(_TEXTS))


def _said(task: Sequence, path: list[str | None], surely: float = 0.9) -> FrameValues:
    """Return frames that say one symbol each, None for the blank."""
    size = len(task.output_names)
    values = np.full((len(path), size), (1 - surely) / (size - 1), dtype=np.float32)
    for frame, symbol in enumerate(path):
        values[frame, size - 1 if symbol is None else task.labels.index(symbol)] = surely
    return FrameValues(values, _GRID)


def test_symbols_are_words_or_characters() -> None:
    assert _task().labels == ("one", "three", "two")
    assert _task(unit="characters").labels == (" ", "e", "h", "n", "o", "r", "t", "w")
    assert _task(labels=["three", "two", "one", "zero"]).labels == ("three", "two", "one", "zero")


@pytest.mark.parametrize("unit", ["words", "characters"])
def test_a_text_is_its_codes_and_back(unit: str) -> None:
    task = _task(unit=unit)
    encoded = as_objects(task.encode(text) for text in _TEXTS)
    assert task.decode(encoded) == _TEXTS
    assert [task.from_plain(json.loads(json.dumps(task.to_plain(row)))).tolist() for row in encoded] == [
        row.tolist() for row in encoded
    ]
    assert task.label_flags(encoded).sum(axis=1).tolist() == ([2, 2, 1] if unit == "words" else [6, 6, 4])
    assert task.encode("").shape == (0, 1)


def test_unknown_symbols_are_named() -> None:
    with pytest.raises(DataError, match=r"task 'digits': label 'thre' is unknown \(did you mean 'three'\?\)"):
        _task().encode("one thre")
    with pytest.raises(ConfigError, match=r"label 'four' is unknown.*\(in `keywords`\)"):
        _task(keywords=["four"])
    with pytest.raises(DataError, match=r"task 'digits': 1\.5 is not a label"):
        _task().encode(1.5)
    with pytest.raises(DataError, match="the data have no symbol"):
        Sequence(SequenceSettings(), "digits", ())


def test_the_loss_is_that_of_all_paths_per_symbol() -> None:
    task, generator = _task(), torch.Generator().manual_seed(0)
    outputs = torch.randn(3, 12, 4, generator=generator, requires_grad=True)
    frames = [12, 9, 5]
    targets = as_objects(task.encode(text) for text in _TEXTS)
    values, lengths = task.collate(targets, np.zeros(3), np.full(3, np.inf))
    target = Column(torch.from_numpy(values), None, torch.from_numpy(lengths))
    losses = task.losses(Column(outputs, None, torch.tensor(frames), _GRID), target)
    for row, text in enumerate(targets):
        scores = outputs[row, : frames[row]].log_softmax(1).detach().double().numpy()
        expected = -sequence_score(scores, text[:, 0].astype(int).tolist()) / len(text)
        assert losses[row].item() == pytest.approx(expected, rel=1e-5)
    losses.sum().backward()  # type: ignore[no-untyped-call]
    assert outputs.grad is not None
    assert not outputs.grad[2, 5:].any()


def test_a_text_that_does_not_fit_has_no_gradient_rather_than_a_broken_one() -> None:
    task = _task()
    outputs = torch.zeros(1, 2, 4, requires_grad=True)
    target = Column(torch.from_numpy(task.encode("one one two")[None]), None, torch.tensor([3]))
    loss = task.losses(Column(outputs, None, None, _GRID), target).sum()
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 0.0
    assert outputs.grad is not None
    assert not outputs.grad.any()


@pytest.mark.parametrize("decision", ["greedy", {"kind": "beam", "width": 4}])
def test_decisions_are_read_off_the_frames(decision: Any) -> None:
    task = _task(decision=decision)
    rows = as_objects([_said(task, ["two", "two", None, "one"]), _said(task, ["one", None, "one", "two"])])
    assert task.decode(task.decide(rows)) == ["two one", "one one two"]
    assert [text for text, _ in task.describe(rows, task.decide(rows))] == ["two one", "one one two"]


def _scored(task: Sequence) -> tuple[NDArray[Any], NDArray[Any]]:
    rows = [["two", None, "one"], ["one", None, "one"], [None, "three", None]]
    return as_objects(_said(task, row) for row in rows), as_objects(task.encode(text) for text in _TEXTS)


def test_figures_are_rates_of_errors() -> None:
    task = _task()
    scores = task.score(*_scored(task))
    assert scores == pytest.approx({"wer": 1 / 6, "cer": 4 / (7 + 11 + 5), "accuracy": 2 / 3})
    assert [task.higher_is_better(name) for name in scores] == [False, False, True]


def test_keywords_are_spotted_by_their_scores() -> None:
    task = _task(keywords=["one", "one two"], metrics=["wer", "keyword_auc"])
    rows, targets = _scored(task)
    assert task.score(rows, targets)["keyword_auc"] == 1.0
    table = task.table(rows, targets)
    assert {name: own["rows"] for name, own in table.items()} == {"one": 2.0, "one two": 1.0}
    spotted = [heard for _, heard in task.describe(rows, task.decide(rows))]
    other = 0.1 / 3 / 0.9
    assert [heard["one"] for heard in spotted] == pytest.approx([1.0, 1.0, other])
    assert [heard["one two"] for heard in spotted] == pytest.approx([other**2, other, other**2])
    with pytest.raises(ConfigError, match="keyword_auc wants keywords"):
        validate(SequenceSettings, {"metrics": ["keyword_auc"]})


def test_probabilities_are_a_softmax() -> None:
    outputs = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32) * 50
    found = _task().frame_probabilities(outputs)
    expected = torch.from_numpy(outputs).softmax(1).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-12)
