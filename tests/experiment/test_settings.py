from pathlib import Path
from typing import Any

import pytest

import motet
from motet.config import Context, dump, json_schema, load, options, to_yaml, validate
from motet.data.settings import FoldsSettings, HoldoutSettings
from motet.errors import ConfigError
from motet.experiment.settings import Experiment
from motet.features.settings import LogMelSettings, MfccSettings
from motet.networks.settings import CnnSettings, RnnSettings
from motet.signals.settings import SignalSettings
from motet.sources.corpora.settings import EscSettings
from motet.sources.settings import FilenamesSettings
from motet.tasks.settings import MulticlassSettings
from motet.training.optimizer_settings import AdamSettings, SgdSettings

DESIGN = """\
# yaml-language-server: $schema=motet.schema.json
name: sounds-and-digits
seed: 1
data:                                         # any number of data sets, any number of tasks each
  esc10:
    source: {kind: esc, path: "${MOTET_DATA:-data}/esc10"}
  fsdd:
    source:
      kind: filenames                         # labels read from file names
      path: "${MOTET_DATA:-data}/fsdd"
      pattern: "{digit}_{speaker}_{index:d}.wav"
      partition: {test: {index: {below: 5}}}
    tasks:
      digit: {kind: multiclass}
      speaker: {kind: multiclass}
signal: {rate_hz: 16000, channels: mono}      # a data set may override any of these parts
features: {kind: logmel, bands: 64, window_s: 0.025, hop_s: 0.010}
scaling: {kind: standard, per: band}
segments: {length_s: 5.0, pad: wrap}
split: {kind: folds, dev: 0.15}
model:
  encoder:
    - {kind: cnn, dims: 2, channels: [32, 64, 128], kernel: 3, stride: 1, padding: 1}
    - {kind: rnn, cell: gru, layers: 2, hidden: 128, bidirectional: true}
training: {epochs: 40, batch_size: 32, optimizer: {kind: adam, learning_rate: 1.0e-3}}
"""


EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_an_experiment(path: Path, tmp_path: Path) -> None:
    experiment = validate(Experiment, load(path))
    (tmp_path / "resolved.yaml").write_text(to_yaml(experiment))
    assert validate(Experiment, load(tmp_path / "resolved.yaml")) == experiment


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sounds.yaml"
    path.write_text(DESIGN)
    return path


def problems(file: Path, *overrides: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        validate(Experiment, load(file, overrides))
    return [line.replace(str(file), "sounds.yaml") for line in caught.value.problems]


def test_the_example_of_the_design_is_an_experiment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTET_DATA", "/recordings")
    experiment = validate(Experiment, load(file))
    assert (experiment.name, experiment.all_seeds) == ("sounds-and-digits", (1,))
    esc10, fsdd = experiment.data["esc10"], experiment.data["fsdd"]
    assert esc10.source == EscSettings(path="/recordings/esc10")
    assert esc10.tasks is None
    assert isinstance(fsdd.source, FilenamesSettings)
    assert fsdd.tasks == {"digit": MulticlassSettings(), "speaker": MulticlassSettings()}
    assert experiment.signal == SignalSettings(rate_hz=16000.0, channels="mono")
    assert experiment.features == LogMelSettings(bands=64, window_s=0.025, hop_s=0.01)
    assert experiment.segments is not None
    assert (experiment.segments.length_s, experiment.segments.pad) == (5.0, "wrap")
    assert experiment.split == FoldsSettings(dev=0.15)
    assert experiment.model.encoder == (
        CnnSettings(dims=2, channels=(32, 64, 128), kernel=3, stride=1, padding=1),
        RnnSettings(cell="gru", layers=2, hidden=128, bidirectional=True),
    )
    assert experiment.training.optimizer == AdamSettings(learning_rate=1e-3)
    assert experiment.training.epochs == 40


def test_the_overrides_of_the_design_apply(file: Path) -> None:
    tree = load(file, ["training.optimizer.learning_rate=3e-4", "model.encoder.1.cell=lstm"])
    experiment = validate(Experiment, tree)
    assert experiment.training.optimizer == AdamSettings(learning_rate=3e-4)
    assert dump(experiment.model)["encoder"][1]["cell"] == "lstm"  # type: ignore[call-overload,index]
    sgd = validate(Experiment, load(file, ["training.optimizer.kind=sgd"])).training.optimizer
    assert sgd == SgdSettings()


def test_the_resolved_experiment_loads_again(file: Path, tmp_path: Path) -> None:
    experiment = validate(Experiment, load(file, ["seeds=[1, 2, 3]", "data.fsdd.limit=0.1", "mixup.alpha=0.3"]))
    (tmp_path / "resolved.yaml").write_text(to_yaml(experiment))
    assert validate(Experiment, load(tmp_path / "resolved.yaml")) == experiment
    assert validate(Experiment, dump(experiment)) == experiment


def test_missing_data_are_told_with_everything_else(file: Path) -> None:
    tree = load(file, ["training.epochs=-1", "data.esc10.source.path=/motet/no/such", "data.fsdd.source.path=/"])
    with pytest.raises(ConfigError) as caught:
        validate(Experiment, tree, Context(check_files=True))
    assert list(caught.value.problems) == [
        "override 'data.esc10.source.path=/motet/no/such': data.esc10.source.path: "
        "there is no folder '/motet/no/such'; correct the path or the variable in it",
        "override 'training.epochs=-1': training.epochs: -1 is not a number of at least 0",
    ]


def test_a_data_set_has_the_parts_of_the_experiment_and_its_own(file: Path) -> None:
    tree = load(file, ["data.fsdd.features={kind: mfcc}", "data.fsdd.split={kind: holdout, test: 0.3}"])
    experiment = validate(Experiment, tree)
    esc10, fsdd = experiment.data_set("esc10"), experiment.data_set("fsdd")
    assert esc10.features == experiment.features
    assert esc10.segments == experiment.segments
    assert fsdd.features == MfccSettings()
    assert fsdd.split == HoldoutSettings(test=0.3)
    assert fsdd.signal == experiment.signal
    assert fsdd.source == experiment.data["fsdd"].source


def test_seeds_begin_with_the_seed() -> None:
    experiment = Experiment(data={"a": {"source": "generated"}}, seeds=[4, 5])
    assert (experiment.seed, experiment.all_seeds) == (4, (4, 5))
    with pytest.raises(ConfigError, match="seed is 1 and seeds begin with 4; give one of both"):
        Experiment(data={"a": {"source": "generated"}}, seed=1, seeds=[4, 5])
    with pytest.raises(ConfigError, match="seeds are 4, 5, 4; name each seed once"):
        Experiment(data={"a": {"source": "generated"}}, seeds=[4, 5, 4])


def test_in_python_mistakes_are_reported_as_of_a_file() -> None:
    assert motet.Experiment is Experiment
    with pytest.raises(ConfigError) as caught:
        Experiment(data={"a": {"source": "generated", "limt": 3}}, features={"kind": "logmel", "bandz": 3}, sed=1)
    assert list(caught.value.problems) == [
        "data.a.limt: there is no such option; did you mean 'limit'?",
        "features.bandz: there is no such option of logmel; did you mean 'bands'?",
        "sed: there is no such option; did you mean 'seed'?",
    ]


def test_an_experiment_has_data() -> None:
    with pytest.raises(ConfigError, match="data: is missing; give it: The data sets, by name"):
        Experiment()
    with pytest.raises(ConfigError, match=r"data: {} is not a mapping of 1 or more"):
        Experiment(data={})


@pytest.mark.parametrize(
    ("overrides", "lines"),
    [
        (
            ["training.monitor=digits.uar"],
            [
                "override 'training.monitor=digits.uar': training.monitor: there is no task 'digits'; "
                "did you mean 'digit'?"
            ],
        ),
        (
            ["training.monitor=digit.uarr"],
            [
                "override 'training.monitor=digit.uarr': training.monitor: the task 'digit' does not report 'uarr'; "
                "did you mean 'uar'?"
            ],
        ),
        (
            ["training.monitor=digit"],
            [
                "override 'training.monitor=digit': training.monitor: 'digit' is not TASK.METRIC; "
                "write one such as digit.uar"
            ],
        ),
        (
            ["model.heads.sounds.hidden=[8]"],
            [
                "override 'model.heads.sounds.hidden=[8]': model.heads.sounds: there is no task 'sounds'; "
                "did you mean 'sound'?"
            ],
        ),
        (
            ["sampling={kind: stratified, task: x}"],
            [
                "override 'sampling={kind: stratified, task: x}': sampling.task: there is no task 'x'; "
                "there is digit, sound, speaker"
            ],
        ),
        (
            ["data.fsdd.tasks.dgit=multiclass"],
            [
                "override 'data.fsdd.tasks.dgit=multiclass': data.fsdd.tasks.dgit: the source has no target 'dgit'; "
                "did you mean 'digit'?"
            ],
        ),
        (
            ["data.fsdd.tasks.size=multiclass", "derive.size={kind: groups, of: digit, labels: {a: [0], b: [0]}}"],
            [
                "override 'derive.size={kind: groups, of: digit, labels: {a: [0], b: [0]}}': derive.size.labels: label "
                "'0' is in 'a' and in 'b'; a label has one group"
            ],
        ),
        (
            ["data.esc10.source.task=digit", "data.esc10.tasks.digit={kind: multiclass, weight: 2}"],
            [
                "sounds.yaml:14:14: data.fsdd.tasks.digit: differs from the task of the same name in data.esc10 "
                "(weight: 1.0 here, 2.0 there); make them equal, or rename one"
            ],
        ),
        (
            ["features={mel: logmel, wave: waveform}", "model.encoder={mel: [cnn], wav: [rnn]}"],
            [
                "override 'model.encoder={mel: [cnn], wav: [rnn]}': model.encoder.wav: there is no feature 'wav'; "
                "did you mean 'wave'?",
                "override 'model.encoder={mel: [cnn], wav: [rnn]}': model.encoder: has no layers "
                "for the feature 'wave', and no task has it as its target; add them, give one list for all inputs, "
                "or leave it out",
            ],
        ),
        (
            ["features.high_hz=14000"],
            [
                "override 'features.high_hz=14000': features.high_hz: 14000 Hz is more than half the sampling rate; "
                "lower it to 8000, or raise signal.rate_hz from 16000"
            ],
        ),
        (
            ["data.fsdd.signal={rate_hz: 8000}", "features.high_hz=8000"],
            [
                "override 'features.high_hz=8000': features.high_hz: 8000 Hz is more than half the sampling rate; "
                "lower it to 4000, or raise data.fsdd.signal.rate_hz from 8000"
            ],
        ),
    ],
)
def test_parts_that_do_not_fit_together(file: Path, overrides: list[str], lines: list[str]) -> None:
    assert problems(file, *overrides) == lines


def test_tasks_that_only_the_data_tell_are_not_judged() -> None:
    Experiment(data={"a": {"source": "generated"}}, training={"monitor": "scene.uar"}, model={"heads": {"scene": {}}})


def test_a_task_may_have_other_labels_in_another_data_set() -> None:
    source = {"kind": "table", "path": "a.csv", "targets": {"mood": "mood"}}
    labelled = {"kind": "multiclass", "labels": {"1": "sad", "2": "glad"}}
    tasks: list[dict[str, Any]] = [labelled, {"kind": "multiclass"}]
    data = {name: {"source": source, "tasks": {"mood": task}} for name, task in zip("ab", tasks, strict=True)}
    assert list(Experiment(data=data).data) == ["a", "b"]


@pytest.mark.parametrize(
    "path",
    [
        "data.NAME.source",
        "data.NAME.tasks",
        "data.NAME.tasks.NAME.loss",
        "data.NAME.tasks.NAME.decision",
        "data.NAME.tasks.NAME.metrics",
        "signal.steps",
        "signal.augment",
        "features",
        "scaling",
        "segments.crop",
        "sampling",
        "augment",
        "model.encoder",
        "model.network",
        "training.optimizer",
        "training.schedule",
        "training.objective",
        "training.stopping",
    ],
)
def test_every_slot_takes_the_user_s_own_class(path: str) -> None:
    assert "./FILE.py:NAME" in options(Experiment, path)[0].choices


def test_every_option_has_a_meaning() -> None:
    without = [option.path for option in options(Experiment) if not option.meaning]
    assert not without


def test_the_schema_knows_every_part() -> None:
    assert list(json_schema(Experiment)["properties"]) == list(Experiment.model_fields)


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ({"kind": "folders", "task": "my.task"}, "task"),
        ({"kind": "esc", "task": "../sound"}, "task"),
        ({"kind": "table", "path": "list.csv", "targets": {"a/b": "a"}}, "targets.a/b"),
        ({"kind": "arrays", "targets": {"a b": "y"}}, "targets.a b"),
    ],
)
def test_the_name_of_a_task_is_safe_wherever_a_source_gives_it(source: dict[str, Any], place: str) -> None:
    with pytest.raises(ConfigError, match="may hold only letters, digits, _ and -") as caught:
        Experiment(data={"set": {"source": {"path": ".", **source}}})
    assert any(f"data.set.source.{place}" in problem.replace('"', "") for problem in caught.value.problems)
