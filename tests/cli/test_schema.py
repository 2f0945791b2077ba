import json
from pathlib import Path

from tests.cli.conftest import Motet

from motet.config import json_schema
from motet.experiment.settings import Sweep


def test_the_schema_is_printed(motet: Motet) -> None:
    assert json.loads(motet("schema").out) == json_schema(Sweep)
    assert json.loads(motet("schema", "--json").out) == {"schema": 1, "json_schema": json_schema(Sweep)}


def test_the_schema_is_written_to_a_file(motet: Motet, tmp_path: Path) -> None:
    path = tmp_path / "motet.schema.json"
    assert f"# yaml-language-server: $schema={path}\n" in motet("schema", "-o", path).out
    assert json.loads(path.read_text()) == json_schema(Sweep)
    assert json.loads(motet("schema", "-o", path, "--json").out) == {"schema": 1, "file": path.as_posix()}


def test_a_place_that_cannot_be_written_is_the_machines_fault(motet: Motet, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = motet("schema", "-o", tmp_path / "file" / "schema.json")
    assert said.code == 4
    assert "cannot write" in said.err
