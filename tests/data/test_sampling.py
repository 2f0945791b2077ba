from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from motet.config import UserComponent
from motet.data.samplers import build_sampler
from motet.data.sampling import SamplingRows
from motet.errors import ConfigError
from tests.data.builders import corpus_of, plain

Integers = NDArray[np.int64]


@pytest.fixture
def rows() -> SamplingRows:
    corpus = corpus_of(plain("a", 6), plain("b", 4, task="other"))
    return SamplingRows.of(corpus, np.array([1, 2, 4, 7, 9]))


class Pairs:
    """The rows in order, two by two."""

    def __init__(self, change: Callable[[list[Integers]], object] = lambda batches: batches) -> None:
        self.change = change

    def __call__(self, rows: SamplingRows, *, batch_size: int, seed: int, epoch: int) -> object:
        return self.change([rows.rows[start : start + 2] for start in range(0, len(rows.rows), 2)])


def draw(rows: SamplingRows, sampler: Pairs) -> list[list[int]]:
    built = build_sampler(UserComponent.of(sampler))
    return [batch.tolist() for batch in built(rows, batch_size=2, seed=1, epoch=0)]


def test_rows_know_their_data_set_and_class(rows: SamplingRows) -> None:
    assert rows.data_sets.tolist() == [0, 0, 0, 1, 1]
    assert rows.classes(None).tolist() == [1, 0, 0, 3, 3]
    assert rows.lengths.tolist() == [0] * 5


def test_a_sampler_of_the_users_own(rows: SamplingRows) -> None:
    assert draw(rows, Pairs()) == [[1, 2], [4, 7], [9]]


def test_it_may_draw_a_row_again_as_another(rows: SamplingRows) -> None:
    assert draw(rows, Pairs(lambda batches: [batches[0], batches[0] + 10])) == [[1, 2], [11, 12]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda batches: [], "returned no batch, or one that is empty"),
        (lambda batches: [*batches, []], "returned no batch, or one that is empty"),
        (lambda batches: [[0.5]], "or not of whole numbers"),
        (lambda batches: [[1, 3]], "drew row 3, which is not a training row"),
    ],
)
def test_what_it_returns_is_looked_at(
    rows: SamplingRows, change: Callable[[list[Integers]], object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        draw(rows, Pairs(change))
