"""Settings of fused tasks: what may stand at `fuse.NAME`.

A fused task has a decision and metrics as any task has; what it is made of says what it may be.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from motet.config import Many, Name, Settings, Slot, option, required
from motet.tasks.kinds import TaskSettings
from motet.tasks.settings import Label


def _keys_as_text(value: object) -> object:
    return {str(key): item for key, item in value.items()} if isinstance(value, Mapping) else value


_Probability = Annotated[float, Field(ge=0, le=1)]
_Row = Annotated[dict[str, _Probability], BeforeValidator(_keys_as_text)]
_Table = Annotated[dict[str, _Row], BeforeValidator(_keys_as_text), Field(min_length=1)]
Exponent = Literal["tuned"] | Annotated[float, Field(ge=0)]

_EXPONENT = "How much it counts: 0 changes nothing, 1 is the formula; tuned: the best of several on development rows."
_TASK = (
    "Decision and metrics, as those of a task, such as {kind: multilabel, decision: tuned_threshold}; by default those "
    "of the task that it is made of."
)
_TRUTH = (
    "The task whose targets score it, with the same labels; by default they follow from the targets of what it is made "
    "of. Where a recording has several labels, these do not say which of them is heard when something is active."
)


class FusedSettings(Settings, ABC):
    """What all kinds have: decision and metrics of their own."""

    task: TaskSettings | None = option(None, _TASK)
    truth: Name | None = option(None, _TRUTH)

    @property
    @abstractmethod
    def made_of(self) -> tuple[str, ...]:
        """The tasks that it is made of."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The tasks that must be there: those that it is made of, and that which scores it."""
        return (*self.made_of, *(() if self.truth is None else (self.truth,)))

    @model_validator(mode="after")
    def _is_not_learned(self) -> Self:
        own: Any = self.task
        fields = {} if own is None else type(own).model_fields
        for name in ("loss", "weight"):
            if name in fields and getattr(own, name) != fields[name].get_default():
                raise ValueError(f"a fused task is not learned, but {name} of its task is set; leave {name} out")
        return self


class GateSettings(FusedSettings):
    """A task's probabilities times the probability that anything is active (Pankajakshan et al. 2019).

    Classes or tags of recordings that are gated frame by frame become events.
    """

    kind: Literal["gate"] = "gate"
    of: Name = required("The task that is gated.")
    by: Name = required("The task that tells activity.")
    active: Many[Label] = option(
        (), "Labels of `by` that are activity, any of them; needed where it has several that exclude each other."
    )
    nothing: Label | None = option(
        None,
        "The label of `of` that takes what the others lose; needed where labels exclude each other. In time it is the "
        "label that is no event, where there is one.",
    )
    exponent: Exponent = option(1.0, _EXPONENT)

    @property
    def made_of(self) -> tuple[str, ...]:
        """The tasks that it is made of."""
        return (self.of, self.by)


class ConditionSettings(FusedSettings):
    """A task's probabilities, made more or less likely by what is usual in a scene (Heittola et al. 2013)."""

    kind: Literal["condition"] = "condition"
    of: Name = required("The task whose labels depend on the scene; its targets are those of the fused task.")
    by: Name = required("The task that tells the scene: one label of several.")
    table: _Table | None = option(
        None,
        "P(label given scene) by scene and label, {street: {car: 0.9}}; a label that is left out has 0. By default "
        "counted on training rows that have targets of both.",
    )
    smoothing: float = option(
        1.0, "Rows that every scene has besides its own when it is counted, as all scenes together have them.", ge=0
    )
    how: Literal["odds", "product", "geometric"] = option(
        "odds",
        "odds: Bayes' rule with the scene as further evidence; product: times what is usual in the scene; geometric: "
        "the geometric mean of both, in which `exponent` is the share of the scene.",
    )
    exponent: Exponent = option(1.0, _EXPONENT)

    @property
    def made_of(self) -> tuple[str, ...]:
        """The tasks that it is made of."""
        return (self.of, self.by)

    @model_validator(mode="after")
    def _share_is_at_most_one(self) -> Self:
        if self.how == "geometric" and not isinstance(self.exponent, str) and self.exponent > 1:
            raise ValueError(f"exponent is {self.exponent:g}, but the share of a geometric mean is from 0 to 1")
        return self


class ProductSettings(FusedSettings):
    """Several tasks of one label each as one: every combination that occurs has the product of their probabilities.

    One of them may be of frames: then the combinations are events.
    """

    kind: Literal["product"] = "product"
    of: Many[Name] = required("The tasks that are joined, in the order of their labels.", min_length=2)
    separator: str = option("+", "What stands between the labels, as in `derive`.", min_length=1)

    @property
    def made_of(self) -> tuple[str, ...]:
        """The tasks that it is made of."""
        return self.of


class MeanSettings(FusedSettings):
    """The mean of tasks with equal labels, of recordings or of frames; the targets are those of the first of either."""

    kind: Literal["mean"] = "mean"
    of: Many[Name] = required("The tasks, of equal labels.", min_length=2)
    how: Literal["arithmetic", "geometric"] = option(
        "arithmetic", "The mean of probabilities, or of their logarithms, after which they sum to 1 again."
    )
    weights: Many[Annotated[float, Field(ge=0)]] | None = option(
        None, "How much each of them counts; by default all alike."
    )

    @property
    def made_of(self) -> tuple[str, ...]:
        """The tasks that it is made of."""
        return self.of

    @model_validator(mode="after")
    def _one_weight_each(self) -> Self:
        if self.weights is not None and (len(self.weights) != len(self.of) or sum(self.weights) <= 0):
            raise ValueError(
                f"weights are {', '.join(f'{weight:g}' for weight in self.weights)}, but {len(self.of)} tasks want one "
                "each, of which one is above 0"
            )
        return self


FuseSettings = Annotated[GateSettings | ConditionSettings | ProductSettings | MeanSettings, Slot("fused task")]
