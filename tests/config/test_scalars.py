import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motet.config.scalars import Scalar, read_scalar, write_scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("3e-4", 3e-4),
        (".5", 0.5),
        ("1.", 1.0),
        ("-12", -12),
        ("010", 10),
        ("0x1F", 31),
        ("0o17", 15),
        (".inf", math.inf),
        ("-.inf", -math.inf),
        ("true", True),
        ("False", False),
        ("", None),
        ("~", None),
        ("null", None),
        ("yes", "yes"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("1_000", "1_000"),
        ("e3", "e3"),
        ("1" * 301, "1" * 301),
    ],
)
def test_reads_the_core_schema(text: str, value: Scalar) -> None:
    found = read_scalar(text)
    assert found == value
    assert type(found) is type(value)


def test_reads_nan() -> None:
    found = read_scalar(".nan")
    assert isinstance(found, float)
    assert math.isnan(found)


def test_quotes_what_other_readers_take_for_truth() -> None:
    assert [write_scalar(text) for text in ("off", "Yes", "n", "none")] == ['"off"', '"Yes"', '"n"', "none"]


@given(st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False))
def test_writes_what_reads_as_the_same_value(value: Scalar) -> None:
    assert read_scalar(write_scalar(value)) == value
    assert type(read_scalar(write_scalar(value))) is type(value)


@given(st.text())
def test_text_stays_text(text: str) -> None:
    written = write_scalar(text)
    assert written.startswith('"') or read_scalar(written) == text
