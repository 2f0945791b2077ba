"""The house as a list: a room may import from itself and from rooms before it."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "motet"

ROOMS = (
    "lazy",
    "version",
    "errors",
    "draws",
    "files",
    "workers",
    "fetching",
    "tensor_file",
    "config",
    "signals",
    "features",
    "tasks",
    "sources",
    "store",
    "data",
    "networks",
    "catalog",
    "pipeline",
    "extraction",
    "maps",
    "model",
    "evaluation",
    "training",
    "runs",
    "inspection",
    "experiment",
    "testing",
    "cli",
)
"""`motet/__init__.py` and `motet/__main__.py` stand above all rooms."""


def modules() -> list[Path]:
    """Return every file of the package, sorted."""
    return sorted(SOURCE.rglob("*.py"))


def name_of(path: Path) -> str:
    """Return the dotted name of a file of the package."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(name: str) -> str | None:
    """Return the room of a dotted name; None for the package itself."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[1] != "__main__" else None


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of everything of the package that a file imports, deferred and lazy ones too."""
    package = name_of(path) if path.name == "__init__.py" else name_of(path).rpartition(".")[0]
    known = {name_of(module) for module in modules()}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name.startswith("motet"))
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                base = ".".join([*parents[: len(parents) - node.level + 1], *filter(None, [node.module])])
            if base == "motet" or base.startswith("motet."):
                for alias in node.names:
                    full = f"{base}.{alias.name}"
                    yield node.lineno, full if full in known else base
