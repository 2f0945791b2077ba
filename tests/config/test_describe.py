import pytest

from motet.config import Option, options
from motet.errors import ConfigError
from tests.config.rooms import PieceSettings


def by_path(path: str = "") -> dict[str, Option]:
    return {option.path: option for option in options(PieceSettings, path)}


def test_tells_all_that_is_known_of_an_option() -> None:
    assert options(PieceSettings, "first.low_hz") == [
        Option(
            path="first.low_hz",
            type="number, at least 0",
            default="0.0",
            unit="Hz",
            meaning="Lowest frequency.",
            kinds={"first.kind": "sieve"},
        )
    ]


def test_tells_the_choices_of_a_slot() -> None:
    first = by_path()["first"]
    assert (first.type, first.default) == ("a step", "bell")
    assert first.choices == {
        "sieve": "Keep a band of frequencies.",
        "bell": "Ring a bell.",
        "folder": "Sounds of a folder.",
        "./FILE.py:NAME": "Your own class: ./FILE.py:NAME, its other keys are the arguments.",
    }
    assert by_path()["first.mood"].choices == {"solemn": "", "merry": ""}


def test_lists_every_option_under_every_kind() -> None:
    paths = [option.path for option in options(PieceSettings)]
    for path in ("name", "first.strokes", "steps.N.low_hz", "voices.low_hz", "voices.NAME.low_hz", "titles"):
        assert path in paths
    assert "first.kind" not in paths


def test_an_option_that_must_be_given_has_no_default() -> None:
    assert by_path("first.path")["first.path"].default is None
    assert by_path("first.path")["first.path"].type == "path"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("steps.3.low_hz", ["steps.3.low_hz"]),
        ("voices.alto.strokes", ["voices.alto.strokes"]),
        ("first.tuning.0", ["first.tuning"]),
        ("titles.en", ["titles"]),
        ("steps.0", ["steps.0.low_hz", "steps.0.high_hz", "steps.0.strokes", "steps.0.tuning"]),
    ],
)
def test_takes_the_paths_of_overrides(path: str, found: list[str]) -> None:
    assert [option.path for option in options(PieceSettings, path)][: len(found)] == found


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tempo", "number, above 0, or one of slow, fast"),
        ("sizes", "whole number, at least 1, or list of whole number, at least 1"),
        ("first.tuning", "list of number; not empty"),
        ("loud", "true or false"),
        ("name", "text; not empty"),
        ("last", "a step or null"),
        ("steps", "list of step"),
        ("voices", "a step, or several by name"),
        ("titles", "text by name"),
        ("score", "path"),
    ],
)
def test_tells_the_type_in_words(path: str, text: str) -> None:
    assert by_path(path)[path].type == text


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("tmepo", "tmepo: there is no such option; did you mean 'tempo'?"),
        ("first.strokse", r"first\.strokse: there is no such option; did you mean 'strokes'?"),
        ("loud.x", r"loud\.x: there is no such option; there is none"),
        ("a..b", r"'a\.\.b' is not a path"),
    ],
)
def test_refuses_other_paths(path: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        options(PieceSettings, path)
