"""The experiment: one file, or one object, that says everything about a training.

Each part is declared in its own room; here they are put together and checked against each other. A data set may
override `signal`, `features`, `scaling`, `segments` and `split`; what it leaves out is the experiment's.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BaseModel, Field, ValidationInfo, model_validator

from motet.config import Context, CrossProblem, Many, Name, OneOrNamed, Settings, option, required, validate
from motet.data.relabel_settings import DeriveSettings
from motet.data.settings import (
    FoldsSettings,
    MixedSettings,
    OneSidedSettings,
    SamplingSettings,
    SegmentSettings,
    SplitSettings,
)
from motet.evaluation.settings import EvaluationSettings
from motet.experiment.settings.checks import (
    check_batch_losses,
    check_derived,
    check_fed_labels,
    check_frequencies,
    check_fused,
    check_input_signals,
    check_inputs,
    check_maps,
    check_mixes,
    check_objective,
    check_shared_tasks,
    check_targets,
    check_task_names,
    check_teachers,
)
from motet.experiment.settings.data_set import OVERRIDABLE, CompleteDataSet, DataSetSettings
from motet.experiment.settings.noise import NoiseSettings
from motet.experiment.settings.own_loss_checks import check_own_losses
from motet.experiment.settings.procedure_checks import check_procedure, monitors_procedure
from motet.experiment.settings.teachers import TeacherSettings
from motet.features.settings import (
    FeatureSettings,
    LogMelSettings,
    MapAugmentSettings,
    MixupSettings,
    ScalingSettings,
    StandardSettings,
)
from motet.networks.settings import ModelSettings
from motet.signals.settings import SignalSettings
from motet.store.settings import StoreSettings
from motet.tasks.fused.settings import FuseSettings
from motet.training.settings import TrainingSettings


class _Reporting(type(BaseModel)):  # type: ignore[misc]
    """Lets a class report mistakes in Python as it does those of a file: all of them, with the nearest name."""

    def __call__(cls, **options: Any) -> Any:
        return validate(cls, options)


class Experiment(Settings, metaclass=_Reporting):
    """An experiment. Plain data, settings and, in Python, the user's own objects may be mixed.

    Raises
    ------
    ConfigError
        With one line for every problem.

    Examples
    --------
    >>> experiment = Experiment(data={"tones": {"source": "generated"}}, seeds=[1, 2, 3])
    >>> experiment.all_seeds
    (1, 2, 3)
    """

    if TYPE_CHECKING:

        def __init__(self, **options: Any) -> None: ...

    name: Name = option("experiment", "What the experiment is called in reports.")
    seed: int = option(1, "Seed of every random draw.", ge=0)
    seeds: Many[Annotated[int, Field(ge=0)]] | None = option(
        None, "Several seeds: the experiment runs once for each, and figures are means over all.", min_length=1
    )
    data: dict[Name, DataSetSettings] = required("The data sets, by name.", min_length=1)
    noise: dict[Name, NoiseSettings] = option({}, "Recordings that `signal.mix` mixes into others, by name.")
    derive: dict[Name, DeriveSettings] = option(
        {}, "Tasks made of other tasks, by name, in every data set that has what they are made of."
    )
    fuse: dict[Name, FuseSettings] = option(
        {}, "Tasks made of the predictions of other tasks, by name: scored like any other, but not learned."
    )
    signal: SignalSettings = option(SignalSettings(), "How recordings become signals.")
    features: OneOrNamed[FeatureSettings] = option(
        LogMelSettings(), "What the network sees: one feature, or several by name, each an input of its own."
    )
    scaling: ScalingSettings = option(StandardSettings(), "How features are scaled.")
    segments: SegmentSettings | None = option(
        None, "Pieces of one length; without, recordings are padded to the longest of a batch and no padding counts."
    )
    split: SplitSettings = option(FoldsSettings(), "Who trains, who selects the model, and who tests.")
    sampling: SamplingSettings = option(MixedSettings(), "How rows become batches.")
    augment: Many[MapAugmentSettings] = option(
        (), "Random changes of the scaled features, in training only, in this order."
    )
    mixup: MixupSettings | None = option(None, "Mixup of the rows of a batch, in training only.")
    teachers: dict[Name, TeacherSettings] = option(
        {}, "Trained models that tasks learn from, by task: what they say stands beside labels or in their place."
    )
    model: ModelSettings = option(ModelSettings(), "The network.")
    training: TrainingSettings = option(TrainingSettings(), "The training loop.")
    evaluation: EvaluationSettings = option(EvaluationSettings(), "How predictions are made and scored.")
    store: StoreSettings = option(StoreSettings(), "Where features are kept between runs.")

    @model_validator(mode="before")
    @classmethod
    def _first_of_seeds(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and "seed" not in data and isinstance(seeds := data.get("seeds"), list | tuple):
            return {**data, "seed": seeds[0]} if seeds else data
        return data

    @model_validator(mode="after")
    def _seed_is_first(self) -> Self:
        if self.seeds is not None and self.seed != self.seeds[0]:
            raise ValueError(f"seed is {self.seed} and seeds begin with {self.seeds[0]}; give one of both")
        return self

    @model_validator(mode="after")
    def _seeds_differ(self) -> Self:
        if len(set(self.all_seeds)) < len(self.all_seeds):
            raise ValueError(f"seeds are {', '.join(map(str, self.all_seeds))}; name each seed once")
        return self

    @model_validator(mode="after")
    def _parts_fit(self, info: ValidationInfo) -> Self:
        if isinstance(info.context, Context):
            info.context.problems.extend(self._cross_problems())
        return self

    def _cross_problems(self) -> Iterator[CrossProblem]:
        complete = {name: self.data_set(name) for name in self.data}
        overridden = {
            name: [part for part in OVERRIDABLE if getattr(own, part) is not None] for name, own in self.data.items()
        }
        yield from check_targets(self.data, (*self.derive, *self.teachers))
        yield from check_derived(self.data, self.derive)
        yield from check_shared_tasks(self.data)
        monitor = None if monitors_procedure(self.training) else self.training.monitor
        yield from check_task_names(self.data, self.model, self.sampling, monitor, self.derive, self.fuse)
        yield from check_fused(self.data, self.fuse, self.derive)
        yield from check_teachers(self.data, self.teachers, self.derive)
        yield from check_fed_labels(self.model, self.mixup)
        yield from check_inputs(complete, self.model)
        yield from check_maps(complete, self.teachers)
        yield from check_input_signals(complete, self.model, overridden)
        yield from check_objective(self.model, self.training.objective)
        yield from check_procedure(self.data, self.model, self.training, self.mixup, self.derive)
        yield from check_own_losses(self.data, self.derive, self.model, self.training)
        yield from check_frequencies(complete, overridden)
        yield from check_batch_losses(self.data, self.training.micro_batches)
        yield from check_mixes(complete, self.noise, overridden)

    @property
    def all_seeds(self) -> tuple[int, ...]:
        """The seeds to run."""
        return self.seeds or (self.seed,)

    def data_set(self, name: str) -> CompleteDataSet:
        """Return the settings of a data set, with the experiment's own where the data set has none."""
        own = dict(self.data[name])
        parts = {part: getattr(self, part) for part in OVERRIDABLE if own[part] is None}
        if own["use"] != "both":
            dev = (own["split"] or self.split).dev if own["use"] == "train" else 0.0
            parts["split"] = OneSidedSettings(side=own["use"], dev=dev)
        return CompleteDataSet.model_construct(**{**own, **parts})
