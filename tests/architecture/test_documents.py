"""What the documents say is true: every snippet of the README, of `docs` and of docstrings runs.

Python blocks of a document run one after another in one namespace, in an empty folder. A block whose fence names a
file (```python bands.py) is that file. A YAML block is an experiment, or the part of one that is laid over the
document's last experiment. A line of a plain block that begins with `motet` runs if its first file or folder is there,
and is parsed if not.
"""

import doctest
import importlib
import re
import runpy
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import motet
from motet.cli import main
from motet.cli.parser import parse
from motet.config import Context, validate
from motet.experiment.settings import VARIATION
from tests.architecture.rooms import modules, name_of

HOUSE = Path(__file__).parents[2]
DOCUMENTS = [HOUSE / "README.md", *sorted((HOUSE / "docs").glob("*.md"))]
EXAMPLES = HOUSE / "examples" / "user-code"
WITH_EXAMPLES = [path for path in modules() if ">>> " in path.read_text(encoding="utf-8")]

_FENCE = re.compile(r"^```(\w*) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_WIDEST = 140
_LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a document, the name of its file if it is one, and the line where it begins."""

    language: str
    file: str
    text: str
    line: int


def blocks(document: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a document."""
    text = document.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        yield Block(found[1], found[2], found[3], text.count("\n", 0, found.start()) + 2)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, and draw no pictures, which take longer than the small trainings."""
    monkeypatch.setattr("motet.runs.plots.can_draw", lambda: False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_snippets(document: Path, tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    base: dict[str, Any] = {}
    for block in blocks(document):
        where = f"{document.name}:{block.line}"
        if block.file:
            (tmp_path / block.file).write_text(block.text, encoding="utf-8")
        if block.language == "yaml":
            base = _check_experiment(block.text, base, where)
        elif block.language == "python" and not block.file:
            names |= _run(block.text, names, where)
        elif not block.language:
            for line in block.text.splitlines():
                _run_or_parse(line, where)


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(block, id=f"line {block.line}")
        for block in blocks(HOUSE / "docs" / "user-code.md")
        if block.language == "yaml" and not block.file
    ],
)
def test_every_class_of_the_user_is_trained(block: Block, tmp_path: Path) -> None:
    for each in blocks(HOUSE / "docs" / "user-code.md"):
        if each.file:
            (tmp_path / each.file).write_text(each.text, encoding="utf-8")
    base = YAML(typ="safe").load((tmp_path / "voices.yaml").read_text(encoding="utf-8"))
    small = {
        "data": {"voices": {"source": {"kind": "generated", "examples": 24, "duration_s": 0.4, "rate_hz": 8000}}},
        "model": {"encoder": [{"kind": "mlp", "hidden": [4]}]},
        "training": {"epochs": 1, "batch_size": 8},
        "evaluation": {"interval": {"resamples": 0}},
    }
    written = _over(_over(base, small), YAML(typ="safe").load(block.text))
    run = motet.train(motet.load_experiment(written, allow_code=True), tmp_path / "run")
    assert run.result["tasks"]["digit"]
    assert (run.path / "code" / "bands.py").is_file()


def test_the_tests_that_are_shown_to_users_pass(tmp_path: Path) -> None:
    files = {block.file: block.text for block in blocks(HOUSE / "docs" / "user-code.md") if block.file}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    tests = {name: own for name, own in runpy.run_path("test_mine.py").items() if name.startswith("test_")}
    assert len(tests) == 4
    for test in tests.values():
        test()


def test_the_example_of_user_code_is_that_of_its_document() -> None:
    files = {block.file: block.text for block in blocks(HOUSE / "docs" / "user-code.md") if block.file}
    for example in EXAMPLES.iterdir():
        if example.suffix in (".py", ".yaml"):
            assert files[example.name] == example.read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    missing = [
        link for link in _LINK.findall(document.read_text(encoding="utf-8")) if not (document.parent / link).exists()
    ]
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_prose_is_wrapped(document: Path) -> None:
    """Rows of tables and lines of code are as long as they must be."""
    prose = _FENCE.sub("", document.read_text(encoding="utf-8")).splitlines()
    assert [line for line in prose if len(line) > _WIDEST and not line.startswith("|")] == []


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=name_of)
def test_examples_in_docstrings(path: Path) -> None:
    module = importlib.import_module(name_of(path))
    found = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert found.attempted > 0
    assert found.failed == 0


def _check_experiment(text: str, base: Mapping[str, Any], where: str) -> dict[str, Any]:
    written = YAML(typ="safe").load(text)
    whole = written if "data" in written and "name" in written else _over(base, written)
    try:
        if any(key in whole for key in VARIATION):
            motet.load_sweep(whole, allow_code=True)
        else:
            validate(motet.Experiment, whole, Context(allow_code=True))
    except motet.ConfigError as error:
        pytest.fail(f"{where}: {error}")
    return dict(whole) if whole is written else dict(base)


def _run(text: str, names: dict[str, Any], where: str) -> dict[str, Any]:
    script = Path("snippet.py")
    script.write_text(text, encoding="utf-8")
    try:
        found = runpy.run_path(str(script), names)
    except Exception as error:
        error.add_note(f"in {where}")
        raise
    finally:
        script.unlink()
    return {name: value for name, value in found.items() if not name.startswith("__")}


def _run_or_parse(line: str, where: str) -> None:
    words = shlex.split(line, comments=True)
    if not words or words[0] != "motet":
        return
    words = words[: words.index(">")] if ">" in words else words
    try:
        parsed = parse(words[1:])
    except (motet.ConfigError, SystemExit) as error:
        pytest.fail(f"{where}: {line}: {error}")
    named = [getattr(parsed, name, None) for name in ("file", "path", "model")]
    if any(isinstance(name, str) and name and Path(name).exists() for name in named):
        assert main(words[1:]) == 0, f"{where}: {line}"


def _over(base: Any, other: Any) -> Any:
    """Lay one tree over another; a mapping of another kind takes the place of the first."""
    if not isinstance(base, Mapping) or not isinstance(other, Mapping):
        return other
    if "kind" in other and other["kind"] != base.get("kind"):
        return other
    return {**base, **{key: _over(base.get(key), value) for key, value in other.items()}}
