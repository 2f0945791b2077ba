import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motet.errors import DataError
from motet.sources.patterns import FilePattern
from motet.sources.settings import Value, pattern_fields

_WORD = st.text(string.ascii_letters + ".- é", min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("pattern", "name", "pieces"),
    [
        ("{digit}_{speaker}_{index:d}.wav", "0_george_17.wav", {"digit": "0", "speaker": "george", "index": 17}),
        ("{digit}_{speaker}_{index:d}.wav", "a/b/0_x_1.wav", {"digit": "0", "speaker": "x", "index": 1}),
        ("{split}/{label}/{}.wav", "train/dog/x y.wav", {"split": "train", "label": "dog"}),
        ("{who}/{who}_{take:d}.wav", "anna/anna_3.wav", {"who": "anna", "take": 3}),
        ("{code:2s}{take:3d}.wav", "ab012.wav", {"code": "ab", "take": 12}),
        ("{age:f}y_{dose:f}.npy", "3.25y_-10.npy", {"age": 3.25, "dose": -10.0}),
        ("{{x}}({a}).wav", "{x}(b).wav", {"a": "b"}),
        ("{a}.{ending}", "x.flac", {"a": "x", "ending": "flac"}),
        ("{}-{}-{emotion}-{actor:d}.flac", "03-01-06-12.flac", {"emotion": "06", "actor": 12}),
    ],
)
def test_names_are_cut_into_pieces(pattern: str, name: str, pieces: dict[str, Value]) -> None:
    assert FilePattern.of(pattern).match(name) == pieces


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("{digit}_{index:d}.wav", "0_a.wav"),
        ("{digit}_{index:d}.wav", "0_1.flac"),
        ("{digit}_{index:d}.wav", "0_1.wav.bak"),
        ("{a}/{b}.wav", "x.wav"),
        ("{a}/{b}.wav", "x/y/z.wav"),
        ("{who}/{who}.wav", "anna/bert.wav"),
        ("{code:2s}.wav", "abc.wav"),
        ("{age:f}.wav", "old.wav"),
    ],
)
def test_other_names_do_not_match(pattern: str, name: str) -> None:
    assert FilePattern.of(pattern).match(name) is None


@pytest.mark.parametrize(
    ("pattern", "name", "one", "other"),
    [
        ("{digit}_{speaker}.wav", "1_van_gogh.wav", "digit 1, speaker van_gogh", "digit 1_van, speaker gogh"),
        ("{a}{b}.wav", "xyz.wav", "a x, b yz", "a xy, b z"),
        ("{a:d}{b}.wav", "123.wav", "a 1, b 23", "a 12, b 3"),
        ("{}{a}{}.wav", "abba.wav", "{} a, a b, {} ba", "{} ab, a b, {} a"),
    ],
)
def test_a_name_with_two_readings_is_refused(pattern: str, name: str, one: str, other: str) -> None:
    with pytest.raises(DataError, match=re.escape(f"as {one} and as {other}; give pieces a type")):
        FilePattern.of(pattern).match(name)


def test_a_long_piece_may_hold_what_follows_it_where_only_one_reading_fits() -> None:
    assert FilePattern.of("{}_{take:d}.wav").match("a_b_c_7.wav") == {"take": 7}
    assert FilePattern.of("{name}_{take:d}.wav").match("a_1_2.wav") == {"name": "a_1", "take": 2}


@given(text=st.text("ab_", min_size=1, max_size=8))
def test_two_readings_are_refused_and_no_others(text: str) -> None:
    readings = {(text[:cut], text[cut + 1 :]) for cut in range(1, len(text) - 1) if text[cut] == "_"}
    pattern = FilePattern.of("{left}_{right}.wav")
    if len(readings) > 1:
        with pytest.raises(DataError, match="fits in more than one way"):
            pattern.match(f"{text}.wav")
    else:
        expected = [{"left": left, "right": right} for left, right in readings]
        assert pattern.match(f"{text}.wav") == (expected[0] if expected else None)


@given(label=_WORD, take=st.integers(-999, 999), level=st.integers(0, 999).map(lambda number: number / 8))
def test_what_was_formatted_is_found_again(label: str, take: int, level: float) -> None:
    pattern = "{label}_{take:d}_{level:f}.wav"
    assert FilePattern.of(pattern).match(f"{label}_{take}_{level}.wav") == {
        "label": label,
        "take": take,
        "level": level,
    }


def test_types_and_extension_are_known() -> None:
    assert pattern_fields("{a}_{b:3d}_{c:f}_{}_{d:2s}.wav") == {"a": "s", "b": "d", "c": "f", "d": "s"}
    assert FilePattern.of("{a}_{b}.tar.gz").extension == ".gz"
    assert FilePattern.of("x.{a}").extension == ""


@pytest.mark.parametrize("piece", ["a b", "0", "a.b", "a[0]", "a!r", "a:x", "a:03d", "a:2f"])
def test_malformed_pieces_are_refused(piece: str) -> None:
    with pytest.raises(ValueError, match=r"is malformed: a piece is \{name\}, .*or \{\} for one of no interest"):
        pattern_fields(f"{{{piece}}}.wav")


def test_a_piece_has_one_type() -> None:
    with pytest.raises(ValueError, match=r"piece 'a' of pattern .* has two types"):
        pattern_fields("{a}/{a:d}.wav")
