from collections.abc import Sequence
from typing import Any

import pytest

from motet.errors import DataError
from motet.sources.codes import CodeNames
from motet.sources.example import Target
from motet.sources.targets import Cell, Column, default_task, targets_of, typed


def column(*cells: Cell, name: str = "c") -> Column:
    """Return a column with a place for every row."""
    return Column(name, cells, lambda row: f"t.csv:{row + 2}")


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (("1", "-2", None), [1, -2, None]),
        (("1.0", "2"), [1, 2]),
        (("1", "2.5", "1e-3", ".5"), [1.0, 2.5, 0.001, 0.5]),
        (("01", "02"), ["01", "02"]),
        (("0", "0.5"), [0.0, 0.5]),
        (("1", "a"), ["1", "a"]),
        (("1_000", "2"), ["1_000", "2"]),
        ((1, 2), [1, 2]),
        ((1.0, None), [1, None]),
        ((True, False), ["true", "false"]),
        ((None, None), [None, None]),
    ],
)
def test_a_column_has_one_type(cells: Sequence[Cell], values: list[Any]) -> None:
    found = typed(column(*cells))
    assert found == values
    assert [type(cell) for cell in found] == [type(cell) for cell in values]


@pytest.mark.parametrize("cell", ["nan", "-inf", "Infinity"])
def test_numbers_are_finite(cell: str) -> None:
    with pytest.raises(DataError, match=rf"t\.csv:3: c is {cell} in a column of numbers; .*add '{cell}' to `missing`"):
        typed(column("1.5", cell))
    assert typed(column("x", cell)) == ["x", cell]


@pytest.mark.parametrize(
    ("cells", "options", "targets"),
    [
        (("dog", None, "cat"), {}, ["dog", None, "cat"]),
        (("1", "2"), {}, [1, 2]),
        (("1", "02"), {"meaning": "label"}, ["1", "02"]),
        (("1", "2"), {"meaning": "number"}, [1.0, 2.0]),
        (("a; b", "b", None), {"separator": ";"}, [{"a", "b"}, {"b"}, None]),
        (("", "a;"), {"separator": ";"}, [set(), {"a"}]),
        ((frozenset({"a", "b"}), frozenset()), {}, [{"a", "b"}, set()]),
    ],
)
def test_one_column_makes_a_target(cells: Sequence[Cell], options: dict[str, Any], targets: list[Any]) -> None:
    assert targets_of([column(*cells)], **options) == targets


def test_codes_of_one_column_are_named() -> None:
    names = CodeNames.of("pet", {"1": "dog", "2": "cat"})
    assert targets_of([column("1", "02", None)], names=names) == ["dog", "cat", None]
    assert targets_of([column("1|2")], names=names, separator="|") == [frozenset({"dog", "cat"})]
    with pytest.raises(DataError, match=r"t\.csv:3: pet is '3', which `labels` does not name"):
        targets_of([column("1", "3")], names=names)


@pytest.mark.parametrize("yes", ["1", "true", "True", "1.0", 1, 1.0, True])
def test_several_columns_of_switches_are_labels(yes: Cell) -> None:
    columns = [column(yes, "0", name="dog"), column(yes, yes, name="cat"), column("0", "0", name="cow")]
    expected: list[Target] = [frozenset({"dog", "cat"}), frozenset({"cat"})]
    assert targets_of(columns) == targets_of(columns, meaning="labels") == expected


def test_headers_of_switches_are_codes() -> None:
    columns = [column("1", name="0"), column("1", name="1")]
    assert targets_of(columns, names=CodeNames.of("pet", {"0": "dog", "1": "cat"})) == [frozenset({"dog", "cat"})]


def test_several_columns_of_numbers_are_numbers() -> None:
    columns = [column("1.5", "2", None), column("0", "1", None)]
    assert targets_of(columns) == [(1.5, 0.0), (2.0, 1.0), None]
    assert targets_of([column("1"), column("0")], meaning="numbers") == [(1.0, 0.0)]


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ([("1",), ("2",)], {"meaning": "labels"}, r"t\.csv:2: c is '2': a column of a label holds 0 or 1"),
        ([("1",), ("dog",)], {}, r"t\.csv:2: c is 'dog', which is not a finite number"),
        ([("x",)], {"meaning": "number"}, r"t\.csv:2: c is 'x', which is not a finite number"),
        ([("1", "1"), ("1", None)], {}, r"t\.csv:3: c missing, but 1 other columns of this target given; fill in all"),
    ],
)
def test_cells_that_do_not_fit_are_refused(
    columns: list[Sequence[Cell]], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        targets_of([column(*cells) for cells in columns], **options)


@pytest.mark.parametrize(
    ("targets", "kind"),
    [
        (["a"], "multiclass"),
        ([3], "multiclass"),
        ([None, 1.5], "regression"),
        ([(1.0, 2.0)], "regression"),
        ([frozenset({"a"})], "multilabel"),
    ],
)
def test_targets_tell_their_task(targets: list[Target | None], kind: str) -> None:
    assert default_task(targets) == {"kind": kind}
