import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motet.files import safe_name

_PORTABLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


@pytest.mark.parametrize("text", ["fold_1", "esc10", "confusion-digit.png", "1.5", "_", "a" * 100])
def test_a_safe_text_is_itself(text: str) -> None:
    assert safe_name(text) == text


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "a/b", "a\\b", "a b", "nul", "COM1", "aux.txt", ".hidden", "-rf", "ä", "a:b", "a" * 101, "\ud800"],
)
def test_any_other_text_gets_a_digest(text: str) -> None:
    assert re.fullmatch(r".*-[0-9a-f]{8}", safe_name(text))


@given(st.text(max_size=300))
def test_every_text_gives_a_portable_name(text: str) -> None:
    name = safe_name(text)
    assert _PORTABLE.fullmatch(name)
    assert len(name) <= 109
    assert not name.endswith(".")
    assert Path(name).name == name


@given(st.text(max_size=20), st.text(max_size=20))
def test_different_texts_stay_apart(one: str, other: str) -> None:
    assert (safe_name(one) == safe_name(other)) == (one == other)
