"""Values with the places where they were written: what a file or an override holds before it is validated.

Keys are text as it was written, also `1:` and `true:`. A path is a tuple of keys and list indexes; in messages its
parts are joined by dots, and a part that itself contains a dot is quoted.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from motet.config.scalars import Scalar

Path = tuple[str | int, ...]
_PART = re.compile(r'(?:"([^"]*)"|([^".]+))(?:\.(?=.)|$)')


@dataclass(frozen=True, slots=True)
class Node:
    """One value.

    Parameters
    ----------
    value
        A scalar, or a mapping or list of nodes.
    place
        Where it stands, for messages: `file:line:column`, `override 'key=value'`, or empty.
    key_places
        Of a mapping: where each key stands.
    override
        Whether an override set it, and not the file or a default.
    """

    value: "Scalar | dict[str, Node] | list[Node]"
    place: str = ""
    key_places: Mapping[str, str] = field(default_factory=dict)
    override: bool = False

    @classmethod
    def of(cls, value: Any, place: str = "", *, override: bool = False) -> "Node":
        """Wrap plain data; whatever is neither a mapping nor a list is kept as it is."""
        if isinstance(value, Mapping):
            entries = {str(key): cls.of(entry, place, override=override) for key, entry in value.items()}
            return cls(entries, place, dict.fromkeys(entries, place), override)
        if isinstance(value, list | tuple):
            return cls([cls.of(entry, place, override=override) for entry in value], place, override=override)
        return cls(value, place, override=override)

    def plain(self) -> Any:
        """Return the value without places."""
        if isinstance(self.value, dict):
            return {key: entry.plain() for key, entry in self.value.items()}
        if isinstance(self.value, list):
            return [entry.plain() for entry in self.value]
        return self.value

    def child(self, part: str | int) -> "Node | None":
        """Return the node under a key or a list index, or None."""
        if isinstance(self.value, dict):
            return self.value.get(str(part))
        if isinstance(self.value, list) and str(part).isdigit() and int(part) < len(self.value):
            return self.value[int(part)]
        return None

    def find(self, path: Path) -> "Node | None":
        """Return the node at a path, or None."""
        node: Node | None = self
        for part in path:
            node = None if node is None else node.child(part)
        return node

    def place_of(self, path: Path, *, key: bool = False) -> str:
        """Return where the value (or the key) of a path stands; where it is absent, what would have held it."""
        node, place = self, self.place
        for number, part in enumerate(path):
            child = node.child(part)
            if child is None:
                break
            place = child.place
            if key and number == len(path) - 1:
                place = node.key_places.get(str(part), place)
            node = child
        return place


def show_path(path: Sequence[str | int]) -> str:
    """Return a path as text.

    Examples
    --------
    >>> show_path(("model", "encoder", 1, "cell"))
    'model.encoder.1.cell'
    """
    return ".".join(f'"{part}"' if "." in str(part) else str(part) for part in path)


def read_path(text: str) -> Path:
    """Return the parts of a dotted path, all as text; empty for a malformed one.

    Examples
    --------
    >>> read_path('data.fsdd.labels."1.5"')
    ('data', 'fsdd', 'labels', '1.5')
    """
    parts, end = [], 0
    while match := _PART.match(text, end):
        parts.append(match[1] if match[1] is not None else match[2])
        end = match.end()
    return tuple(parts) if end == len(text) else ()
