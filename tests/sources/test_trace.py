"""Annotations over time, and the files that they are read from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motet.data.dataset import DataSet
from motet.data.identity import digest_rows
from motet.errors import ConfigError, DataError
from motet.signals.recording import Recording
from motet.sources.example import Example
from motet.sources.filenames import Filenames
from motet.sources.settings import FilenamesSettings, TableSettings, TraceSettings
from motet.sources.table import Table
from motet.sources.trace import Trace
from motet.sources.trace_files import read_trace


def _read(path: Path, **settings: Any) -> Trace:
    return read_trace(path, TraceSettings.model_validate({"file": "f", **settings}))


def test_equal_content_is_equal_and_what_cannot_be_is_refused() -> None:
    one, same = Trace([0, 1], [2, 3]), Trace(np.array([0.0, 1.0]), np.array([[2.0], [3.0]]))
    assert one == same
    assert hash(one) == hash(same)
    assert one != Trace([0, 1], [2, 4])
    assert one.plain() == [[], [0.0, 1.0], [[2.0], [3.0]]]
    assert one.between(0.5, None) == Trace([0.5], [3])
    assert one.between(5.0, None) is None
    assert repr(Trace([0, 0.5], [2, 3], ["pain"])) == "<Trace of 2 moments from 0 to 0.5 s (pain)>"
    for times, values, message in (
        ([0, 0], [1, 2], "do not ascend"),
        ([0, np.nan], [1, 2], "not finite"),
        ([], [], "at least one moment"),
        ([0, 0.5], [np.nan, np.inf], r"value of a trace at 0\.5 s is infinite"),
        ([0, 1], [1, 2, 3], r"\[2\] times and \[3, 1\] values"),
    ):
        with pytest.raises(DataError, match=message):
            Trace(times, values)
    with pytest.raises(DataError, match="1 values and 2 names"):
        Trace([0], [1], ("a", "b"))


def test_a_data_set_is_known_by_its_traces() -> None:
    sets = [
        DataSet.of("one", [Example("a", {"signal": Recording(None)}, {"effort": Trace([0, 1], [0.5, value])})])  # type: ignore[arg-type]
        for value in (0.1, 0.1, np.nan)
    ]
    digests = [digest_rows(one) for one in sets]
    assert digests[0] == digests[1] != digests[2]
    assert sets[0].describe()["targets"] == {"effort": {"missing": 0, "moments": 2, "values": []}}


def test_tables_of_times_and_values(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name;time;arousal;valence\nx;0.0;0.1;-0.2\nx;0.04;NaN;0\nx;0.08;0.3;0.1\n")
    found = _read(path)
    assert found.names == ("arousal", "valence")
    assert found.times_s.tolist() == [0.0, 0.04, 0.08]
    np.testing.assert_array_equal(found.values, [[0.1, -0.2], [np.nan, 0.0], [0.3, 0.1]])
    assert _read(path, values=["valence"], start_s=-1.0) == Trace([-1.0, -0.96, -0.92], [-0.2, 0.0, 0.1], ["valence"])
    assert _read(path, values=["valence"], rate_hz=10.0).times_s.tolist() == [0.0, 0.1, 0.2]
    with pytest.raises(ConfigError, match="there is no column 'valense'; did you mean 'valence'"):
        _read(path, values=["valense"])
    path.write_text("time,arousal\n0.0,0.1\n0.0,0.2\n")
    with pytest.raises(DataError, match=r"a.csv: the times of a trace do not ascend"):
        _read(path)
    path.write_text("time,arousal\n0.0,high\n")
    with pytest.raises(DataError, match=r"a.csv: has no column of numbers"):
        _read(path)
    with pytest.raises(DataError, match=r"a.csv:2: arousal is 'high', which is no number"):
        _read(path, values=["arousal"])
    with pytest.raises(DataError, match=r"none.csv: there is no such file"):
        _read(tmp_path / "none.csv")


def test_arrays_at_a_rate(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.arange(6.0).reshape(3, 2))
    assert _read(path, rate_hz=25.0, values=["a", "b"]) == Trace([0, 0.04, 0.08], [[0, 1], [2, 3], [4, 5]], ["a", "b"])
    with pytest.raises(ConfigError, match=r"a.npy: holds no times; set rate_hz in `traces`"):
        _read(path)
    np.save(path, np.array(["a"]))
    with pytest.raises(DataError, match=r"a.npy: holds <U1 of shape \[1\]"):
        _read(path, rate_hz=25.0)


def test_annotations_beside_files_and_in_tables(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    for name in ("anna_01", "bert_02"):
        (tmp_path / f"{name}.wav").touch()
        (tmp_path / "labels" / f"{name}.csv").write_text("time,arousal\n0,0.5\n1,0.25\n2,0\n")
    settings = {
        "path": str(tmp_path),
        "pattern": "{speaker}_{index:d}.wav",
        "traces": {"affect": {"file": "labels/{speaker}_{index}.csv"}},
    }
    source = Filenames(FilenamesSettings.model_validate(settings))
    assert [example.targets["affect"] for example in source.examples()] == [
        Trace([0, 1, 2], [0.5, 0.25, 0], ["arousal"])
    ] * 2
    assert source.tasks()["affect"] == {"kind": "time_regression"}
    (tmp_path / "all.csv").write_text(
        "path,start,labels\nanna_01.wav,0,labels/anna_01.csv\nanna_01.wav,1,labels/anna_01.csv\nbert_02.wav,0,\n"
    )
    table = Table(
        TableSettings.model_validate(
            {"path": str(tmp_path / "all.csv"), "start": "start", "traces": {"affect": {"file": "labels"}}}
        )
    )
    first, later, without = table.examples()
    assert first.targets["affect"] == Trace([0, 1, 2], [0.5, 0.25, 0], ["arousal"])
    assert later.targets["affect"] == Trace([0, 1], [0.25, 0], ["arousal"])
    assert "affect" not in without.targets
    assert table.tasks() == {"affect": {"kind": "time_regression"}}
    with pytest.raises(ValueError, match="traces names 'speaker', which is a target already"):
        FilenamesSettings.model_validate({**settings, "traces": {"speaker": {"file": "{speaker}.csv"}}})
    (tmp_path / "labels" / "bert_02.csv").unlink()
    with pytest.raises(DataError, match=r"bert_02.wav: its affect labels/bert_02.csv is not there"):
        list(source.examples())
