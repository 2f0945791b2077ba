import math
from pathlib import Path

import pytest

from motet.errors import ConfigError, DataError
from motet.runs.folder import RunFolder, finite, open_existing, read_json, write_json


def test_places(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    fold = folder.fold(7, 2)
    assert fold.path == tmp_path / "seed-7" / "fold-2"
    assert fold.epoch(12).name == "epoch-0012.safetensors"
    names = [fold.metrics, fold.last, fold.best, fold.scores, fold.predictions, fold.tensorboard]
    assert [path.name for path in names] == [
        "metrics.jsonl", "last.safetensors", "best.safetensors", "scores.json", "predictions", "tensorboard"
    ]  # fmt: skip


def test_folds_are_those_that_were_begun_in_order(tmp_path: Path) -> None:
    for name in ("seed-2/fold-1", "seed-1/fold-10", "seed-1/fold-9", "seed-1/notes", "seed-x/fold-1", "other/fold-1"):
        (tmp_path / name).mkdir(parents=True)
    assert RunFolder(tmp_path).folds() == [(1, 9), (1, 10), (2, 1)]


def test_what_killed_writers_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    fold = folder.fold(1, 1)
    for place in (folder.path, folder.code, fold.path, fold.predictions, tmp_path / "other"):
        place.mkdir(parents=True, exist_ok=True)
        for name in (".data.json.0123456789ab.tmp", "kept.json"):
            (place / name).write_bytes(b"torn")
    folder.remove_stale()
    assert [path.parent for path in tmp_path.rglob("*.tmp")] == [tmp_path / "other"]
    assert len(list(tmp_path.rglob("kept.json"))) == 5


def test_a_folder_of_something_else_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is not the folder of a run \(it has no experiment\.yaml\); name what -o"):
        open_existing(tmp_path)
    (tmp_path / "experiment.yaml").write_text("name: here\n")
    assert open_existing(tmp_path).path == tmp_path


def test_documents_are_strict_json(tmp_path: Path) -> None:
    path = tmp_path / "new" / "result.json"
    write_json(path, {"z": math.nan, "a": [1.5, -math.inf, (2, "x")], "deep": {"value": math.inf}})
    assert read_json(path) == {"z": None, "a": [1.5, None, [2, "x"]], "deep": {"value": None}}
    assert path.read_text().index('"z"') < path.read_text().index('"a"'), "keys as they come"
    assert path.read_text().endswith("}\n")
    assert list(path.parent.iterdir()) == [path]


def test_finite_changes_nothing_else() -> None:
    document = {"a": [1, 2.5, "nan", None, True], "b": {}}
    assert finite(document) == document


@pytest.mark.parametrize("content", [b"", b'{"a": 1', b"\xff\xfe"])
def test_a_damaged_document_is_to_be_deleted(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"data\.json: is damaged .*; delete it, and run the same `motet train` again"):
        read_json(path)


def test_a_missing_document_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data\.json: cannot be read .*; run `motet train` again to rebuild it"):
        read_json(tmp_path / "data.json")
