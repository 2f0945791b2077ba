"""Overrides: `training.optimizer.learning_rate=3e-4` changes one value of an experiment.

The value is YAML on one line, so it may be a whole mapping or list, which then replaces what stood there. A list is
entered by index, and an index one past its end appends. What the file leaves out starts from its default. A new
`kind` drops the keys that the file, or the default, set for the old one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from motet.config.document import read_document
from motet.config.fields import Settings
from motet.config.nodes import Node, Path, read_path, show_path
from motet.config.outline import at, fields_of, missing_kind, settings_in
from motet.config.wording import shown
from motet.errors import ConfigError

_MAX_SHOWN = 80


def apply_overrides(root: Node, overrides: Sequence[str], settings: type[Settings], problems: list[str]) -> Node:
    """Return the root with every override applied, in the order given.

    Parameters
    ----------
    problems
        Gets one line for every override that cannot be applied.
    """
    for text in overrides:
        place = f"override {text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + '…'!r}"
        try:
            key, value = _parse(text, place, problems)
            root = _Change(settings, root, key, value).apply()
        except ConfigError as error:
            problems += error.problems
    return root


def with_value(root: Node, path: Path, value: Node, settings: type[Settings]) -> Node:
    """Return the root with one value placed, as an override of it would.

    Raises
    ------
    ConfigError
        If the path leads into a value that has no parts, or to an entry that a list has not.
    """
    return _Change(settings, root, path, value).apply()


def _parse(text: str, place: str, problems: list[str]) -> tuple[Path, Node]:
    key, equals, value = text.partition("=")
    path = read_path(key.strip())
    if not equals or not path:
        raise ConfigError(f"{place}: an override is PATH=VALUE, as in training.epochs=20")
    return path, read_document(value, place, problems, override=True)


@dataclass(frozen=True, slots=True)
class _Change:
    """One override on its way down the path."""

    settings: type[Settings]
    root: Node
    path: Path
    value: Node

    def apply(self) -> Node:
        return self.placed(self.root, 0)

    def placed(self, node: Node, depth: int) -> Node:
        """Return the node with the value placed `depth` parts down the path."""
        if depth == len(self.path):
            return self.value
        part = self.path[depth]
        if isinstance(node.value, list):
            return self.in_list(node, str(part), depth)
        entries = self.entries(node, depth)
        if part == "kind" and depth == len(self.path) - 1:
            entries = self.without_old_kind(entries)
        child = entries.get(str(part)) or self.default(depth)
        entries[str(part)] = self.placed(child, depth + 1)
        places = {key: node.key_places.get(key, self.value.place) for key in entries}
        return replace(node, value=entries, key_places=places)

    def in_list(self, node: Node, part: str, depth: int) -> Node:
        assert isinstance(node.value, list)
        count = len(node.value)
        if not part.isdigit() or int(part) > count:
            last = f"0 to {count - 1}, or {count} to append" if count else "0 to append"
            raise self.refused(depth, f"there is no entry {part!r} in a list of {count}; give {last}")
        child = node.value[int(part)] if int(part) < count else self.empty(None)
        placed = self.placed(child, depth + 1)
        return replace(node, value=[*node.value[: int(part)], placed, *node.value[int(part) + 1 :]])

    def entries(self, node: Node, depth: int) -> dict[str, Node]:
        """Return the entries of a mapping, with the kind written out where it is known."""
        if isinstance(node.value, dict):
            entries = dict(node.value)
            if depth and "kind" not in entries:
                kind = missing_kind(self.settings, self.path[:depth], node, self.root)
                entries.update({} if kind is None else {"kind": Node(kind, node.place)})
            return entries
        if isinstance(node.value, str):
            return {"kind": node}
        if node.value is None:
            return {}
        found = shown(node.plain())
        raise self.refused(depth, f"{show_path(self.path[:depth])} is {found}, which has no parts; name it alone")

    def without_old_kind(self, entries: dict[str, Node]) -> dict[str, Node]:
        old = entries.get("kind")
        if old is None or old.value == self.value.value:
            return entries
        kept = {key: _set_by_overrides(entry) for key, entry in entries.items()}
        return {key: entry for key, entry in kept.items() if entry is not None}

    def default(self, depth: int) -> Node:
        """Return the default of an option that is not in the file, where the path goes on below it."""
        name = str(self.path[depth])
        if depth == len(self.path) - 1:
            return self.empty(None)
        for holder in settings_in(at(self.settings, self.path[:depth], self.root)):
            field = fields_of(holder).get(name)
            if field is not None and not field.is_required():
                return self.empty(plain(field.default))
        return self.empty(None)

    def empty(self, value: Any) -> Node:
        return Node.of(value, self.value.place)

    def refused(self, depth: int, message: str) -> ConfigError:
        return ConfigError(f"{self.value.place}: {show_path(self.path[: depth + 1])}: {message}")


def _set_by_overrides(node: Node) -> Node | None:
    if node.override or not isinstance(node.value, dict):
        return node if node.override else None
    entries = {key: kept for key, entry in node.value.items() if (kept := _set_by_overrides(entry))}
    return replace(node, value=entries) if entries else None


def plain(value: Any) -> Any:
    """Return a default as plain data."""
    if isinstance(value, Settings):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    return [plain(entry) for entry in value] if isinstance(value, list | tuple) else value
