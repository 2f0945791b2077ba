"""What stands at a path of values that are not validated yet: as written, or as the default says."""

from typing import Any

from motet.config.fields import Settings
from motet.config.nodes import Node, Path
from motet.config.outline import fields_of, missing_kind, settings_at
from motet.config.overrides import plain

ABSENT = object()
"""What is found where there is no such option: under this kind, or in a list that is shorter."""


def value_at(settings: type[Settings], root: Node, path: Path) -> Any:
    """Return the plain value at a path, its default where nothing is written, or `ABSENT`.

    Examples
    --------
    >>> from motet.config import option
    >>> class PauseSettings(Settings):
    ...     length_s: float = option(0.5, "Length of a pause.", unit="s")
    >>> value_at(PauseSettings, Node.of({}), ("length_s",))
    0.5
    """
    node = root
    for depth, part in enumerate(path):
        child = node.child(part)
        if child is None:
            return _unwritten(settings, root, node, path, depth)
        node = child
    return node.plain()


def _unwritten(settings: type[Settings], root: Node, node: Node, path: Path, depth: int) -> Any:
    """Return what holds below the last node of a path that is written."""
    if path[depth] == "kind" and depth == len(path) - 1:
        kind = node.value if isinstance(node.value, str) else missing_kind(settings, path[:depth], node, root)
        return ABSENT if kind is None else kind
    for holder in settings_at(settings, path[:depth], root):
        field = fields_of(holder).get(str(path[depth]))
        if field is not None and not field.is_required():
            return _inside(plain(field.default), path[depth + 1 :])
    return ABSENT


def _inside(value: Any, path: Path) -> Any:
    for part in path:
        if isinstance(value, dict) and str(part) in value:
            value = value[str(part)]
        elif isinstance(value, list) and str(part).isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return ABSENT
    return value
