"""Imports go only downward, there are no cycles, settings stay light, and names are documented."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.architecture.rooms import ROOMS, SOURCE, imports_of, modules, name_of, room_of

_MODULES = {name_of(path): path for path in modules()}


def test_every_room_has_a_place() -> None:
    found = {room for name in _MODULES if (room := room_of(name)) is not None}
    assert found == set(ROOMS)


@pytest.mark.parametrize("name", sorted(_MODULES))
def test_imports_go_downward(name: str) -> None:
    room = room_of(name)
    if room is None:
        return
    above = set(ROOMS[ROOMS.index(room) + 1 :])
    upward = [f"line {line}: {target}" for line, target in imports_of(_MODULES[name]) if room_of(target) in above]
    assert not upward, f"{name} imports from rooms above {room}"


def test_there_are_no_cycles() -> None:
    graph = {
        name: {target for _, target in imports_of(path) if target != name and target in _MODULES}
        for name, path in _MODULES.items()
    }
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize(
    "path", sorted(SOURCE.glob("*/*settings.py")), ids=lambda path: f"{path.parent.name}.{path.stem}"
)
def test_settings_import_only_config_errors_and_settings(path: Path) -> None:
    for line, target in imports_of(path):
        assert room_of(target) in ("config", "errors") or target.endswith("settings"), f"line {line}: {target}"


@pytest.mark.parametrize("name", sorted(_MODULES))
def test_public_names_are_documented(name: str) -> None:
    tree = ast.parse(_MODULES[name].read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{name} opens without saying what it is for"
    missing = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert not missing


@pytest.mark.parametrize("name", sorted(_MODULES))
def test_nothing_is_pickled_or_evaluated(name: str) -> None:
    forbidden = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
    for node in ast.walk(ast.parse(_MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not forbidden & {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in forbidden
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"eval", "exec", "compile"}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert ast.unparse(node.func) not in {"torch.load", "torch.save"}


def test_posix_calls_live_in_files() -> None:
    for name, path in _MODULES.items():
        if room_of(name) == "files":
            continue
        text = path.read_text(encoding="utf-8")
        assert not any(word in text for word in ("import fcntl", "os.pread", "os.fork", "os.kill(")), name
