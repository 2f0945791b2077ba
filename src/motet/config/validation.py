"""Files to settings: `load` reads a file and takes the overrides, `validate` reports every problem at once.

When something is wrong, it is left out and the rest is validated again, so that combinations and references between
parts are reported in the same run as misspelt names, as long as they do not rest on what was left out.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any, TypeVar

from pydantic import ValidationError

from motet.config.context import Context, CrossProblem
from motet.config.document import read_document, read_text
from motet.config.fields import Settings
from motet.config.nodes import Node, Path
from motet.config.overrides import apply_overrides
from motet.config.problems import Problem, in_order, problems_of
from motet.errors import ConfigError

S = TypeVar("S", bound=Settings)
_MAX_ROUNDS = 8
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Tree:
    """What a file says, with the overrides that come with it, before validation.

    Parameters
    ----------
    root
        The values with their places.
    overrides
        `key=value`, applied in this order when the tree is validated.
    file
        The file, or None for values from Python.
    problems
        What reading passed over: duplicate keys, tags.
    """

    root: Node
    overrides: tuple[str, ...] = ()
    file: FilePath | None = None
    problems: tuple[str, ...] = ()


def load(path: FilePath | str, overrides: Sequence[str] = ()) -> Tree:
    """Read a file of settings.

    Raises
    ------
    ConfigError
        If the file cannot be read or is not YAML.
    """
    problems: list[str] = []
    root = read_document(read_text(FilePath(path)), str(path), problems)
    return Tree(root, tuple(overrides), FilePath(path), tuple(problems))


def validate(settings: type[S], tree: Tree | Mapping[str, Any], context: Context | None = None) -> S:
    """Return the settings of a class that a tree, or a mapping from Python, describes.

    Parameters
    ----------
    context
        What the validation may do; by default it runs no user code and looks for no files. A tree's own folder is
        where user code is looked for.

    Raises
    ------
    ConfigError
        With one line for every problem: `file:line:column: dotted.path: message`.

    Examples
    --------
    >>> from motet.config import option
    >>> class PauseSettings(Settings):
    ...     length_s: float = option(0.5, "Length of a pause.", unit="s")
    >>> validate(PauseSettings, {"lenght_s": 1})
    Traceback (most recent call last):
    motet.errors.ConfigError: lenght_s: there is no such option; did you mean 'length_s'?
    """
    tree = tree if isinstance(tree, Tree) else Tree(Node.of(tree))
    context = context or Context()
    if tree.file is not None:
        context = replace(context, folder=tree.file.parent)
    lines = list(tree.problems)
    root = apply_overrides(tree.root, tree.overrides, settings, lines)
    if not isinstance(root.value, dict):
        found = "empty" if root.value is None else f"a {type(root.value).__name__}"
        raise ConfigError(*lines, f"{root.place or 'settings'}: is {found}; write a mapping of options")
    instance, problems = _attempt(settings, root, context)
    lines += [problem.line() for problem in problems]
    if lines or instance is None:
        raise ConfigError(*in_order(lines))
    return instance


def _attempt(settings: type[S], root: Node, context: Context) -> tuple[S | None, list[Problem]]:
    """Validate, then again without what was wrong, until nothing more can be learnt."""
    reported: list[Problem] = []
    left_out: list[Problem] = []
    for _ in range(_MAX_ROUNDS):
        inner = replace(context, problems=[])
        try:
            instance = settings.model_validate(root.plain(), context=inner)
        except ValidationError as error:
            found = problems_of(error, settings, root)
        else:
            crossed = [each for each in inner.problems if not _rests_on(each, left_out)]
            return instance, [*reported, *(_crossing(each, root) for each in crossed)]
        reported += found if not left_out else [each for each in found if _is_sure(each, left_out)]
        left_out += found
        if not all(problem.at_fault for problem in found):
            break
        root = _without(root, [problem.at_fault for problem in found])
    return None, reported


def _is_sure(problem: Problem, left_out: Iterable[Problem]) -> bool:
    """Tell whether a combination is wrong whatever was left out: its message names none of that."""
    names = {name for each in left_out for name in (*each.path[-1:], each.guess) if isinstance(name, str)}
    return problem.combination and not names & set(_WORD.findall(problem.message))


def _rests_on(crossing: CrossProblem, left_out: Iterable[Problem]) -> bool:
    read = (crossing.path, *crossing.reads)
    return any(_overlap(path, problem.at_fault) for path in read for problem in left_out)


def _overlap(one: Path, other: Path) -> bool:
    length = min(len(one), len(other))
    return one[:length] == other[:length]


def _crossing(crossing: CrossProblem, root: Node) -> Problem:
    return Problem(crossing.path, crossing.message, root.place_of(crossing.path), crossing.path, combination=True)


def _without(node: Node, paths: Iterable[Path]) -> Node:
    """Return a mapping without some paths; a list that holds one is left out as a whole."""
    if not isinstance(node.value, dict):
        return node
    below: dict[str, list[Path]] = {}
    for path in paths:
        below.setdefault(str(path[0]), []).append(path[1:])
    entries = {}
    for key, entry in node.value.items():
        rest = below.get(key)
        if rest is None:
            entries[key] = entry
        elif all(rest) and isinstance(entry.value, dict):
            entries[key] = _without(entry, rest)
    return replace(node, value=entries)
