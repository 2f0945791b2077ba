from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motet.errors import ConfigError, DataError
from motet.features.feature_map import FeatureMap
from motet.signals.readers.text import TextFile
from motet.signals.settings import ReaderSettings
from motet.signals.signal import Signal
from motet.sources.arrays import Arrays
from motet.sources.example import Example
from motet.sources.settings import ArraysSettings

ACTIVITIES = {"1": "walk", "2": "up", "3": "down", "4": "sit", "5": "stand", "6": "lie"}
STACK = np.arange(4 * 2 * 8, dtype=np.float64).reshape(4, 2, 8)


def source(path: Path, **settings: Any) -> Arrays:
    """Return the source of a place of arrays."""
    return Arrays(ArraysSettings.model_validate({"path": str(path), "rate_hz": 50, **settings}))


def listed(path: Path, **settings: Any) -> list[Example]:
    """Return the examples of a place of arrays."""
    return list(source(path, **settings).examples())


def signal(example: Example) -> Signal:
    """Decode an example."""
    found = example.inputs["signal"].read()
    assert isinstance(found, Signal)
    return found


def test_an_archive_of_signals_and_targets(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "d.npz", X=STACK, y=np.array([1, 2, 1, 6]), who=["a", "a", "b", "b"], part=["train"] * 3 + ["test"]
    )
    examples = listed(tmp_path / "d.npz", labels={"activity": ACTIVITIES}, group="who", fold="who", partition="part")
    assert [example.id for example in examples] == ["000000", "000001", "000002", "000003"]
    assert [example.targets["activity"] for example in examples] == ["walk", "up", "walk", "lie"]
    assert [example.group for example in examples] == ["a", "a", "b", "b"]
    assert examples[2].folds == {"a": "train", "b": "test"}
    assert [example.partition for example in examples] == ["train", "train", "train", "test"]
    assert signal(examples[3]).rate_hz == 50.0
    np.testing.assert_array_equal(signal(examples[3]).values, STACK[3])


def test_a_folder_of_npy_files(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", STACK[:, 0])
    np.save(tmp_path / "y.npy", np.array([0.5, 1.5, np.nan, 2.0]))
    for path in (tmp_path, tmp_path / "X.npy"):
        examples = listed(path)
        assert [dict(example.targets) for example in examples] == [{"label": 0.5}, {"label": 1.5}, {}, {"label": 2.0}]
        np.testing.assert_array_equal(signal(examples[1]).values, STACK[1, :1])
    assert source(tmp_path).tasks() == {"label": {"kind": "regression"}}


def test_axes_may_be_swapped(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", STACK)
    example = next(source(tmp_path).examples(ReaderSettings(layout="time_first")))
    np.testing.assert_array_equal(signal(example).values, STACK[0].T)


def test_several_targets_of_several_forms(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "d.npz",
        S=STACK,
        code=np.array([[3], [1], [1], [2]]),
        tags=np.array([[1, 0], [0, 0], [1, 1], [0, 1]]),
        pose=STACK[:, :, 1] / 4,
        name=np.array(["x y", "z", "", "w"]),
    )
    named = {task: task for task in ("code", "tags", "pose", "name")}
    settings: dict[str, Any] = {"signals": "S", "targets": named, "labels": {"tags": {"0": "loud", "1": "near"}}}
    examples = listed(tmp_path / "d.npz", **settings)
    assert dict(examples[0].targets) == {"code": 3, "tags": {"loud"}, "pose": (0.25, 2.25), "name": "x y"}
    assert ["name" in example.targets for example in examples] == [True, True, False, True]
    assert [example.targets["tags"] for example in examples[1:]] == list(
        map(frozenset, ([], ["loud", "near"], ["near"]))
    )
    kinds = {task: settings["kind"] for task, settings in source(tmp_path / "d.npz", **settings).tasks().items()}
    assert kinds == {"code": "multiclass", "tags": "multilabel", "pose": "regression", "name": "multiclass"}


def test_text_matrices_are_channels(tmp_path: Path) -> None:
    (tmp_path / "sensors").mkdir()
    for channel, name in enumerate(("acc_x", "acc_y")):
        np.savetxt(tmp_path / "sensors" / f"{name}.txt", STACK[:, channel])
    (tmp_path / "activity.txt").write_text("walking fast\nsitting\n\nsitting\nlying\n")
    examples = listed(tmp_path, signals="sensors/*.txt", targets={"activity": "activity.txt"})
    assert [example.targets["activity"] for example in examples] == ["walking fast", "sitting", "sitting", "lying"]
    np.testing.assert_allclose(signal(examples[2]).values, STACK[2])
    backwards = listed(tmp_path, signals=["sensors/acc_y.txt", "sensors/acc_x.txt"])
    np.testing.assert_allclose(signal(backwards[2]).values, STACK[2, ::-1])
    assert backwards[2].targets == {}


def test_text_targets_of_several_columns(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", STACK[:2])
    (tmp_path / "mood.csv").write_text("0.5,-1\n,\n")
    assert [dict(example.targets) for example in listed(tmp_path, targets={"mood": "mood.csv"})] == [
        {"mood": (0.5, -1.0)},
        {},
    ]


def test_finished_maps(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", STACK.astype(np.float32))
    found = listed(tmp_path, content="maps")[3].inputs["signal"].read()
    assert isinstance(found, FeatureMap)
    np.testing.assert_array_equal(found.values, STACK[3:4])
    assert found.grid.step_s == 1 / 50


def test_class_folders_of_one_array_a_file(tmp_path: Path) -> None:
    for name in ("A/1.txt", "A/2.txt", "E/1.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1\n2\n3\n")
    found = source(tmp_path, labels={"state": {"A": "rest", "E": "seizure"}})
    examples = list(found.examples())
    assert [dict(example.targets) for example in examples] == [{"state": "rest"}] * 2 + [{"state": "seizure"}]
    assert examples[0].inputs["signal"].reader == TextFile(tmp_path / "A" / "1.txt", 50.0)
    assert found.tasks() == {"state": {"kind": "multiclass"}}
    with pytest.raises(ConfigError, match=r"source\.group names an array, but .* holds no array X to go with it"):
        listed(tmp_path, group="who.npy")


@pytest.mark.parametrize(
    ("arrays", "settings", "message"),
    [
        ({"Z": STACK}, {}, r"source\.signals: .*d\.npz holds no X but Z; name the array"),
        ({"X": STACK}, {"signals": "x"}, r"source\.signals: 'x' is not in .*d\.npz; it holds X"),
        (
            {"X": STACK, "lbl": [1] * 4},
            {"targets": {"t": "label"}},
            r"source\.targets\.t: 'label' .* did you mean 'lbl'\?",
        ),
        (
            {"X": STACK},
            {"labels": {"a": {"1": "x"}}},
            r"source\.labels names the task 'a', which source\.targets does not",
        ),
        (
            {"X": STACK, "y1": [1], "y2": [1]},
            {"targets": {"t": "y*"}},
            r"source\.targets\.t: 'y\*' stands for y1, y2; it",
        ),
        ({"X": STACK}, {"rate_hz": None}, r"source\.rate_hz is not given: arrays carry no rate"),
        (
            {"X": STACK, "Y": STACK},
            {"signals": ["X", "Y"]},
            r"source\.signals stands for X, Y; several of them must be",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    tmp_path: Path, arrays: dict[str, Any], settings: dict[str, Any], message: str
) -> None:
    np.savez(tmp_path / "d.npz", **arrays)
    with pytest.raises(ConfigError, match=message):
        listed(tmp_path / "d.npz", **settings)


@pytest.mark.parametrize(
    ("arrays", "settings", "message"),
    [
        ({"X": STACK, "y": [1, 2]}, {}, r"there are 4 examples but 2 rows of label; both must be of the same data"),
        ({"X": STACK[0, 0]}, {}, r"X has shape \[8\]; signals are \[N, T\] or \[N, C, T\]"),
        ({"X": STACK[0]}, {"content": "maps"}, r"X has shape \[2, 8\]; maps are \[N, T, F\] or \[N, C, T, F\]"),
        ({"X": STACK[:0]}, {}, r"the numbers of rows are X 0; they must be equal and not 0"),
        ({"X": STACK, "y": STACK}, {}, r"d\.npz:y: is float64 of shape \[4, 2, 8\]; what is known of examples is"),
        (
            {"X": STACK, "y": np.array(["a", 1, 2, 3], object)},
            {},
            r"d\.npz:y: is not an array that can be read without",
        ),
        ({"X": STACK, "p": ["x"] * 4}, {"partition": "p"}, r"row 0: the partition is 'x'; it must be train, dev or"),
        ({"X": STACK, "g": STACK[:, 0]}, {"group": "g"}, r"g has 8 columns; a group is one value for each example"),
        ({"X": STACK, "f": [1, np.nan, 1, 2]}, {"fold": "f"}, r"d\.npz:f row 1: the fold is missing; fill it in"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    tmp_path: Path, arrays: dict[str, Any], settings: dict[str, Any], message: str
) -> None:
    np.savez(tmp_path / "d.npz", **arrays)
    with pytest.raises(DataError, match=message):
        listed(tmp_path / "d.npz", **settings)


def test_text_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("1 2\n3 4\n")
    (tmp_path / "z.txt").write_text("1 2\n")
    (tmp_path / "y.txt").write_text("1 2\n1\n")
    with pytest.raises(DataError, match=r"the numbers of rows are x\.txt 2, z\.txt 1; they must be equal"):
        listed(tmp_path, signals=["x.txt", "z.txt"])
    with pytest.raises(DataError, match=r"y\.txt: has rows of 1, 2 cells; all rows must have the same number"):
        listed(tmp_path, signals=["x.txt"])
    with pytest.raises(ConfigError, match=r"source\.content is maps, but x\.txt is text"):
        listed(tmp_path, signals=["x.txt"], content="maps")


@pytest.mark.parametrize(("name", "message"), [("d.npz", "as an .npz archive"), ("X.npy", "without running code")])
def test_damaged_files_are_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / name).write_bytes(b"\x93NUMPY")
    with pytest.raises(DataError, match=rf"{name}.*{message}"):
        listed(tmp_path / name)


def test_a_damaged_member_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", X=STACK, y=np.arange(1000))
    content = bytearray((tmp_path / "d.npz").read_bytes())
    content[content.index(b"y.npy") + 400] ^= 1
    (tmp_path / "d.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"d\.npz:y: is not an array that can be read"):
        listed(tmp_path / "d.npz")


def test_activities(motet_data: Path) -> None:
    found = source(
        motet_data / "ucihar/train",
        signals="Inertial Signals/*.txt",
        targets={"activity": "y_train.txt"},
        labels={"activity": ACTIVITIES},
    )
    examples = list(found.examples())
    counts = Counter(example.targets["activity"] for example in examples)
    assert len(examples) == counts.total() == 2400
    assert set(counts) == set(ACTIVITIES.values())
    first = signal(examples[0]).values
    assert first.shape == (9, 128)
    for channel, name in enumerate(("body_acc_x", "body_acc_y", "body_acc_z", "body_gyro_x")):
        with (motet_data / "ucihar/train/Inertial Signals" / f"{name}_train.txt").open() as file:
            np.testing.assert_allclose(first[channel], [float(cell) for cell in file.readline().split()], rtol=1e-6)
