from typing import Any

from motet.config import json_schema
from tests.config.rooms import PieceSettings

SCHEMA = json_schema(PieceSettings)


def test_describes_every_option() -> None:
    assert list(SCHEMA["properties"]) == list(PieceSettings.model_fields)
    assert SCHEMA["properties"]["name"] == {
        "default": "piece",
        "description": "What it is called.",
        "minLength": 1,
        "type": "string",
    }
    assert SCHEMA["additionalProperties"] is False
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_units_stand_in_descriptions() -> None:
    low = SCHEMA["definitions"]["SieveSettings"]["properties"]["low_hz"]
    assert low["description"] == "Lowest frequency. [Hz]"
    assert "unit" not in low


def test_a_slot_takes_names_mappings_and_user_code() -> None:
    first = SCHEMA["properties"]["first"]
    assert first["anyOf"] == [
        {"enum": ["sieve", "bell", "folder"], "type": "string"},
        {"pattern": r"^(.+\.py):([A-Za-z_][A-Za-z0-9_]*)$", "type": "string"},
        {"$ref": "#/definitions/SieveSettings"},
        {"$ref": "#/definitions/BellSettings"},
        {"$ref": "#/definitions/FolderSettings"},
        {"$ref": "#/definitions/UserComponent"},
    ]
    assert first["default"] == {"kind": "bell", "strokes": 1, "tuning": [440.0], "mood": "merry"}
    assert SCHEMA["definitions"]["BellSettings"]["properties"]["kind"]["const"] == "bell"
    assert SCHEMA["definitions"]["FolderSettings"]["required"] == ["path"]


def test_editors_show_one_line_of_a_class() -> None:
    for definition in SCHEMA["definitions"].values():
        assert "\n" not in definition.get("description", "")


def test_every_reference_leads_somewhere() -> None:
    def references(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*map(references, value.values()))
        return set().union(*map(references, value)) if isinstance(value, list) else set()

    found = references(SCHEMA)
    assert found
    assert {reference.removeprefix("#/definitions/") for reference in found} <= SCHEMA["definitions"].keys()
