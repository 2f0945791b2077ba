import numpy as np
import pytest
from scipy import stats

from motet import draws
from motet.draws import Occasion


def uniform(rows: list[int], seed: int = 1, epoch: int = 0, stage: str = "crop", count: int = 3) -> list[list[float]]:
    drawn: list[list[float]] = draws.uniform(seed, epoch=epoch, rows=np.array(rows), stage=stage, count=count).tolist()
    return drawn


def test_the_hash_is_splitmix64() -> None:
    """The published reference outputs for the seed 1234567."""
    steps = np.arange(1, 6, dtype=np.uint64)
    with np.errstate(over="ignore"):
        found = draws._mix(np.uint64(1234567) + steps * draws._GOLDEN)
    assert found.tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_draws_stay_what_they_are() -> None:
    """A change here changes every run that is resumed."""
    assert draws.key(1, "weights", 2) == 0xAD4171A587F8C8D5
    assert uniform([0, 7], count=1) == [[0.7523717241248921], [0.6461569684868317]]


def test_a_row_is_drawn_alike_in_any_company_and_order() -> None:
    together = uniform([4, 9, 2, 9])
    assert uniform([9]) == [together[1]] == [together[3]]
    assert uniform([2, 4]) == [together[2], together[0]]


def test_more_draws_begin_with_the_same_ones() -> None:
    assert uniform([5], count=2)[0] == uniform([5], count=6)[0][:2]


@pytest.mark.parametrize("other", [{"seed": 2}, {"epoch": 1}, {"stage": "mask"}, {"rows": [1]}])
def test_every_part_of_the_key_counts(other: dict[str, object]) -> None:
    assert uniform(**{"rows": [0], **other}) != uniform([0])  # type: ignore[arg-type]


def test_parts_of_a_key_cannot_run_together() -> None:
    assert draws.key(1, "a", "b") != draws.key(1, "ab")
    assert draws.key(1, 23) != draws.key(12, 3)


def test_draws_are_uniform_and_independent_over_rows_and_columns() -> None:
    values = draws.uniform(3, epoch=1, rows=np.arange(50_000), stage="crop", count=2)
    assert values.min() >= 0
    assert values.max() < 1
    assert stats.kstest(values.ravel(), "uniform").pvalue > 0.01
    assert abs(np.corrcoef(values[:, 0], values[:, 1]).item(1)) < 0.02
    assert abs(np.corrcoef(values[1:, 0], values[:-1, 0]).item(1)) < 0.02


def test_a_generator_is_keyed_too() -> None:
    first, again, other = (draws.generator(1, "order", epoch).random(4).tolist() for epoch in (0, 0, 1))
    assert first == again != other


def test_some_rows_of_an_occasion_keep_their_numbers() -> None:
    part = Occasion(4, np.array([3, 8, 13])).of(slice(1, 3))
    assert (part.epoch, part.row_ids.tolist()) == (4, [8, 13])
