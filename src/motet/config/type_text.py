"""The type of an option in words: "number, above 0", "list of whole number", "one of mono, left or null"."""

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic.fields import FieldInfo

from motet.config.fields import Named
from motet.config.outline import is_settings
from motet.config.paths import IS_PATH
from motet.config.slots import Slot
from motet.config.wording import with_article

_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", NoneType: "null"}
_BOUNDS = (
    (Gt, "above {0.gt:g}"),
    (Ge, "at least {0.ge:g}"),
    (Lt, "below {0.lt:g}"),
    (Le, "at most {0.le:g}"),
)


def type_text(annotation: Any, *metadata: Any) -> str:
    """Return the type of an annotation in words.

    Examples
    --------
    >>> type_text(Annotated[float, Gt(0)] | Literal["mean", "median"])
    'number, above 0, or one of mean, median'
    """
    origin, marks = get_origin(annotation), _flat(metadata)
    if origin is Annotated:
        return type_text(get_args(annotation)[0], *get_args(annotation)[1:], *metadata)
    if origin in (Union, UnionType):
        return _union(annotation, marks)
    if origin is Literal:
        return f"one of {', '.join(str(name) for name in get_args(annotation))}"
    if origin in (tuple, list):
        return "; ".join([f"list of {_without_article(get_args(annotation)[0])}", *_lengths(marks)])
    if origin is dict:
        return f"{type_text(get_args(annotation)[1])} by name"
    if is_settings(annotation):
        return next((with_article(mark.name) for mark in marks if isinstance(mark, Slot)), "mapping")
    if IS_PATH in marks:
        return "path"
    words = _WORDS.get(annotation, "anything")
    if annotation is str:
        return "; ".join([words, *_lengths(marks)])
    return f"{words}, {' and '.join(bounds)}" if (bounds := _bounds(annotation, marks)) else words


def _union(annotation: Any, marks: list[Any]) -> str:
    slot = next((mark for mark in marks if isinstance(mark, Slot)), None)
    if slot is not None:
        return with_article(slot.name)
    members = get_args(annotation)
    if any(isinstance(mark, Named) for mark in marks):
        return f"{type_text(members[0])}, or several by name"
    texts = dict.fromkeys(type_text(member, *marks) for member in members)
    return ", or ".join(texts) if any({",", ";"} & set(text) for text in texts) else " or ".join(texts)


def _bounds(annotation: Any, marks: list[Any]) -> list[str]:
    if annotation not in (int, float):
        return []
    return [template.format(mark) for kind, template in _BOUNDS for mark in marks if isinstance(mark, kind)]


def _lengths(marks: list[Any]) -> list[str]:
    least = max((mark.min_length for mark in marks if isinstance(mark, MinLen)), default=0)
    most = min((mark.max_length for mark in marks if isinstance(mark, MaxLen)), default=None)
    if most is not None:
        return [f"exactly {most}" if least == most else f"{least} to {most}"]
    return ["not empty" if least == 1 else f"{least} or more"] if least else []


def _without_article(annotation: Any) -> str:
    return type_text(annotation).removeprefix("a ").removeprefix("an ")


def _flat(metadata: tuple[Any, ...]) -> list[Any]:
    """Return metadata with the constraints that `Field(...)` holds."""
    return [part for mark in metadata for part in (mark.metadata if isinstance(mark, FieldInfo) else [mark])]
