from pathlib import Path
from typing import Any

import numpy as np
import pytest

import motet
from motet.errors import ConfigError, DataError
from motet.sources.edf import Edf
from motet.sources.example import Event
from motet.sources.settings import EdfSettings
from motet.testing import check_source

edfio = pytest.importorskip("edfio")
ANNOTATIONS = ((0.0, 1.0, "T0"), (1.0, 1.0, "T1"), (2.0, 1.0, "T0"), (3.0, 1.0, "T2"), (4.5, None, "blink"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return two runs of each of two subjects, 5 s of two channels."""
    for subject in (1, 2):
        for run in (3, 4):
            values = np.random.default_rng([subject, run]).uniform(-50, 50, (2, 500))
            signals = [
                edfio.EdfSignal(row, 100.0, label=label) for row, label in zip(values, ("C3", "C4"), strict=True)
            ]
            known = [edfio.EdfAnnotation(*one) for one in ANNOTATIONS]
            edfio.Edf(signals, annotations=known).write(tmp_path / f"S{subject:03}R{run:02}.edf")
    return tmp_path


def listed(folder: Path, **settings: Any) -> list[motet.Example]:
    return list(Edf(EdfSettings(path=str(folder), **settings)).examples())


def test_files_with_their_events(folder: Path) -> None:
    examples = listed(folder, pattern="S{subject}R{run:d}.edf", group="subject")
    assert [example.id for example in examples] == ["S001R03.edf", "S001R04.edf", "S002R03.edf", "S002R04.edf"]
    first = examples[0]
    assert (first.group, first.targets["run"]) == ("001", 3)
    assert first.targets["event"] == (
        Event(0.0, 1.0, "T0"),
        Event(1.0, 2.0, "T1"),
        Event(2.0, 3.0, "T0"),
        Event(3.0, 4.0, "T2"),
        Event(4.5, 4.5, "blink"),
    )
    assert Edf(EdfSettings(path=str(folder))).tasks() == {"event": {"kind": "events"}}


def test_an_example_for_every_annotation(folder: Path) -> None:
    examples = listed(folder, cut=True, task="fist", labels={"T1": "left", "T2": "right"})
    assert [example.targets["fist"] for example in examples] == ["left", "right"] * 4
    assert examples[0].id == "S001R03.edf#1-2"
    assert examples[0].group == "S001R03.edf"
    part = examples[0].inputs["signal"].read()
    whole = motet.Recording.of(folder / "S001R03.edf").read()
    assert np.array_equal(part.values, whole.values[:, 100:200])


@pytest.mark.parametrize("cut", [True, False])
def test_a_label_that_no_annotation_has_is_refused(folder: Path, cut: bool) -> None:
    with pytest.raises(DataError, match=r"no annotation is T9; there is T0, T1, T2, blink: correct `labels`"):
        listed(folder, cut=cut, labels={"T1": "left", "T9": "right"})


def test_pieces_of_another_span(folder: Path) -> None:
    examples = listed(folder, cut=True, labels={"T1": "left"}, start_s=-0.5, length_s=2.0)
    assert examples[0].id == "S001R03.edf#0.5-2.5"
    with pytest.raises(DataError, match=r"from 3 to 6 s leaves the recording.*\n.*|incomplete: skip"):
        listed(folder, cut=True, labels={"T1": "left", "T2": "right"}, length_s=3.0)
    kept = listed(folder, cut=True, labels={"T1": "left", "T2": "right"}, length_s=3.0, incomplete="skip")
    assert [example.targets["event"] for example in kept] == ["left"] * 4
    with pytest.raises(DataError, match=r"'blink' at 4.5 s has no duration; set length_s"):
        listed(folder, cut=True)


def test_wrong_settings_are_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match="need cut: true"):
        motet.Experiment(data={"eeg": {"source": {"kind": "edf", "path": str(folder), "length_s": 1.0}}})
    with pytest.raises(ConfigError, match="group names 'subject', which is not there"):
        motet.Experiment(data={"eeg": {"source": {"kind": "edf", "path": str(folder), "group": "subject"}}})
    with pytest.raises(DataError, match="does not match"):
        listed(folder, pattern="X{subject}.edf")
    with pytest.raises(DataError, match=r"holds no .edf or .bdf files"):
        listed(folder, exclude=["*.edf"])


@pytest.mark.parametrize("cut", [True, False])
def test_the_contract_is_kept(folder: Path, cut: bool) -> None:
    check_source({"kind": "edf", "path": str(folder), "cut": cut, "labels": {"T1": "left", "T2": "right"}})


def test_real_recordings_keep_the_contract(motet_data: Path) -> None:
    runs = {"kind": "edf", "path": str(motet_data / "eegmmidb"), "exclude": ["*R05*", "*R06*"]}
    check_source({**runs, "cut": True, "labels": {"T1": "left", "T2": "right"}}, decoded=4)
    examples = list(Edf(EdfSettings.model_validate({**runs, "exclude": ("*R05*", "*R06*")})).examples())
    assert len(examples) == 4
    assert {event.label for event in examples[0].targets["event"]} == {"T0", "T1", "T2"}  # type: ignore[union-attr]
