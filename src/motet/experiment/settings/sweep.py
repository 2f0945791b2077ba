"""What varies from run to run: axes by dotted path, combinations of data sets and tasks, and points to leave out."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Discriminator, Field, Tag, model_validator

from motet.config import Many, Name, Settings, option
from motet.experiment.settings.experiment import Experiment

VARIATION = ("sweep", "together", "combine", "skip")
"""The keys of a file that make several runs of it."""

_DIGITS = 6


class AxisSettings(Settings):
    """The values of one option: a range, or values by name."""

    low: int | float | None = option(None, "First value of a range; whole where both ends are whole.")
    high: int | float | None = option(None, "Last value of a range.")
    count: int | None = option(None, "How many values a range has.", ge=1, le=1000)
    scale: Literal["linear", "log"] = option("linear", "Whether values lie at equal distances or at equal ratios.")
    values: dict[Name, Any] | None = option(None, "Values by name; the names stand in those of the runs.", min_length=1)

    @model_validator(mode="after")
    def _is_one_of_both(self) -> "AxisSettings":
        ends = (self.low, self.high, self.count)
        if self.values is not None:
            if any(end is not None for end in ends):
                raise ValueError("values stands beside low, high or count; give values by name, or a range")
        elif self.low is None or self.high is None or self.count is None:
            raise ValueError("low, high and count make a range; give all three, or values by name, or a plain list")
        elif not np.isfinite([self.low, self.high]).all() or self.low > self.high:
            raise ValueError(f"low is {self.low} and high is {self.high}; low must not be above high")
        elif self.scale == "log" and self.low <= 0:
            raise ValueError(f"low is {self.low}, but a log scale begins above 0")
        return self

    def range(self) -> list[int | float]:
        """Return the values of a range, to six digits, each once; whole numbers where both ends are whole."""
        assert self.low is not None
        assert self.high is not None
        assert self.count is not None
        spaced = np.geomspace if self.scale == "log" else np.linspace
        found = spaced(self.low, self.high, self.count).tolist()
        if isinstance(self.low, int) and isinstance(self.high, int):
            return list(dict.fromkeys(round(value) for value in found))
        return list(dict.fromkeys(float(f"{value:.{_DIGITS}g}") for value in found))


def _list_or_range(value: Any) -> str:
    return "<range>" if isinstance(value, Mapping | AxisSettings) else "<list>"


Axis = Annotated[
    Annotated[Many[Any], Tag("<list>")] | Annotated[AxisSettings, Tag("<range>")], Discriminator(_list_or_range)
]
Sizes = Literal["all"] | Many[Annotated[int, Field(ge=1)] | Literal["all"]]


class CombineSettings(Settings):
    """Which data sets, or which tasks, are trained together: every choice of so many out of all."""

    data: Sizes | None = option(
        None, "How many data sets at once: a list such as [1, 2, all], or all for every number from 1 on."
    )
    tasks: Sizes | None = option(
        None, "How many tasks at once, likewise; data sets that have none of them are left out."
    )


class Sweep(Experiment):  # type: ignore[metaclass]
    """An experiment, and what varies about it. Without these four keys it is the experiment of the file."""

    sweep: dict[str, Axis] = option(
        {}, "Values by dotted path: a list, or a range {low, high, count, scale}; all of them are crossed."
    )
    together: Many[dict[str, Axis]] = option(
        (), "Groups of dotted paths that move together: first values with first values, second with second."
    )
    combine: CombineSettings = option(CombineSettings(), "Combinations of data sets or of tasks.")
    skip: Many[dict[str, Any]] = option(
        (), "Points to leave out: those where every dotted path has the value given here, or one of a list."
    )
