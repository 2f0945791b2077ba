"""The JSON Schema of an experiment file, with which editors complete, explain and check while one types.

It is as strict as JSON Schema can be and never stricter than Motet: what the schema refuses, Motet refuses too.
"""

from typing import Any

from motet.config.fields import Settings
from motet.config.writing import kind_first

_DRAFT = "http://json-schema.org/draft-07/schema#"


def json_schema(settings: type[Settings]) -> dict[str, Any]:
    """Return the JSON Schema (draft 7) of a class of settings.

    Examples
    --------
    >>> from motet.config import option
    >>> class PauseSettings(Settings):
    ...     length_s: float = option(0.5, "Length of a pause.", unit="s")
    >>> json_schema(PauseSettings)["properties"]["length_s"]
    {'default': 0.5, 'description': 'Length of a pause. [s]', 'type': 'number'}
    """
    generated = settings.model_json_schema(by_alias=True, ref_template="#/definitions/{model}")
    definitions = generated.pop("$defs", {})
    named = {name: _definition(entry) for name, entry in definitions.items()}
    return {"$schema": _DRAFT, **_definition(generated), "definitions": named}


def _definition(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a class, described by the first line of its docstring."""
    tidied: dict[str, Any] = _tidied(schema)
    if "description" in tidied:
        tidied["description"] = tidied["description"].partition("\n")[0]
    return tidied


def _tidied(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_tidied(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    if "oneOf" in schema:
        schema = {"anyOf" if key == "oneOf" else key: entry for key, entry in schema.items()}
    unit = schema.get("unit")
    kept = {key: _entry(key, entry) for key, entry in schema.items() if key not in ("title", "unit")}
    if isinstance(unit, str):
        kept["description"] = f"{kept.get('description', '')} [{unit}]".strip()
    return kept


def _entry(key: str, entry: Any) -> Any:
    if key == "properties":
        return {name: _tidied(option) for name, option in kind_first(entry).items()}
    if key == "default":
        return kind_first(entry)
    return entry if key in ("enum", "const") else _tidied(entry)
