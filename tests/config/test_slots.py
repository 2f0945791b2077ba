from typing import Annotated, Literal

import pytest
from pydantic import ValidationError

from motet.config import Settings, Slot, UserComponent, kinds, option, validate
from motet.errors import ConfigError
from tests.config.rooms import BellSettings, PieceSettings, SieveSettings, piece


def test_a_kind_chooses_the_class() -> None:
    found = piece(first={"kind": "sieve", "low_hz": 50})
    assert found.first == SieveSettings(low_hz=50.0)


def test_a_string_is_short_for_a_kind() -> None:
    found = piece(first="sieve", steps=["bell", {"kind": "sieve"}], last="bell")
    assert found.first == SieveSettings()
    assert found.steps == (BellSettings(), SieveSettings())
    assert found.last == BellSettings()


def test_settings_stand_for_themselves() -> None:
    bell = BellSettings(strokes=3)
    assert piece(first=bell).first is bell


def test_a_mapping_without_kind_keeps_the_kind_of_the_default() -> None:
    assert piece(first={"strokes": 4}).first == BellSettings(strokes=4)
    assert piece(voices={"low_hz": 4}).voices == SieveSettings(low_hz=4.0)


def test_several_by_name() -> None:
    found = piece(voices={"high": {"kind": "bell", "strokes": 2}, "low": "sieve"})
    assert found.voices == {"high": BellSettings(strokes=2), "low": SieveSettings()}


def test_names_are_fit_for_paths_and_files() -> None:
    with pytest.raises(ConfigError, match=r'voices\."a\.b": the name \'a\.b\' may hold only letters'):
        validate(PieceSettings, {"voices": {"a.b": "bell"}})


def test_a_class_of_another_slot_is_refused() -> None:
    class OtherSettings(Settings):
        kind: Literal["other"] = "other"

    with pytest.raises(ValidationError, match="the kind of a step is one of sieve, bell, folder"):
        piece(first=OtherSettings())


def test_one_error_for_one_typo() -> None:
    with pytest.raises(ValidationError) as caught:
        piece(first={"kind": "bell", "storkes": 2})
    assert caught.value.error_count() == 1


def test_a_slot_may_exclude_user_code() -> None:
    class OpenSettings(Settings):
        part: Annotated[BellSettings | SieveSettings, Slot("part")] = option(BellSettings(), "A part.")

    assert OpenSettings.model_validate({"part": "sieve"}).part == SieveSettings()
    with pytest.raises(ConfigError, match="5 is not a part"):
        validate(OpenSettings, {"part": 5})
    with pytest.raises(ConfigError, match=r"user code is written \./FILE\.py:NAME"):
        validate(OpenSettings, {"part": "mine.py"})


def test_a_slot_may_hold_user_code_alone() -> None:
    class NetworkSettings(Settings):
        network: kinds("network") | None = option(None, "Your own.")  # type: ignore[valid-type]

    settings = NetworkSettings(network=dict)
    assert isinstance(settings.network, UserComponent)
    assert settings.network.build(a=1) == {"a": 1}
    with pytest.raises(ConfigError, match="network: 'mlp' does not name user code"):
        validate(NetworkSettings, {"network": "mlp"})
