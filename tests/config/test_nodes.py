import pytest

from motet.config.nodes import Node, read_path, show_path


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a.b.0.c", ("a", "b", "0", "c")),
        ('labels."1.5".x', ("labels", "1.5", "x")),
        ("a", ("a",)),
        ("", ()),
        (".a", ()),
        ("a.", ()),
        ("a..b", ()),
    ],
)
def test_reads_paths(text: str, parts: tuple[str, ...]) -> None:
    assert read_path(text) == parts


def test_shows_paths_as_it_reads_them() -> None:
    assert show_path(("labels", "1.5", 0)) == 'labels."1.5".0'


def test_finds_values_of_plain_data() -> None:
    node = Node.of({"a": [{"b": 1}], 2: "two"}, "here")
    found = node.find(("a", 0, "b"))
    assert found is not None
    assert found.value == 1
    assert node.find(("a", 1)) is None
    assert node.find(("a", "b", "c")) is None
    assert node.plain() == {"a": [{"b": 1}], "2": "two"}
    assert node.place_of(("a", 0, "b")) == "here"
