from pathlib import Path
from typing import Any

import pytest

from motet.errors import ConfigError, DataError
from motet.signals.readers.audio import AudioFile
from motet.sources.example import Example
from motet.sources.maps import NumpyMap
from motet.sources.settings import TableSettings
from motet.sources.table import Table

CLIPS = """path,emotion,dog,cat,valence,arousal,tags,age,speaker,fold,split,start,end
a/1.wav,1,1,0,0.5,-1,loud;near,30,anna,1,train,,
a/2.wav,2,0,0,0.25,0,near,41.5,bert,2,test,1.5,3
a/2.wav,1,1,1,1,1,,,bert,2,valid,3,
"""


def source(folder: Path, text: str = CLIPS, **settings: Any) -> Table:
    """Write a table and return its source."""
    path = folder / "clips.csv"
    path.write_text(text)
    return Table(TableSettings.model_validate({"path": str(path), "start": "start", "end": "end", **settings}))


def listed(folder: Path, text: str = CLIPS, **settings: Any) -> list[Example]:
    """Return the examples of a table."""
    return list(source(folder, text, **settings).examples())


def test_columns_become_targets(tmp_path: Path) -> None:
    targets = {
        "emotion": "emotion",
        "pets": ["dog", "cat"],
        "mood": ["valence", "arousal"],
        "tags": {"columns": "tags", "separator": ";"},
        "age": "age",
        "presence": {"columns": ["dog", "cat"], "values": "numbers"},
    }
    first, second, third = source(tmp_path, targets=targets, labels={"emotion": {"1": "calm", "2": "sad"}}).examples()
    assert dict(first.targets) == {
        "emotion": "calm",
        "pets": {"dog"},
        "mood": (0.5, -1.0),
        "tags": {"loud", "near"},
        "age": 30.0,
        "presence": (1.0, 0.0),
    }
    assert (second.targets["emotion"], second.targets["pets"], second.targets["age"]) == ("sad", frozenset(), 41.5)
    assert set(targets) - set(third.targets) == {"tags", "age"}
    assert source(tmp_path, targets=targets).tasks() == {
        "emotion": {"kind": "multiclass"},
        "pets": {"kind": "multilabel"},
        "mood": {"kind": "regression"},
        "tags": {"kind": "multilabel"},
        "age": {"kind": "regression"},
        "presence": {"kind": "regression"},
    }


def test_columns_become_groups_folds_and_partitions(tmp_path: Path) -> None:
    first, second, third = listed(tmp_path, group="speaker", fold="fold", partition="split")
    assert [first.group, second.group, third.group] == ["anna", "bert", "bert"]
    assert first.folds == {"1": "test", "2": "train"}
    assert second.folds is third.folds
    assert [first.partition, second.partition, third.partition] == ["train", "test", "dev"]
    by_rule = listed(tmp_path, partition={"test": {"valence": {"above": 0.5}}})
    assert [example.partition for example in by_rule] == ["train", "train", "test"]


def test_spans_are_read_and_named(tmp_path: Path) -> None:
    first, second, third = listed(tmp_path)
    assert [first.id, second.id, third.id] == ["a/1.wav", "a/2.wav#1.5-3", "a/2.wav#3-"]
    recording = second.inputs["signal"]
    assert (recording.start_s, recording.end_s) == (1.5, 3.0)
    assert recording.reader == AudioFile(tmp_path / "a/2.wav")
    assert (third.inputs["signal"].start_s, third.inputs["signal"].end_s) == (3.0, None)


def test_paths_start_at_the_root(tmp_path: Path) -> None:
    (example,) = listed(tmp_path, "path\n../x//y.wav\n", start=None, end=None, root=str(tmp_path / "audio"))
    assert example.inputs["signal"].reader == AudioFile(tmp_path / "audio" / "../x//y.wav")
    assert example.id == "../x/y.wav"


def test_absolute_paths_get_an_id_that_is_the_same_everywhere(tmp_path: Path) -> None:
    plain: dict[str, Any] = {"start": None, "end": None}
    (example,) = listed(tmp_path, f"path\n{tmp_path / 'a' / 'b.wav'}\n", **plain)
    assert example.id == "a/b.wav"
    with pytest.raises(DataError, match=r"clips\.csv:2: .*b\.wav does not lie below .*; set `root`, or name a column"):
        listed(tmp_path, f"path\n{tmp_path.parent / 'b.wav'}\n", **plain)
    (example,) = listed(tmp_path, f"path,name\n{tmp_path.parent / 'b.wav'},x\n", **plain, id="name")
    assert example.id == "x"


def test_rows_may_be_finished_maps(tmp_path: Path) -> None:
    (example,) = listed(tmp_path, "path\na.npy\n", start=None, end=None, content="maps", rate_hz=100)
    assert example.inputs["signal"].reader == NumpyMap(tmp_path / "a.npy", 100.0)
    with pytest.raises(ConfigError, match=r"source\.rate_hz is not given: finished feature maps need it"):
        listed(tmp_path, "path\na.npy\n", start=None, end=None, content="maps")


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        (
            "path,start,end\na,2,1\nb,-1,\nc,0,0\n",
            {},
            r"(?s)csv:2: the span is 2 s to 1 s.*csv:3:.*csv:4:.*correct these",
        ),
        ("path,start,end\na,x,\n", {}, r"csv:2: start is 'x', which is not a finite number"),
        ("path,start,end\na,,\nb,,\na,,\n", {}, r"(?s)csv:4: 'a' stands in line 2 too.*`start` and `end`, or `id`"),
        ("path,start,end\n,1,\n", {}, r"csv:2: path is missing"),
        ("path,start,end,f\na,,,1\nb,,,\n", {"fold": "f"}, r"(?s)csv:3: f is missing.*fill in the fold"),
        ("path,start,end,p\na,,,held\n", {"partition": "p"}, r"csv:2: the partition is 'held'; it must be"),
        ("path,start,end,l\na,,,7\n", {"targets": {"l": "l"}, "labels": {"l": {"1": "x"}}}, r"csv:2: l is '7'"),
    ],
)
def test_rows_that_do_not_fit_are_refused(tmp_path: Path, text: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        listed(tmp_path, text, **settings)


def test_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no column 'emotoin'; did you mean 'emotion'\?"):
        listed(tmp_path, targets={"emotion": "emotoin"})


def test_other_recordings_of_an_example_have_columns_of_their_own(tmp_path: Path) -> None:
    text = "noisy,clean,start,end\nn/1.wav,c/1.wav,0.5,2\n"
    (found,) = listed(tmp_path, text, recording="noisy", beside={"clean": "clean"})
    readers = {name: (recording.reader, recording.start_s) for name, recording in found.inputs.items()}
    assert readers == {
        "signal": (AudioFile(tmp_path / "n/1.wav"), 0.5),
        "clean": (AudioFile(tmp_path / "c/1.wav"), 0.5),
    }
    assert found.id == "n/1.wav#0.5-2"
    with pytest.raises(ConfigError, match="no column 'cleen'; did you mean 'clean'"):
        listed(tmp_path, text, recording="noisy", beside={"clean": "cleen"})
    with pytest.raises(DataError, match=r"clips.csv:2: clean is missing"):
        listed(tmp_path, "noisy,clean,start,end\nn/1.wav,,,\n", recording="noisy", beside={"clean": "clean"})
