"""Lines of code of published set-ups beside those of CombinaTorch, counted as Table 6.1 of its thesis counts them.

    python -m benchmarks.lines

What the user writes is the experiment, without blank lines, comments and whatever describes the network (the thesis
leaves out model code), and the one command that runs it. A line of YAML may say several things, so the settings in it
are counted too: every value at the end of a dotted path. Of the readers count the module of each source, those that
at most one other source uses, and the settings that it is given, without imports, docstrings, blank lines and
comments. What more readers share stands in neither sum, as the thesis leaves out its base class.

Source: K. Callebaut, "CombinaTorch", master's thesis, Delft University of Technology, 2021, Table 6.1.
"""

import ast
import importlib
import inspect
import io
import sys
import textwrap
import tokenize
import typing
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML, MappingNode, Node, SequenceNode

from motet.catalog import CATALOG

PAPERS = Path(__file__).parents[1] / "examples" / "papers"
_COMMAND = 1
_FEW = 2
_NO_CODE = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SetUp:
    """A set-up of the thesis: its experiment here, and its lines there with the framework and without."""

    name: str
    file: str
    combinatorch: int
    pytorch: int | None = None


SET_UPS = (
    SetUp("Park et al. 2020", "park2020.yaml", 101, 177),
    SetUp("Georgiev et al. 2017", "georgiev2017.yaml", 159, 211),
    SetUp("Xu et al. 2018", "xu2018.yaml", 92),
    SetUp("its own variation experiment", "callebaut2021.yaml", 364),
)


@dataclass(frozen=True, slots=True)
class Count:
    """What was counted of a set-up."""

    set_up: SetUp
    lines: int
    settings: int
    readers: int

    @property
    def share(self) -> float:
        """The lines that the user writes as a share of those with CombinaTorch."""
        return self.lines / self.set_up.combinatorch


def count(set_up: SetUp) -> Count:
    """Count the experiment of a set-up."""
    text = (PAPERS / set_up.file).read_text(encoding="utf-8")
    root = YAML().compose(io.StringIO(text))
    described = without_network(root, last=text.count("\n") + 1)
    written = [line for number, line in enumerate(text.splitlines()) if number in described and _says_something(line)]
    return Count(set_up, len(written) + _COMMAND, num_settings(root), reader_lines(source_kinds(root)))


def without_network(root: MappingNode, last: int) -> set[int]:
    """Return the numbers of the lines, from 0, that do not describe the network."""
    lines = set(range(last))
    for path, node, end in _entries(root, last):
        if _is_network(path):
            lines -= set(range(node.start_mark.line, end))
    return lines


def num_settings(node: Node, path: tuple[str, ...] = ()) -> int:
    """Return the values at the ends of dotted paths, but for those of the network; a list of values is one."""
    if _is_network(path):
        return 0
    if isinstance(node, MappingNode):
        return sum(num_settings(value, (*path, key.value)) for key, value in node.value)
    if isinstance(node, SequenceNode) and any(isinstance(value, MappingNode) for value in node.value):
        return sum(num_settings(value, path) for value in node.value)
    return 1


def source_kinds(root: MappingNode) -> set[str]:
    """Return the kinds of source that an experiment names."""
    return {kind for name, value in root.value if name.value == "data" for kind in _sources_of(value)}


def reader_lines(kinds: Collection[str]) -> int:
    """Return the lines of readers: their modules, each once, and the settings that they are given."""
    uses = Counter(module for kind in CATALOG["source"] for module in modules_of(kind))
    own = {module for kind in kinds for module in modules_of(kind) if uses[module] <= _FEW}
    sources = [inspect.getsource(importlib.import_module(module)) for module in own]
    return sum(map(python_lines, [*sources, *(inspect.getsource(settings_of(kind)) for kind in kinds)]))


def settings_of(kind: str) -> type:
    """Return the class of the settings of a source."""
    module, name = CATALOG["source"][kind].split(":")
    found: type = typing.get_type_hints(getattr(importlib.import_module(module), name))["settings"]
    return found


@cache
def modules_of(kind: str) -> frozenset[str]:
    """Return the modules of the room `sources` that a source is made of, settings aside."""
    found, waiting = set(), [CATALOG["source"][kind].split(":")[0]]
    while waiting:
        module = waiting.pop()
        if module.startswith("motet.sources.") and not module.endswith("settings") and module not in found:
            found.add(module)
            tree = ast.parse(inspect.getsource(importlib.import_module(module)))
            waiting += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return frozenset(found)


def python_lines(source: str) -> int:
    """Return the lines of Python without imports, docstrings, blank lines and comments."""
    source = textwrap.dedent(source)
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = {line for token in tokens if token.type not in _NO_CODE for line in range(token.start[0], token.end[0] + 1)}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Expr) and not _does_something(node):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


def table() -> Iterator[str]:
    """Yield the lines of the table, in Markdown."""
    yield "| set-up | PyTorch | CombinaTorch | Motet: the user | share | settings | with its readers |"
    yield "|---|---|---|---|---|---|---|"
    for found in map(count, SET_UPS):
        alone = "" if found.set_up.pytorch is None else str(found.set_up.pytorch)
        yield (
            f"| {found.set_up.name} | {alone} | {found.set_up.combinatorch} | {found.lines} | {found.share:.0%} "
            f"| {found.settings} | {found.lines + found.readers} |"
        )


def _entries(node: Node, end: int, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node, int]]:
    """Yield the path and key of every entry in block style, and the line where the next one begins."""
    if not isinstance(node, MappingNode) or node.flow_style:
        return
    starts = [key.start_mark.line for key, _ in node.value]
    for (key, value), until in zip(node.value, [*starts[1:], end], strict=True):
        yield (*path, key.value), key, until
        yield from _entries(value, until, (*path, key.value))


def _is_network(path: tuple[str, ...]) -> bool:
    """Whether a path leads to the network, or to its variations in a sweep."""
    return path[:1] == ("model",) or any(key.split(".")[0] == "model" for key in path[1:])


def _sources_of(data: MappingNode) -> Iterator[str]:
    for _, settings in data.value:
        source = next(value for key, value in settings.value if key.value == "source")
        if isinstance(source, MappingNode):
            source = next(value for key, value in source.value if key.value == "kind")
        yield source.value


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _does_something(node: ast.stmt) -> bool:
    """Whether a statement is neither an import nor a docstring."""
    return isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)


if __name__ == "__main__":
    sys.stdout.write("\n".join(table()) + "\n")
