from pathlib import Path

import pytest

from motet.config import load, validate
from motet.errors import ConfigError
from tests.config.rooms import BellSettings, PieceSettings, SieveSettings

FILE = """
name: dawn
tempo: 90
first: {kind: bell, strokes: 3, mood: solemn}
voices: sieve
steps:
  - bell
  - {kind: sieve, low_hz: 100}
titles: {en: Dawn, "1.5": odd}
"""


def piece(folder: Path, *overrides: str) -> PieceSettings:
    path = folder / "piece.yaml"
    path.write_text(FILE)
    return validate(PieceSettings, load(path, overrides))


def test_sets_single_values(tmp_path: Path) -> None:
    found = piece(tmp_path, "name=dusk", "tempo=fast", "loud=true", "first.strokes=5")
    assert (found.name, found.tempo, found.loud) == ("dusk", "fast", True)
    assert found.first == BellSettings(strokes=5, mood="solemn")


def test_enters_lists_by_index_and_appends(tmp_path: Path) -> None:
    found = piece(tmp_path, "steps.1.low_hz=200", "steps.2=bell", "first.tuning.0=5")
    assert found.steps == (BellSettings(), SieveSettings(low_hz=200), BellSettings())
    assert found.first == BellSettings(strokes=3, mood="solemn", tuning=(5,))


def test_replaces_whole_mappings_and_lists(tmp_path: Path) -> None:
    found = piece(tmp_path, "first={kind: sieve, low_hz: 7}", "steps=[bell]", "titles={de: Morgen}")
    assert found.first == SieveSettings(low_hz=7)
    assert found.steps == (BellSettings(),)
    assert found.titles == {"de": "Morgen"}


def test_enters_what_is_short_for_a_kind(tmp_path: Path) -> None:
    found = piece(tmp_path, "voices.low_hz=20", "steps.0.strokes=2")
    assert found.voices == SieveSettings(low_hz=20)
    assert found.steps[0] == BellSettings(strokes=2)


def test_a_new_kind_drops_the_keys_of_the_file(tmp_path: Path) -> None:
    assert piece(tmp_path, "first.kind=sieve").first == SieveSettings()


def test_a_new_kind_keeps_the_keys_of_other_overrides(tmp_path: Path) -> None:
    for overrides in (("first.low_hz=5", "first.kind=sieve"), ("first.kind=sieve", "first.low_hz=5")):
        assert piece(tmp_path, *overrides).first == SieveSettings(low_hz=5)


def test_the_same_kind_drops_nothing(tmp_path: Path) -> None:
    assert piece(tmp_path, "first.kind=bell").first == BellSettings(strokes=3, mood="solemn")


def test_what_the_file_leaves_out_starts_from_its_default(tmp_path: Path) -> None:
    (tmp_path / "short.yaml").write_text("name: short\n")

    def short(*overrides: str) -> PieceSettings:
        return validate(PieceSettings, load(tmp_path / "short.yaml", overrides))

    assert short("first.strokes=2").first == BellSettings(strokes=2)
    assert short("first.kind=bell", "first.strokes=2").first == BellSettings(strokes=2)
    assert short("first.kind=sieve").first == SieveSettings()
    assert short("voices.high_hz=9").voices == SieveSettings(high_hz=9)
    assert short("titles.en=Short").titles == {"en": "Short"}


def test_a_kind_that_the_file_leaves_to_the_default_is_known(tmp_path: Path) -> None:
    (tmp_path / "short.yaml").write_text("first: {strokes: 4}\n")

    def first(*overrides: str) -> object:
        return validate(PieceSettings, load(tmp_path / "short.yaml", overrides)).first

    assert first("first.kind=bell") == BellSettings(strokes=4)
    assert first("first.kind=sieve") == SieveSettings()


def test_later_overrides_win(tmp_path: Path) -> None:
    assert piece(tmp_path, "tempo=1", "tempo=2").tempo == 2.0


def test_quotes_stand_around_parts_with_dots(tmp_path: Path) -> None:
    assert piece(tmp_path, 'titles."1.5"=even').titles == {"en": "Dawn", "1.5": "even"}


def test_null_is_a_value(tmp_path: Path) -> None:
    assert piece(tmp_path, "last=bell", "last=null").last is None


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("tempo", "override 'tempo': an override is PATH=VALUE, as in training.epochs=20"),
        ("=3", "override '=3': an override is PATH=VALUE, as in training.epochs=20"),
        ("a..b=3", "override 'a..b=3': an override is PATH=VALUE, as in training.epochs=20"),
        ("tempo.x=3", "override 'tempo.x=3': tempo.x: tempo is 90, which has no parts; name it alone"),
        (
            "steps.5.kind=bell",
            "override 'steps.5.kind=bell': steps.5: there is no entry '5' in a list of 2; give 0 to 1, or 2 to append",
        ),
        (
            "steps.first=bell",
            "override 'steps.first=bell': steps.first: there is no entry 'first' in a list of 2; "
            "give 0 to 1, or 2 to append",
        ),
        ("first.strokes=0", "override 'first.strokes=0': first.strokes: 0 is not a number of at least 1"),
        ("tempo=true", "override 'tempo=true': tempo: true is not a number or one of slow, fast"),
        ("fisrt.strokes=1", "override 'fisrt.strokes=1': fisrt: there is no such option; did you mean 'first'?"),
        (
            "name={a}_{b}",
            "override 'name={a}_{b}': this is not YAML: expected document start but found scalar; "
            "put text that holds any of { } [ ] : # in quotes",
        ),
    ],
)
def test_tells_which_override_is_wrong(tmp_path: Path, override: str, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        piece(tmp_path, override)
    assert list(caught.value.problems) == [line]


def test_tells_of_all_overrides_and_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        piece(tmp_path, "tempo.x=3", "loud=2", "first.kind=bel", "last=[")
    assert len(caught.value.problems) == 4
