import numpy as np
import pytest

from motet.data.frequencies import at_most, repeat_to_most, thin_to_least
from motet.data.table import Coded


@pytest.mark.parametrize(("numbers", "counts"), [([0, 0, 0, 1, -1], [3, 3]), ([0, 0, 0, 0, 0, 1, 1], [5, 5])])
def test_rare_classes_come_again_and_every_row_stays(numbers: list[int], counts: list[int]) -> None:
    found = repeat_to_most(np.asarray(numbers), key=(1, "set"))
    drawn = np.asarray(numbers)[found]
    assert np.bincount(drawn[drawn >= 0]).tolist() == counts
    assert set(found.tolist()) == set(range(len(numbers)))
    assert (np.diff(found) >= 0).all()


def test_frequent_classes_are_thinned_to_the_rarest_and_rows_without_one_stay() -> None:
    numbers = np.asarray([0, 0, 0, 1, 1, -1, 2, 2])
    found = thin_to_least(numbers, key=(1, "set"))
    drawn = numbers[found]
    assert np.bincount(drawn[drawn >= 0]).tolist() == [2, 2, 2]
    assert 5 in found


def test_at_most_counts_sets_that_hold_the_label() -> None:
    column = Coded(np.asarray([0, 1, 0, 2, -1], np.int32), (frozenset("ab"), frozenset("b"), frozenset("c")))
    kept = at_most(column, "b", 2, key=(1, "set"))
    assert kept.sum() == 4
    assert kept[[3, 4]].all()


def test_the_seed_decides() -> None:
    numbers = np.asarray([0] * 40 + [1] * 7)
    first, again, other = (thin_to_least(numbers, key=(seed, "set")) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
