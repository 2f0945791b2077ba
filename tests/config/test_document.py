import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motet.config.document import MAX_BYTES, read_document, read_text
from motet.errors import ConfigError


def test_reads_values_with_places() -> None:
    problems: list[str] = []
    node = read_document("a: {b: [1e-3, yes]}\nc: 'true'\n", "f.yaml", problems)
    assert node.plain() == {"a": {"b": [0.001, "yes"]}, "c": "true"}
    assert node.place_of(("a", "b", 1)) == "f.yaml:1:15"
    assert node.place_of(("c",)) == "f.yaml:2:4"
    assert node.place_of(("c",), key=True) == "f.yaml:2:1"
    assert not problems


def test_keys_are_text_as_written() -> None:
    assert read_document("1: a\ntrue: b\n01: c\n", "f", []).plain() == {"1": "a", "true": "b", "01": "c"}


def test_aliases_are_followed() -> None:
    node = read_document("a: &x {b: 1}\nc: *x\n", "f", [])
    assert node.plain() == {"a": {"b": 1}, "c": {"b": 1}}
    assert node.place_of(("c", "b")) == "f:1:11"


def test_an_empty_document_is_null() -> None:
    assert read_document("# nothing\n", "f", []).plain() is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", "f:3:1: the key 'a' stands here again, first at f:1:1"),
        ("a: !!python/object:os.system x\n", "f:1:4: the tag !!python/object:os.system is not allowed"),
        ("a: !mine {b: 1}\n", "f:1:4: the tag !mine is not allowed"),
        ("a: {}\n<<: {b: 1}\n", "f:2:1: merging with << is not part of YAML 1.2"),
        ("? [a, b]\n: 1\n", "f:1:3: a key must be text"),
    ],
)
def test_passes_over_and_tells(text: str, line: str) -> None:
    problems: list[str] = []
    read_document(text, "f", problems)
    assert len(problems) == 1
    assert problems[0].startswith(line)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "f:1:6: this is not YAML: expected ',' or ']', but got stream end"),
        ("a: b: c", "f:1:5: this is not YAML: mapping values are not allowed here"),
        ("a:\n\t- b", "f:2:1: this is not YAML: .*; indent with spaces, not tabs"),
        ("a: 1\n---\nb: 2\n", "f:2:1: a second document begins; keep one"),
        ("a: *x", r"f:1:4: the alias \*x has no complete anchor &x"),
        ("a: &x [*x]", r"f:1:8: the alias \*x has no complete anchor &x"),
        ("a\0b", r"f:1: the character U\+0000 may not stand in YAML"),
        ('a: "\\U99999999"', "f: this is not YAML: "),
        ("[" * 1000, "f:1:51: nested deeper than 50 levels"),
        ("a: " + "{a: " * 1000, "f:1:.*: nested deeper than 50 levels"),
    ],
)
def test_refuses_what_is_not_yaml(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_document(text, "f", [])


@given(st.text(alphabet="ab:-[]{}#&*!|>'\"%@`?~<=\\ \n\t0.eYAMLxU", max_size=25) | st.text(max_size=15))
def test_any_text_is_values_or_one_problem(text: str) -> None:
    with contextlib.suppress(ConfigError):
        read_document(text, "f", []).plain()


def test_refuses_an_alias_bomb_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 12)]
    began = time.perf_counter()
    with pytest.raises(ConfigError, match="more than 20,000 values, aliases in full"):
        read_document("\n".join(lines), "f", [])
    assert time.perf_counter() - began < 1


def test_refuses_aliases_that_nest_too_deep() -> None:
    lines = ["a0: &a0 [x]", *(f"a{level}: &a{level} [*a{level - 1}]" for level in range(1, 60))]
    with pytest.raises(ConfigError, match="nested deeper than 50 levels through the alias"):
        read_document("\n".join(lines), "f", [])


def test_reads_utf8_with_and_without_mark(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    for encoding in ("utf-8", "utf-8-sig"):
        path.write_text("name: Flöte", encoding=encoding)
        assert read_text(path) == "name: Flöte"


def test_refuses_other_encodings(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes("a: 1\nname: Flöte".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"f\.yaml:2: byte 0xf6 is not UTF-8; save it as UTF-8"):
        read_text(path)


def test_refuses_huge_files(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(ConfigError, match="is larger than 512 KiB"):
        read_text(path)


def test_refuses_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.yaml: cannot be read: No such file"):
        read_text(tmp_path / "absent.yaml")
    with pytest.raises(ConfigError, match="is not a file"):
        read_text(tmp_path)
