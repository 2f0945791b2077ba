"""Strict settings: the base class, options, and unions of kinds."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

T = TypeVar("T")


class Settings(BaseModel):
    """Strict, frozen, and closed to unknown keys."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


Many = Annotated[tuple[T, ...], BeforeValidator(_as_tuple)]


def option(default: Any, description: str, *, unit: str | None = None, **constraints: Any) -> Any:
    """Declare an option with its default, meaning and unit."""
    return Field(default, description=description, json_schema_extra={"unit": unit} if unit else None, **constraints)


def required(description: str, *, unit: str | None = None, **constraints: Any) -> Any:
    """Declare an option without a default."""
    return Field(description=description, json_schema_extra={"unit": unit} if unit else None, **constraints)


def kinds(slot: str, *classes: type[Settings]) -> Any:
    """Return the union of the settings of one slot, told apart by `kind`."""

    def tag(value: Any) -> str | None:
        if isinstance(value, dict):
            return str(value.get("kind"))
        return getattr(value, "kind", None)

    members = tuple(Annotated[cls, Tag(cls.model_fields["kind"].default)] for cls in classes)
    union: Any = members[0]
    for member in members[1:]:
        union = union | member
    as_mapping: Callable[[Any], Any] = lambda value: {"kind": value} if isinstance(value, str) else value  # noqa: E731
    return Annotated[union, Discriminator(tag), BeforeValidator(as_mapping)]
