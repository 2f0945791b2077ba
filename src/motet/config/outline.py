"""The shape of settings classes: what may stand under a key, a list index or a kind.

An annotation is read as its alternatives: `Annotated` is opened, a union is taken apart, and what remains are classes
of settings, lists, mappings and plain types.
"""

from collections.abc import Iterable, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from motet.config.fields import Settings, default_kind
from motet.config.nodes import Node, Path
from motet.config.slots import kind_of
from motet.config.user_code import UserComponent

Annotations = tuple[Any, ...]


def alternatives(annotation: Any) -> Annotations:
    """Return what an annotation consists of, without `None`."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return alternatives(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return tuple(part for member in get_args(annotation) for part in alternatives(member))
    return () if annotation is NoneType else (annotation,)


def is_settings(annotation: Any) -> bool:
    """Tell whether an alternative is a class of settings."""
    return isinstance(annotation, type) and issubclass(annotation, Settings)


def settings_in(annotations: Iterable[Any]) -> tuple[type[Settings], ...]:
    """Return the classes of settings among all alternatives, the catalog's own before user code."""
    found = [part for annotation in annotations for part in alternatives(annotation) if is_settings(part)]
    return tuple(dict.fromkeys(sorted(found, key=lambda cls: cls is UserComponent)))


def fields_of(settings: type[Settings]) -> dict[str, FieldInfo]:
    """Return the options of a class by the name that stands in a file."""
    return {field.alias or name: field for name, field in settings.model_fields.items()}


def inside(annotations: Iterable[Any], part: str | int) -> Annotations:
    """Return what may stand under a key or an index."""
    found: list[Any] = []
    for alternative in (each for annotation in annotations for each in alternatives(annotation)):
        if is_settings(alternative):
            field = fields_of(alternative).get(str(part))
            found += [] if field is None else [field.annotation]
        elif get_origin(alternative) is dict:
            found.append(get_args(alternative)[1])
        elif get_origin(alternative) in (tuple, list) and str(part).isdigit():
            found.append(get_args(alternative)[0])
    return tuple(found)


def chosen(annotations: Iterable[Any], kind: Any) -> Annotations:
    """Return the annotations that remain when a kind is known; all of them where it names none."""
    every = tuple(each for annotation in annotations for each in alternatives(annotation))
    named = tuple(each for each in every if is_settings(each) and "kind" in each.model_fields and kind_of(each) == kind)
    return named if kind is not None and named else every


def at(settings: type[Settings], path: Path, root: Node | None = None) -> Annotations:
    """Return what may stand at a path; with a root, only under the kinds that it names."""
    annotations: Annotations = (settings,)
    node = root
    for number, part in enumerate(path):
        kind = _kind(settings, path[:number], node, root)
        annotations = inside(chosen(annotations, kind), part)
        node = None if node is None else node.child(part)
    return annotations


def settings_at(settings: type[Settings], path: Path, root: Node) -> tuple[type[Settings], ...]:
    """Return the classes of settings that may stand at a path, only that of its kind where it names one."""
    node = root.find(path)
    return settings_in(chosen(at(settings, path, root), _kind(settings, path, node, root)))


def _kind(settings: type[Settings], path: Path, node: Node | None, root: Node | None) -> Any:
    if node is None or root is None:
        return None
    if not isinstance(node.value, Mapping):
        return node.value if isinstance(node.value, str) else None
    given = node.value.get("kind")
    if given is not None:
        return given.value
    return missing_kind(settings, path, node, root) if path else None


def missing_kind(settings: type[Settings], path: Path, node: Node, root: Node) -> str | None:
    """Return the kind that a mapping without one takes from the default of its option."""
    holders = at(settings, path[:-1], root)
    kinds = (default_kind(holder, path[-1], node.plain()) for holder in settings_in(holders))
    return next((kind for kind in kinds if kind is not None), None)
