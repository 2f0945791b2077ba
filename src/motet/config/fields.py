"""The base of all settings, and how one option is declared.

Conventions: an option states its default, its unit and its meaning once, where it is declared; `motet
options`, the JSON Schema, the documentation and the error messages all read them from there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, Union, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    Tag,
    model_validator,
)

T = TypeVar("T")
_NAME = re.compile(r"\w[\w-]*")


class Settings(BaseModel):
    """Strict, frozen, and closed to unknown keys.

    A bare string is short for `{kind: string}`, and a mapping without `kind` has the kind of the option's default:
    `optimizer: {learning_rate: 3e-4}` keeps the default optimizer. Every other key that is absent takes its own
    default.

    Examples
    --------
    >>> class WindowSettings(Settings):
    ...     length_s: float = option(0.025, "Length of a window.", unit="s", gt=0)
    >>> WindowSettings(length_s=1).length_s
    1.0
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _fill_in_kinds(cls, data: Any) -> Any:
        if isinstance(data, str) and "kind" in cls.model_fields:
            return {"kind": data}
        if not isinstance(data, Mapping):
            return data
        filled = {
            name: {"kind": kind, **value}
            for name, value in data.items()
            if isinstance(value, Mapping) and "kind" not in value and (kind := default_kind(cls, name, value))
        }
        return {**data, **filled} if filled else data


def default_kind(settings: type[Settings], name: object, value: Mapping[str, Any]) -> str | None:
    """Return the kind that a mapping without one takes from the option's default; None if there is none."""
    field = settings.model_fields.get(name) if isinstance(name, str) else None
    if field is None or (is_named(value) and any(isinstance(mark, Named) for mark in field.metadata)):
        return None
    kind = getattr(field.default, "kind", None)  # `get_default` would copy it, which a grid of points pays for
    return kind if isinstance(kind, str) else None


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


Many = Annotated[tuple[T, ...], BeforeValidator(_as_tuple)]
"""A tuple of any length that also accepts a list."""


@dataclass(frozen=True, slots=True)
class Named:
    """Marks a value that may also be several values by name."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        """Build the tagged union."""
        one, named = get_args(source)
        members: tuple[Any, ...] = (Annotated[one, Tag("<one>")], Annotated[named, Tag("<named>")])
        return handler.generate_schema(Annotated[Union[members], Discriminator(_number)])  # noqa: UP007


def _checked_name(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"the name {name!r} may hold only letters, digits, _ and -; rename it")
    return name


Name = Annotated[str, AfterValidator(_checked_name)]
"""What the user calls a data set, a task or an input: part of dotted paths and of file names."""

OneOrNamed = Annotated[T | dict[Name, T], Named()]
"""One value, or several by name: `{kind: logmel}`, and `{mel: {kind: logmel}, wave: waveform}`."""


def is_named(value: Any) -> bool:
    """Tell several values by name from the one mapping of a kind."""
    if not isinstance(value, Mapping) or "kind" in value:
        return False
    return not any(isinstance(entry, int | float | None) for entry in value.values())


def _number(value: Any) -> str:
    return "<named>" if is_named(value) else "<one>"


def option(default: Any, description: str, *, unit: str | None = None, **constraints: Any) -> Any:
    """Declare an option.

    Parameters
    ----------
    default
        What holds when the option is not given; of the option's own type.
    description
        What the option means, in one sentence.
    unit
        The unit of its values: "s", "Hz", "dB", "epochs".
    **constraints
        What pydantic's `Field` takes: `gt`, `ge`, `lt`, `le`, `min_length`, `max_length`, `pattern`.
    """
    return Field(default, description=description, json_schema_extra=_extra(unit), **constraints)


def required(description: str, *, unit: str | None = None, **constraints: Any) -> Any:
    """Declare an option without a default; the parameters are those of `option`."""
    return Field(description=description, json_schema_extra=_extra(unit), **constraints)


def _extra(unit: str | None) -> dict[str, Any] | None:
    return {"unit": unit} if unit else None
