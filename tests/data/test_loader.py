"""The loader against a slow reference that reads and pads every row by itself."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from motet import draws
from motet.data.batch import Batch
from motet.data.corpus import Corpus
from motet.data.loader import Loader
from motet.data.samplers import Mixed
from motet.data.sampling import SamplingRows
from motet.data.segments import Segments
from motet.data.settings import MixedSettings, SegmentSettings
from motet.features.settings import MixupSettings
from tests.data.builders import Maps, corpus_of, data_set, example, ragged

LENGTHS = {"a": [12, 30, 7, 20, 45, 1], "b": [25, 9, 33, 18]}


@pytest.fixture
def corpus() -> Corpus:
    first = data_set("a", [example(row, {"word": "xy"[row % 2]}) for row in range(6)])
    second = data_set("b", [example(row, {"age": float(row)} if row != 2 else {}) for row in range(4)])
    return corpus_of(first, second, kinds={"age": "regression"})


@pytest.fixture
def maps() -> dict[str, Maps]:
    return {name: ragged(lengths, channels=2, seed=len(name)) for name, lengths in LENGTHS.items()}


def sources(maps: Mapping[str, Maps]) -> dict[str, dict[str, Maps]]:
    return {name: {"mel": found} for name, found in maps.items()}


def cut(pad: str, **settings: Any) -> dict[str, Segments | None]:
    found = Segments(SegmentSettings.model_validate({"length_s": 0.2, "pad": pad, **settings}), 0.2)
    return dict.fromkeys(LENGTHS, found)


def reference(
    corpus: Corpus, maps: Mapping[str, Maps], row_id: int, pad: str, seed: int, epoch: int
) -> NDArray[np.float32]:
    """One training row, [C, T, F] with 20 frames, without zeros where it is padded by constant."""
    found, row = corpus.locate(row_id % len(corpus))
    whole = maps[found.name].maps[row]
    uniform = draws.uniform(seed, epoch=epoch, rows=np.array([row_id]), stage="crop")[0, 0]
    start = int(uniform * (max(len(whole) - 20, 0) + 1))
    segment = whole[start : start + 20]
    missing = [(0, 20 - len(segment)), (0, 0), (0, 0)]
    modes: dict[str, Any] = {"constant": "constant", "repeat": "edge", "wrap": "wrap"}
    return np.pad(segment, missing, mode=modes[pad]).transpose(1, 0, 2)


@pytest.mark.parametrize("pad", ["constant", "repeat", "wrap"])
def test_training_batches_equal_the_reference(corpus: Corpus, maps: dict[str, Maps], pad: str) -> None:
    loader = Loader(corpus, sources(maps), cut(pad), seed=5)
    batch = loader.draw(np.array([7, 0, 14, 4, 9, 5]), epoch=3, training=True)
    assert batch.row_ids.tolist() == [0, 14, 4, 5, 7, 9]
    assert batch.spans == (("a", 0, 4), ("b", 4, 6))
    values = batch.inputs["mel"].values
    assert values.shape == (6, 2, 20, 3)
    assert values.is_contiguous()
    for place, row_id in enumerate(batch.row_ids.tolist()):
        assert np.array_equal(values[place], reference(corpus, maps, row_id, pad, 5, 3))


def test_zeros_are_told_by_lengths_and_repeated_frames_are_valid(corpus: Corpus, maps: dict[str, Maps]) -> None:
    rows = np.arange(6)
    constant = Loader(corpus, sources(maps), cut("constant")).draw(rows, epoch=0, training=True)
    lengths = constant.inputs["mel"].lengths
    assert lengths is not None
    assert lengths.tolist() == [12, 20, 7, 20, 20, 1]
    assert Loader(corpus, sources(maps), cut("wrap")).draw(rows, epoch=0, training=True).inputs["mel"].lengths is None


def test_rows_that_are_all_long_enough_need_no_lengths(corpus: Corpus, maps: dict[str, Maps]) -> None:
    batch = Loader(corpus, sources(maps), cut("constant")).draw(np.array([1, 3, 4]), epoch=0, training=True)
    assert batch.inputs["mel"].lengths is None


def test_without_segments_batches_are_padded_to_the_longest(corpus: Corpus, maps: dict[str, Maps]) -> None:
    batch = Loader(corpus, sources(maps)).draw(np.array([0, 6, 4]), epoch=0, training=True)
    mel = batch.inputs["mel"]
    assert mel.values.shape == (3, 2, 45, 3)
    assert mel.lengths is not None
    assert mel.lengths.tolist() == [12, 45, 25]
    assert np.array_equal(mel.values[2, :, :25], maps["b"].maps[0].transpose(1, 0, 2))
    assert (mel.values[2, :, 25:] == 0).all()


def test_data_sets_may_be_cut_in_different_ways(corpus: Corpus, maps: dict[str, Maps]) -> None:
    segments = {"a": Segments(SegmentSettings(length_s=0.1, pad="wrap"), 0.1), "b": None}
    mel = Loader(corpus, sources(maps), segments).draw(np.array([2, 4, 7]), epoch=0, training=True).inputs["mel"]
    assert mel.lengths is not None
    assert mel.lengths.tolist() == [10, 10, 9]
    assert mel.values.shape == (3, 2, 10, 3)


def test_an_input_of_one_data_set_says_which_rows_it_has(corpus: Corpus, maps: dict[str, Maps]) -> None:
    own = {"a": {"mel": maps["a"]}, "b": {"wave": ragged(LENGTHS["b"], bins=1)}}
    batch = Loader(corpus, own, cut("wrap")).draw(np.array([0, 1, 6, 7, 9]), epoch=0, training=True)
    assert batch.inputs["mel"].rows is not None
    assert batch.inputs["mel"].rows.tolist() == [0, 1]
    assert batch.inputs["wave"].rows is not None
    assert batch.inputs["wave"].rows.tolist() == [2, 3, 4]
    assert set(Loader(corpus, own).draw(np.array([7]), epoch=0, training=True).inputs) == {"wave"}


def test_one_moment_is_cut_from_all_inputs_of_a_row(corpus: Corpus) -> None:
    time = [np.arange(length * 10, dtype=np.float32)[:, None, None] / np.float32(10) for length in LENGTHS["a"]]
    fine = Maps(time, step_s=0.001)
    coarse = Maps([values[::10] for values in time], step_s=0.01)
    own = {"a": {"fine": fine, "coarse": coarse}, "b": {"fine": ragged(LENGTHS["b"], bins=1)}}
    segments = {"a": Segments(SegmentSettings(length_s=0.1), 0.1), "b": None}
    batch = Loader(corpus, own, segments).draw(np.array([0, 1, 3, 4]), epoch=0, training=True)
    assert batch.inputs["fine"].values.shape[2] == 100
    assert torch.equal(batch.inputs["fine"].values[:, :, ::10], batch.inputs["coarse"].values)


def test_missing_targets_are_missing_not_zero(corpus: Corpus, maps: dict[str, Maps]) -> None:
    batch = Loader(corpus, sources(maps)).draw(np.array([1, 7, 8, 9]), epoch=0, training=True)
    assert batch.counts == {"word": 1, "age": 2}
    word, age = batch.targets["word"], batch.targets["age"]
    assert word.rows is not None
    assert (word.rows.tolist(), word.values.tolist()) == ([0], [1])
    assert age.rows is not None
    assert (age.rows.tolist(), age.values.tolist()) == ([1, 3], [[1.0], [3.0]])


def test_a_task_of_all_rows_needs_no_gather_and_one_of_none_is_left_out(corpus: Corpus, maps: dict[str, Maps]) -> None:
    batch = Loader(corpus, sources(maps)).draw(np.array([0, 1]), epoch=0, training=True)
    assert batch.targets["word"].rows is None
    assert set(batch.targets) == set(batch.counts) == {"word"}


def test_evaluation_takes_the_centre_and_mixes_nothing(corpus: Corpus, maps: dict[str, Maps]) -> None:
    loader = Loader(corpus, sources(maps), cut("wrap"), mixup=MixupSettings())
    batch = loader.draw(np.array([4]), epoch=7, training=False)
    assert batch.mix is None
    assert np.array_equal(batch.inputs["mel"].values[0], maps["a"].maps[4][13:33].transpose(1, 0, 2))


def test_mixup_stays_within_a_data_set_and_its_tasks(corpus: Corpus, maps: dict[str, Maps]) -> None:
    loader = Loader(corpus, sources(maps), cut("wrap"), mixup=MixupSettings(alpha=1.0))
    for epoch in range(20):
        batch = loader.draw(np.arange(10), epoch=epoch, training=True)
        assert batch.mix is not None
        assert (batch.mix.partner[:6] < 6).all()
        assert set(batch.mix.partner[[6, 7, 9]].tolist()) <= {6, 7, 9}
        assert (int(batch.mix.partner[8]), float(batch.mix.weight[8])) == (8, 1.0)


def collect(batches: list[Batch]) -> dict[int, list[NDArray[np.float32]]]:
    found: dict[int, list[NDArray[np.float32]]] = {}
    for batch in batches:
        mel = batch.inputs["mel"]
        for place, row in enumerate(batch.row_ids.tolist()):
            valid = mel.values.shape[2] if mel.lengths is None else int(mel.lengths[place])
            found.setdefault(row, []).append(mel.values[place, :, :valid].numpy())
    return found


def test_evaluation_slides_over_every_row(corpus: Corpus, maps: dict[str, Maps]) -> None:
    loader = Loader(corpus, sources(maps), cut("constant", hop_s=0.1))
    batches = list(loader.evaluate(np.arange(10), batch_size=4))
    assert max(batch.size for batch in batches) == 4
    found = collect(batches)
    assert {row: len(own) for row, own in found.items()} == {0: 1, 1: 2, 2: 1, 3: 1, 4: 4, 5: 1, 6: 2, 7: 1, 8: 3, 9: 1}
    whole = maps["a"].maps[4].transpose(1, 0, 2)
    for segment, start in zip(found[4], [0, 10, 20, 25], strict=True):
        assert np.array_equal(segment, whole[:, start : start + 20])


def test_evaluation_of_whole_rows_returns_them_all_with_little_padding(corpus: Corpus, maps: dict[str, Maps]) -> None:
    batches = list(Loader(corpus, sources(maps)).evaluate(np.array([9, 3, 4, 0, 6]), batch_size=2))
    found = collect(batches)
    assert sorted(found) == [0, 3, 4, 6, 9]
    assert all(np.array_equal(found[row][0], maps["a"].maps[row].transpose(1, 0, 2)) for row in (0, 3, 4))
    assert [batch.inputs["mel"].values.shape[2] for batch in batches] == [18, 25, 45]
    assert all((np.diff(batch.row_ids.numpy()) >= 0).all() for batch in batches)


def test_only_training_asks_for_random_changes(corpus: Corpus, maps: dict[str, Maps]) -> None:
    loader = Loader(corpus, sources(maps))
    loader.draw(np.array([0]), epoch=4, training=True)
    loader.draw(np.array([0]), epoch=4, training=False)
    list(loader.evaluate(np.array([0]), batch_size=1))
    assert [occasion and occasion.epoch for occasion in maps["a"].occasions] == [4, None, None]


def test_random_changes_are_keyed_by_the_numbers_that_the_sampler_gave(corpus: Corpus, maps: dict[str, Maps]) -> None:
    again = len(corpus)
    Loader(corpus, sources(maps)).draw(np.array([7, 1 + again, 1, 0, 7 + 2 * again]), epoch=4, training=True)
    (first,), (second,) = maps["a"].occasions, maps["b"].occasions
    assert first is not None
    assert second is not None
    assert first.row_ids.tolist() == [0, 1 + again, 1]
    assert second.row_ids.tolist() == [7, 7 + 2 * again]


def test_nothing_is_evaluated_as_no_batch(corpus: Corpus, maps: dict[str, Maps]) -> None:
    assert list(Loader(corpus, sources(maps)).evaluate(np.arange(0), batch_size=4)) == []


def test_lengths_and_durations(corpus: Corpus, maps: dict[str, Maps]) -> None:
    loader = Loader(corpus, sources(maps))
    assert loader.frames(np.array([8, 0])).tolist() == [33, 12]
    assert loader.durations_s(np.array([8, 0])).tolist() == pytest.approx([0.33, 0.12])


def test_an_epoch_that_is_entered_in_the_middle_goes_on_as_if_never_left(corpus: Corpus, maps: dict[str, Maps]) -> None:
    def epoch_from(position: int) -> list[Batch]:
        loader = Loader(corpus, sources(maps), cut("wrap"), seed=1, mixup=MixupSettings())
        rows = SamplingRows.of(corpus, np.arange(10), loader.frames(np.arange(10)))
        batches = Mixed(MixedSettings())(rows, batch_size=3, seed=1, epoch=6)
        return [loader.draw(batch, epoch=6, training=True) for batch in batches[position:]]

    for undisturbed, resumed in zip(epoch_from(0)[2:], epoch_from(2), strict=True):
        assert torch.equal(undisturbed.row_ids, resumed.row_ids)
        assert torch.equal(undisturbed.inputs["mel"].values, resumed.inputs["mel"].values)
        assert (undisturbed.mix is None) == (resumed.mix is None)
        if undisturbed.mix is not None and resumed.mix is not None:
            assert torch.equal(undisturbed.mix.partner, resumed.mix.partner)
            assert torch.equal(undisturbed.mix.weight, resumed.mix.weight)


def test_a_row_is_cut_alike_in_any_company(corpus: Corpus, maps: dict[str, Maps]) -> None:
    loader = Loader(corpus, sources(maps), cut("wrap"), seed=1)
    together = loader.draw(np.array([1, 4, 6]), epoch=2, training=True).inputs["mel"].values
    alone = loader.draw(np.array([4]), epoch=2, training=True).inputs["mel"].values
    assert torch.equal(together[1], alone[0])
