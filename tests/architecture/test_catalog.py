"""Every name that a settings file may say builds: from its default settings, with what it requires given."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter
from torch import nn

from motet import catalog
from motet.catalog import CATALOG, OWN
from motet.config import Settings, UserComponent
from motet.config.slots import kind_of, members_of
from motet.data.samplers import build_sampler
from motet.data.segments import build_crop
from motet.data.settings import CropSettings, SamplingSettings
from motet.features.settings import FeatureSettings, MapAugmentSettings, ScalingSettings
from motet.networks.build import build_network
from motet.networks.settings import LayerSettings, ModelSettings
from motet.networks.shape import MapShape
from motet.signals.augment import AugmentationChain
from motet.signals.prepare.chain import PreparationChain
from motet.signals.settings import SignalSettings, StepSettings, WaveformAugmentSettings
from motet.sources.corpora.settings import CorpusSettings
from motet.sources.settings import SourceSettings
from motet.tasks import Binary, Multiclass, Multilabel, Regression
from motet.tasks.kinds import TaskSettings
from motet.tasks.settings import (
    BinaryLossSettings,
    ClassMetricSettings,
    MulticlassDecisionSettings,
    MulticlassLossSettings,
    MultilabelMetricSettings,
    RegressionDecisionSettings,
    RegressionLossSettings,
    RegressionMetricSettings,
    ThresholdDecisionSettings,
)
from motet.training.objective import build_objective
from motet.training.objective_settings import ObjectiveSettings
from motet.training.optimizer_settings import OptimizerSettings
from motet.training.optimizers import build_optimizer, build_schedule
from motet.training.procedure_settings import ProcedureSettings
from motet.training.procedures import build_procedure
from motet.training.settings import ScheduleSettings, StoppingSettings
from motet.training.stopping import build_stopping

LABELS = ("a", "b", "c")
HERE = str(Path(__file__).parent)
FILE = str(Path(__file__))

SLOTS: dict[str, Any] = {
    "source": SourceSettings,
    "feature": FeatureSettings,
    "scaling": ScalingSettings,
    "map augmentation": MapAugmentSettings,
    "task": TaskSettings,
}
GIVEN: dict[str, tuple[Any, ...]] = {"feature": (16000.0,), "task": ("animal", LABELS)}

REQUIRED: dict[str | None, dict[str, Any]] = {
    **{kind_of(member): {"path": HERE} for member in members_of(CorpusSettings)},
    "filenames": {"path": HERE, "pattern": "{word}_{number:d}.wav"},
    "folders": {"path": HERE},
    "table": {"path": FILE},
    "arrays": {"path": HERE},
    "edf": {"path": HERE},
    "huggingface": {"path": HERE},
    "adversarial": {"against": ["animal"]},
    "gan": {"task": "animal"},
    "band_pass": {"low_hz": 100, "high_hz": 200},
    "high_pass": {"low_hz": 100},
    "low_pass": {"high_hz": 200},
    "cut": {"length_s": 1.0},
}


def names(union: Any) -> Iterator[str]:
    """Yield the names of a slot."""
    for member in members_of(_union(union)):
        name = kind_of(member)
        if name is not None:
            yield name


def settings_of(union: Any, name: str) -> Any:
    """Return the settings of a name, as a file would give them."""
    return TypeAdapter(union).validate_python({"kind": name, **REQUIRED.get(name, {})})


def _union(annotated: Any) -> Any:
    return getattr(annotated, "__origin__", annotated)


def _cases(*unions: Any) -> list[Any]:
    return [pytest.param(union, name, id=name) for union in unions for name in names(union)]


@pytest.mark.parametrize("slot", SLOTS)
def test_the_catalog_has_the_names_of_the_settings(slot: str) -> None:
    assert sorted(CATALOG[slot]) == sorted(names(SLOTS[slot]))


def test_the_catalog_has_no_other_slots() -> None:
    assert CATALOG.keys() == SLOTS.keys() == OWN.keys()


@pytest.mark.parametrize(("slot", "name"), [(slot, name) for slot, kinds in CATALOG.items() for name in kinds])
def test_every_name_of_the_catalog_builds(slot: str, name: str) -> None:
    settings = settings_of(SLOTS[slot], name)
    given = GIVEN.get(slot, ())
    if name == "binary":
        given = ("animal", LABELS[:2])
    built = catalog.build(slot, settings, *given)
    assert type(built).__name__ + "Settings" == type(settings).__name__
    assert isinstance(built, catalog.component_class(slot, settings))


@pytest.mark.parametrize(("union", "name"), _cases(StepSettings))
def test_every_signal_step_builds(union: Any, name: str) -> None:
    (step,) = PreparationChain(SignalSettings.model_construct(steps=(settings_of(union, name),))).steps
    assert step.version >= 1


@pytest.mark.parametrize(("union", "name"), _cases(WaveformAugmentSettings))
def test_every_waveform_augmentation_builds(union: Any, name: str) -> None:
    assert AugmentationChain([settings_of(union, name)]).num_draws > 0


@pytest.mark.parametrize(("union", "name"), _cases(LayerSettings))
def test_every_layer_builds(union: Any, name: str) -> None:
    model = ModelSettings(encoder=(settings_of(union, name),))
    shape = MapShape(1, 50, 1 if name == "spectrum" else 16)
    assert build_network(model, {"signal": shape}, {"animal": 3}).min_frames["signal"] >= 1


@pytest.mark.parametrize(("union", "name"), _cases(MulticlassLossSettings))
def test_every_loss_of_classes_builds(union: Any, name: str) -> None:
    task = catalog.build("task", settings_of(TaskSettings, "multiclass").model_copy(
        update={"loss": settings_of(union, name)}), "animal", LABELS)  # fmt: skip
    assert task.loss(torch.zeros(2, 3), torch.tensor([0, 2])).shape == (2,)


@pytest.mark.parametrize(("union", "name"), _cases(BinaryLossSettings))
@pytest.mark.parametrize("cls", [Binary, Multilabel])
def test_every_loss_of_labels_builds(cls: type[Binary | Multilabel], union: Any, name: str) -> None:
    task = _task(cls, loss=settings_of(union, name))
    size = task.output_size
    targets = torch.tensor([0, 1]) if cls is Binary else torch.ones(2, size)
    assert task.loss(torch.zeros(2, size), targets).shape == (2,)


@pytest.mark.parametrize(("union", "name"), _cases(RegressionLossSettings))
def test_every_loss_of_numbers_builds(union: Any, name: str) -> None:
    assert _task(Regression, loss=settings_of(union, name)).loss(torch.zeros(2, 3), torch.ones(2, 3)).shape == (2,)


@pytest.mark.parametrize(
    ("cls", "union", "name"),
    [
        (cls, union, name)
        for cls, union in (
            (Multiclass, MulticlassDecisionSettings),
            (Binary, ThresholdDecisionSettings),
            (Multilabel, ThresholdDecisionSettings),
            (Regression, RegressionDecisionSettings),
        )
        for name in names(union)
    ],
)
def test_every_decision_builds(cls: Any, union: Any, name: str) -> None:
    task = _task(cls, decision=settings_of(union, name))
    assert len(task.decide(torch.rand(4, task.output_size).double().numpy())) == 4


@pytest.mark.parametrize(
    ("cls", "union", "name"),
    [
        (cls, union, name)
        for cls, union in (
            (Multiclass, ClassMetricSettings),
            (Binary, ClassMetricSettings),
            (Multilabel, MultilabelMetricSettings),
            (Regression, RegressionMetricSettings),
        )
        for name in names(union)
    ],
)
def test_every_metric_builds(cls: Any, union: Any, name: str) -> None:
    task = _task(cls, metrics=(settings_of(union, name),))
    probabilities = torch.rand(9, task.output_size).double().numpy()
    targets = {Multilabel: (probabilities > 0.5).astype(float), Regression: probabilities}.get(cls)
    if targets is None:
        targets = torch.arange(9).numpy() % 2
    assert list(task.score(probabilities, targets)) == [name]


@pytest.mark.parametrize(("union", "name"), _cases(CropSettings))
def test_every_segment_rule_builds(union: Any, name: str) -> None:
    assert callable(build_crop(settings_of(union, name)))


@pytest.mark.parametrize(("union", "name"), _cases(SamplingSettings))
def test_every_sampler_builds(union: Any, name: str) -> None:
    assert callable(build_sampler(settings_of(union, name)))


@pytest.mark.parametrize(("union", "name"), _cases(OptimizerSettings))
def test_every_optimizer_builds(union: Any, name: str) -> None:
    weights = nn.Linear(2, 1)
    assert build_optimizer(settings_of(union, name), weights.parameters()).param_groups[0]["lr"] > 0


@pytest.mark.parametrize(("union", "name"), _cases(ScheduleSettings))
def test_every_schedule_builds(union: Any, name: str) -> None:
    schedule = build_schedule(settings_of(union, name), total_steps=10, steps_per_epoch=5, learning_rate=0.1)
    assert all(0.0 <= schedule.factor(step) <= 1.0 for step in range(10))


@pytest.mark.parametrize(("union", "name"), _cases(ObjectiveSettings, StoppingSettings, ProcedureSettings))
def test_every_loss_combination_stopping_rule_and_procedure_builds(union: Any, name: str) -> None:
    settings = settings_of(union, name)
    if union is ObjectiveSettings:
        objective = build_objective(settings, {"animal": 1.0}, torch.device("cpu"))
        objective.load_state_dict(objective.state_dict())
    else:
        built = (
            build_stopping(settings) if union is StoppingSettings else build_procedure(settings, (*LABELS, "animal"))
        )
        assert built is not None


@pytest.mark.parametrize("slot", OWN)
def test_every_slot_of_the_catalog_takes_a_class_of_the_users_own(slot: str) -> None:
    assert UserComponent in members_of(_union(SLOTS[slot]))


def _task(cls: Any, **options: Settings | tuple[Settings, ...]) -> Any:
    settings = TypeAdapter(TaskSettings).validate_python({"kind": cls.__name__.lower()})
    return cls(settings.model_copy(update=options), "animal", LABELS[:2] if cls is Binary else LABELS)
