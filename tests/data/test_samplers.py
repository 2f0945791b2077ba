from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import TypeAdapter

from motet.data.corpus import Corpus
from motet.data.samplers import build_sampler
from motet.data.sampling import SamplingRows
from motet.data.settings import SamplingSettings
from tests.data.builders import corpus_of, data_set, example

Integers = NDArray[np.int64]
SETTINGS: TypeAdapter[object] = TypeAdapter(SamplingSettings)
KINDS = ["mixed", "proportional", "balanced", "temperature", "stratified", "alternating", "bucketed"]
ONCE = ["mixed", "proportional", "stratified", "bucketed"]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """300 rows of one data set, with classes of 200 and 100; 60 of another, with classes of 50 and 10."""
    large = data_set("large", [example(row, {"x": "aab"[row % 3]}) for row in range(300)])
    small = data_set("small", [example(row, {"y": "ccccce"[row % 6]}) for row in range(60)])
    return corpus_of(large, small)


@pytest.fixture(scope="module")
def rows(corpus: Corpus) -> SamplingRows:
    chosen = np.setdiff1d(np.arange(360), [0, 359])
    return SamplingRows.of(corpus, chosen, lengths=chosen * 7 % 101)


def plan(rows: SamplingRows, sampling: object, epoch: int = 0, seed: int = 1, batch_size: int = 32) -> list[Integers]:
    sampler = build_sampler(SETTINGS.validate_python(sampling))  # type: ignore[arg-type]
    return list(sampler(rows, batch_size=batch_size, seed=seed, epoch=epoch))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_and_epoch_give_the_same_batches(rows: SamplingRows, kind: str) -> None:
    first, again = plan(rows, kind, epoch=3), plan(rows, kind, epoch=3)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("change", [{"epoch": 4}, {"seed": 2}])
def test_another_seed_or_epoch_gives_others(rows: SamplingRows, kind: str, change: dict[str, int]) -> None:
    first, other = plan(rows, kind, epoch=3), plan(rows, kind, **({"epoch": 3} | change))
    assert not all(np.array_equal(np.sort(a), np.sort(b)) for a, b in zip(first, other, strict=False))


@pytest.mark.parametrize("kind", KINDS)
def test_no_row_comes_twice_under_one_number(rows: SamplingRows, kind: str) -> None:
    drawn = np.concatenate(plan(rows, kind))
    assert len(np.unique(drawn)) == len(drawn)
    assert set((drawn % rows.num_rows).tolist()) <= set(rows.rows.tolist())


@pytest.mark.parametrize("kind", ONCE)
def test_every_row_comes_once(rows: SamplingRows, kind: str) -> None:
    batches = plan(rows, kind)
    assert np.array_equal(np.sort(np.concatenate(batches)), rows.rows)
    assert sorted(len(batch) for batch in batches) == [6] + [32] * 11


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_batch_may_be_left_out(rows: SamplingRows, kind: str) -> None:
    batches = plan(rows, {"kind": kind, "drop_last": True})
    assert {len(batch) for batch in batches} == {32}


@pytest.mark.parametrize("kind", KINDS)
def test_the_only_batch_stays(rows: SamplingRows, kind: str) -> None:
    assert plan(rows, {"kind": kind, "drop_last": True}, batch_size=1000)


@pytest.mark.parametrize("kind", KINDS)
def test_one_row_is_one_batch(corpus: Corpus, kind: str) -> None:
    (batch,) = plan(SamplingRows.of(corpus, np.array([5])), kind)
    assert batch.tolist() == [5]


def counts(rows: SamplingRows, batch: Integers, kinds: Integers) -> list[int]:
    of_row = dict(zip(rows.rows.tolist(), kinds.tolist(), strict=True))
    counted = Counter(of_row[row] for row in (batch % rows.num_rows).tolist())
    return [counted[kind] for kind in range(kinds.max() + 1)]


def test_proportional_batches_hold_the_data_sets_in_proportion(rows: SamplingRows) -> None:
    expected = 32 * np.array([299, 59]) / 358
    for batch in plan(rows, "proportional")[:-1]:
        assert np.abs(counts(rows, batch, rows.data_sets) - expected).max() <= 1


def test_stratified_batches_hold_the_classes_in_proportion(rows: SamplingRows) -> None:
    classes = rows.classes(None)
    expected = 32 * np.bincount(classes) / 358
    for batch in plan(rows, "stratified")[:-1]:
        assert np.abs(counts(rows, batch, classes) - expected).max() <= 2


@pytest.mark.parametrize("kind", ["stratified", "proportional"])
def test_the_only_row_of_a_class_or_data_set_comes_anywhere(kind: str) -> None:
    many = data_set("many", [example(row, {"x": "a"}) for row in range(99)])
    one = data_set("one", [example(0, {"x": "b"})])
    rows = SamplingRows.of(corpus_of(many, one), np.arange(100))
    places = [next(i for i, batch in enumerate(plan(rows, kind, epoch, 1, 10)) if 99 in batch) for epoch in range(40)]
    assert len(set(places)) > 6


def test_balanced_batches_hold_data_sets_alike(rows: SamplingRows) -> None:
    batches = plan(rows, "balanced")
    assert sum(map(len, batches)) == 358
    for batch in batches[:-1]:
        assert np.abs(np.subtract(counts(rows, batch, rows.data_sets), 16)).max() <= 1


def test_balanced_batches_hold_classes_alike(rows: SamplingRows) -> None:
    batches = plan(rows, {"kind": "balanced", "by": "class"})
    for batch in batches[:-1]:
        assert np.abs(np.subtract(counts(rows, batch, rows.classes(None)), 8)).max() <= 1


def test_balanced_rows_come_equally_often_over_epochs(rows: SamplingRows) -> None:
    drawn = np.concatenate([batch for epoch in range(10) for batch in plan(rows, "balanced", epoch=epoch)])
    often = Counter((drawn % rows.num_rows).tolist())
    large = [often[row] for row in rows.rows[rows.data_sets == 0].tolist()]
    small = [often[row] for row in rows.rows[rows.data_sets == 1].tolist()]
    assert set(large) <= {5, 6}
    assert set(small) <= {30, 31}


@pytest.mark.parametrize(
    ("temperature", "share"), [(1.0, 299 / 358), (1e9, 0.5), (2.0, 299**0.5 / (299**0.5 + 59**0.5))]
)
def test_temperature_lies_between_proportional_and_balanced(
    rows: SamplingRows, temperature: float, share: float
) -> None:
    drawn = np.concatenate(plan(rows, {"kind": "temperature", "temperature": temperature}))
    assert np.mean(drawn % rows.num_rows < 300) == pytest.approx(share, abs=0.002)


def test_alternating_batches_are_of_one_data_set_in_turn(rows: SamplingRows) -> None:
    batches = plan(rows, "alternating")
    sets = [{int(row >= 300) for row in (batch % rows.num_rows).tolist()} for batch in batches]
    assert sets == [{0}, {1}] * 10
    of_large = np.concatenate(batches[::2])
    assert np.array_equal(np.sort(of_large), rows.rows[:299])


def test_alternating_may_end_with_the_shortest(rows: SamplingRows) -> None:
    batches = plan(rows, {"kind": "alternating", "until": "shortest"})
    assert [len(batch) for batch in batches] == [32, 32, 32, 27]


def test_alternating_may_take_every_row_once(rows: SamplingRows) -> None:
    batches = plan(rows, {"kind": "alternating", "until": "all"})
    assert all(len({int(row >= 300) for row in batch.tolist()}) == 1 for batch in batches)
    assert sorted(len(batch) for batch in batches) == [11, 27, *[32] * 10]
    assert np.array_equal(np.sort(np.concatenate(batches)), np.sort(rows.rows))
    sets = [int(batch[0] >= 300) for batch in batches]
    assert sets not in (sorted(sets), sorted(sets, reverse=True))


def test_bucketed_batches_hold_similar_lengths(rows: SamplingRows) -> None:
    length: dict[int, int] = dict(zip(rows.rows.tolist(), rows.lengths.tolist(), strict=True))

    def waste(batches: list[Integers]) -> float:
        lengths = [[length[row] for row in batch.tolist()] for batch in batches]
        return sum(max(own) * len(own) - sum(own) for own in lengths) / sum(map(sum, lengths))

    assert waste(plan(rows, "bucketed")) < 0.12
    assert waste(plan(rows, "mixed")) > 0.8
    assert waste(plan(rows, {"kind": "bucketed", "pool": 1})) > 0.5


def test_a_task_may_be_named(rows: SamplingRows) -> None:
    named = {"kind": "balanced", "by": "class", "task": "y"}
    assert all(np.array_equal(a, b) for a, b in zip(plan(rows, named), plan(rows, named | {"task": None}), strict=True))
