import numpy as np

from motet.data.strata import Strata, classes
from motet.data.table import ABSENT, Coded
from motet.sources.example import Event


def column(*values: object) -> Coded[object]:
    different = tuple(dict.fromkeys(value for value in values if value is not None))
    codes = [ABSENT if value is None else different.index(value) for value in values]
    return Coded(np.asarray(codes, dtype=np.int32), different)


def held(strata: Strata) -> list[set[int]]:
    """The strata of each row."""
    size = int(strata.rows.max()) + 1
    return [set(strata.strata[strata.rows == row].tolist()) for row in range(size)]


def test_every_row_is_in_the_first_stratum_and_in_one_for_each_label() -> None:
    strata = Strata.of([column("a", "b", None), column("x", "x", "x")], 3)
    assert held(strata) == [{0, 1, 3}, {0, 2, 3}, {0, 3}]
    assert strata.num_strata == 4


def test_a_set_of_labels_is_in_several_strata() -> None:
    strata = Strata.of([column(frozenset("ab"), frozenset("b"), frozenset())], 3)
    assert held(strata) == [{0, 1, 2}, {0, 2}, {0}]


def test_events_stand_for_the_set_of_their_labels() -> None:
    events = column((Event(0.0, 1.0, "a"), Event(0.5, 2.0, "b")), (Event(3.0, 4.0, "b"),), (), None)
    sets = column(frozenset("ab"), frozenset("b"), frozenset(), None)
    assert held(Strata.of([events], 4)) == held(Strata.of([sets], 4)) == [{0, 1, 2}, {0, 2}, {0}, {0}]
    assert classes(events).tolist() == classes(sets).tolist()


def test_numbers_are_cut_into_fifths() -> None:
    strata = Strata.of([column(*[float(value) for value in range(100)])], 100)
    assert np.bincount(strata.strata)[1:].tolist() == [20] * 5


def test_every_number_of_a_tuple_is_cut_by_itself() -> None:
    values = [(float(row), float(-row)) for row in range(50)]
    strata = Strata.of([column(*values)], 50)
    assert np.bincount(strata.strata)[1:].tolist() == [10] * 10


def test_few_whole_numbers_are_labels_and_many_are_numbers() -> None:
    assert Strata.of([column(*range(7))], 7).num_strata == 8
    assert Strata.of([column(*range(1000))], 1000).num_strata == 6


def test_no_columns_are_one_stratum() -> None:
    strata = Strata.of([], 4)
    assert (strata.num_strata, strata.rows.tolist()) == (1, [0, 1, 2, 3])


def test_the_class_of_a_label_is_its_number() -> None:
    assert classes(column("b", "a", None, "b")).tolist() == [0, 1, -1, 0]


def test_the_class_of_a_set_is_its_rarest_label() -> None:
    found = classes(column(frozenset("ab"), frozenset("b"), frozenset("bc"), frozenset("c"), frozenset()))
    assert found.tolist() == [0, 1, 2, 2, 3]


def test_the_class_of_a_number_is_its_fifth() -> None:
    found = classes(column(*[float(value) for value in range(10)], None))
    assert found.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, -1]
