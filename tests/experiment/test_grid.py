"""Points of a sweep: which there are, what they are called, and what is refused."""

import logging
from pathlib import Path
from typing import Any

import pytest

import motet
from motet.experiment.combinations import subsets
from motet.experiment.grid import Grid, label
from motet.experiment.settings.sweep import AxisSettings

TONES: dict[str, Any] = {
    "source": {"kind": "generated", "content": "scenes"},
    "tasks": {"scene": {"kind": "multiclass"}},
}
VOICES: dict[str, Any] = {
    "source": {"kind": "generated", "content": "speakers"},
    "tasks": {"digit": {"kind": "multiclass"}, "speaker": {"kind": "multiclass"}},
}
BASE: dict[str, Any] = {
    "data": {"tones": TONES, "voices": VOICES},
    "model": {"encoder": [{"kind": "cnn", "channels": [4]}], "heads": {"digit": {"hidden": [3]}}},
}


def grid(**variation: Any) -> Grid:
    return motet.load_sweep({**BASE, **variation})


def names(found: Grid) -> list[str]:
    return [point.name for point in found.points]


def test_lists_and_ranges_are_crossed_the_last_moving_fastest() -> None:
    found = grid(
        sweep={"training.epochs": [1, 2], "features.bands": {"low": 20, "high": 80, "count": 3, "scale": "log"}}
    )
    assert names(found) == [f"epochs={epochs},bands={bands}" for epochs in (1, 2) for bands in (20, 40, 80)]
    assert [(one.experiment.training.epochs, dict(one.experiment)["features"].bands) for one in found.points[:2]] == [
        (1, 20), (1, 40),
    ]  # fmt: skip
    assert found.axes == ["training.epochs", "features.bands"]


def test_what_moves_together_is_not_crossed() -> None:
    found = grid(
        sweep={"seed": [1, 2]},
        together=[{"features.window_s": [0.02, 0.05], "features.hop_s": [0.01, 0.02]}],
    )
    assert names(found) == [
        f"seed={seed},window_s={a},hop_s={b}" for seed in (1, 2) for a, b in ((0.02, 0.01), (0.05, 0.02))
    ]


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        ({"low": 0.0001, "high": 0.01, "count": 3, "scale": "log"}, [0.0001, 0.001, 0.01]),
        ({"low": 0, "high": 1, "count": 3}, [0, 1]),
        ({"low": 0.0, "high": 1, "count": 3}, [0.0, 0.5, 1.0]),
        ({"low": 16, "high": 256, "count": 5, "scale": "log"}, [16, 32, 64, 128, 256]),
        ({"low": 3, "high": 3, "count": 2}, [3]),
    ],
)
def test_values_of_a_range(axis: dict[str, Any], values: list[float]) -> None:
    found = AxisSettings(**axis).range()
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


def test_values_by_name_give_points_their_names() -> None:
    axis = {"values": {"small": [{"kind": "mlp", "hidden": [4]}], "deep": [{"kind": "rnn"}, {"kind": "rnn"}]}}
    found = grid(sweep={"model.encoder": axis})
    assert names(found) == ["encoder=small", "encoder=deep"]
    assert [len(point.experiment.model.encoder) for point in found.points] == [1, 2]


def test_paths_of_one_end_are_told_apart() -> None:
    found = grid(sweep={"data.tones.limit": [5], "data.voices.limit": [6]})
    assert names(found) == ["tones.limit=5,voices.limit=6"]


def test_a_new_kind_keeps_what_other_axes_set() -> None:
    found = grid(sweep={"training.optimizer.learning_rate": [0.5], "training.optimizer.kind": ["sgd", "adamw"]})
    assert [dict(point.experiment.training)["optimizer"].learning_rate for point in found.points] == [0.5, 0.5]


def test_data_sets_in_all_combinations_with_the_heads_of_their_tasks() -> None:
    found = grid(combine={"data": "all"})
    assert names(found) == ["data=tones", "data=voices", "data=tones+voices"]
    assert [list(point.experiment.data) for point in found.points] == [["tones"], ["voices"], ["tones", "voices"]]
    assert [list(point.experiment.model.heads) for point in found.points] == [[], ["digit"], ["digit"]]


def test_tasks_in_all_combinations_without_data_sets_that_have_none() -> None:
    found = grid(combine={"tasks": [1, "all"]})
    assert names(found) == ["tasks=scene", "tasks=digit", "tasks=speaker", "tasks=scene+digit+speaker"]
    kept = [{name: list(own.tasks or {}) for name, own in point.experiment.data.items()} for point in found.points]
    assert kept == [
        {"tones": ["scene"]},
        {"voices": ["digit"]},
        {"voices": ["speaker"]},
        {"tones": ["scene"], "voices": ["digit", "speaker"]},
    ]


def test_every_combination_of_tasks_is_split_by_all_of_them() -> None:
    maps = {"kind": "dense", "of": "signal"}
    data = {
        "tones": TONES,
        "voices": {**VOICES, "tasks": {**VOICES["tasks"], "clean": maps}},
        "named": {**VOICES, "stratify": ["speaker"]},
    }
    found = motet.load_sweep({"data": data, "combine": {"tasks": [1]}})
    assert {
        point.name: {name: own.stratify for name, own in point.experiment.data.items()} for point in found.points
    } == {
        "tasks=scene": {"tones": ("scene",)},
        "tasks=digit": {"voices": ("digit", "speaker"), "named": ("speaker",)},
        "tasks=speaker": {"voices": ("digit", "speaker"), "named": ("speaker",)},
        "tasks=clean": {"voices": ("digit", "speaker")},
    }


def test_what_belongs_to_a_task_that_is_left_out_is_left_out_with_it() -> None:
    fed = {"heads": {"digit": {"inputs_from": ["scene", "speaker"]}, "scene": {"inputs_from": ["digit"]}}}
    found = grid(model=fed, combine={"tasks": [1, 2]})
    assert {
        point.name: {task: head.inputs_from for task, head in point.experiment.model.heads.items()}
        for point in found.points
    } == {
        "tasks=scene": {"scene": ()},
        "tasks=digit": {"digit": ()},
        "tasks=speaker": {},
        "tasks=scene+digit": {"digit": ("scene",), "scene": ("digit",)},
        "tasks=scene+speaker": {"scene": ()},
        "tasks=digit+speaker": {"digit": ("speaker",)},
    }


def test_what_training_says_of_tasks_that_are_left_out_is_left_out_with_them() -> None:
    fuse = {"who": {"kind": "product", "of": ["digit", "speaker"]}}
    training = {"monitor": "who.uar", "procedure": {"kind": "adversarial", "against": ["digit", "speaker"]}}
    sampling = {"kind": "balanced", "by": "class", "task": "digit"}
    found = grid(fuse=fuse, training=training, sampling=sampling, combine={"tasks": [1, 2, "all"]})
    assert {
        point.name.removeprefix("tasks="): (
            point.experiment.training.monitor,
            getattr(point.experiment.training.procedure, "against", None),
            getattr(point.experiment.sampling, "task", None),
        )
        for point in found.points
    } == {
        "scene": (None, None, None),
        "digit": (None, None, "digit"),
        "speaker": (None, None, None),
        "scene+digit": (None, ("digit",), "digit"),
        "scene+speaker": (None, ("speaker",), None),
        "digit+speaker": ("who.uar", None, "digit"),
        "scene+digit+speaker": ("who.uar", ("digit", "speaker"), "digit"),
    }


def test_what_belongs_to_an_input_that_is_left_out_is_left_out_with_it() -> None:
    layers = [{"kind": "mlp", "hidden": [4]}]
    data = {"tones": {**TONES, "features": {"a": "logmel"}}, "voices": {**VOICES, "features": {"b": "mfcc"}}}
    parts = {"signal": {"inputs": {"b": {"rate_hz": 8000}}}, "model": {"encoder": {"a": layers, "b": layers}}}
    for combine in ({"data": "all"}, {"tasks": ["all", 1]}):
        found = motet.load_sweep({"data": data, **parts, "combine": combine})
        assert {
            (tuple(point.experiment.data), tuple(point.experiment.model.encoder), *point.experiment.signal.inputs)
            for point in found.points
        } == {(("tones",), ("a",)), (("voices",), ("b",), "b"), (("tones", "voices"), ("a", "b"), "b")}


def test_derived_targets_stay_where_they_are_predicted_or_split_by() -> None:
    groups = {"kind": "groups", "of": "digit", "labels": {"low": ["0"], "high": ["1"]}}
    own = {"pair": {"kind": "product", "of": ["low", "speaker"]}}
    tasks = {"pair": {"kind": "multiclass"}, "speaker": {"kind": "multiclass"}}
    data = {"tones": TONES, "voices": {**VOICES, "derive": own, "tasks": tasks}}
    found = motet.load_sweep({"data": data, "derive": {"low": groups}, "combine": {"data": [1], "tasks": [1]}})
    assert [
        (point.name, [*point.experiment.derive], [*point.experiment.data.get("voices", found.experiment).derive])
        for point in found.points
    ] == [
        ("data=tones,tasks=scene", [], ["low"]),
        ("data=voices,tasks=pair", ["low"], ["pair"]),
        ("data=voices,tasks=speaker", ["low"], ["pair"]),
    ]


def test_teachers_of_data_sets_that_are_left_out(tmp_path: Path) -> None:
    def taught(**more: Any) -> list[Any]:
        teachers = {"digit": {"run": str(tmp_path), **more}}
        found = grid(teachers=teachers, data={**BASE["data"], "more": VOICES}, combine={"data": [1, "all"]})
        return [[each.data for each in point.experiment.teachers.values()] for point in found.points]

    assert taught() == [[], [None], [None], [None]]
    assert taught(data=["more"]) == [[], [], [("more",)], [("more",)]]
    assert taught(data=["voices", "more"]) == [[], [("voices",)], [("more",)], [("voices", "more")]]


def test_data_sets_and_tasks_together_make_each_choice_once() -> None:
    found = grid(combine={"data": "all", "tasks": [1, 2]})
    assert names(found) == [
        "data=tones,tasks=scene", "data=voices,tasks=digit", "data=voices,tasks=speaker",
        "data=voices,tasks=digit+speaker",
        "data=tones+voices,tasks=scene+digit", "data=tones+voices,tasks=scene+speaker",
    ]  # fmt: skip


def test_eight_data_sets_are_255_points() -> None:
    data = dict.fromkeys("abcdefgh", TONES)
    found = motet.load_sweep({"data": data, "combine": {"data": "all"}})
    assert len(found.points) == 255
    assert [len(subsets("abcdefgh", [size], "")) for size in (1, 2, 3, 4)] == [8, 28, 56, 70]


def test_an_axis_of_a_data_set_that_is_left_out_does_not_move() -> None:
    found = grid(combine={"data": [1]}, sweep={"data.tones.limit": [5, 6]})
    assert names(found) == ["data=tones,limit=5", "data=tones,limit=6", "data=voices"]


def test_an_axis_of_a_task_that_is_left_out_does_not_move() -> None:
    paths = ("model.heads.digit.hidden", "data.voices.tasks.digit.weight")
    for path, values in zip(paths, ([[5], [6]], [1, 2]), strict=True):
        found = grid(combine={"tasks": [1]}, sweep={path: values})
        assert [len(point.choices) for point in found.points] == [1, 2, 2, 1]


def test_senseless_points_are_left_out() -> None:
    found = grid(
        sweep={"features.kind": ["logmel", "waveform"], "features.bands": [20, 40], "seed": [1, 2]},
        skip=[{"features.kind": "waveform", "features.bands": [20, 40]}, {"features.bands": 20, "seed": 2}],
    )
    assert names(found) == [
        "kind=logmel,bands=20,seed=1", "kind=logmel,bands=40,seed=1", "kind=logmel,bands=40,seed=2",
    ]  # fmt: skip
    assert found.skipped["kind=logmel,bands=20,seed=2"] == "skip.1"
    assert set(found.skipped.values()) == {"skip.0", "skip.1"}


def test_points_without_an_option_are_left_out_by_null() -> None:
    found = grid(combine={"data": "all"}, skip=[{"data.tones": None}])
    assert names(found) == ["data=tones", "data=tones+voices"]
    assert found.skipped == {"data=voices": "skip.0"}


def test_a_condition_holds_for_defaults_and_for_names_of_values() -> None:
    axis = {"values": {"small": [4], "large": [64]}}
    found = grid(
        sweep={"model.encoder.0.channels": axis, "training.epochs": [1, 2]},
        skip=[{"model.encoder.0.channels": "large", "training.epochs": 2, "training.batch_size": 32}],
    )
    assert list(found.skipped) == ["channels=large,epochs=2"]


def test_a_condition_that_leaves_nothing_out_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "motet"):
        grid(sweep={"seed": [1]}, skip=[{"seed": 2}])
    assert "skip.0 leaves out no point: {seed: 2}" in caplog.text


@pytest.mark.parametrize(
    ("variation", "message"),
    [
        ({}, "nothing varies; give sweep, together or combine, or use `motet train`"),
        ({"sweep": {"data.tone.limit": [1]}}, "there is no data set 'tone'; did you mean 'tones'"),
        ({"sweep": {"seed": [1]}, "skip": [{"data.x.limit": 1}]}, "no data set 'x'; there is tones, voices"),
        ({"sweep": {"training.epoch": [1]}}, r'sweep."training.epoch": training.epoch: .* did you mean \'epochs\'\?'),
        ({"sweep": {"training.epochs": 5}}, "sweep.\"training.epochs\": 5 is not a list"),
        ({"sweep": {"training.epochs": []}}, "has no values; give at least one"),
        ({"sweep": {"seed": {"low": 1, "high": 5}}}, "low, high and count make a range"),
        ({"sweep": {"seed": {"low": 5, "high": 1, "count": 2}}}, "low must not be above high"),
        ({"sweep": {"seed": {"low": 0, "high": 1, "count": 2, "scale": "log"}}}, "a log scale begins above 0"),
        ({"sweep": {"seed": [1, 1]}}, "two points are called 'seed=1'"),
        ({"sweep": {"seed": [1]}, "together": [{"seed": [2]}]}, "stands here again; one path is one axis"),
        ({"together": [{"seed": [1], "training.epochs": [1, 2]}]}, r"equally many values; seed has 1, training.epochs"),
        ({"combine": {"data": [3]}}, r"combine.data: 3 at once, but there are 2 \(tones, voices\)"),
        ({"sweep": {"seed": [1]}, "skip": [{"seeed": 1}]}, "did you mean 'seed'"),
        ({"sweep": {"seed": [1]}, "skip": [{"seed": 1}]}, "leaves out every point"),
        ({"sweep": {"seed": list(range(999)), "training.epochs": list(range(99))}}, "999 x 99 are 98,901 points"),
    ],
)  # fmt: skip
def test_what_is_refused(variation: dict[str, Any], message: str) -> None:
    with pytest.raises(motet.ConfigError, match=message):
        grid(**variation)


def test_tasks_that_only_the_data_know_must_be_declared() -> None:
    data = {"tones": {"source": "generated"}}
    with pytest.raises(motet.ConfigError, match=r"data.tones.tasks: declare the tasks, because combine.tasks chooses"):
        motet.load_sweep({"data": data, "combine": {"tasks": "all"}})
    derived = {"kind": "copy", "of": "sound"}
    esc = {"source": {"kind": "esc", "path": "."}, "derive": {"other": derived}}
    with pytest.raises(motet.ConfigError, match=r"data.tones.tasks: declare the tasks, because combine.tasks chooses"):
        motet.load_sweep({"data": {"tones": esc}, "combine": {"tasks": "all"}})
    heads = {"heads": {"scene": {"hidden": [2]}}}
    with pytest.raises(
        motet.ConfigError, match=r"data.tones.tasks: declare the tasks, because model.heads, teachers, derive or fuse"
    ):
        motet.load_sweep({"data": data, "model": heads, "combine": {"data": "all"}})


def test_wrong_values_are_told_with_their_place_and_their_points(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text(
        "data: {tones: {source: generated}}\nsweep:\n  training.epochs: [1, -2]\n  features.bands: [20, many]\n"
    )
    with pytest.raises(motet.ConfigError) as caught:
        motet.load_sweep(path)
    assert list(caught.value.problems) == [
        f"{path}:3:24: training.epochs: -2 is not a number of at least 0 (in point epochs=-2,bands=20 and 1 more)",
        f"{path}:4:24: features.bands: 'many' is not a whole number (in point epochs=1,bands=many and 1 more)",
    ]


def test_what_varies_cannot_be_overridden(tmp_path: Path) -> None:
    written = {**BASE, "sweep": {"training.epochs": [1, 2]}}
    with pytest.raises(motet.ConfigError, match=r'varied by the sweep; drop one of both, or override sweep."training'):
        motet.load_sweep(written, ["training.epochs=5"])
    assert names(motet.load_sweep(written, ['sweep."training.epochs"=[7]', "training.batch_size=3"])) == ["epochs=7"]


def test_an_experiment_in_python_is_varied_with_its_own_objects() -> None:
    def examples() -> list[motet.Example]:
        return []

    experiment = motet.Experiment(
        data={"own": {"source": examples, "tasks": {"scene": {"kind": "multiclass"}}}}, seeds=[4, 5]
    )
    found = motet.load_sweep(experiment, sweep={"training.optimizer.kind": ["sgd", "adam"]})
    assert [dict(point.experiment.data["own"])["source"].target for point in found.points] == [examples, examples]
    assert [point.experiment.all_seeds for point in found.points] == [(4, 5), (4, 5)]
    with pytest.raises(motet.ConfigError, match="grid: is no part of a sweep; there is sweep, together, combine, skip"):
        motet.load_sweep(experiment, grid={})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.001, "0.001"),
        (-2, "-2"),
        (True, "true"),
        (None, "null"),
        ("log_mel", "log_mel"),
        ([16, 32], "16-32"),
        (dict, "dict"),
    ],
)
def test_labels(value: Any, text: str) -> None:
    assert label(value) == text


def test_labels_of_what_no_folder_can_be_called_are_told_apart() -> None:
    labels = [label(value) for value in ("a/b", "a b", {"kind": "x"}, "x" * 50, "x" * 51)]
    assert len(set(labels)) == 5
    assert all(len(one) <= 41 and "/" not in one for one in labels)


def test_train_names_the_verb_for_such_a_file(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text("data: {tones: {source: generated}}\ncombine: {data: all}\n")
    with pytest.raises(motet.ConfigError, match=r"sweep.yaml:2:1: combine: .* run them with `motet sweep`"):
        motet.load_experiment(path)
