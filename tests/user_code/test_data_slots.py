"""The user's own source, signal step, waveform augmentation, feature, segment rule and sampler, each in a training."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

import motet
from motet.data.sampling import SamplingRows
from motet.errors import ConfigError, UserCodeError
from motet.runs.folder import read_json
from motet.signals.settings import ReaderSettings
from tests.user_code.conftest import Train
from tests.user_code.tones import EXAMPLES, NUM_EXAMPLES, NUM_FRAMES, tiny

Integers = NDArray[np.int64]


class Some:
    """A source: the first few tones, and what is known of them."""

    def __init__(self, number: int = 12) -> None:
        self.number = number

    def examples(self, reader: ReaderSettings) -> Iterator[motet.Example]:
        return iter(EXAMPLES[: self.number])

    def tasks(self) -> dict[str, dict[str, Any]]:
        return {"pitch": {"kind": "multiclass"}}


class Plain:
    """A source that only goes through its examples."""

    def __iter__(self) -> Iterator[motet.Example]:
        return iter(EXAMPLES[:10])


def test_a_source(train: Train) -> None:
    run = train(data={"tones": {"source": {"kind": Some, "number": 14}}})
    assert read_json(run.path / "data.json")["tones"]["rows"] == 14
    assert run.result["tasks"].keys() == {"pitch"}


@pytest.mark.parametrize(
    "source", [Plain(), EXAMPLES[:10], (each for each in EXAMPLES[:10]), lambda: EXAMPLES[:10], Plain],
    ids=["iterable", "list", "generator", "function", "class"],
)  # fmt: skip
def test_a_source_is_whatever_examples_come_from(store: Path, source: object) -> None:
    experiment = tiny(store, data={"tones": {"source": source, "tasks": {"pitch": "multiclass"}}})
    assert [each.id for each in motet.data_sets(experiment)["tones"]] == [each.id for each in EXAMPLES[:10]]


def test_a_view_of_a_data_set_is_a_source(train: Train) -> None:
    tones = motet.DataSet.of("anything", EXAMPLES).limit_labels("pitch", {"low": 4}).upsample("pitch")
    run = train(data={"tones": {"source": tones, "tasks": {"pitch": "multiclass"}}})
    assert read_json(run.path / "data.json")["tones"]["targets"]["pitch"]["labels"] == {"high": 12, "low": 12}


def test_what_gives_no_examples_is_refused(store: Path) -> None:
    with pytest.raises(UserCodeError, match=r"source python:.*object: no examples can come from it; give it a method"):
        motet.data_sets(tiny(store, data={"tones": {"source": object()}}))


class Louder:
    """A signal step."""

    def __init__(self, gain: float) -> None:
        self.gain = gain

    def __call__(self, signal: motet.Signal) -> motet.Signal:
        return replace(signal, values=signal.values * self.gain)


def test_a_signal_step(train: Train) -> None:
    quiet = train().model().scaling("tones", "signal")
    loud = train(signal={"steps": [{"kind": Louder, "gain": 10.0}]}).model
    with pytest.raises(ConfigError, match="Louder' was an object in Python"):
        motet.Model.load(train(signal={"steps": [Louder(10.0)]}).path / "seed-1/fold-1/best.safetensors")
    torch.testing.assert_close(loud().scaling("tones", "signal").offset, quiet.offset + 20.0)


def test_a_step_that_returns_no_signal_is_refused(train: Train) -> None:
    with pytest.raises(UserCodeError, match=r"signal.steps: .* returned float, but wanted is a Signal with samples"):
        train(signal={"steps": [lambda signal: 1.0]})


class Flipped:
    """A waveform augmentation."""

    num_draws = 2
    seen: ClassVar[list[tuple[float, ...]]] = []

    def __call__(self, signal: motet.Signal, draws: NDArray[np.float64]) -> motet.Signal:
        self.seen.append(tuple(draws.tolist()))
        return replace(signal, values=-signal.values if draws[0] < 0.5 else signal.values)


def test_a_waveform_augmentation(train: Train) -> None:
    Flipped.seen.clear()
    run = train(signal={"augment": [Flipped]}, training={"epochs": 2})
    rows = read_json(run.path / "seed-1/fold-1/scores.json")["rows"]["train"]["tones"]["rows"]
    assert len(Flipped.seen) == len(set(Flipped.seen)) == 2 * rows
    assert all(len(draws) == 2 and 0 <= min(draws) <= max(draws) < 1 for draws in Flipped.seen)


def test_a_waveform_augmentation_keeps_the_shape(train: Train) -> None:
    with pytest.raises(UserCodeError, match=r"signal.augment: .* returned samples \[1, 2\] for samples \[1, "):
        train(signal={"augment": [lambda signal, draws: replace(signal, values=signal.values[:, :2])]})


class Energy:
    """A feature: nothing but what it must have."""

    def __init__(self, rate_hz: float, hop_s: float = 0.01, bins: int = 1) -> None:
        self.hop_s = hop_s
        self.hop, self.bins = round(rate_hz * hop_s), bins

    def __call__(self, values: Tensor) -> Tensor:
        energy = values.unfold(1, self.hop, self.hop).square().mean(2).log()
        return energy[:, :, None].repeat(1, 1, self.bins)


def test_a_feature(train: Train) -> None:
    run = train(features={"kind": Energy, "hop_s": 0.02, "bins": 3})
    model = run.model()
    described = model.document.data_sets["tones"].inputs["signal"]
    assert (described.bins, described.step_s) == (3, 0.02)
    power = [np.log(np.square(each.inputs["signal"].read().values.reshape(10, 40)).mean(1)) for each in EXAMPLES]
    offset = model.scaling("tones", "signal").offset
    assert offset.shape == (1, 1, 3)
    assert np.min(power) < offset.min() == offset.max() < np.max(power)


def test_a_feature_is_computed_after_random_changes_of_the_waveform(train: Train) -> None:
    Flipped.seen.clear()
    run = train(features=Energy, signal={"augment": [Flipped]})
    assert run.model().document.data_sets["tones"].inputs["signal"].bins == 1
    assert Flipped.seen


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        (lambda values: values, r"returned shape \[1, 400\] for samples \[1, 400\], but a map is \[1, frames, bins\]"),
        (lambda values: "map", "returned str for samples"),
        (lambda values: values[:, :, None], "has 400 frames but no time between them; give it the attribute hop_s"),
        (object(), "its objects cannot be called; give the class a __call__"),
    ],
)
def test_what_is_no_feature_is_refused(train: Train, feature: object, message: str) -> None:
    with pytest.raises(UserCodeError, match=message):
        train(features=feature)


class Late:
    """A segment rule: the end of the row."""

    seen: ClassVar[list[tuple[int, int]]] = []

    def __call__(self, lengths: Integers, num_frames: int, uniforms: NDArray[np.float64]) -> Integers:
        self.seen.append((int(lengths.max()), num_frames))
        return np.maximum(lengths - num_frames, 0)


def test_a_segment_rule(train: Train) -> None:
    Late.seen.clear()
    run = train(segments={"length_s": 0.08, "crop": Late})
    assert set(Late.seen) == {(NUM_FRAMES, 10)}
    assert run.model().document.data_sets["tones"].segments is not None


def test_a_segment_lies_in_its_row(train: Train) -> None:
    with pytest.raises(ConfigError, match="put a segment of 10 frames at frame 26 of a row with 26 frames"):
        train(segments={"length_s": 0.08, "crop": lambda lengths, num_frames, uniforms: lengths})


class Few:
    """A sampler: the same few rows in every epoch."""

    seen: ClassVar[list[tuple[int, int, int]]] = []

    def __call__(self, rows: SamplingRows, *, batch_size: int, seed: int, epoch: int) -> list[Integers]:
        self.seen.append((batch_size, seed, epoch))
        return [rows.rows[:4], rows.rows[4:6]]


def test_a_sampler(train: Train) -> None:
    Few.seen.clear()
    run = train(sampling=Few, training={"epochs": 2}, seed=7)
    assert {(8, 7, 0), (8, 7, 1)} == set(Few.seen)
    records = (run.path / "seed-7/fold-1/metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert '"step": 4' in records[-1]


def test_there_are_as_many_examples_as_the_tests_say() -> None:
    assert len(EXAMPLES) == NUM_EXAMPLES
