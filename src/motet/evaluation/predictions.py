"""What was predicted for every test row, by every fold and seed, and its CSV file.

A row is one example as one trained model saw it, its segments merged. Of a task of frames, target and decision of a row
are lists of entries, written as JSON, and the probabilities of all frames lie in a file of tensors beside the CSV file.
Axes: n rows, K outputs, T frames.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet.errors import DataError, MotetError
from motet.evaluation.frame_file import frames_beside, read_frames, write_frames
from motet.files import atomic_write
from motet.tasks.frames import FrameTask, as_objects
from motet.tasks.task import Task

Texts = NDArray[np.str_]

csv.field_size_limit(1 << 30)  # a cell holds the values of all frames of a recording
_KEYS = ("data_set", "id", "group", "fold", "seed")


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Predictions of one task; every array has n rows.

    Parameters
    ----------
    task
        The name of the task.
    data_sets, ids
        Which example; an id is unique in its data set.
    groups
        The group of each example; empty text where it has none.
    folds, seeds
        Which model.
    probabilities
        Merged over segments, float64, shape [n, K]; values of a regression. Of a task of frames, objects [n].
    decisions, targets
        Encoded by the task. Decisions are kept because each model has its own thresholds.
    """

    task: str
    data_sets: Texts
    ids: Texts
    groups: Texts
    folds: Texts
    seeds: NDArray[np.int64]
    probabilities: NDArray[Any]
    decisions: NDArray[Any]
    targets: NDArray[Any]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.ids)

    @classmethod
    def of(
        cls,
        task: Task,
        ids: Sequence[str],
        probabilities: NDArray[Any],
        targets: NDArray[Any],
        *,
        data_set: str | Sequence[str],
        groups: Sequence[str | None] | None = None,
        fold: str = "1",
        seed: int = 0,
    ) -> "Predictions":
        """Take the predictions of one model and let the task decide.

        Parameters
        ----------
        data_set
            The data set of all rows, or of each.
        groups
            The group of each row, None where it has none.

        Raises
        ------
        MotetError
            If a prediction is not finite: the model is broken.
        """
        rows = len(ids)
        broken = np.flatnonzero(~task.finite(probabilities))
        if len(broken):
            raise MotetError(
                f"task {task.name!r}: the model predicts values that are not finite for {len(broken)} of {rows} rows "
                f"(first {ids[broken[0]]!r}); train with a lower learning rate or with training.clip_norm: 1.0"
            )
        return cls(
            task=task.name,
            data_sets=_texts([data_set] * rows if isinstance(data_set, str) else data_set),
            ids=_texts(ids),
            groups=_texts([group or "" for group in groups] if groups is not None else [""] * rows),
            folds=_texts([fold] * rows),
            seeds=np.full(rows, seed, dtype=np.int64),
            probabilities=probabilities,
            decisions=task.decide(probabilities),
            targets=targets,
        )

    @classmethod
    def concatenate(cls, parts: Sequence["Predictions"]) -> "Predictions":
        """Pool the predictions of one task over data sets, folds and seeds."""
        assert len({part.task for part in parts}) == 1, "predictions of several tasks cannot be pooled"
        columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS}
        return cls(parts[0].task, **columns)

    def select(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Predictions":
        """Return some rows, by number or by flag."""
        return Predictions(self.task, **{name: getattr(self, name)[rows] for name in _COLUMNS})

    def clusters(self) -> NDArray[np.int64]:
        """Return codes [n] of what is independent of the rest: a data set's groups, or examples without group."""
        named = zip(self.data_sets.tolist(), self.groups.tolist(), self.ids.tolist(), strict=True)
        keys = [f"{data_set}\ngroup {group}" if group else f"{data_set}\nid {id_}" for data_set, group, id_ in named]
        return np.unique(keys, return_inverse=True)[1].astype(np.int64)

    def models(self) -> Iterator[tuple[str, int, NDArray[np.int64]]]:
        """Yield fold, seed and row numbers of every model, in the order of appearance."""
        codes: dict[tuple[str, int], list[int]] = {}
        for row, key in enumerate(zip(self.folds.tolist(), self.seeds.tolist(), strict=True)):
            codes.setdefault(key, []).append(row)
        for (fold, seed), rows in codes.items():
            yield fold, seed, np.array(rows, dtype=np.int64)

    def to_csv(self, path: Path, task: Task) -> None:
        """Write one line per row: what it is, its target, its decision, and every probability.

        Labels stand by their names. A task with several labels or values has a column for each: `target.NAME`,
        `decision.NAME`, and `probability.NAME` (`value.NAME` of a regression). Numbers are written in full. Of a task
        of frames, the probabilities are written to `frames_beside(path)` first.
        """
        keys = (self.data_sets, self.ids, self.groups, self.folds, self.seeds)
        columns: dict[str, Sequence[Any]] = {name: part.tolist() for name, part in zip(_KEYS, keys, strict=True)}
        if isinstance(task, FrameTask):
            write_frames(frames_beside(path), self.probabilities)
            columns |= {"target": _plain(self.targets, task), "decision": _plain(self.decisions, task)}
        else:
            columns |= _encoded_columns("target", self.targets, task)
            columns |= _encoded_columns("decision", self.decisions, task)
            columns |= dict(zip(_output_columns(task), self.probabilities.T.tolist(), strict=True))
        with atomic_write(path) as file, io.TextIOWrapper(file, encoding="utf-8", newline="") as text:
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))

    @classmethod
    def from_csv(cls, path: Path, task: Task) -> "Predictions":
        """Read what `to_csv` wrote.

        Raises
        ------
        DataError
            If the file is missing, or is not one of this task's predictions.
        """
        try:
            with path.open(encoding="utf-8", newline="") as file:
                header, *lines = csv.reader(file)
            columns = dict(zip(header, zip(*lines, strict=True) if lines else [()] * len(header), strict=True))
            if isinstance(task, FrameTask):
                return cls._parse_framed(columns, task, read_frames(frames_beside(path)))
            return cls._parse(columns, task)
        except KeyError as error:
            problem = f"there is no column or label {error} of task {task.name!r}; take the file of that task"
        except (OSError, ValueError, csv.Error) as error:
            problem = f"predictions cannot be read ({error}); predict again"
        raise DataError(f"{path}: {problem}")

    @classmethod
    def _parse(cls, columns: Mapping[str, Sequence[str]], task: Task) -> "Predictions":
        probabilities = [np.array(columns[name], dtype=np.float64) for name in _output_columns(task)]
        return cls(
            task=task.name,
            data_sets=_texts(columns["data_set"]),
            ids=_texts(columns["id"]),
            groups=_texts(columns["group"]),
            folds=_texts(columns["fold"]),
            seeds=np.array(columns["seed"], dtype=np.int64),
            probabilities=np.stack(probabilities, axis=1),
            decisions=_encoded("decision", columns, task).astype(task.decision_dtype),
            targets=_encoded("target", columns, task).astype(task.target_dtype),
        )

    @classmethod
    def _parse_framed(
        cls, columns: Mapping[str, Sequence[str]], task: FrameTask, frames: NDArray[Any]
    ) -> "Predictions":
        targets, decisions = (
            as_objects(task.from_plain(json.loads(text)) for text in columns[word]) for word in ("target", "decision")
        )
        if len(frames) != len(targets):
            raise ValueError(f"there are {len(targets)} rows and the frames of {len(frames)}")
        return cls(
            task=task.name,
            data_sets=_texts(columns["data_set"]),
            ids=_texts(columns["id"]),
            groups=_texts(columns["group"]),
            folds=_texts(columns["fold"]),
            seeds=np.array(columns["seed"], dtype=np.int64),
            probabilities=frames,
            decisions=decisions,
            targets=targets,
        )


_COLUMNS = tuple(field.name for field in fields(Predictions) if field.name != "task")


def _texts(values: Sequence[str]) -> Texts:
    return np.array(values, dtype=np.str_)


def _plain(encoded: NDArray[Any], task: FrameTask) -> list[str]:
    return [json.dumps(task.to_plain(row), ensure_ascii=False) for row in encoded]


def _output_columns(task: Task) -> list[str]:
    word = "value" if task.decision_dtype.kind == "f" else "probability"
    return [f"{word}.{name}" for name in task.output_names]


def _encoded_columns(word: str, encoded: NDArray[Any], task: Task) -> dict[str, Sequence[Any]]:
    if encoded.ndim == 1:
        return {word: task.decode(encoded)}
    numbers = encoded if task.decision_dtype.kind == "f" else encoded.astype(np.int64)
    return {f"{word}.{name}": column.tolist() for name, column in zip(task.labels, numbers.T, strict=True)}


def _encoded(word: str, columns: Mapping[str, Sequence[str]], task: Task) -> NDArray[Any]:
    if not task.target_shape:
        codes = {label: code for code, label in enumerate(task.labels)}
        return np.array([codes[label] for label in columns[word]], dtype=np.int64)
    return np.stack([np.array(columns[f"{word}.{name}"], dtype=np.float64) for name in task.labels], axis=1)
