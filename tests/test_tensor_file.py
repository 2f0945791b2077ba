from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from motet import tensor_file
from motet.errors import DataError

TENSORS = {
    "model.weight": torch.tensor([[1.5, -2.0], [0.0, 3.25]]),
    "half": torch.tensor([1.0, 2.0], dtype=torch.bfloat16),
    "steps": torch.tensor(7),
    "mask": torch.tensor([True, False]),
    "nothing": torch.zeros(0, 3),
}
DOCUMENT = {"zeta": [1, 2.5, None], "alpha": {"name": "día", "on": True}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "new" / "model.safetensors"
    tensor_file.write(place, TENSORS, DOCUMENT)
    return place


def read_or_refusal(path: Path) -> tuple[dict[str, torch.Tensor], tensor_file.Document] | str:
    try:
        return tensor_file.read(path)
    except DataError as error:
        return str(error)


def test_everything_comes_back_as_it_was(path: Path) -> None:
    tensors, document = tensor_file.read(path)
    assert document == DOCUMENT
    assert list(document) == ["zeta", "alpha"], "the order of a document is part of it: that of inputs, for one"
    assert tensors.keys() == TENSORS.keys()
    assert all(
        torch.equal(tensors[name], value) and tensors[name].dtype == value.dtype for name, value in TENSORS.items()
    )


def test_other_tools_open_it(path: Path) -> None:
    assert torch.equal(load_file(path)["model.weight"], TENSORS["model.weight"])


def test_views_and_shared_memory_are_written_whole(tmp_path: Path) -> None:
    whole = torch.arange(6.0).reshape(2, 3)
    tensor_file.write(tmp_path / "a", {"whole": whole, "turned": whole.T, "row": whole[1]}, {})
    tensors, _ = tensor_file.read(tmp_path / "a")
    assert tensors["turned"].tolist() == [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
    assert tensors["row"].tolist() == [3.0, 4.0, 5.0]


def test_equal_content_is_equal_bytes(path: Path, tmp_path: Path) -> None:
    tensor_file.write(tmp_path / "again", TENSORS, DOCUMENT)
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("bit", [0, pytest.param(3, marks=pytest.mark.full), 7])
def test_a_flipped_bit_in_any_byte_is_found_or_changes_nothing(path: Path, bit: int) -> None:
    content = bytearray(path.read_bytes())
    padding = 0
    for place in range(len(content)):
        content[place] ^= 1 << bit
        path.write_bytes(content)
        found = read_or_refusal(path)
        if isinstance(found, str):
            assert f"{path}: is damaged" in found
        else:
            padding += 1
            assert found[1] == DOCUMENT
            assert all(torch.equal(found[0][name], value) for name, value in TENSORS.items())
        content[place] ^= 1 << bit
    assert padding <= 8, "only the spaces behind the header carry nothing"


def test_a_file_that_was_cut_short_is_refused(path: Path) -> None:
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match="is damaged or no file of Motet; restore it"):
            tensor_file.read(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"[1]" * 50, b"\x02\0\0\0\0\0\0\0[]", b"\x04\0\0\0\0\0\0\0null"])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "notes.txt").write_bytes(content)
    with pytest.raises(DataError, match=r"notes\.txt: is damaged or no file of Motet"):
        tensor_file.read(tmp_path / "notes.txt")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"best\.safetensors: cannot be read \(No such file or directory\)"):
        tensor_file.read(tmp_path / "best.safetensors")


def test_a_failed_write_leaves_the_old_file(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(ValueError, match="Out of range float"):
        tensor_file.write(path, TENSORS, {"loss": float("nan")})
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
