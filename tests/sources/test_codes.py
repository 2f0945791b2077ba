import pytest

from motet.errors import ConfigError, DataError
from motet.sources.codes import CodeNames, canonical
from motet.sources.settings import Value


@pytest.mark.parametrize("spelling", [7, "7", "07", "+7", 7.0, " 7 "])
def test_all_spellings_of_a_number_are_one_code(spelling: Value) -> None:
    assert canonical(spelling) == "7"


@pytest.mark.parametrize(("code", "text"), [("A", "A"), ("7a", "7a"), (7.5, "7.5"), ("-07", "-7"), ("", "")])
def test_other_codes_stay_as_they_are(code: Value, text: str) -> None:
    assert canonical(code) == text


def test_codes_get_their_names() -> None:
    names = CodeNames.of("emotion", {"1": "neutral", "02": "calm", "X": "other"})
    assert [names.name(code, "a.wav") for code in ("01", 2, 1.0, "X")] == ["neutral", "calm", "neutral", "other"]


def test_a_code_without_a_name_is_refused() -> None:
    with pytest.raises(DataError, match=r"a\.wav: emotion is '03', .* it names 1, 2; add '03' to it"):
        CodeNames.of("emotion", {"1": "neutral", "2": "calm"}).name("03", "a.wav")


def test_a_code_cannot_have_two_names() -> None:
    with pytest.raises(ConfigError, match=r"of the codes of emotion \(1, 01\) some are one code"):
        CodeNames.of("emotion", {"1": "neutral", "01": "calm"})
