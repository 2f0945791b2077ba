import torch

from motet.data.batch import Column


def test_a_column_on_its_device_is_itself() -> None:
    column = Column(torch.zeros(2, 3))
    assert column.to(torch.device("cpu")) is column


def test_a_column_moves_as_a_whole() -> None:
    column = Column(torch.zeros(2, 3), torch.arange(2), torch.tensor([1, 2]))
    moved = column.to(torch.device("meta"))
    assert moved.rows is not None
    assert moved.lengths is not None
    assert {moved.values.device.type, moved.rows.device.type, moved.lengths.device.type} == {"meta"}
