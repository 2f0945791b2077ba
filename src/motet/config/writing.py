"""Settings written down: as a strict JSON tree, as YAML that loads again, and as what identifies a computation."""

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from motet.config.fields import Settings
from motet.config.scalars import write_scalar
from motet.config.user_code import UserComponent, components_of, with_components

_WIDTH = 110


def dump(settings: Settings) -> dict[str, JsonValue]:
    """Return settings, every default included, as plain data that JSON can hold.

    Examples
    --------
    >>> from motet.config import Settings, option
    >>> class PauseSettings(Settings):
    ...     length_s: float = option(0.5, "Length of a pause.", unit="s")
    >>> dump(PauseSettings())
    {'length_s': 0.5}
    """
    dumped: dict[str, JsonValue] = kind_first(settings.model_dump(mode="json", by_alias=True))
    return dumped


def kind_first(value: Any) -> Any:
    """Return plain data with every `kind` before its other keys."""
    if isinstance(value, list):
        return [kind_first(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    kind = {"kind": value["kind"]} if "kind" in value else {}
    return kind | {key: kind_first(entry) for key, entry in value.items()}


def fingerprint(settings: Settings) -> dict[str, JsonValue] | None:
    """Return what identifies a computation by these settings: its options and the digest of any user code.

    Where the code's file lies does not count. None where a part is an object that was given in Python: nothing
    identifies it, so no result of it may be stored.
    """
    components = components_of(settings)
    if any(component.digest is None for component in components):
        return None
    digests: list[JsonValue] = [component.digest for component in components]
    return {"settings": dump(with_components(settings, _without_folder)), "code": digests}


def _without_folder(component: UserComponent) -> UserComponent:
    return component.model_copy(update={"kind": component.name})


def to_yaml(settings: Settings) -> str:
    """Return settings, every default included, as YAML that loads to equal settings."""
    brief: dict[str, JsonValue] = _brief(settings, dump(settings))
    return write_yaml(brief)


def _brief(value: Any, dumped: Any) -> Any:
    """Return what was dumped, settings of a kind alone shortened to the name of the kind."""
    if isinstance(value, Settings):
        if dumped.keys() == {"kind"}:
            return dumped["kind"]
        fields = {field.alias or name: getattr(value, name) for name, field in type(value).model_fields.items()}
        return {key: _brief(fields.get(key), entry) for key, entry in dumped.items()}
    if isinstance(value, Mapping):
        parts = zip(value.values(), dumped.items(), strict=True)
        return {key: _brief(part, entry) for part, (key, entry) in parts}
    if isinstance(value, list | tuple):
        return [_brief(part, entry) for part, entry in zip(value, dumped, strict=True)]
    return dumped


def write_yaml(value: Mapping[str, JsonValue]) -> str:
    """Return plain data as YAML: what fits on a line stands on one, the rest is indented.

    Examples
    --------
    >>> print(write_yaml({"seed": 1, "signal": {"rate_hz": 16000.0, "channels": "mono"}}), end="")
    seed: 1
    signal: {rate_hz: 16000.0, channels: mono}
    """
    return "".join(f"{line}\n" for key, entry in value.items() for line in _lines(entry, 0, _head(key)))


def flow(value: Any) -> str:
    """Return plain data as YAML on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(_head(key) + flow(entry) for key, entry in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(entry) for entry in value) + "]"
    return write_scalar(value) if isinstance(value, str | int | float | None) else repr(value)


def _lines(value: JsonValue, indent: int, head: str) -> list[str]:
    line = " " * indent + head + flow(value)
    if not value or not isinstance(value, dict | list) or (len(line) <= _WIDTH and not _holds_mappings(value)):
        return [line]
    heads = [_head(key) for key in value] if isinstance(value, dict) else ["- "] * len(value)
    entries = value.values() if isinstance(value, dict) else value
    body = [line for each, entry in zip(heads, entries, strict=True) for line in _lines(entry, indent + 2, each)]
    if head == "- ":
        return [" " * indent + head + body[0].lstrip(), *body[1:]]
    return [" " * indent + head.rstrip(), *body]


def _head(key: object) -> str:
    return f"{write_scalar(str(key))}: "


def _holds_mappings(value: JsonValue) -> bool:
    return isinstance(value, list) and any(isinstance(entry, dict) for entry in value)
