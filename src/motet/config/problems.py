"""Pydantic's errors as one line for each problem: where it stands, its dotted path, what was found and expected.

The tags of unions (`<logmel>`) and the names of their members are no part of a path: an element of an error's location
that is not in the data is dropped, and the errors of all members of a union become one.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import Any

from pydantic import ValidationError

from motet.config.fields import Settings
from motet.config.nodes import Node, Path, show_path
from motet.config.outline import at, fields_of, settings_at, settings_in
from motet.config.slots import UNKNOWN_KIND, kind_of
from motet.config.wording import choices, did_you_mean, expected, is_not, nearest, shown, with_article

_MAX_MEANING = 90
_POSITION = re.compile(r"(?!override ).*?:(\d+):(\d+): ")
_NAMED_FIRST = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of some settings.

    Parameters
    ----------
    path
        What is wrong.
    message
        What was found, the rule, and the remedy.
    place
        Where it was written.
    at_fault
        What to leave out so that the rest can still be checked.
    guess
        The option that was probably meant by an unknown one.
    combination
        Whether the parts are right and only do not fit together.
    """

    path: Path
    message: str
    place: str
    at_fault: Path
    guess: str | None = None
    combination: bool = False

    def line(self) -> str:
        """Return the problem as the user sees it."""
        return ": ".join(part for part in (self.place, show_path(self.path), self.message) if part)


def in_order(lines: Iterable[str]) -> list[str]:
    """Return the lines of problems, each once, in the order of the file, those of overrides last."""

    def position(line: str) -> tuple[float, int]:
        match = _POSITION.match(line)
        return (int(match[1]), int(match[2])) if match else (float("inf"), 0)

    return sorted(dict.fromkeys(lines), key=position)


def problems_of(error: ValidationError, settings: type[Settings], root: Node) -> list[Problem]:
    """Return one problem for each thing that is wrong."""
    groups: dict[Path, list[_Found]] = {}
    errors = [each for each in error.errors(include_url=False) if not _counts_items_that_are_wrong(each)]
    for found in (_Found.of(each, root) for each in errors):
        groups.setdefault(found.union if found.union is not None else found.path, []).append(found)
    problems = [_problem(each, settings, root) for group in groups.values() for each in _separate(group)]
    guessed = {(*problem.path[:-1], problem.guess) for problem in problems if problem.guess}
    return [problem for problem in problems if problem.path not in guessed or problem.guess]


def _counts_items_that_are_wrong(error: Any) -> bool:
    """Tell whether a list is called too short although it is not: pydantic counts the items without errors only."""
    return error["type"] == "too_short" and bool(len(error["input"]) >= error["ctx"]["min_length"])


@dataclass(frozen=True, slots=True)
class _Found:
    """One of pydantic's errors.

    `path` leads through the data; `union` is where the error stands in one member of an untagged union, or None.
    """

    error: Any
    path: Path
    union: Path | None

    @classmethod
    def of(cls, error: Any, root: Node) -> "_Found":
        path: list[str | int] = []
        union: Path | None = None
        node: Node | None = root
        location = error["loc"]
        for number, part in enumerate(location):
            child = None if node is None else node.child(part)
            if child is not None or (number == len(location) - 1 and error["type"] == "missing"):
                path.append(part)
                node = child
            elif not _is_tag(part) and part != "[key]" and union is None:
                union = tuple(path)
        return cls(error, tuple(path), union)


def _is_tag(part: str | int) -> bool:
    return isinstance(part, str) and part.startswith("<") and part.endswith(">")


def _separate(group: list[_Found]) -> list[list[_Found]]:
    """Return which errors are one problem: those of one place, and of a union only what its members found inside."""
    inside = [found for found in group if found.union is None or len(found.path) > len(found.union)]
    places: dict[Path, list[_Found]] = {}
    for found in inside or group:
        places.setdefault(found.path, []).append(found)
    return list(places.values())


def _problem(group: Sequence[_Found], settings: type[Settings], root: Node) -> Problem:
    first = group[0]
    write = _WRITERS.get(first.error["type"])
    if write is not None:
        return write(first, settings, root)
    value = first.error["input"]
    expectations = [expected(found.error) for found in group]
    if any(expectations):
        names = [name for found in group for name in choices(found.error)]
        message = is_not(value, expectations, names)
    else:
        message = f"{shown(value)}: {first.error['msg']}"
    key = first.error["loc"][-1] == "[key]"
    return Problem(first.path, message, root.place_of(first.path, key=key), first.path)


def _unknown_option(found: _Found, settings: type[Settings], root: Node) -> Problem:
    parent, name = found.path[:-1], str(found.path[-1])
    holders = settings_at(settings, parent, root)
    names = [option for holder in holders for option in fields_of(holder)]
    node = root.find(parent)
    given = node.value if node is not None and isinstance(node.value, dict) else {}
    guess = nearest(name, [option for option in names if option not in given]) or nearest(name, names)
    kind = next((kind for holder in holders if (kind := _own_kind(holder))), None)
    other = _kinds_with(name, settings_in(at(settings, parent, root)))
    message = f"there is no such option{f' of {kind}' if kind else ''}"
    if guess is not None:
        message += f"; did you mean {guess!r}?"
    else:
        message += f"; it belongs to {', '.join(other)}" if other else f"; there is {', '.join(names) or 'none'}"
    return Problem(found.path, message, root.place_of(found.path, key=True), found.path, guess)


def _own_kind(holder: type[Settings]) -> str | None:
    return kind_of(holder) if "kind" in holder.model_fields else None


def _kinds_with(name: str, holders: Iterable[type[Settings]]) -> list[str]:
    return [kind for holder in holders if name in fields_of(holder) and (kind := _own_kind(holder))]


def _missing(found: _Found, settings: type[Settings], root: Node) -> Problem:
    *parent, name = found.path
    holders = settings_at(settings, tuple(parent), root)
    meaning = next((fields_of(holder)[str(name)].description for holder in holders if name in fields_of(holder)), "")
    message = f"is missing; give it: {shorten(meaning, _MAX_MEANING, placeholder=' …')}" if meaning else "is missing"
    return Problem(found.path, message, root.place_of(tuple(parent)), tuple(parent))


def _unknown_kind(found: _Found, settings: type[Settings], root: Node) -> Problem:
    slot, kinds = found.error["ctx"]["slot"], found.error["ctx"]["kinds"]
    value, path = found.error["input"], found.path
    if isinstance(value, dict) and "kind" not in value:
        message = f"is missing; {with_article(slot)} is one of {kinds}"
        return Problem((*path, "kind"), message, root.place_of(path), path)
    if not isinstance(value, dict):
        message = f"{shown(value)} is not {with_article(slot)}; write {{kind: NAME}} with one of {kinds}"
        return Problem(path, message, root.place_of(path), path)
    written = root.find((*path, "kind"))
    kind = value["kind"]
    remedy = did_you_mean(str(kind), kinds.split(", ")) or f"; there is {kinds}"
    if isinstance(kind, str) and ".py" in kind:
        remedy = "; user code is written ./FILE.py:NAME"
    at_kind = path if written is None else (*path, "kind")
    return Problem(at_kind, f"there is no {slot} {shown(kind)}{remedy}", root.place_of(at_kind), path)


def _combination(found: _Found, settings: type[Settings], root: Node) -> Problem:
    message = str(found.error["ctx"]["error"])
    is_model = bool(settings_at(settings, found.path, root)) or not found.path
    named = _NAMED_FIRST.match(message)
    inside = tuple(named[0].strip(".").split(".")) if named and is_model else ()
    place = root.place_of((*found.path, *inside)) if root.find((*found.path, *inside)) else root.place_of(found.path)
    return Problem(found.path, message, place, found.path, combination=is_model)


_WRITERS = {
    "extra_forbidden": _unknown_option,
    "missing": _missing,
    UNKNOWN_KIND: _unknown_kind,
    "value_error": _combination,
}
