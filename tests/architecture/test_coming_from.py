"""What `docs/coming-from.md` names is there, and its count of lines is that of `benchmarks.lines`."""

import re
from functools import reduce

import pytest
from benchmarks.lines import SET_UPS, count, python_lines, table
from ruamel.yaml import YAML

import motet
import motet.testing
from motet.cli.parser import parse
from motet.config import options
from motet.experiment.settings import Sweep
from tests.architecture.test_documents import DOCUMENTS

_DOCUMENT = next(path for path in DOCUMENTS if path.name == "coming-from.md").read_text(encoding="utf-8")
_OURS = [line.split(" | ")[-1] for line in _DOCUMENT.splitlines() if line.startswith("| ")]
_NAMED = sorted({name for cell in _OURS for name in re.findall(r"`([^`]+)`", cell)})
_PARTS = sorted({option.path.split(".")[0] for option in options(Sweep)} - {"name", "seed", "seeds"})
_PATHS = [name for name in _NAMED if re.fullmatch(rf"({'|'.join(_PARTS)})(\.[A-Za-z_]+)*", name)]
_OBJECTS = [name for name in _NAMED if re.fullmatch(r"(motet|DataSet|Example|Model)\.[A-Za-z_.]+", name)]
_FRAGMENTS = [name for name in _NAMED if re.match(rf"({'|'.join(_PARTS)}): ", name)]
_COMMANDS = sorted({name.split()[1] for name in _NAMED if name.startswith("motet ")})


@pytest.mark.parametrize("path", _PATHS)
def test_options_that_are_named_are_there(path: str) -> None:
    assert options(Sweep, path)


@pytest.mark.parametrize("name", _OBJECTS)
def test_objects_that_are_named_are_there(name: str) -> None:
    of_class = name.split(".")[0] != "motet"
    path = name.split(".") if of_class else name.split(".")[1:]
    if name.startswith("Example."):
        assert path[1] in motet.Example.__dataclass_fields__
    elif name != "Model.tasks":  # which is set when a model is made
        assert reduce(getattr, path, motet) is not None


@pytest.mark.parametrize("command", _COMMANDS)
def test_commands_that_are_named_are_there(command: str) -> None:
    with pytest.raises(SystemExit) as ended:
        parse([command, "--help"])
    assert ended.value.code == 0


def test_enough_is_looked_at() -> None:
    assert len(_PATHS) > 30
    assert len(_OBJECTS) > 15
    assert len(_COMMANDS) > 4
    assert len(_FRAGMENTS) > 8


def test_the_count_of_lines_is_that_of_the_script() -> None:
    assert "\n".join(table()) in _DOCUMENT, "copy what `python -m benchmarks.lines` prints into docs/coming-from.md"


def test_the_user_writes_less_than_a_quarter() -> None:
    assert all(found.share < 0.25 for found in map(count, SET_UPS))


def test_only_lines_that_say_something_count() -> None:
    source = '"""Says what it is."""\n\nimport os\nfrom a import (\n    b,\n)\n\n\ndef f(x):\n    """Of `x`."""\n'
    source += '    # why\n    return g(\n        x, """two\n        lines"""\n    )\n'
    assert python_lines(source) == 5


@pytest.mark.parametrize("fragment", _FRAGMENTS)
def test_settings_that_are_shown_can_be_written(fragment: str) -> None:
    written = {"combine": {"data": "all"}, **YAML(typ="safe").load(fragment)}
    assert motet.load_sweep({"data": {"voices": {"source": "generated"}}, **written})
