"""Unions told apart by `kind`: one slot of an experiment, its catalog names, and the user's own class.

The tags of these unions are written `<kind>`, so that whoever reports a problem can drop them from its path.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args

from pydantic import BeforeValidator, Discriminator, GetCoreSchemaHandler, GetJsonSchemaHandler, Tag

from motet.config.fields import Settings
from motet.config.user_code import PATTERN, UserComponent, is_user_code

UNKNOWN_KIND = "unknown_kind"
_USER = "<user code>"
_PLAIN = (Mapping, Settings, str, int, float, bool, list, tuple, set, frozenset, type(None))


@dataclass(frozen=True, slots=True)
class Slot:
    """Marks a union of settings as one slot, whose members are told apart by `kind`.

    `kinds` makes such a union from classes; `Annotated[A | B | UserComponent, Slot("feature")]` is the
    same one in a form that type checkers understand. Without `UserComponent` the slot admits no user code.
    """

    name: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        """Build the tagged union."""
        classes = members_of(source)
        before = BeforeValidator(_from_user if UserComponent in classes else _from_name)
        if len(classes) == 1:
            return handler.generate_schema(Annotated[classes[0], before])
        names = ", ".join(kind for cls in classes if (kind := kind_of(cls)))
        tagged = tuple(Annotated[cls, Tag(_tag_of(cls))] for cls in classes)
        told_apart = Discriminator(
            _tag,
            custom_error_type=UNKNOWN_KIND,
            custom_error_message="the kind of a {slot} is one of {kinds}",
            custom_error_context={"slot": self.name, "kinds": names},
        )
        return handler.generate_schema(Annotated[Union[tagged], told_apart, before])  # noqa: UP007

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Also admit the name of a kind alone."""
        written = handler(schema)
        members = written.get("oneOf", [written])
        tags = schema["schema"].get("choices", {_USER: None})
        names = [tag.strip("<>") for tag in tags if tag != _USER]
        alone: list[dict[str, Any]] = [{"type": "string", "enum": names}] if names else []
        if _USER in tags:
            alone.append({"type": "string", "pattern": f"^{PATTERN}$"})
        return {"anyOf": [*alone, *members]}


def kinds(slot: str, *classes: type[Settings]) -> Any:
    """Return the union of the settings of one slot, told apart by `kind`.

    A bare string is short for `{kind: string}`. User code is admitted: `kind: ./mine.py:Name`, and in Python
    any object that is neither plain data nor settings, also as `{"kind": Class, ...}`; all become a `UserComponent`.

    Parameters
    ----------
    slot
        What the slot is called in messages: "feature", "optimizer".
    *classes
        Settings with a `kind` that is a `Literal` with a default.
    """
    return Annotated[Union[(*classes, UserComponent)], Slot(slot)]


def members_of(union: Any) -> tuple[type[Settings], ...]:
    """Return the classes of a slot's union."""
    return tuple(get_args(union)) or (union,)


def kind_of(settings: type[Settings]) -> str | None:
    """Return the catalog name of a class of settings; None for user code."""
    kind = settings.model_fields["kind"].default
    return kind if isinstance(kind, str) else None


def _tag_of(settings: type[Settings]) -> str:
    return _USER if settings is UserComponent else f"<{kind_of(settings)}>"


def _tag(value: Any) -> str | None:
    kind = value.get("kind") if isinstance(value, Mapping) else getattr(value, "kind", None)
    if isinstance(value, UserComponent) or is_user_code(kind):
        return _USER
    return None if kind is None else f"<{kind}>"


def _from_name(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


def _from_user(value: Any) -> Any:
    if isinstance(value, Mapping) and "kind" in value and not isinstance(value["kind"], _PLAIN):
        return UserComponent.of(value["kind"], **{str(key): part for key, part in value.items() if key != "kind"})
    if isinstance(value, _PLAIN):
        return _from_name(value)
    return UserComponent.of(value)
