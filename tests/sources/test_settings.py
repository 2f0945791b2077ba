from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from motet.config import Context, Settings, UserComponent, load, required, validate
from motet.errors import ConfigError
from motet.sources.corpora.settings import EscSettings
from motet.sources.filenames import Filenames
from motet.sources.iterables import IterableSource
from motet.sources.settings import FilenamesSettings, SourceSettings, TableSettings, TargetColumns

PATTERN = "{digit}_{speaker}_{index:d}.wav"


class DataSettings(Settings):
    """A data set with nothing but a source."""

    source: SourceSettings = required("Where the examples come from.")


def parsed(source: Any) -> Any:
    """Return the settings of a source."""
    return TypeAdapter(SourceSettings).validate_python(source)


def test_the_printed_experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTET_DATA", str(tmp_path))
    (tmp_path / "file.yaml").write_text(
        """
source:
  kind: filenames                         # labels read from file names
  path: "${MOTET_DATA:-data}/fsdd"
  pattern: "{digit}_{speaker}_{index:d}.wav"
  partition: {test: {index: {below: 5}}}
"""
    )
    (tmp_path / "fsdd").mkdir()
    for take in (4, 5):
        (tmp_path / "fsdd" / f"3_theo_{take}.wav").touch()
    settings = validate(DataSettings, load(tmp_path / "file.yaml"), Context(check_files=True)).source
    assert isinstance(settings, FilenamesSettings)
    examples = list(Filenames(settings).examples())
    assert [example.partition for example in examples] == ["test", "train"]
    assert {example.targets["speaker"] for example in examples} == {"theo"}


def test_a_name_alone_is_a_kind_and_an_object_is_user_code(tmp_path: Path) -> None:
    assert parsed({"kind": "esc", "path": "esc10"}) == EscSettings(path="esc10")
    source = IterableSource([])
    component = parsed(source)
    assert isinstance(component, UserComponent)
    assert component.build() is source


def test_in_is_the_name_of_a_rule_in_files() -> None:
    partition = {"test": {"index": {"in": [1, 2.5, "x"]}}}
    settings = parsed({"kind": "filenames", "path": ".", "pattern": PATTERN, "partition": partition})
    assert settings.partition["test"]["index"].in_ == (1, 2.5, "x")
    dumped = settings.model_dump(mode="json", by_alias=True)
    assert dumped["partition"]["test"]["index"]["in"] == [1, 2.5, "x"]
    assert parsed(dumped) == settings


def test_codes_are_text_or_whole_numbers() -> None:
    labels: Any = {"digit": {1: "one", "02": "two"}}
    settings = FilenamesSettings(path=".", pattern=PATTERN, labels=labels)
    assert settings.labels == {"digit": {"1": "one", "02": "two"}}


def test_columns_have_short_forms() -> None:
    targets: Any = {"a": "x", "b": ["x", "y"], "c": {"columns": "x", "separator": ";"}}
    settings = TableSettings.model_validate({"path": "t.csv", "targets": targets})
    assert settings.targets == {"a": "x", "b": ("x", "y"), "c": TargetColumns(columns=("x",), separator=";")}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pattern": "a.wav"}, r"pattern 'a\.wav' has no named piece: write at least one, such as \{label\}"),
        ({"pattern": "{a.wav"}, r"pattern '\{a\.wav' cannot be read \(expected '\}' .*: every piece stands between"),
        ({"pattern": "{a b}.wav"}, r"piece 'a b' of pattern .* is malformed"),
        ({"group": "who"}, r"group names 'who', which is not there: choose from digit, speaker, index"),
        ({"fold": "who"}, r"fold names 'who', which is not there"),
        ({"partition": "who"}, r"partition names 'who', which is not there"),
        ({"partition": {"test": {"who": {"below": 1}}}}, r"partition names 'who', which is not there"),
        ({"labels": {"who": {"1": "x"}}}, r"labels names 'who', which is not there"),
        (
            {"partition": {"test": {"digit": {"below": 1}}}},
            r"partition\.test\.digit compares text .* write \{digit:d\}",
        ),
        ({"partition": {"test": {"digit": {}}}}, r"the rule is empty: give at least one of below, above, equals, in"),
    ],
)
def test_file_names_that_cannot_work_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parsed({"kind": "filenames", "path": ".", "pattern": PATTERN, **settings})


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"columns": ["a", "b"], "separator": ";"},
            r"separator is ';' with 2 columns of auto: it splits the labels in",
        ),
        ({"columns": "a", "values": "number", "separator": ";"}, r"separator is ';' with 1 columns of number"),
        ({"columns": ["a", "b"], "values": "label"}, r"values is label with 2 columns: write labels or numbers"),
        ({"columns": "a", "values": "labels"}, r"values is labels with one column: give the separator"),
    ],
)
def test_columns_that_cannot_work_are_refused(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TableSettings.model_validate({"path": "t.csv", "targets": {"task": columns}})


def test_labels_belong_to_tasks() -> None:
    with pytest.raises(ValueError, match=r"labels names 'b', which is not there: choose from a"):
        TableSettings.model_validate({"path": "t.csv", "targets": {"a": "x"}, "labels": {"b": {"1": "x"}}})


def test_every_wrong_option_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text(
        """source:
  kind: filenames
  path: .
  pattern: "{digit}_{index:d}.wav"
  partition: {tst: {index: {belo: 5, in: [[1]]}}}
  unmatched: maybe
"""
    )
    with pytest.raises(ConfigError) as error:
        validate(DataSettings, load(tmp_path / "file.yaml"))
    places = [problem.removeprefix(f"{tmp_path / 'file.yaml'}:").split(": ")[:2] for problem in error.value.problems]
    assert [place for _, place in places] == [
        "source.partition.tst",
        "source.partition.tst.index.belo",
        "source.partition.tst.index.in.0",
        "source.unmatched",
    ]
    assert [place.split(":")[0] for place, _ in places] == ["5", "5", "5", "6"]
