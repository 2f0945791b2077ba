import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motet.config import UserComponent, dump, fingerprint, load, to_yaml, validate
from motet.config.document import read_document
from motet.config.writing import flow, write_yaml
from tests.config.rooms import BellSettings, PieceSettings, SieveSettings, piece

Keys = st.text(min_size=1, max_size=8)
Values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(Keys, inner, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(Keys, Values, min_size=1, max_size=4))
def test_plain_data_reads_as_it_was_written(data: dict[str, Any]) -> None:
    problems: list[str] = []
    assert read_document(write_yaml(data), "f", problems).plain() == data
    assert not problems


@given(Values)
def test_one_line_reads_as_it_was_written(data: Any) -> None:
    text = flow(data)
    assert "\n" not in text
    assert read_document(f"a: {text}", "f", []).plain() == {"a": data}


bells = st.builds(
    BellSettings,
    strokes=st.integers(1, 9),
    tuning=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=3),
    mood=st.sampled_from(["solemn", "merry"]),
)
sieves = st.builds(SieveSettings, low_hz=st.floats(0, 1000), high_hz=st.floats(2000, 1e9))
steps = bells | sieves
pieces = st.builds(
    PieceSettings,
    name=st.text(min_size=1, max_size=9),
    tempo=st.floats(1e-9, 1e9) | st.sampled_from(["slow", "fast"]),
    sizes=st.integers(1, 9) | st.lists(st.integers(1, 9), max_size=3),
    first=steps,
    last=st.none() | steps,
    steps=st.lists(steps, max_size=3),
    voices=steps | st.dictionaries(st.sampled_from("abc"), steps, min_size=1),
    titles=st.dictionaries(Keys, st.text(max_size=9), max_size=3),
    score=st.text(min_size=1, max_size=9).filter(lambda text: text.strip() and "${" not in text and text[:2] != "~/"),
)


@given(pieces)
def test_settings_load_again_as_they_were(settings: PieceSettings) -> None:
    assert validate(PieceSettings, read_document(to_yaml(settings), "f", []).plain()) == settings
    assert validate(PieceSettings, json.loads(json.dumps(dump(settings), allow_nan=False))) == settings


def test_what_was_written_is_pleasant_to_read(tmp_path: Path) -> None:
    resolved = piece(steps=[BellSettings(strokes=2), SieveSettings()], score="${MOTET_NO_SUCH:-a b}/c")
    text = to_yaml(resolved)
    assert text == (
        "name: piece\n"
        "tempo: slow\n"
        "sizes: 1\n"
        "loud: false\n"
        "first: {kind: bell, strokes: 1, tuning: [440.0], mood: merry}\n"
        "last: null\n"
        "steps:\n"
        "  - {kind: bell, strokes: 2, tuning: [440.0], mood: merry}\n"
        "  - {kind: sieve, low_hz: 0.0, high_hz: 8000.0}\n"
        "voices: {kind: sieve, low_hz: 0.0, high_hz: 8000.0}\n"
        "titles: {}\n"
        "score: a b/c\n"
    )
    (tmp_path / "f.yaml").write_text(text)
    assert validate(PieceSettings, load(tmp_path / "f.yaml")) == resolved


def test_long_values_stand_on_lines_of_their_own() -> None:
    text = write_yaml({"a": {"b": ["x" * 60, "y" * 60]}, "c": [{"d": [{"e": "z" * 120}]}]})
    assert text == (f"a:\n  b:\n    - {'x' * 60}\n    - {'y' * 60}\nc:\n  - d:\n      - e: {'z' * 120}\n")


def test_the_kind_stands_first() -> None:
    class LoudBellSettings(BellSettings):
        volume: float = 1.0
        kind: Any = "bell"

    assert next(iter(dump(LoudBellSettings()))) == "kind"


def test_a_kind_without_options_is_written_short() -> None:
    assert 'last: "python:builtins.dict"\n' in to_yaml(piece(last=UserComponent.of(dict)))


@pytest.mark.parametrize(
    ("one", "other"), [(BellSettings(), BellSettings(strokes=2)), (BellSettings(), SieveSettings())]
)
def test_fingerprints_differ_with_the_settings(one: Any, other: Any) -> None:
    assert fingerprint(one) != fingerprint(other)
    assert fingerprint(one) == fingerprint(type(one)())
