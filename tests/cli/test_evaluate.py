import json
from pathlib import Path

from tests.cli.conftest import Motet


def test_the_best_epoch_on_test_rows_is_the_result_of_the_run(motet: Motet, finished: Path) -> None:
    document = json.loads(motet("evaluate", finished, "--json").out)
    result = json.loads((finished / "result.json").read_text())
    assert list(document) == ["schema", "run", "epoch", "part", "folds", "tasks"]
    assert (document["epoch"], document["part"]) == ("best", "test")
    assert document["tasks"] == result["tasks"]


def test_figures_are_printed_as_training_prints_them(motet: Motet, experiment: Path, finished: Path) -> None:
    trained = motet("train", experiment, "-o", finished).out
    assert motet("evaluate", finished).out == trained.split("\n\n")[0] + "\n"


def test_an_epoch_that_was_not_kept_is_refused(motet: Motet, finished: Path) -> None:
    said = motet("evaluate", finished, "--epoch", 1)
    assert said.code == 2
    assert "--epoch 1:" in said.err
    assert "keeps best, last; set training.keep: all" in said.err
