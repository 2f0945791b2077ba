"""Predictions of rows: pooled, clustered, written and read."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motet.errors import DataError, MotetError
from motet.evaluation import Predictions
from motet.tasks import Binary, Multiclass, Multilabel, Regression, Task
from motet.tasks.settings import BinarySettings, MulticlassSettings, MultilabelSettings, RegressionSettings

_TASKS: list[Task] = [
    Multiclass(MulticlassSettings(), "classes", ("a, b", 'say "hi"', "z\nz")),
    Binary(BinarySettings(), "binary", ("no", "yes")),
    Multilabel(MultilabelSettings(), "labels", ("a", "b", "c")),
    Regression(RegressionSettings(), "numbers", ("x", "y")),
]


def _predictions(task: Task, *, fold: str = "1", seed: int = 0, rows: int = 20) -> Predictions:
    generator = np.random.default_rng(seed)
    probabilities = task.probabilities(generator.normal(size=(rows, task.output_size)))
    targets: Any = generator.integers(0, len(task.labels), rows)
    if task.target_shape:
        targets = generator.integers(0, 2, (rows, task.output_size))
    return Predictions.of(
        task,
        [f"clip {row}.wav" for row in range(rows)],
        probabilities,
        targets.astype(task.target_dtype),
        data_set="set",
        groups=[f"g{row // 4}" if row < 12 else None for row in range(rows)],
        fold=fold,
        seed=seed,
    )


def _assert_equal(one: Predictions, other: Predictions) -> None:
    assert one.task == other.task
    for name in ("data_sets", "ids", "groups", "folds", "seeds", "probabilities", "decisions", "targets"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name, strict=True)


@pytest.mark.parametrize("task", _TASKS, ids=lambda task: task.name)
def test_a_file_returns_every_bit(task: Task, tmp_path: Path) -> None:
    pooled = Predictions.concatenate([_predictions(task, fold="1", seed=3), _predictions(task, fold="2", seed=4)])
    pooled.to_csv(tmp_path / "new" / "predictions.csv", task)
    _assert_equal(Predictions.from_csv(tmp_path / "new" / "predictions.csv", task), pooled)


def test_a_file_can_be_read_by_a_person(tmp_path: Path) -> None:
    task = _TASKS[1]
    predictions = Predictions.of(task, ["a"], np.array([[0.75]]), np.array([0]), data_set="set", groups=["g"], seed=7)
    predictions.to_csv(tmp_path / "p.csv", task)
    expected = "data_set,id,group,fold,seed,target,decision,probability.yes\nset,a,g,1,7,no,yes,0.75\n"
    assert (tmp_path / "p.csv").read_text(encoding="utf-8") == expected


def test_several_labels_and_values_have_columns_of_their_own(tmp_path: Path) -> None:
    for task, words in ((_TASKS[2], "probability"), (_TASKS[3], "value")):
        _predictions(task).to_csv(tmp_path / "p.csv", task)
        header = (tmp_path / "p.csv").read_text(encoding="utf-8").splitlines()[0].split(",")[5:]
        names = task.labels
        expected = [f"{word}.{name}" for word in ("target", "decision", words) for name in names]
        assert header == expected


def test_no_rows_are_written_and_read(tmp_path: Path) -> None:
    task = _TASKS[0]
    none = _predictions(task).select(np.zeros(20, dtype=bool))
    none.to_csv(tmp_path / "p.csv", task)
    assert len(Predictions.from_csv(tmp_path / "p.csv", task)) == 0


def test_rows_of_a_group_are_one_cluster_and_others_stand_alone() -> None:
    predictions = _predictions(_TASKS[0])
    clusters = predictions.clusters()
    assert len(np.unique(clusters)) == clusters.max() + 1 == 3 + 8
    assert len(set(clusters[:4].tolist())) == 1
    both = Predictions.concatenate([predictions, _predictions(_TASKS[0], seed=1)])
    np.testing.assert_array_equal(both.clusters()[:20], both.clusters()[20:])


def test_groups_of_two_data_sets_differ() -> None:
    task = _TASKS[1]
    probabilities, targets = np.full((2, 1), 0.5), np.array([0, 1])
    same = ["speaker", "speaker"]
    predictions = Predictions.of(task, ["1", "1"], probabilities, targets, data_set=["a", "b"], groups=same)
    assert predictions.clusters().tolist() == [0, 1]


def test_models_are_told_apart_by_fold_and_seed() -> None:
    parts = [_predictions(_TASKS[0], fold=fold, seed=seed, rows=3) for fold in ("2", "1") for seed in (5, 4)]
    models = [(fold, seed, rows.tolist()) for fold, seed, rows in Predictions.concatenate(parts).models()]
    assert models == [("2", 5, [0, 1, 2]), ("2", 4, [3, 4, 5]), ("1", 5, [6, 7, 8]), ("1", 4, [9, 10, 11])]


def test_a_broken_model_is_named() -> None:
    probabilities = np.array([[0.5], [np.nan], [np.inf]])
    with pytest.raises(MotetError, match=r"task 'binary': .* not finite for 2 of 3 rows \(first 'b'\)"):
        Predictions.of(_TASKS[1], ["a", "b", "c"], probabilities, np.zeros(3, int), data_set="set")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read"),
        ("data_set,id\n", "no column or label 'probability.yes' of task 'binary'"),
        ("data_set,id,group,fold,seed,target,decision,probability.yes\ns,a,,1,0,no,maybe,0.5\n", "label 'maybe'"),
        ("data_set,id,group,fold,seed,target,decision,probability.yes\ns,a,,1,0,no,yes,half\n", "half"),
        ("data_set,id,group,fold,seed,target,decision,probability.yes\ns,a,,1,0,no\n", "cannot be read"),
    ],
)
def test_other_files_are_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        Predictions.from_csv(path, _TASKS[1])


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"p\.csv: predictions cannot be read"):
        Predictions.from_csv(tmp_path / "p.csv", _TASKS[1])
