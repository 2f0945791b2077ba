from pathlib import Path
from typing import Any

import pytest

from motet.errors import ConfigError, DataError
from motet.sources.corpora.dcase_events import DcaseEvents
from motet.sources.corpora.settings import DcaseEventsSettings
from motet.sources.example import Event, Example
from tests.sources.conftest import Tree

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
