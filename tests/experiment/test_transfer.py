"""The transfer report and the comparison of runs, on small generated data."""

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.experiment.test_sweep import written

import motet
from motet.cli.transfer import text
from motet.experiment.compare import compare_task, read_run
from motet.experiment.transfer_gradients import mean_cosines
from motet.files import JsonLines
from motet.runs import transfer_plot
from motet.runs.folder import RunFolder

TASKS = {"digit": {"kind": "multiclass"}, "speaker": {"kind": "multiclass"}}


def given(store: Path, **changed: Any) -> dict[str, Any]:
    base = written(store)
    base["data"]["scenes"] = {**base["data"]["scenes"], "tasks": {"scene": {"kind": "multiclass"}}}
    base["data"]["speakers"] = {**base["data"]["speakers"], "tasks": TASKS}
    kept = {key: value for key, value in base.items() if key not in ("sweep", "combine")}
    return kept | {"split": {"kind": "kfold", "folds": 2, "dev": 0.3}} | changed


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> motet.TransferReport:
    """Three tasks of two data sets: alone, in pairs, all together."""
    folder = tmp_path_factory.mktemp("transfer")
    return motet.transfer(given(folder / "store"), folder / "report")


def test_every_task_is_compared_with_every_partner_and_with_all(report: motet.TransferReport) -> None:
    found = [(entry["task"], entry["with"]) for entry in report.result["entries"]]
    assert found == [
        (task, other)
        for task in ("scene", "digit", "speaker")
        for other in (*(name for name in ("scene", "digit", "speaker") if name != task), "all")
    ]
    assert report.result["of"] == "tasks"
    assert json.loads((report.path / "transfer.json").read_text()) == report.result


def test_figures_are_those_of_the_runs(report: motet.TransferReport) -> None:
    entry = next(one for one in report.result["entries"] if (one["task"], one["with"]) == ("scene", "digit"))
    assert entry["metric"] == "uar"
    for place, name in (("first", "tasks=scene"), ("second", "tasks=scene+digit")):
        result = json.loads((report.path / name / "result.json").read_text())
        assert entry[place] == pytest.approx(result["tasks"]["scene"]["uar"]["value"])
    assert entry["difference"]["value"] == pytest.approx(entry["second"] - entry["first"])
    assert entry["rows"] == 24
    assert set(entry["labels"]) == set(read_run(report.path / "tasks=scene").tasks["scene"].labels)


def test_the_joint_network_costs_less_than_the_single_ones(report: motet.TransferReport) -> None:
    costs = report.result["costs"]
    singles = [costs["runs"][f"tasks={task}"] for task in ("scene", "digit", "speaker")]
    for name in ("parameters", "multiply_adds", "weights_bytes"):
        assert costs["singles"][name] == sum(own[name] for own in singles)
        assert costs["joint"][name] == costs["runs"]["tasks=scene+digit+speaker"][name] < costs["singles"][name]
        assert costs["ratio"][name] == costs["joint"][name] / costs["singles"][name]
    model = motet.Model.load(report.path / "tasks=scene" / "seed-1" / "fold-1" / "best.safetensors")
    assert singles[0]["parameters"] == sum(weight.numel() for weight in model.network.parameters())


def test_cosines_between_gradients_are_those_of_the_joint_runs(report: motet.TransferReport) -> None:
    found = report.result["gradients"]
    every = "tasks=scene+digit+speaker"
    assert [(one["tasks"], one["run"]) for one in found] == [
        (["scene", "digit"], "tasks=scene+digit"),
        (["scene", "speaker"], "tasks=scene+speaker"),
        (["digit", "speaker"], "tasks=digit+speaker"),
        *((pair, every) for pair in (["scene", "digit"], ["scene", "speaker"], ["digit", "speaker"])),
    ]
    recorded = [
        [json.loads(line)["track"]["gradient_cosine"]["digit|speaker"] for line in file.read_text().splitlines()]
        for file in sorted((report.path / every).glob("seed-1/fold-*/metrics.jsonl"))
    ]
    assert len(recorded) == 2
    assert found[-1]["epochs"] == pytest.approx([sum(epoch) / 2 for epoch in zip(*recorded, strict=True)])
    assert found[-1]["mean"] == pytest.approx(sum(found[-1]["epochs"]) / len(found[-1]["epochs"]))


def test_nothing_is_tracked_where_the_file_says_so(tmp_path: Path) -> None:
    grid = given(tmp_path / "store", training={"epochs": 1, "track": []})
    found = motet.transfer(grid, tmp_path / "report", combine={"tasks": [1, 2]}).result
    assert found["gradients"] == []
    assert "gradients of" not in text(found)


def test_an_epoch_without_a_common_step_is_no_cosine(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    for fold, cosines in ((1, [{"a|b": 0.5}, {}]), (2, [{"a|b": -0.25}])):
        log = JsonLines(folder.fold(1, fold).metrics)
        for cosine in cosines:
            log.append({"track": {"gradient_cosine": cosine}})
    assert mean_cosines(folder) == {"a|b": [0.125, None]}


def test_tables_and_pictures(report: motet.TransferReport) -> None:
    with (report.path / "transfer.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["what"] for row in rows} >= {"uar", "accuracy"}
    assert any(row["what"].startswith("recall of ") for row in rows)
    lines = text(report.result).splitlines()
    assert lines[2].split()[:3] == ["scene", "digit", "uar"]
    assert any(line.startswith("multiply-adds") for line in lines)
    assert any(line.startswith("scene and digit") for line in lines)
    for picture in ("transfer.png", "gradients.png"):
        assert (report.path / picture).is_file() == transfer_plot.can_draw()


def test_data_sets_are_compared_on_their_own_rows(tmp_path: Path) -> None:
    found = motet.transfer(given(tmp_path / "store"), tmp_path / "report", combine={"data": "all"}).result
    assert [(entry["task"], entry["alone"], entry["with"]) for entry in found["entries"]] == [
        ("scene", "scenes", "speakers"),
        ("digit", "speakers", "scenes"),
        ("speaker", "speakers", "scenes"),
    ]
    assert [entry["rows"] for entry in found["entries"]] == [24, 30, 30]


def test_what_cannot_be_compared_is_told_and_loses_nothing_else(
    report: motet.TransferReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def without_digit(first: Any, second: Any, name: str, interval: Any) -> Any:
        if name == "digit":
            raise motet.DataError("task 'digit': no test row is common to both runs")
        return compare_task(first, second, name, interval)

    monkeypatch.setattr("motet.experiment.transfer.compare_task", without_digit)
    copied = shutil.copytree(report.path, tmp_path / "report")
    found = motet.transfer(given(report.path.parent / "store"), copied).result
    kept = [entry for entry in report.result["entries"] if entry["task"] != "digit"]
    assert found["entries"] == kept
    assert "digit, alone and with scene: left out, as task 'digit': no test row is common" in caplog.text


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"sweep": {"seed": [1, 2]}}, "varies nothing else, but tasks, seed vary"),
        ({"combine": {"data": "all", "tasks": "all"}}, "either data sets or tasks"),
        ({"combine": {"tasks": [2, "all"]}}, "the numbers at once are 2, 3; give 1 and others"),
        ({"combine": {"data": [1]}}, "the numbers at once are 1; give 1 and others"),
    ],
)
def test_what_is_no_transfer_is_refused(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(motet.ConfigError, match=message):
        motet.transfer(given(tmp_path / "store", **changed), tmp_path / "report")


@pytest.mark.parametrize("combine", [None, {"tasks": "all"}, {"data": [1, 2]}])
def test_one_alone_is_no_transfer(tmp_path: Path, combine: dict[str, Any] | None) -> None:
    plan = given(tmp_path / "store")
    plan["data"] = {"speakers": {**plan["data"]["speakers"], "tasks": {"digit": TASKS["digit"]}}}
    only = "speakers" if combine and "data" in combine else "digit"
    message = rf"^combine: a transfer report needs two tasks or data sets at least, but there is only '{only}'; add"
    with pytest.raises(motet.ConfigError, match=message):
        motet.transfer(plan, tmp_path / "report", combine=combine)
    with pytest.raises(motet.ConfigError, match=r"^combine.tasks: 2 at once, but there is 1 \(digit\); give 1$"):
        motet.load_sweep(plan, combine={"tasks": [2]})


def test_an_empty_file_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("")
    with pytest.raises(motet.ConfigError, match=r"empty\.yaml: data: is missing"):
        motet.transfer(tmp_path / "empty.yaml", tmp_path / "report")


def test_runs_are_compared_with_the_first(report: motet.TransferReport) -> None:
    alone, joint = report.path / "tasks=digit", report.path / "tasks=digit+speaker"
    found = motet.compare([alone, joint])
    assert found["runs"] == [alone.as_posix(), joint.as_posix()]
    entry = next(one for one in report.result["entries"] if (one["task"], one["with"]) == ("digit", "speaker"))
    assert found["comparisons"][0]["metrics"]["uar"]["difference"]["value"] == entry["difference"]["value"]
    with pytest.raises(motet.DataError, match=r"has no task of .*tasks=digit"):
        motet.compare([alone, report.path / "tasks=scene"])
    with pytest.raises(motet.ConfigError, match="there is 1 run to compare;"):
        motet.compare([alone])
    with pytest.raises(motet.ConfigError, match=r"there is 1 run to compare \(named more than once\)"):
        motet.compare([alone, joint.parent / alone.name])


def test_a_sweep_stands_for_its_finished_runs(
    report: motet.TransferReport, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Of them, those with a task of the first are compared; the others are told."""
    found = motet.compare([report.path])
    assert [(Path(one["run"]).name, one["task"]) for one in found["comparisons"]] == [
        ("tasks=scene+digit", "scene"),
        ("tasks=scene+speaker", "scene"),
        ("tasks=scene+digit+speaker", "scene"),
    ]
    left_out = ["tasks=digit", "tasks=speaker", "tasks=digit+speaker"]
    assert [Path(path).name for path in found["left_out"]] == left_out
    assert caplog.text.count("/tasks=scene (scene), but digit") == 2
    assert caplog.text.count("; left out") == 3
    with pytest.raises(motet.ConfigError, match="is not the folder of a run"):
        motet.compare([tmp_path, report.path])


def test_a_task_of_other_labels_is_left_out_and_the_others_are_compared(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    speakers = given(tmp_path / "store")["data"]["speakers"]
    runs = []
    for name, own in (("all", speakers), ("fewer", {**speakers, "drop_labels": {"digit": ["0"]}})):
        experiment = motet.Experiment(**given(tmp_path / "store", data={"speakers": own}))
        runs.append(motet.train(experiment, tmp_path / name).path)
    found = motet.compare(runs)
    assert [(Path(one["run"]).name, one["task"], one["rows"]) for one in found["comparisons"]] == [
        ("fewer", "speaker", 20)
    ]
    assert found["left_out"] == []
    assert re.search(r"task 'digit': .*all has the labels 0, 1, 2, .*fewer has 1, 2; compare .*; left out", caplog.text)
