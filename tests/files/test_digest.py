import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motet.errors import DataError
from motet.files import DIGEST_BYTES, digest_bytes, digest_file


def test_is_blake2b_of_16_bytes() -> None:
    assert digest_bytes(b"motet") == hashlib.blake2b(b"motet", digest_size=16).digest()
    assert len(digest_bytes()) == DIGEST_BYTES == 16


def test_borders_between_parts_count() -> None:
    digests = {digest_bytes(b"abc"), digest_bytes(b"ab", b"c"), digest_bytes(b"a", b"bc"), digest_bytes(b"abc", b"")}
    assert len(digests) == 4


@given(st.lists(st.binary(max_size=8), min_size=2, max_size=4))
def test_parts_are_never_taken_for_their_concatenation(parts: list[bytes]) -> None:
    assert digest_bytes(*parts) != digest_bytes(b"".join(parts))
    assert digest_bytes(*parts) != digest_bytes(b"".join(digest_bytes(part) for part in parts))


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 21) + 5])
def test_of_a_file_is_that_of_its_bytes(tmp_path: Path, size: int) -> None:
    content = (b"motet" * (size // 5 + 1))[:size]
    (tmp_path / "file").write_bytes(content)
    assert digest_file(tmp_path / "file") == digest_bytes(content)


def test_of_a_missing_file_names_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.wav: cannot be read: there is no such file\. Check the path"):
        digest_file(tmp_path / "gone.wav")


def test_of_a_directory_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        digest_file(tmp_path)
