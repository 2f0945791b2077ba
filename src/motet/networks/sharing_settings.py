"""Settings of what tasks share: all but their heads, or only a part of the way."""

from typing import Annotated, Literal

from pydantic import Field

from motet.config import Many, Settings, Slot, option

_Positive = Annotated[int, Field(ge=1)]


class HardSettings(Settings):
    """All tasks share all layers but their heads; a head may leave earlier, see `model.heads.TASK.from`."""

    kind: Literal["hard"] = "hard"


class SoftSettings(Settings):
    """Every task has layers of its own, which a loss draws together: the squared distance of their weights."""

    kind: Literal["soft"] = "soft"
    strength: float = option(1e-3, "What the squared L2 distance between two tasks' layers is multiplied by.", gt=0)


class CrossStitchSettings(Settings):
    """Every task has layers of its own; after each layer, channel by channel, they are mixed (Misra et al. 2016)."""

    kind: Literal["cross_stitch"] = "cross_stitch"
    own: float = option(0.9, "What a task keeps of its own at first; the others share the rest.", ge=0, le=1)


class MmoeSettings(Settings):
    """Experts between the shared layers and the heads; each task weighs them by a gate (Ma et al. 2018)."""

    kind: Literal["mmoe"] = "mmoe"
    experts: int = option(4, "Experts that all tasks share.", ge=1)
    hidden: Many[_Positive] = option((64,), "Units of each layer of an expert.", min_length=1)


class PleSettings(Settings):
    """Experts that are shared and experts of each task's own, in levels (Tang et al. 2020)."""

    kind: Literal["ple"] = "ple"
    shared: int = option(2, "Experts of each level that all tasks share.", ge=1)
    own: int = option(1, "Experts of each level and task.", ge=1)
    levels: int = option(2, "Levels of experts.", ge=1)
    hidden: Many[_Positive] = option((64,), "Units of each layer of an expert.", min_length=1)


class MtanSettings(Settings):
    """Each task attends to what it needs of every convolutional stage that all share (Liu et al. 2019)."""

    kind: Literal["mtan"] = "mtan"


SharingSettings = Annotated[
    HardSettings | SoftSettings | CrossStitchSettings | MmoeSettings | PleSettings | MtanSettings, Slot("sharing")
]
