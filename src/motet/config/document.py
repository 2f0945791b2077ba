"""YAML text to nodes with places: YAML 1.2, one document, safe by construction.

Only scalars, lists and mappings are built, by hand from the parser's events: tags are refused, keys stand once, and an
alias is counted in full, so that a file of a few lines cannot grow to gigabytes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from motet.config.nodes import Node
from motet.config.scalars import read_scalar
from motet.errors import ConfigError

MAX_BYTES = 2**19
MAX_VALUES = 20_000
MAX_DEPTH = 50
_NAMES = re.compile(r"\(?'<([a-z ]+)>',?\)?")


def read_text(path: FilePath) -> str:
    """Return the text of a file of settings.

    Raises
    ------
    ConfigError
        If it cannot be read, is larger than 512 KiB, or is not UTF-8.
    """
    try:
        if path.exists() and not path.is_file():
            raise ConfigError(f"{path}: is not a file; name the YAML file of an experiment")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}; check the path") from None
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{path}: is larger than 512 KiB; settings are far smaller, so this is another file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: byte 0x{content[error.start]:02x} is not UTF-8; save it as UTF-8") from None


def read_document(text: str, source: str, problems: list[str], *, override: bool = False) -> Node:
    """Return the one document of a YAML text.

    Parameters
    ----------
    source
        Stands before every place: the file's name, or what the override says.
    problems
        Gets what can be passed over, so that it is reported with everything else: duplicate keys, tags.
    override
        Whether the text is the value of an override; places then have no line and column.

    Raises
    ------
    ConfigError
        If the text is not YAML, holds several documents, or is nested or repeated beyond reason.
    """
    builder = _Builder(source, problems, override)
    try:
        return builder.document(YAML(typ="safe", pure=True).parse(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        rule = _NAMES.sub(r"\1", str(error.problem or error.context))
        raise ConfigError(f"{builder.place(mark)}: this is not YAML: {rule}{_hint(text)}") from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        shown = source if override else f"{source}:{line}"
        raise ConfigError(f"{shown}: the character U+{error.character:04X} may not stand in YAML") from None
    except (YAMLError, ValueError, OverflowError) as error:  # "\\U99999999" is no character
        raise ConfigError(f"{source}: this is not YAML: {error}") from None


def _hint(text: str) -> str:
    if "\t" in text:
        return "; indent with spaces, not tabs"
    return "; put text that holds any of { } [ ] : # in quotes"


@dataclass(slots=True)
class _Builder:
    source: str
    problems: list[str]
    override: bool
    anchors: dict[str, tuple[Node, int, int]] = field(default_factory=dict)
    num_values: int = 0

    def place(self, mark: Any) -> str:
        return self.source if self.override or mark is None else f"{self.source}:{mark.line + 1}:{mark.column + 1}"

    def document(self, events: Iterator[Any]) -> Node:
        root: Node | None = None
        for event in events:
            name = type(event).__name__
            if name == "DocumentStartEvent" and root is not None:
                raise ConfigError(f"{self.place(event.start_mark)}: a second document begins; keep one")
            if name not in ("StreamStartEvent", "DocumentStartEvent", "DocumentEndEvent", "StreamEndEvent"):
                root = self.node(event, events, 1)[0]
        return Node(None, self.place(None), override=self.override) if root is None else root

    def node(self, event: Any, events: Iterator[Any], depth: int) -> tuple[Node, int, int]:
        """Return a node, how many values it holds, and how deep it is."""
        place = self.place(event.start_mark)
        if depth > MAX_DEPTH:
            raise ConfigError(f"{place}: nested deeper than {MAX_DEPTH} levels; settings are not that deep")
        if type(event).__name__ == "AliasEvent":
            return self.alias(event, place, depth)
        self.refuse_tag(event, place)
        built = self.content(event, events, depth, place)
        self.count(1, place)
        if event.anchor is not None:
            self.anchors[event.anchor] = built
        return built

    def content(self, event: Any, events: Iterator[Any], depth: int, place: str) -> tuple[Node, int, int]:
        name = type(event).__name__
        if name == "ScalarEvent":
            value = read_scalar(event.value) if event.implicit[0] else event.value
            return Node(value, place, override=self.override), 1, 1
        parts = self.entries(events, depth) if name == "SequenceStartEvent" else None
        if parts is not None:
            node = Node([part[0] for part in parts], place, override=self.override)
        else:
            node, parts = self.mapping(events, depth, place)
        return node, 1 + sum(part[1] for part in parts), 1 + max((part[2] for part in parts), default=0)

    def entries(self, events: Iterator[Any], depth: int) -> list[tuple[Node, int, int]]:
        parts = []
        while type(event := next(events)).__name__ != "SequenceEndEvent":
            parts.append(self.node(event, events, depth + 1))
        return parts

    def mapping(self, events: Iterator[Any], depth: int, place: str) -> tuple[Node, list[tuple[Node, int, int]]]:
        entries: dict[str, Node] = {}
        places: dict[str, str] = {}
        parts = []
        while type(key := next(events)).__name__ != "MappingEndEvent":
            key_place = self.place(key.start_mark)
            name = self.key(key, events, depth, key_place)
            part = self.node(next(events), events, depth + 1)
            parts.append(part)
            if name in entries:
                self.problems.append(f"{key_place}: the key {name!r} stands here again, first at {places[name]}")
            elif name is not None:
                entries[name], places[name] = part[0], key_place
        return Node(entries, place, places, self.override), parts

    def key(self, event: Any, events: Iterator[Any], depth: int, place: str) -> str | None:
        if type(event).__name__ != "ScalarEvent":
            self.node(event, events, depth + 1)
            self.problems.append(f"{place}: a key must be text, not a list, a mapping or an alias")
            return None
        self.refuse_tag(event, place)
        if event.value == "<<" and event.implicit[0]:
            self.problems.append(f"{place}: merging with << is not part of YAML 1.2; write the keys out")
            return None
        return str(event.value)

    def alias(self, event: Any, place: str, depth: int) -> tuple[Node, int, int]:
        built = self.anchors.get(event.anchor)
        if built is None:
            raise ConfigError(f"{place}: the alias *{event.anchor} has no complete anchor &{event.anchor} before it")
        self.count(built[1], place)
        if depth + built[2] > MAX_DEPTH:
            raise ConfigError(f"{place}: nested deeper than {MAX_DEPTH} levels through the alias *{event.anchor}")
        return built

    def count(self, number: int, place: str) -> None:
        self.num_values += number
        if self.num_values > MAX_VALUES:
            raise ConfigError(f"{place}: more than {MAX_VALUES:,} values, aliases in full; this is no experiment")

    def refuse_tag(self, event: Any, place: str) -> None:
        if event.tag is not None:
            tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            self.problems.append(f"{place}: the tag {tag} is not allowed; write the plain value")
