from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pytest
from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from motet.config import Context, CrossProblem, Settings, UserComponent, load, option, validate
from motet.errors import ConfigError
from tests.config.rooms import PieceSettings


def problems(folder: Path, text: str, settings: type[Settings] = PieceSettings, *overrides: str) -> list[str]:
    path = folder / "f.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        validate(settings, load(path, overrides), Context(check_files=True))
    return [line.replace(str(path), "f.yaml") for line in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("nmae: x", "f.yaml:1:1: nmae: there is no such option; did you mean 'name'?"),
        (
            "zzz: x",
            "f.yaml:1:1: zzz: there is no such option; "
            "there is name, tempo, sizes, loud, first, last, steps, voices, titles, score",
        ),
        ("name: 3", "f.yaml:1:7: name: 3 is not text; put it in quotes"),
        ("name: ''", "f.yaml:1:7: name: '' is not text of 1 or more characters"),
        ("name: [a]", "f.yaml:1:7: name: [a] is not text"),
        ("name: null", "f.yaml:1:7: name: null is not text"),
        ("loud: yes", "f.yaml:1:7: loud: 'yes' is not true or false"),
        ("tempo: '90'", "f.yaml:1:8: tempo: '90' is not a number or one of slow, fast; remove the quotes"),
        ("tempo: -1", "f.yaml:1:8: tempo: -1 is not a number greater than 0 or one of slow, fast"),
        ("tempo: .nan", "f.yaml:1:8: tempo: .nan is not a finite number or one of slow, fast"),
        ("tempo: fats", "f.yaml:1:8: tempo: 'fats' is not a number or one of slow, fast; did you mean 'fast'?"),
        ("sizes: x", "f.yaml:1:8: sizes: 'x' is not a whole number or a list"),
        ("sizes: [1, x, 3]", "f.yaml:1:12: sizes.1: 'x' is not a whole number"),
        ("sizes: [0]", "f.yaml:1:9: sizes.0: 0 is not a number of at least 1"),
        ("first: 5", "f.yaml:1:8: first: 5 is not a step; write {kind: NAME} with one of sieve, bell, folder"),
        ("first: bel", "f.yaml:1:8: first: there is no step 'bel'; did you mean 'bell'?"),
        ("first: {kind: xyz}", "f.yaml:1:15: first.kind: there is no step 'xyz'; there is sieve, bell, folder"),
        ("first: {kind: 3}", "f.yaml:1:15: first.kind: there is no step 3; there is sieve, bell, folder"),
        ("last: {strokes: 3}", "f.yaml:1:7: last.kind: is missing; a step is one of sieve, bell, folder"),
        (
            "first: {kind: bell, storkes: 3}",
            "f.yaml:1:21: first.storkes: there is no such option of bell; did you mean 'strokes'?",
        ),
        (
            "first: {kind: bell, low_hz: 3}",
            "f.yaml:1:21: first.low_hz: there is no such option of bell; it belongs to sieve",
        ),
        (
            "first: {kind: bell, tuning: []}",
            "f.yaml:1:29: first.tuning: [] is not a list of 1 or more",
        ),
        ("first: {kind: bell, tuning: [.nan]}", "f.yaml:1:30: first.tuning.0: .nan is not a finite number"),
        ("first: folder", "f.yaml:1:8: first.path: is missing; give it: Folder of the sounds."),
        (
            "first: {kind: folder, pth: x}",
            "f.yaml:1:23: first.pth: there is no such option of folder; did you mean 'path'?",
        ),
        (
            "voices: {a: bell, b: {kind: sieve, lowhz: 1}}",
            "f.yaml:1:36: voices.b.lowhz: there is no such option of sieve; did you mean 'low_hz'?",
        ),
        (
            "steps:\n- bell\n- kind: sieve\n  low_hz: 500\n  high_hz: 100\n",
            "f.yaml:4:11: steps.1: low_hz is 500, not below high_hz 100; swap them",
        ),
        ("titles: {en: 3}", "f.yaml:1:14: titles.en: 3 is not text; put it in quotes"),
        ("titles: x", "f.yaml:1:9: titles: 'x' is not a mapping"),
        (
            "score: ${MOTET_NO_SUCH}",
            "f.yaml:1:8: score: the environment variable MOTET_NO_SUCH is not set; set it, or "
            "write ${MOTET_NO_SUCH:-default}",
        ),
        ("", "f.yaml: is empty; write a mapping of options"),
        ("- a", "f.yaml:1:1: is a list; write a mapping of options"),
        ("word", "f.yaml:1:1: is a str; write a mapping of options"),
    ],
)
def test_one_line_for_one_problem(tmp_path: Path, text: str, line: str) -> None:
    assert problems(tmp_path, text) == [line]


class HymnSettings(Settings):
    """Words and parts, both read in another form first."""

    words: Annotated[str, BeforeValidator(str), Field(min_length=1)] = option("la", "Words.")
    parts: Annotated[dict[str, int], BeforeValidator(dict), Field(min_length=1)] = option({"alto": 1}, "Parts.")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("words: ''", "f.yaml:1:8: words: '' is not text of 1 or more characters"),
        ("parts: {}", "f.yaml:1:8: parts: {} is not a mapping of 1 or more"),
    ],
)
def test_what_is_too_short_is_told_by_what_it_is(tmp_path: Path, text: str, line: str) -> None:
    assert problems(tmp_path, text, HymnSettings) == [line]


def test_all_problems_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """\
nmae: x
tempo: true
tempo: 90
first: {kind: sieve, low_hz: 500, high_hz: 100}
last: {kind: folder, path: /motet/no/such}
steps: [{kind: bell, strokes: 0}, bel]
voices: {kind: sieve, lwo_hz: 3, high_hz: x}
"""
    assert problems(tmp_path, text, PieceSettings, "loud=3") == [
        "f.yaml:1:1: nmae: there is no such option; did you mean 'name'?",
        "f.yaml:2:8: tempo: true is not a number or one of slow, fast",
        "f.yaml:3:1: the key 'tempo' stands here again, first at f.yaml:2:1",
        "f.yaml:4:30: first: low_hz is 500, not below high_hz 100; swap them",
        "f.yaml:5:28: last.path: there is no folder '/motet/no/such'; correct the path or the variable in it",
        "f.yaml:6:31: steps.0.strokes: 0 is not a number of at least 1",
        "f.yaml:6:35: steps.1: there is no step 'bel'; did you mean 'bell'?",
        "f.yaml:7:23: voices.lwo_hz: there is no such option of sieve; did you mean 'low_hz'?",
        "f.yaml:7:43: voices.high_hz: 'x' is not a number",
        "override 'loud=3': loud: 3 is not true or false",
    ]


class RootSettings(Settings):
    """A root whose parts must fit together."""

    players: dict[str, Annotated[int, Field(ge=1)]] = option({}, "Players by voice.")
    solo: str | None = option(None, "Who plays the solo.")
    part: PieceSettings = option(PieceSettings(), "What is played.")
    low: int = option(0, "Lowest.", ge=0)
    high: int = option(10, "Highest.", ge=0)
    mode: Literal["a", "b"] = option("a", "Mode.")

    @model_validator(mode="after")
    def _checks(self, info: ValidationInfo) -> Self:
        if isinstance(info.context, Context) and self.solo is not None and self.solo not in self.players:
            info.context.problems.append(
                CrossProblem(("solo",), f"there is no player {self.solo!r}", reads=(("players",),))
            )
        if self.low > self.high:
            raise ValueError(f"low is {self.low}, above high {self.high}; swap them")
        return self


def test_combinations_are_checked_beside_what_is_wrong_elsewhere(tmp_path: Path) -> None:
    assert problems(tmp_path, "{low: 20, mode: c, part: {nmae: x}}", RootSettings) == [
        "f.yaml:1:7: low is 20, above high 10; swap them",
        "f.yaml:1:17: mode: 'c' is not one of a, b",
        "f.yaml:1:27: part.nmae: there is no such option; did you mean 'name'?",
    ]


@pytest.mark.parametrize("text", ["{low: 20, high: x}", "{low: 20, hgih: 30}"])
def test_no_combination_is_told_that_rests_on_a_mistake(tmp_path: Path, text: str) -> None:
    assert len(problems(tmp_path, text, RootSettings)) == 1


def test_references_are_checked_beside_what_is_wrong_elsewhere(tmp_path: Path) -> None:
    assert problems(tmp_path, "{solo: ann, players: {bob: 1}, mode: c}", RootSettings) == [
        "f.yaml:1:8: solo: there is no player 'ann'",
        "f.yaml:1:38: mode: 'c' is not one of a, b",
    ]


def test_no_reference_is_told_that_rests_on_a_mistake(tmp_path: Path) -> None:
    found = problems(tmp_path, "{solo: ann, players: {ann: 0}}", RootSettings)
    assert found == ["f.yaml:1:28: players.ann: 0 is not a number of at least 1"]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"tempo": "x"}, "tempo: 'x' is not a number or one of slow, fast"),
        ({"first": {"kind": "bell", "strokes": 1.5}}, "first.strokes: 1.5 is not a whole number"),
        ({"titles": {"a.b": 3}}, 'titles."a.b": 3 is not text; put it in quotes'),
    ],
)
def test_validates_plain_data_from_python(given: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        validate(PieceSettings, given)
    assert list(caught.value.problems) == [line]


def test_user_code_is_looked_for_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("class Gong:\n    pass\n")
    (tmp_path / "f.yaml").write_text("first: ./mine.py:Gong\n")
    first = validate(PieceSettings, load(tmp_path / "f.yaml"), Context(allow_code=True)).first
    assert isinstance(first, UserComponent)
    assert type(first.build()).__name__ == "Gong"
