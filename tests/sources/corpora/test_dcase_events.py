from pathlib import Path
from typing import Any

import pytest

from motet.errors import ConfigError, DataError
from motet.sources.corpora.dcase_events import DcaseEvents
from motet.sources.corpora.settings import DcaseEventsSettings
from motet.sources.example import Event, Example
from tests.sources.conftest import Tree
from tests.sources.corpora.layouts import write_layout

FIRST, SECOND = "audio/street/a001.wav", "audio/street/a003.wav"
CAR = f"{FIRST}\tstreet\t1.5\t4.25\tcar\n"
STEPS = f"{FIRST}\tstreet\t0.0\t9.0\tpeople walking\n"
BRAKES = f"{SECOND}\tstreet\t2.0\t2.5\tbrakes squeaking\n"


@pytest.fixture
def folder(tree: Tree) -> Path:
    made = tree([FIRST, SECOND, "meta/street/a001.ann"])
    setup = made / "evaluation_setup"
    setup.mkdir()
    (setup / "street_fold1_train.txt").write_text(CAR + STEPS)
    (setup / "street_fold1_test.txt").write_text(f"{SECOND}\tstreet\n")
    (setup / "street_fold1_evaluate.txt").write_text(BRAKES)
    (setup / "street_fold2_train.txt").write_text(BRAKES)
    (setup / "street_fold2_evaluate.txt").write_text(CAR + STEPS)
    return made


def listed(folder: Path, **settings: Any) -> list[Example]:
    return list(DcaseEvents(DcaseEventsSettings(path=str(folder), **settings)).examples())


def test_events_come_once_and_in_order(folder: Path) -> None:
    first, second = listed(folder)
    assert first.targets["events"] == (Event(0.0, 9.0, "people walking"), Event(1.5, 4.25, "car"))
    assert second.targets["events"] == (Event(2.0, 2.5, "brakes squeaking"),)
    assert (first.id, first.group, first.folds) == (FIRST, "audio/street/a001", {"1": "train", "2": "test"})


def test_one_of_several_scenes_is_named(folder: Path) -> None:
    (folder / "evaluation_setup/home_fold1_train.txt").write_text("audio/home/b.wav\thome\t1\t2\tdishes\n")
    assert len(listed(folder, scene="street")) == 2
    with pytest.raises(ConfigError, match=r"source\.scene is not given: .* has lists for home, street; name one"):
        listed(folder)
    with pytest.raises(ConfigError, match=r"source\.scene is forest"):
        listed(folder, scene="forest")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (f"{FIRST}\tstreet\t4.0\t1.0\tcar\n", r"street_fold1_train\.txt:1: event 'car' lasts from 4 to 1 s"),
        (f"{FIRST}\tstreet\tx\t1.0\tcar\n", r"street_fold1_train\.txt:1: 'x' is not a time"),
        (f"{FIRST}\tstreet\t4.0\t5.0\n", r"street_fold1_train\.txt:1: has 4 cells, but an event has 5"),
    ],
)
def test_malformed_events_are_refused_with_their_place(folder: Path, row: str, problem: str) -> None:
    (folder / "evaluation_setup/street_fold1_train.txt").write_text(row)
    with pytest.raises(DataError, match=problem):
        listed(folder)


def test_pieces_hold_the_labels_that_are_heard_in_them(tmp_path: Path) -> None:
    first, second = "audio/street/a001.wav", "audio/street/a003.wav"
    train = f"{first}\tstreet\t0.0\t0.2\tcar\n{first}\tstreet\t0.15\t0.4\tpeople walking\n"
    lists = {
        "evaluation_setup/street_fold1_train.txt": train,
        "evaluation_setup/street_fold1_evaluate.txt": f"{second}\tstreet\t0.3\t0.35\tcar\n",
    }
    write_layout(tmp_path, {first: "", second: "", **lists}, duration_s=0.5)
    source = DcaseEvents(DcaseEventsSettings(path=str(tmp_path), cut_s=0.2))
    assert source.tasks() == {"events": {"kind": "multilabel"}}
    pieces = list(source.examples())
    assert [piece.id for piece in pieces] == [
        f"{name}#{span}" for name in (first, second) for span in ("0-0.2", "0.2-0.4")
    ]
    assert [piece.targets["events"] for piece in pieces] == [
        frozenset({"car", "people walking"}),
        frozenset({"people walking"}),
        frozenset(),
        frozenset({"car"}),
    ]
    assert [(piece.group, piece.folds) for piece in pieces[1:3]] == [
        (first[:-4], {"1": "train"}),
        (second[:-4], {"1": "test"}),
    ]


def test_recordings_that_are_cut_must_open(folder: Path) -> None:
    with pytest.raises(DataError, match=r"a00\d\.wav: the file is empty"):
        listed(folder, cut_s=1.0)


@pytest.fixture
def evaluation(tree: Tree) -> Path:
    """Return TUT-sound-events-2017-evaluation: in one of its recordings nothing of the target classes is heard."""
    made = tree([FIRST, SECOND])
    annotations, setup = made / "meta/street", made / "evaluation_setup"
    annotations.mkdir(parents=True)
    setup.mkdir()
    (annotations / "a001.ann").write_text("1.5\t4.25\tcar\n0.0\t9.0\tpeople walking\n")
    (annotations / "a003.ann").write_text("")
    (setup / "street_test.txt").write_text(f"{FIRST}\tstreet\n{SECOND}\tstreet\n")
    (setup / "street_evaluate.txt").write_text(CAR + STEPS)
    return made


@pytest.mark.parametrize("annotated", [False, True])
def test_an_evaluation_set_tests(evaluation: Path, annotated: bool) -> None:
    if annotated:
        (evaluation / "evaluation_setup/street_evaluate.txt").unlink()
    first, second = listed(evaluation)
    assert first.targets["events"] == (Event(0.0, 9.0, "people walking"), Event(1.5, 4.25, "car"))
    assert second.targets["events"] == ()
    assert (first.id, first.group, first.partition, first.folds) == (FIRST, "audio/street/a001", "test", None)


def test_annotations_may_name_their_recording_and_have_decimal_commas(evaluation: Path) -> None:
    (evaluation / "evaluation_setup/street_evaluate.txt").unlink()
    (evaluation / "meta/street/a001.ann").write_text(CAR)
    (evaluation / "meta/street/a003.ann").write_text("0,25\t1,5\tcar\n")
    assert [example.targets["events"] for example in listed(evaluation)] == [
        (Event(1.5, 4.25, "car"),),
        (Event(0.25, 1.5, "car"),),
    ]
    (evaluation / "meta/street/a003.ann").write_text("0.25\tcar\n")
    with pytest.raises(DataError, match=r"a003\.ann:1: has 2 cells, but a row has at least 3"):
        listed(evaluation)


def test_an_evaluation_set_whose_events_are_kept_back_cannot_test(evaluation: Path) -> None:
    (evaluation / "evaluation_setup/street_evaluate.txt").unlink()
    (evaluation / "meta/street/a003.ann").unlink()
    with pytest.raises(DataError, match=r"heard in 1 of the 2 recordings .*a003\.ann; .* cannot test"):
        listed(evaluation)


def test_pieces_of_an_evaluation_set_test(tmp_path: Path) -> None:
    files = {
        FIRST: "",
        "evaluation_setup/street_test.txt": f"{FIRST}\tstreet\n",
        "meta/street/a001.ann": "0.1\t0.3\tcar\n",
    }
    write_layout(tmp_path, files, duration_s=0.6)
    pieces = listed(tmp_path, cut_s=0.2)
    assert [(piece.targets["events"], piece.partition) for piece in pieces] == [
        (frozenset({"car"}), "test"),
        (frozenset({"car"}), "test"),
        (frozenset(), "test"),
    ]
