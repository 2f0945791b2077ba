import sys
from pathlib import Path

import pytest

from motet.errors import ConfigError, DataError, MachineError
from motet.sources.manifest import Manifest, read_manifest


def manifest(folder: Path, content: str | bytes, name: str = "t.csv") -> Manifest:
    """Write a table and read it."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_manifest(path)


def test_cells_are_stripped_quoted_and_missing(tmp_path: Path) -> None:
    found = manifest(tmp_path, '\ufeffpath, label\r\na.wav , "dog, big"\r\n\r\n"b\nc.wav",\r\n'.replace(', "', ',"'))
    assert found.columns == {"path": ["a.wav", "b\nc.wav"], "label": ["dog, big", None]}
    assert [found.place(row) for row in (0, 1)] == [f"{tmp_path / 't.csv'}:2", f"{tmp_path / 't.csv'}:5"]


def test_tabs_and_other_delimiters(tmp_path: Path) -> None:
    assert manifest(tmp_path, "a\tb\n1,5\t2\n", "t.tsv").columns == {"a": ["1,5"], "b": ["2"]}
    (tmp_path / "t.csv").write_text("a;b\n1;2\n")
    assert read_manifest(tmp_path / "t.csv", delimiter=";").columns == {"a": ["1"], "b": ["2"]}


def test_what_is_missing_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\nNA,\n?,x\n")
    found = read_manifest(tmp_path / "t.csv", missing=("NA", "?"))
    assert found.columns == {"a": [None, None], "b": ["", "x"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n", r"t\.csv: has no rows; a table has a header"),
        ("", r"t\.csv: has no rows"),
        ("a,b,a\n1,2,3\n", r"t\.csv: the header names a more than once"),
        ("a,b\n1,2\n1\n1,2,3\n", r"(?s)t\.csv:3: has 1 cells, the header has 2.*t\.csv:4: has 3 cells.*need quotes"),
        ('a,b\n"1"x,2\n', r"t\.csv: is not a table of text \(.*\); correct it, or set `delimiter`"),
        (b"a,b\n\xff,2\n", r"t\.csv: is not UTF-8 \(invalid start byte at byte 4\); save it as UTF-8"),
    ],
)
def test_damaged_tables_are_refused(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        manifest(tmp_path, content)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no\.csv: there is no such file; correct the path"):
        read_manifest(tmp_path / "no.csv")


def test_a_missing_column_gets_the_nearest_name(tmp_path: Path) -> None:
    found = manifest(tmp_path, "path,label\na,b\n")
    with pytest.raises(ConfigError, match=r"there is no column 'lable'; did you mean 'label'\? It has path, label"):
        found.column("lable")


def test_text_has_no_gaps(tmp_path: Path) -> None:
    found = manifest(tmp_path, "path,label\na,b\n,c\n")
    with pytest.raises(DataError, match=r"t\.csv:3: path is missing"):
        found.text("path")
    assert found.text("label") == ["b", "c"]


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = {
        "path": ["a.wav ", ""],
        "age": [1.5, float("nan")],
        "take": [1, None],
        "good": [True, False],
        "tags": [["x", "y"], []],
    }
    parquet.write_table(pa.table(table), tmp_path / "t.parquet")
    found = read_manifest(tmp_path / "t.parquet")
    assert found.columns == {
        "path": ["a.wav", None],
        "age": [1.5, None],
        "take": [1, None],
        "good": [True, False],
        "tags": [frozenset({"x", "y"}), frozenset()],
    }
    assert found.place(1).endswith("t.parquet:2")
    parquet.write_table(pa.table({"a": []}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"t\.parquet: has no rows"):
        read_manifest(tmp_path / "t.parquet")


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(DataError, match=r"t\.parquet: cannot be read as Parquet \(.*\); write the file again"):
        manifest(tmp_path, "PAR1 and no more", "t.parquet")


def test_parquet_needs_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MachineError, match=r"needs 'pyarrow', .*motet\[parquet\]"):
        manifest(tmp_path, "", "t.parquet")
