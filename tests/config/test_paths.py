from pathlib import Path, PurePosixPath

import pytest
from pydantic import ValidationError

from motet.config import Context, ExistingFile, ExistingFolder, ExistingPath, PathText, Settings, dump, option
from motet.config.paths import interpolate


class PlaceSettings(Settings):
    anything: PathText = option("x", "Any path.")
    path: ExistingPath | None = option(None, "A file or folder.")
    file: ExistingFile | None = option(None, "A file.")
    folder: ExistingFolder | None = option(None, "A folder.")
    text: str = option("x", "No path.")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTET_SET", "/there")
    monkeypatch.setenv("MOTET_EMPTY", "")
    monkeypatch.delenv("MOTET_UNSET", raising=False)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("${MOTET_SET}/a", "/there/a"),
        ("${MOTET_SET:-here}/a", "/there/a"),
        ("${MOTET_UNSET:-here}/${MOTET_SET}", "here//there"),
        ("${MOTET_UNSET:-}a", "a"),
        ("${MOTET_EMPTY:-here}/a", "here/a"),
        ("a${MOTET_EMPTY}b", "ab"),
        ("$${MOTET_SET}", "${MOTET_SET}"),
        ("$MOTET_SET", "$MOTET_SET"),
    ],
)
def test_fills_in_the_environment(text: str, path: str) -> None:
    assert interpolate(text) == path
    assert PlaceSettings(anything=text).anything == path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "${MOTET_UNSET}",
            r"the environment variable MOTET_UNSET is not set; set it, or write \$\{MOTET_UNSET:-default}",
        ),
        ("${MOTET SET}", "is not .*NAME"),
        ("${MOTET_SET", "is not .*NAME"),
        ("", "the path '' is empty"),
        ("${MOTET_EMPTY}", "is empty; name a file or a folder"),
    ],
)
def test_refuses_what_cannot_be_filled_in(text: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PlaceSettings(anything=text)


def test_only_paths_are_filled_in() -> None:
    assert PlaceSettings(text="${MOTET_SET}").text == "${MOTET_SET}"


def test_accepts_path_objects_and_the_home_folder() -> None:
    assert PlaceSettings.model_validate({"anything": PurePosixPath("a/b")}).anything == "a/b"
    assert PlaceSettings(anything="~/a").anything == str(Path.home() / "a")


def test_what_was_filled_in_is_not_filled_in_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTET_ODD", "${MOTET_SET}")
    settings = PlaceSettings(anything="${MOTET_ODD}")
    assert settings.anything == "${MOTET_SET}"
    assert PlaceSettings.model_validate(dump(settings)) == settings


def test_looks_for_files_only_where_told(tmp_path: Path) -> None:
    absent = str(tmp_path / "absent")
    assert PlaceSettings(folder=absent).folder == absent
    assert PlaceSettings.model_validate({"folder": absent}, context=Context()).folder == absent


def test_finds_files_and_folders(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.touch()
    given = {"path": str(file), "file": str(file), "folder": str(tmp_path)}
    assert PlaceSettings.model_validate(given, context=Context(check_files=True)).folder == str(tmp_path)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"path": "absent"}, r"there is no file or folder 'absent' \(seen from .*\)"),
        ({"file": "absent"}, "there is no file 'absent'"),
        ({"folder": "absent"}, "there is no folder 'absent'"),
        ({"folder": __file__}, "is not a folder; name a folder"),
    ],
)
def test_refuses_missing_files(given: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PlaceSettings.model_validate(given, context=Context(check_files=True))
