import pytest
from pydantic import ValidationError

from motet.config import Settings, option
from tests.config.rooms import BellSettings, PieceSettings


@pytest.mark.parametrize("value", [1, 1.5, 0.001])
def test_a_number_may_be_whole(value: float) -> None:
    assert PieceSettings(tempo=value).tempo == value


@pytest.mark.parametrize(
    "given",
    [
        {"tempo": True},
        {"tempo": float("nan")},
        {"tempo": float("inf")},
        {"tempo": "120"},
        {"loud": 1},
        {"loud": "true"},
        {"name": 3},
        {"sizes": 1.0},
        {"sizes": True},
        {"first": {"kind": "bell", "tuning": 440.0}},
        {"unknown": 1},
    ],
)
def test_types_are_strict(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=r"[12] validation errors?"):
        PieceSettings.model_validate(given)


def test_lists_become_tuples() -> None:
    assert BellSettings.model_validate({"tuning": [440, 880.0]}).tuning == (440.0, 880.0)


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        PieceSettings().name = "other"  # type: ignore[misc]


def test_a_unit_stands_with_its_option() -> None:
    class PauseSettings(Settings):
        length_s: float = option(0.5, "Length of a pause.", unit="s")

    field = PauseSettings.model_fields["length_s"]
    assert field.description == "Length of a pause."
    assert field.json_schema_extra == {"unit": "s"}
