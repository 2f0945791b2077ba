import torch

from motet.data.batch import Batch, Column, Mix, either, entries, places


def test_a_column_on_its_device_is_itself() -> None:
    column = Column(torch.zeros(2, 3))
    assert column.to(torch.device("cpu")) is column


def test_a_column_moves_as_a_whole() -> None:
    column = Column(torch.zeros(2, 3), torch.arange(2), torch.tensor([1, 2]))
    moved = column.to(torch.device("meta"))
    assert moved.rows is not None
    assert moved.lengths is not None
    assert {moved.values.device.type, moved.rows.device.type, moved.lengths.device.type} == {"meta"}


def batch() -> Batch:
    """Six rows of three data sets; the input "b" is there for the last two of them."""
    inputs = {
        "a": Column(torch.arange(4.0), torch.arange(4), torch.tensor([1, 2, 3, 4])),
        "b": Column(torch.arange(10.0, 14.0), torch.arange(2, 6)),
    }
    mix = Mix(torch.tensor([1, 0, 3, 2, 5, 4]), torch.linspace(0.5, 1.0, 6))
    spans = (("x", 0, 2), ("y", 2, 4), ("z", 4, 6))
    targets = {"t": Column(torch.zeros(6)), "u": Column(torch.ones(2), torch.tensor([0, 5]))}
    return Batch(6, inputs, targets, torch.arange(20, 26), {"t": 6, "u": 3}, mix, spans,
                 lessons={"u": Column(torch.ones(1, 2), torch.tensor([3]))})  # fmt: skip


def test_a_part_is_a_batch_of_its_own() -> None:
    part, rows = batch().part(["x", "z"])
    assert rows is not None
    assert rows.tolist() == [0, 1, 4, 5]
    assert (part.size, part.spans, part.row_ids.tolist()) == (4, (("x", 0, 2), ("z", 2, 4)), [20, 21, 24, 25])
    assert part.inputs["a"].values.tolist() == [0.0, 1.0]
    assert part.inputs["a"].rows is not None
    assert part.inputs["a"].lengths is not None
    assert (part.inputs["a"].rows.tolist(), part.inputs["a"].lengths.tolist()) == ([0, 1], [1, 2])
    assert part.inputs["b"].rows is not None
    assert part.inputs["b"].rows.tolist() == [2, 3]
    assert part.mix is not None
    assert part.mix.partner.tolist() == [1, 0, 3, 2]
    assert part.mix.weight.tolist() == batch().mix.weight[[0, 1, 4, 5]].tolist()  # type: ignore[union-attr]
    assert (part.targets, part.lessons, part.counts) == ({}, {}, {})


def test_a_part_that_is_all_has_its_columns_as_they_are() -> None:
    whole = batch()
    part, rows = whole.part(["z", "y", "x"])
    assert rows is None
    assert part.inputs is whole.inputs
    alone, _ = batch().part(["y"])
    assert alone.inputs["b"].rows is None, "every row of the part has it"
    assert alone.inputs["b"].values.tolist() == [10.0, 11.0]


def test_one_task_keeps_its_lessons_and_counts() -> None:
    own = batch().of_task("u")
    assert (list(own.targets), list(own.lessons), own.counts) == (["u"], ["u"], {"u": 3})
    assert list(batch().of_task("t").lessons) == []


def test_entries_of_rows() -> None:
    column = Column(torch.tensor([5.0, 6.0, 7.0]), torch.tensor([1, 3, 4]), torch.tensor([1, 2, 3]))
    assert entries(column, column.rows) is column
    assert entries(column, None) is column
    found = entries(column, torch.tensor([1, 4]))
    assert found.lengths is not None
    assert (found.values.tolist(), found.lengths.tolist()) == ([5.0, 7.0], [1, 3])
    assert entries(Column(torch.arange(4.0)), torch.tensor([2])).values.tolist() == [2.0]
    assert places(column, torch.tensor([3, 4])).tolist() == [1, 2]
    assert places(column, None).tolist() == [0, 1, 2]


def test_rows_that_one_of_two_columns_has() -> None:
    first, second = (Column(torch.zeros(2), torch.tensor(rows)) for rows in ([3, 5], [0, 3]))
    whole = Column(torch.zeros(6))
    either_rows = either(first, second)
    assert either_rows is not None
    assert either_rows.tolist() == [0, 3, 5]
    assert either(first, None) is first.rows
    assert either(None, second) is second.rows
    assert either(whole, second) is either(first, whole) is either(whole, None) is None
