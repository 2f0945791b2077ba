import pickle
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from motet.config import Context, UserComponent, dump, fingerprint, to_yaml, validate
from motet.config.user_code import components_of, with_components
from motet.config.user_files import failure
from motet.errors import ConfigError
from tests.config.rooms import PieceSettings, piece

CODE = """
from dataclasses import dataclass

print("runs")

@dataclass
class Gong:
    rate_hz: float
    weight: int = 1

number = 3
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(CODE)
    return tmp_path


def load(folder: Path, kind: str = "./mine.py:Gong", **options: Any) -> UserComponent:
    context = Context(allow_code=True, folder=folder)
    return UserComponent.model_validate({"kind": kind, **options}, context=context)


def test_builds_the_class_of_a_file(folder: Path) -> None:
    gong = load(folder, weight=5).build(16000.0)
    assert (type(gong).__name__, gong.rate_hz, gong.weight) == ("Gong", 16000.0, 5)


def test_never_runs_code_that_is_not_allowed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for context in (None, Context(folder=folder)):
        with pytest.raises(ConfigError, match=r"first: '\./mine\.py:Gong' is user code.*; add --allow-code"):
            validate(PieceSettings, {"first": {"kind": "./mine.py:Gong"}}, context)
    assert capsys.readouterr().out == ""


def test_stands_in_every_slot(folder: Path) -> None:
    context = Context(allow_code=True, folder=folder)
    found = validate(PieceSettings, {"first": "./mine.py:Gong", "voices": {"a": "./mine.py:Gong"}}, context)
    assert isinstance(found.first, UserComponent)
    assert found.first.build(1.0).weight == 1
    assert validate(PieceSettings, dump(found), Context(allow_code=True)) == found


@pytest.mark.parametrize(
    ("kind", "code", "message"),
    [
        ("./absent.py:Gong", CODE, "there is no file .*absent.py; the path starts at the folder of the experiment"),
        ("./mine.py:Gnog", CODE, "there is no class Gnog in .*mine.py; it has Gong"),
        ("./mine.py:number", CODE, "number in .* is not a class but int"),
        ("./mine.py:Gong", "x = 1\ny = z\n", r"mine\.py:2: NameError: name 'z' is not defined"),
        ("./mine.py:Gong", "x = 1\ny = (\n", r"mine\.py:2: SyntaxError"),
        ("mine:Gong", CODE, "does not name user code; write ./FILE.py:NAME"),
    ],
)
def test_tells_what_is_wrong_with_the_file(folder: Path, kind: str, code: str, message: str) -> None:
    (folder / "mine.py").write_text(code)
    with pytest.raises(ValidationError, match=message):
        load(folder, kind)


def test_tells_what_the_class_does_not_accept(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"unexpected keyword argument 'colour'; it is called with \(float\)"):
        load(folder, colour="red").build(1.0)


def test_is_identified_by_the_file(folder: Path) -> None:
    first = load(folder)
    assert first == load(folder)
    (folder / "mine.py").write_text(CODE + "\n# another version\n")
    second = load(folder)
    assert first.digest != second.digest
    assert fingerprint(first) != fingerprint(second)


def test_reaches_worker_processes(folder: Path) -> None:
    component = load(folder, weight=2)
    again = pickle.loads(pickle.dumps(component))  # noqa: S301
    assert again == component
    assert again.build(1.0).weight == 2


def test_takes_classes_and_objects_in_python() -> None:
    class Drum:
        def __init__(self, rate_hz: float, skins: int = 1) -> None:
            self.skins = skins

    drum = Drum(1.0, skins=7)
    drums = piece(first=Drum, last=drum, steps=[UserComponent.of(Drum, skins=3)])
    assert isinstance(drums.first, UserComponent)
    assert isinstance(drums.last, UserComponent)
    assert isinstance(drums.steps[0], UserComponent)
    assert drums.first.build(1.0).skins == 1
    assert drums.last.build(1.0) is drum
    assert drums.steps[0].build(1.0).skins == 3


def test_an_object_in_python_is_not_identified_and_does_not_load_again() -> None:
    given = piece(first=object())
    assert fingerprint(given) is None
    assert "python:builtins.object" in to_yaml(given)
    with pytest.raises(ConfigError, match="was an object in Python and is not in any file"):
        validate(PieceSettings, dump(given), Context(allow_code=True))


def test_an_object_in_python_may_be_given_again() -> None:
    first, other = object(), object()
    given = piece(first=first, steps=["bell", {"kind": dict, "a": 1}])
    loaded = validate(PieceSettings, dump(given), Context(given=components_of(given)))
    assert isinstance(loaded.first, UserComponent)
    assert loaded.first.target is first
    assert loaded == given
    with pytest.raises(ConfigError, match=r"first: 'python:builtins.object' was one of several objects of this class"):
        validate(PieceSettings, dump(given), Context(given=components_of(piece(first=first, last=other))))


@pytest.mark.parametrize("value", [3, 2.5, True, ["x"], None])
def test_plain_data_is_no_component(value: object) -> None:
    with pytest.raises(ConfigError, match=r"is not a step; write {kind: NAME} with one of sieve, bell, folder"):
        validate(PieceSettings, {"first": value})


def test_takes_a_class_with_options_in_python() -> None:
    class Drum:
        def __init__(self, skins: int = 1) -> None:
            self.skins = skins

    drums = piece(first={"kind": Drum, "skins": 4}, steps=[{"kind": Drum}])
    assert isinstance(drums.first, UserComponent)
    assert isinstance(drums.steps[0], UserComponent)
    assert drums.first.build().skins == 4
    assert drums.steps[0].build().skins == 1
    with pytest.raises(ConfigError, match="first: the option 'skins' is of type Drum, but options are plain data"):
        validate(PieceSettings, {"first": {"kind": Drum, "skins": Drum()}})


def test_an_option_may_have_any_name(folder: Path) -> None:
    class Drum:
        def __init__(self, **options: int) -> None:
            self.options = options

    names = dict.fromkeys(("name", "path", "place", "target", "digest", "options"), 1)
    assert UserComponent.of(Drum, **names).build().options == names


def test_is_the_same_wherever_its_file_lies(folder: Path) -> None:
    other = folder / "code"
    other.mkdir()
    (other / "mine.py").write_text(CODE)
    here, there = load(folder), load(other)
    assert here.kind != there.kind
    assert fingerprint(here) == fingerprint(there)
    assert fingerprint(here) != fingerprint(load(folder, weight=2))


def test_a_file_that_changes_at_once_is_read_again(folder: Path) -> None:
    path = folder / "mine.py"
    for number in (1, 2):
        path.write_text(f"class Gong:\n    number = {number}\n")
        assert load(folder).build().number == number
    assert list(folder.iterdir()) == [path]


def test_components_are_found_and_changed_however_deep(folder: Path) -> None:
    context = Context(allow_code=True, folder=folder)
    written = {"first": "bell", "steps": ["sieve", "./mine.py:Gong"], "voices": {"a": "./mine.py:Gong", "b": "bell"}}
    found = validate(PieceSettings, written, context)
    assert [component.name for component in components_of(found)] == ["Gong", "Gong"]
    moved = with_components(found, lambda component: component.model_copy(update={"kind": "code/mine.py:Gong"}))
    assert [component.kind for component in components_of(moved)] == ["code/mine.py:Gong"] * 2
    assert [component.place for component in components_of(moved)] == [f"{folder}/mine.py:Gong"] * 2
    assert components_of(moved)[0].build(1.0).weight == 1
    assert moved.steps[0] is found.steps[0]
    assert with_components(found, lambda component: component) is found


def test_a_failure_is_placed_in_the_file(folder: Path) -> None:
    (folder / "mine.py").write_text("class Gong:\n    def strike(self):\n        return [].pop()\n")
    gong = load(folder).build()
    with pytest.raises(IndexError) as caught:
        gong.strike()
    assert failure(caught.value) == f"{folder}/mine.py:3: Gong.strike: IndexError: pop from empty list"
    with pytest.raises(IndexError) as caught:
        [].pop()
    assert failure(caught.value) is None


def test_a_method_that_takes_other_arguments_is_placed_in_the_file(folder: Path) -> None:
    (folder / "mine.py").write_text("class Gong:\n    def touch(self, force):\n        pass\n")
    gong = load(folder).build()
    with pytest.raises(TypeError) as caught:
        gong.touch(1.0, 2.0)
    told = f"{folder}/mine.py:2: TypeError: Gong.touch() takes 2 positional arguments but 3 were given"
    assert failure(caught.value) == f"{told}; correct what it takes"
    with pytest.raises(TypeError) as caught:
        components_of(1, 2)  # type: ignore[call-arg]
    assert failure(caught.value) is None
