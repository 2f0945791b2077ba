"""Data sets and tasks in any relation, from settings to rows, labels and figures; and every relation that cannot be."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from tests.data.builders import data_set, example

import motet
from motet.data.relabel_settings import DistancesSettings
from motet.errors import ConfigError, DataError
from motet.experiment.dry_run import Plan, dry_run
from motet.experiment.evaluate import evaluate
from motet.experiment.folds import split_folds
from motet.experiment.listing import build_corpus, list_data
from motet.experiment.relabelling import check_derived, derive_tasks
from motet.experiment.run import train
from motet.experiment.settings import Experiment
from motet.signals.readers.arrays import ArraySignal
from motet.sources.example import Event, Example

SCENES = {"kind": "generated", "examples": 40, "classes": 4, "rate_hz": 2000, "duration_s": 0.2}
VOICES = {**SCENES, "content": "speakers", "groups": 3, "examples": 36}
SENSORS = {**SCENES, "content": "sensors"}
EVENTS = {**SCENES, "content": "events"}
MEL = {"kind": "logmel", "bands": 8, "window_s": 0.032, "hop_s": 0.016}


def make(folder: Path, data: dict[str, Any], **parts: Any) -> Experiment:
    """Return an experiment on few short recordings, with a store of its own."""
    model = {"encoder": [{"kind": "cnn", "channels": [4]}]}
    given = {"features": MEL, "model": model, "training": {"epochs": 1}, "store": {"path": str(folder / "store")}}
    return Experiment(data=data, **{**given, **parts})


def rows(plan: Plan) -> dict[tuple[str, str | None], tuple[int, int, int]]:
    """Return the rows of the first fold by data set and task."""
    return {(row.data_set, row.task): (row.train, row.dev, row.test) for row in plan.rows if row.fold == "1"}


def test_labels_are_renamed_merged_dropped_and_derived_in_this_order(tmp_path: Path) -> None:
    voices = {
        "source": VOICES,
        "map": {"digit": {0: "zero"}},
        "merge_labels": {"digit": {"low": ["zero", 1]}},
        "drop_labels": {"digit": [2]},
        "derive": {"small": {"kind": "groups", "of": "digit", "labels": {"yes": ["low"], "no": [3]}}},
    }
    experiment = make(tmp_path, {"voices": voices})
    found = list_data(experiment)["voices"].data_set
    assert Counter(found.targets("digit")) == {"low": 18, "3": 9}
    assert Counter(found.targets("small")) == {"yes": 18, "no": 9}
    assert dry_run(experiment).tasks["small"].labels == ("no", "yes")


def test_rows_stay_where_they_are_whichever_tasks_are_learned(tmp_path: Path) -> None:
    both = ["digit", "speaker"]

    def tested(tasks: list[str], **parts: Any) -> list[list[int]]:
        own = {"source": {**VOICES, "groups": 12}, "tasks": dict.fromkeys(tasks, "multiclass"), **parts}
        listed = list_data(make(tmp_path, {"voices": own}, split={"kind": "kfold", "folds": 4}))
        return [fold.test.tolist() for fold in split_folds(listed, build_corpus(listed), seed=1)]

    assert tested(["digit"]) != tested(both)
    assert tested(["digit"], stratify=both) == tested(both) == tested(both, stratify=both)
    assert tested(["digit"], stratify=both, limit=20) == tested(both, limit=20)
    assert tested(["digit"], stratify=[]) == tested(["speaker"], stratify=[])


def test_one_task_in_two_data_sets_is_merged_where_labels_agree(tmp_path: Path) -> None:
    other = {"source": {**VOICES, "seed": 3}, "map": {"digit": {0: "zero"}}}
    data = {"one": {"source": VOICES, "map": {"digit": {0: "zero"}}}, "two": other}
    assert dry_run(make(tmp_path, data)).tasks["digit"].labels == ("1", "2", "3", "zero")


def test_label_sets_that_differ_are_refused_with_both(tmp_path: Path) -> None:
    data: dict[str, Any] = {"one": {"source": VOICES}, "two": {"source": {**VOICES, "classes": 3}}}
    wrong = r"data\.two: the task 'digit' has the labels 0, 1, 2, but in data\.one it has 0, 1, 2, 3; make them agree"
    with pytest.raises(ConfigError, match=wrong):
        dry_run(make(tmp_path, data))
    declared = {"digit": {"kind": "multiclass", "labels": [0, 1, 2, 3]}}
    plan = dry_run(make(tmp_path, {name: {**own, "tasks": declared} for name, own in data.items()}))
    assert plan.tasks["digit"].labels == ("0", "1", "2", "3")
    data["one"]["tasks"] = declared
    with pytest.raises(ConfigError, match=wrong):
        dry_run(make(tmp_path, data))


def test_trying_things_out_with_few_rows_takes_no_label_from_the_agreement(tmp_path: Path) -> None:
    few = {"source": {**VOICES, "seed": 3}, "limit": 16}
    assert len(dry_run(make(tmp_path, {"one": {"source": VOICES}, "few": few})).tasks["digit"].labels) == 4


def test_a_task_may_get_the_name_of_another(tmp_path: Path) -> None:
    copied = {
        "source": SENSORS,
        "derive": {"scene": {"kind": "copy", "of": "activity"}},
        "tasks": {"scene": {"kind": "multiclass"}},
    }
    plan = dry_run(make(tmp_path, {"scenes": {"source": SENSORS, **copied}}))
    assert list(plan.tasks) == ["scene"]


def test_training_rows_are_limited_and_balanced_and_test_rows_are_not(tmp_path: Path) -> None:
    split = {"kind": "holdout", "test": 0.2, "dev": 0}
    plain = rows(dry_run(make(tmp_path, {"scenes": {"source": SCENES}}, split=split)))
    label = str(list_data(make(tmp_path, {"scenes": {"source": SCENES}}))["scenes"].labels["scene"][0])
    for given, wanted in (
        ({"limit_labels": {label: 3}}, 24 + 3),
        ({"limit_labels": {label: 3}, "balance": "up"}, 32),
        ({"limit_labels": {label: 3}, "balance": "down"}, 12),
    ):
        found = rows(dry_run(make(tmp_path, {"scenes": {"source": SCENES, **given}}, split=split)))
        assert found["scenes", None] == (wanted, *plain["scenes", None][1:])
    part = {"limit_labels": {label: 1}, "limit_labels_in": ["test"]}
    found = rows(dry_run(make(tmp_path, {"scenes": {"source": SCENES, **part}}, split=split)))
    assert found["scenes", None] == (32, 0, 7)
    every = {"limit_labels": {label: 4}, "limit_labels_in": "all"}
    found = rows(dry_run(make(tmp_path, {"scenes": {"source": SCENES, **every}}, split=split)))
    assert sum(found["scenes", None]) == 34
    with pytest.raises(ConfigError, match=r"limit_labels_in: \[\] is not"):
        make(tmp_path, {"scenes": {"source": SCENES, **part, "limit_labels_in": []}}, split=split)


def test_rows_are_limited_and_balanced_by_what_is_not_predicted_too(tmp_path: Path) -> None:
    split = {"kind": "holdout", "test": 0.25, "dev": 0}
    by_digit = {"limit_labels": {"digit": {"0": 2}}, "balance": {"kind": "down", "task": "digit"}}
    own = {"source": VOICES, "stratify": ["digit", "speaker"], **by_digit}
    for tasks in (["speaker"], ["digit"], ["digit", "speaker"]):
        data = {"voices": {**own, "tasks": dict.fromkeys(tasks, "multiclass")}}
        assert rows(dry_run(make(tmp_path, data, split=split)))["voices", None] == (4 * 2, 0, 9)


def test_rows_without_any_target_stay_or_leave(tmp_path: Path) -> None:
    found: Any = {"kind": "groups", "of": "scene", "labels": {"one": ["hum"], "other": ["hiss"]}}
    own = {"source": SCENES, "derive": {"some": found}, "tasks": {"some": "multiclass"}}
    kept, left = (
        list_data(make(tmp_path, {"scenes": {**own, "unlabelled": unlabelled}}))["scenes"].data_set
        for unlabelled in ("keep", "drop")
    )
    having = [example.id for example in kept if example.targets]
    assert 0 < len(having) < len(kept)
    assert left.ids == having
    alike = {**own, "unlabelled": "drop", "stratify": ["scene", "some"]}
    assert list_data(make(tmp_path, {"scenes": alike}))["scenes"].data_set.ids == having
    taught = make(tmp_path, {"scenes": {**own, "unlabelled": "drop"}}, teachers={"some": {"run": str(tmp_path)}})
    assert list_data(taught)["scenes"].data_set.ids == kept.ids, "a teacher has something to say of every row"
    nothing = make(tmp_path, {"scenes": {"source": SCENES, "unlabelled": "drop"}})
    bare = {"scenes": nothing.data["scenes"].model_copy(update={"tasks": {}})}
    with pytest.raises(
        DataError, match=r"data\.scenes\.unlabelled: drop leaves no row, as none has a target; write keep"
    ):
        list_data(nothing.model_copy(update={"data": bare}))


def test_a_data_set_only_trains_and_another_only_tests(tmp_path: Path) -> None:
    data = {
        "here": {"source": {**VOICES, "folds": 3}},
        "more": {"source": {**VOICES, "seed": 3}, "use": "train"},
        "elsewhere": {"source": {**VOICES, "seed": 4}, "use": "test"},
    }
    experiment = make(tmp_path, data, scaling={"kind": "standard", "shared": True})
    plan = dry_run(experiment)
    assert {row.fold for row in plan.rows} == {"1", "2", "3"}
    for row in plan.rows:
        if row.data_set == "more":
            assert (row.train + row.dev, row.test) == (36, 0)
        if row.data_set == "elsewhere":
            assert (row.train + row.dev, row.test) == (0, 36)


def test_a_run_trains_with_all_of_it_and_is_evaluated_as_it_was(tmp_path: Path) -> None:
    data = {
        "voices": {"source": VOICES, "limit_labels": {"digit": {3: 4}}, "balance": {"kind": "up", "task": "digit"}},
        "more": {"source": {**VOICES, "seed": 3}, "use": "train"},
        "sensors": {
            "source": SENSORS,
            "derive": {"strength": {"kind": "bins", "of": "intensity", "edges": [0.5], "labels": ["weak", "strong"]}},
            "features": {"kind": "logmel", "bands": 8, "window_s": 0.032, "hop_s": 0.016},
            "signal": {"channels": "mono"},
        },
    }
    derive = {"odd": {"kind": "groups", "of": "digit", "labels": {"odd": [1, 3], "even": [0, 2]}}}
    run = train(make(tmp_path, data, derive=derive, evaluation={"plots": False}), tmp_path / "run")
    assert set(run.result["tasks"]) == {"digit", "speaker", "odd", "activity", "intensity", "strength"}
    log = (tmp_path / "run" / "run.log").read_text()
    assert "task odd is derived (groups) from digit" in log
    assert "limit_labels and balance made" in log
    assert evaluate(tmp_path / "run")["tasks"] == run.result["tasks"]
    assert evaluate(tmp_path / "run", part="train")["tasks"]


def test_two_extractions_of_one_data_set_are_two_members_that_never_face_each_other(tmp_path: Path) -> None:
    data = {
        "mel": {"source": VOICES, "features": {"mel": MEL}},
        "mfcc": {"source": VOICES, "features": {"mfcc": {**MEL, "kind": "mfcc", "coefficients": 6}}},
    }
    experiment = make(tmp_path, data, split={"kind": "kfold", "folds": 3}, evaluation={"plots": False})
    listed = list_data(experiment)
    for fold in split_folds(listed, build_corpus(listed), seed=1):
        first, second = ({row % 36 for row in fold.test if row // 36 == number} for number in (0, 1))
        assert first == second
    run = train(experiment, tmp_path / "run")
    assert set(run.result["tasks"]) == {"digit", "speaker"}


def test_different_rates_of_one_data_set_never_face_each_other(tmp_path: Path) -> None:
    for number in range(24):
        noise = np.random.default_rng(number).standard_normal(1600).astype(np.float32) * 0.1
        (tmp_path / "files").mkdir(exist_ok=True)
        soundfile.write(tmp_path / "files" / f"{'ab'[number % 2]}_{number}.wav", noise, 8000)
    source = {"kind": "filenames", "path": str(tmp_path / "files"), "pattern": "{label}_{number:d}.wav"}
    data: dict[str, Any] = {
        "plain": {"source": source, "tasks": {"label": {"kind": "multiclass"}}},
        "filtered": {
            "source": source,
            "tasks": {"label": {"kind": "multiclass"}},
            "signal": {"steps": [{"kind": "low_pass", "high_hz": 1000}]},
            "limit": 16,
        },
    }
    listed = list_data(make(tmp_path, data))
    corpus = build_corpus(listed)
    (fold,) = split_folds(listed, corpus, seed=1)
    tested = {corpus.locate(row)[0].ids[corpus.locate(row)[1]] for row in fold.test.tolist()}
    trained = {corpus.locate(row)[0].ids[corpus.locate(row)[1]] for row in [*fold.train.tolist(), *fold.dev.tolist()]}
    assert tested
    assert not tested & trained
    data["filtered"]["use"] = "train"
    with pytest.raises(DataError, match=r"one recording trains in 'filtered' .* in 'plain' as"):
        dry_run(make(tmp_path, data))


def manifest(folder: Path, lines: list[str]) -> dict[str, Any]:
    """Write a manifest of spans of one long recording, and return its source."""
    noise = np.random.default_rng(1).standard_normal(8000 * 6).astype(np.float32) * 0.1
    soundfile.write(folder / "long.wav", noise, 8000)
    (folder / "spans.csv").write_text("\n".join(["path,start,end,who,mood,part", *lines]) + "\n")
    return {
        "kind": "table", "path": str(folder / "spans.csv"), "start": "start", "end": "end", "group": "who",
        "targets": {"mood": "mood", "who": "who"},
    }  # fmt: skip


def test_samples_may_lack_targets_and_cut_pieces_stay_together(tmp_path: Path) -> None:
    moods = ["calm", "wild", ""]
    lines = [f"long.wav,{n / 5},{n / 5 + 0.2},{'abcdef'[n // 5]},{moods[n % 3]}," for n in range(30)]
    experiment = make(
        tmp_path,
        {"spans": {"source": manifest(tmp_path, lines), "tasks": {"mood": {"kind": "multiclass"}}}},
        split={"kind": "kfold", "folds": 3, "dev": 0},
    )
    listed = list_data(experiment)
    corpus = build_corpus(listed)
    for fold in split_folds(listed, corpus, seed=1):
        groups = [listed["spans"].data_set.groups.take(part).counts() for part in (fold.train, fold.test)]
        assert not set(groups[0]) & set(groups[1])
        assert sum(groups[1].values()) == 10
        assert corpus.count(fold.test)["spans"] == {
            "rows": 10,
            "tasks": {"mood": sum(int(row) % 3 < 2 for row in fold.test)},
        }
    assert train(experiment, tmp_path / "run").result["folds"] == 3


def test_a_predefined_test_set_stands_beside_data_that_are_still_to_be_split(tmp_path: Path) -> None:
    lines = [f"long.wav,{n / 5},{n / 5 + 0.2},{'abcdef'[n // 5]},{'xy'[n % 2]},{'test' if n > 19 else 'train'}"
             for n in range(30)]  # fmt: skip
    table = {**manifest(tmp_path, lines), "partition": "part"}
    data = {
        "fixed": {"source": table, "tasks": {"mood": {"kind": "multiclass"}}},
        "folds": {"source": {**SCENES, "folds": 4}},
        "plain": {"source": SENSORS, "tasks": {"activity": {"kind": "multiclass"}}, "signal": {"channels": "mono"}},
    }
    plan = dry_run(make(tmp_path, data))
    assert {row.fold for row in plan.rows} == {"1", "2", "3", "4"}
    assert {row.test for row in plan.rows if row.data_set == "fixed"} == {10}
    assert sum(row.test for row in plan.rows if row.data_set == "folds" and row.task is None) == 40
    assert sum(row.test for row in plan.rows if row.data_set == "plain" and row.task is None) == 40


def test_a_set_that_only_tests_needs_the_scaling_of_the_others(tmp_path: Path) -> None:
    data: dict[str, Any] = {"here": {"source": VOICES}, "there": {"source": {**VOICES, "seed": 3}, "use": "test"}}
    with pytest.raises(ConfigError, match=r"data\.there\.scaling: .* has no training rows .* scaling.shared: true"):
        dry_run(make(tmp_path, data))
    shared = {**data, "there": {**data["there"], "scaling": "none"}}
    assert rows(dry_run(make(tmp_path, shared)))["there", None] == (0, 0, 36)


WRONG: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"map": {"digt": {0: "a"}}}, {}, r"data\.v\.map\.digt: no example has a target of this name; did you mean"),
    ({"map": {"digit": {7: "a"}}}, {}, r"task 'digit': no row has the label '7'; its labels are 0, 1, 2, 3"),
    ({"map": {"digit": {0: "x", 1: "x"}}}, {}, "0, 1 would all be called 'x'; write that as merge_labels"),
    ({"drop_labels": [3]}, {}, r"data\.v\.drop_labels: the data set has the tasks digit, speaker; say of which"),
    ({"drop_labels": {"digit": [0, 1, 2, 3]}}, {}, "drop_labels leaves no row"),
    ({"limit_labels": {"digit": {7: 1}}}, {}, "no row has the label '7'"),
    ({"stratify": ["digits"]}, {}, r"data\.v\.stratify: no example has a target 'digits'; did you mean 'digit'"),
    ({"balance": "up"}, {}, r"data\.v\.balance\.task: the data set has the tasks digit, speaker; name the one"),
    ({"balance": {"kind": "up", "task": "digt"}}, {}, r"\.balance\.task: no example has a target 'digt'; did you"),
    ({"derive": {"odd": {"kind": "groups", "of": "digit", "labels": {"odd": ["1", "speaker_1"]}}}}, {},
     "task 'digit': no row has the label 'speaker_1'"),
    ({"derive": {"loud": {"kind": "activity", "of": "digit", "nothing": ["0", "zero"]}}}, {},
     "task 'digit': no row has the label 'zero'; its labels are 0, 1, 2, 3"),
    ({}, {"derive": {"loud": {"kind": "activity", "of": "digit", "nothing": ["zero"]}}},
     r"derive\.loud\.nothing: no data set has the label 'zero' of 'digit'; there is 0, 1, 2, 3"),
    ({"derive": {"digit": {"kind": "copy", "of": "speaker"}}}, {}, "there is a target of this name already"),
    ({"derive": {"who": {"kind": "copy", "of": "speker"}}}, {}, "no example has a target 'speker'; did you mean"),
    ({"derive": {"a": {"kind": "copy", "of": "b"}, "b": {"kind": "copy", "of": "a"}}}, {}, "a, b are made of each"),
    ({"tasks": {"digit": {"kind": "multiclass"}}, "derive": {"who": {"kind": "copy", "of": "speaker"}}}, {},
     r"data\.v\.derive\.who: nothing predicts it; add 'who' to data\.v\.tasks"),
    ({}, {"derive": {"who": {"kind": "copy", "of": "nobody"}}}, r"derive\.who: no data set has 'nobody'"),
    ({}, {"derive": {"odd": {"kind": "groups", "of": "digit", "labels": {"odd": [11]}}}},
     r"derive\.odd\.labels: no data set has the label '11' of 'digit'; did you mean '1'|derive\.odd\.labels: no data"),
    ({"use": "test"}, {}, "no data set has a row to train on"),
    ({"use": "train"}, {}, "no data set has a row to test on"),
    ({"split": {"kind": "holdout", "test": 0}}, {}, "say `use: train` beside its source"),
    ({"source": {**VOICES, "grouped": True, "groups": 1}}, {}, "no row of 36 is left to test on"),
    ({"source": {**VOICES, "grouped": True}, "split": {"kind": "kfold", "folds": 5}}, {}, "5 folds of 3 groups"),
    ({"derive": {"rare": {"kind": "groups", "of": "speaker", "labels": {"a": ["speaker_1"], "b": ["speaker_2"]}}},
      "source": {**VOICES, "groups": 3}, "split": {"kind": "leave_one_group_out"}}, {}, "have no group"),
]  # fmt: skip


@pytest.mark.parametrize(("own", "parts", "message"), WRONG)
def test_every_wrong_relation_is_one_error_before_anything_is_read(
    tmp_path: Path, own: dict[str, Any], parts: dict[str, Any], message: str
) -> None:
    with pytest.raises((ConfigError, DataError), match=message) as planned:
        dry_run(make(tmp_path, {"v": {"source": VOICES, **own}}, **parts))
    with pytest.raises((ConfigError, DataError), match=message) as trained:
        train(make(tmp_path, {"v": {"source": VOICES, **own}}, **parts), tmp_path / "run")
    assert str(planned.value) == str(trained.value)
    assert isinstance(planned.value, ConfigError | DataError)
    assert len(planned.value.problems) == 1
    assert not list((tmp_path / "store").glob("*.data")), "nothing was extracted"


@pytest.mark.parametrize(
    ("kind", "targets", "problem"),
    [
        ("multiclass", {"x": "a", "y": 0.5}, "0.5 is not a label"),
        ("regression", {"x": 1.0, "y": (1.0, 2.0)}, "targets have 1 and 2 values"),
    ],
)
def test_a_target_of_another_kind_is_told_with_its_example(
    tmp_path: Path, kind: str, targets: dict[str, Any], problem: str
) -> None:
    source = [example(row, {"t": targets["xy"[row == 3]]}) for row in range(6)]
    data = {"set": {"source": source, "tasks": {"t": {"kind": kind}}}}
    with pytest.raises(DataError, match=rf"^data set 'set', example '{source[3].id}': task 't': {problem}"):
        list_data(make(tmp_path, data))


def test_distances_are_those_of_events_that_there_are() -> None:
    found = data_set("found", [example(0, {"events": (Event(0.0, 1.0, "dog"),)})])
    misspelt = DistancesSettings(of="events", labels=("dogg",))
    with pytest.raises(DataError, match="task 'events': no row has the label 'dogg'; did you mean 'dog'"):
        derive_tasks(found, {"near": misspelt}, {})
    _, bases = derive_tasks(found, {}, {"near": misspelt})
    assert bases["near"].problem is not None
    with pytest.raises(ConfigError, match=r"^derive\.near\.labels: no data set has the label 'dogg' of 'events'; did"):
        check_derived({"near": misspelt}, [bases])


WEAK, STRONG = frozenset({"dog"}), (Event(0.0, 1.0, "dog"),)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([WEAK, frozenset()], "but of 'events' there are only labels without times; name a task of events with times"),
        ([WEAK, (Event(0.0, 1.0, "cat"),)], "but of 'events' there are only labels without times"),
        ([(), ()], "but of 'events' there are no events"),
        (
            [(Event(0.001, 0.011, "dog"),)],
            r"moments, which come every 0\.02 s: the longest lasts 0\.01 s; lower step_s",
        ),
    ],
)
def test_distances_that_no_row_has_are_refused_with_what_to_do(targets: list[Any], message: str) -> None:
    weak = data_set("weak", [example(row, {"events": target}) for row, target in enumerate(targets)])
    dogs = DistancesSettings(of="events", labels=None if targets == [(), ()] else ("dog",))
    with pytest.raises(DataError, match=f"^data set 'weak', derived task 'near': .*{message}"):
        derive_tasks(weak, {"near": dogs}, {})
    _, bases = derive_tasks(weak, {}, {"near": dogs})
    with pytest.raises(ConfigError, match=rf"^derive\.near: .*{message}"):
        check_derived({"near": dogs}, [bases])
    derive_tasks(weak, {"near": dogs}, {}, whole=False)
    strong = data_set("strong", [example(0, {"events": STRONG})])
    check_derived({"near": dogs}, [bases, derive_tasks(strong, {}, {"near": dogs})[1]])


def test_distances_of_a_weak_data_set_beside_a_strong_one_are_those_of_the_strong(tmp_path: Path) -> None:
    def examples(weak: bool) -> Iterator[Example]:
        for row in range(12):
            noise = np.random.default_rng(row).normal(size=1600).astype(np.float32)
            target = frozenset({"dog"}) if weak else (Event(0.05, 0.15, "dog"),)
            signal = motet.Recording(ArraySignal(noise, 8000.0))
            yield Example(id=f"noise-{row}", inputs={"signal": signal}, targets={"events": target})

    data = {
        name: {"source": partial(examples, name == "weak"), "tasks": {"near": {"kind": "time_regression"}}}
        for name in ("weak", "strong")
    }
    plan = dry_run(make(tmp_path, data, derive={"near": {"kind": "distances", "of": "events"}}))
    assert rows(plan)["weak", "near"] == (0, 0, 0)
    assert sum(rows(plan)["strong", "near"]) == 12
