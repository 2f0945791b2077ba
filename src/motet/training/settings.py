"""Settings of training: schedule, stopping, what is kept, where it runs, and all that other files say of it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from motet.config import ExistingPath, Many, Name, Settings, Slot, kinds, option
from motet.training.objective_settings import ObjectiveSettings, WeightedSettings
from motet.training.optimizer_settings import AdamSettings, OptimizerSettings
from motet.training.procedure_settings import JointSettings, ProcedureSettings


class ConstantSettings(Settings):
    """The learning rate stays as it is."""

    kind: Literal["constant"] = "constant"


class OneCycleSettings(Settings):
    """One cycle up and down, by step (Smith and Topin 2019)."""

    kind: Literal["one_cycle"] = "one_cycle"
    warmup: float = option(0.3, "Share of all steps that rise.", gt=0, lt=1)
    start_divisor: float = option(25.0, "The first rate is the peak divided by this.", gt=0)
    end_divisor: float = option(1e4, "The last rate is the first divided by this.", gt=0)


class CosineSettings(Settings):
    """Half a cosine down, by step, after an optional linear warm-up."""

    kind: Literal["cosine"] = "cosine"
    warmup_epochs: float = option(0.0, "Linear rise at the start.", unit="epochs", ge=0)
    end_ratio: float = option(0.0, "The last rate as a share of the first.", ge=0, le=1)


class StepSettings(Settings):
    """Multiply the learning rate every so many epochs."""

    kind: Literal["step"] = "step"
    every: int = option(10, "Epochs between two changes.", unit="epochs", ge=1)
    factor: float = option(0.1, "What the rate is multiplied by.", gt=0, le=1)


class PlateauSettings(Settings):
    """Multiply the learning rate when the monitored value no longer improves on development rows."""

    kind: Literal["plateau"] = "plateau"
    patience: int = option(5, "Epochs without improvement before a change.", unit="epochs", ge=1)
    factor: float = option(0.5, "What the rate is multiplied by.", gt=0, lt=1)
    minimum: float = option(0.0, "The rate never falls below this.", ge=0)


ScheduleSettings = kinds("schedule", ConstantSettings, OneCycleSettings, CosineSettings, StepSettings, PlateauSettings)


class PatienceSettings(Settings):
    """Stop when the monitored value has not improved for so many epochs."""

    kind: Literal["patience"] = "patience"
    epochs: int = option(10, "Epochs without improvement.", unit="epochs", ge=1)
    min_delta: float = option(0.0, "A smaller gain does not count.", ge=0)


StoppingSettings = kinds("stopping", PatienceSettings)


class BestSettings(Settings):
    """Keep the epoch that was best on development rows."""

    kind: Literal["best"] = "best"


class LastSettings(Settings):
    """Keep the last epoch, which is then also the one that predicts."""

    kind: Literal["last"] = "last"


class EverySettings(Settings):
    """Keep every so many epochs beside the best."""

    kind: Literal["every"] = "every"
    epochs: int = option(10, "Epochs between two that are kept.", unit="epochs", ge=1)


class AllSettings(Settings):
    """Keep every epoch."""

    kind: Literal["all"] = "all"


KeepSettings = Annotated[BestSettings | LastSettings | EverySettings | AllSettings, Slot("keep")]


class GradientCosineSettings(Settings):
    """The cosine between the tasks' gradients on the parameters that they share."""

    kind: Literal["gradient_cosine"] = "gradient_cosine"
    every: int = option(50, "Steps from one look to the next; the first step of an epoch is always one.", ge=1)


TrackSettings = Annotated[GradientCosineSettings, Slot("track")]


class TrainingSettings(Settings):
    """The training loop."""

    epochs: int = option(20, "Passes over the training rows; 0 to only evaluate the network as it is.", ge=0)
    batch_size: int = option(32, "Rows of a step, over all data sets.", unit="rows", ge=1)
    micro_batches: int = option(
        1,
        "Parts that a batch is computed in, to save memory; the result is the same but for batch normalisation.",
        ge=1,
    )
    optimizer: OptimizerSettings = option(AdamSettings(), "How weights follow gradients.")
    schedule: ScheduleSettings = option(ConstantSettings(), "How the learning rate moves.")  # type: ignore[valid-type]
    objective: ObjectiveSettings = option(WeightedSettings(), "How the tasks' losses become one step.")
    losses: dict[Name, Annotated[float, Field(ge=0)]] = option(
        {},
        "What losses of the network's own weigh beside those of the tasks, by name; 1 for one that is not named.",
    )
    procedure: ProcedureSettings = option(JointSettings(), "How a batch becomes updates.")
    clip_norm: float | None = option(None, "Largest norm of the gradient; larger ones are scaled down.", gt=0)
    autocast: Literal["off", "auto", "bfloat16", "float16"] = option(
        "off", "Lower precision in the forward pass; `auto` takes what the device has."
    )
    monitor: str | None = option(
        None,
        "What `best`, stopping and plateau look at, as TASK.METRIC on development rows, or losses.NAME for a loss of "
        "the network's own; by default the mean of every task's main metric, without tasks the sum of these losses.",
    )
    stopping: StoppingSettings | None = option(None, "When to stop early.")  # type: ignore[valid-type]
    keep: KeepSettings = option(BestSettings(), "Which epochs stay in the run's folder.")
    track: Many[TrackSettings] = option((), "What else is recorded of every epoch.", max_length=1)
    warm_start: ExistingPath | None = option(None, "A saved model whose network weights are taken as the start.")
    device: Literal["auto", "cpu", "cuda", "mps"] = option("auto", "Where it runs.")
    threads: int | None = option(None, "CPU threads of PyTorch; by default PyTorch's own choice.", ge=1)
    checkpoint_s: float = option(60.0, "Time between two checkpoints; what a kill loses at most.", unit="s", gt=0)

    @field_validator("losses", mode="before")
    @classmethod
    def _judgements_are_weighed_elsewhere(cls, given: Any) -> Any:
        for name, weight in given.items() if isinstance(given, Mapping) else ():
            inner = weight if isinstance(weight, Mapping) else ()
            for own in (str(name), *(f"{name}.{part}" for part in inner)):
                if own.endswith((".adversarial", ".discriminator")):
                    raise ValueError(
                        f"{own!r} is a loss of procedure: gan, where training.procedure.weight weighs the adversarial "
                        "one and training.procedure.optimizer paces the discriminator; leave it out here"
                    )
        return given

    @model_validator(mode="after")
    def _batch_can_be_cut(self) -> "TrainingSettings":
        if self.micro_batches > self.batch_size:
            raise ValueError(f"micro_batches is {self.micro_batches}, more than batch_size {self.batch_size}")
        return self
