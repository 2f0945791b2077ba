"""Settings of how the losses of several tasks become one step: losses are weighed, or their gradients are balanced.

Each task's own `weight` multiplies its loss first. A loss of the network's own is added as it is.
"""

from typing import Literal

from motet.config import Settings, kinds, option

Place = Literal["parameters", "features"]


def _place() -> Place:
    place: Place = option(
        "parameters",
        "Where gradients are balanced: parameters, one backward pass a task; or features, what the heads receive, "
        "one backward pass for all tasks.",
    )
    return place


class WeightedSettings(Settings):
    """The weighted sum of the tasks' mean losses; each task states its own `weight`."""

    kind: Literal["weighted"] = "weighted"


class NormalisedSettings(Settings):
    """Every loss divided by the value it had, so that all count alike."""

    kind: Literal["normalised"] = "normalised"
    by: Literal["first", "running"] = option(
        "first", "first: the loss of the task's first batch; running: a running mean of its batches."
    )
    decay: float = option(0.99, "What a running mean keeps of itself at every step.", ge=0, lt=1)


class UncertaintySettings(Settings):
    """Every loss divided by a variance that is learned with the network (Kendall et al. 2018)."""

    kind: Literal["uncertainty"] = "uncertainty"


class DwaSettings(Settings):
    """Dynamic weight average: losses that fall slowly from epoch to epoch weigh more (Liu et al. 2019)."""

    kind: Literal["dwa"] = "dwa"
    temperature: float = option(2.0, "The higher, the more equal the weights.", gt=0)


class GlsSettings(Settings):
    """The geometric mean of the losses (Chennupati et al. 2019); the weights of tasks change only its scale."""

    kind: Literal["gls"] = "gls"


class ImtlLSettings(Settings):
    """Learned scales that bring all losses to one size (Liu et al., ICLR 2021, IMTL-L)."""

    kind: Literal["imtl_l"] = "imtl_l"


class FamoSettings(Settings):
    """Weights that make all losses fall at one rate (Liu et al. 2023); each batch is looked at again after its step."""

    kind: Literal["famo"] = "famo"
    learning_rate: float = option(0.025, "Step size of the weights.", ge=0)
    weight_decay: float = option(1e-3, "Pulls the weights towards being equal.", ge=0)


class StchSettings(Settings):
    """A smooth maximum of the losses: the largest one counts most (Lin et al. 2024)."""

    kind: Literal["stch"] = "stch"
    smoothing: float = option(0.1, "The smaller, the closer to the maximum.", gt=0)


class PcGradSettings(Settings):
    """Take from each gradient what points against another one, in random order (Yu et al. 2020)."""

    kind: Literal["pcgrad"] = "pcgrad"
    on: Place = _place()


class CaGradSettings(Settings):
    """The step near the mean gradient that helps the worst task most (Liu et al. 2021)."""

    kind: Literal["cagrad"] = "cagrad"
    on: Place = _place()
    radius: float = option(0.4, "How far from the mean gradient, as a share of its length.", ge=0)


class MgdaSettings(Settings):
    """The shortest vector between the gradients (Desideri 2012; Sener and Koltun 2018)."""

    kind: Literal["mgda"] = "mgda"
    on: Place = _place()


class AlignedMtlSettings(Settings):
    """Gradients turned and scaled to be orthogonal and of one length (Senushkin et al. 2023)."""

    kind: Literal["aligned_mtl"] = "aligned_mtl"
    on: Place = _place()
    scale: Literal["min", "median", "rmse"] = option("min", "Which singular value gives the length.")


class NashMtlSettings(Settings):
    """The bargaining solution: every task gains alike for what it gives (Navon et al. 2022)."""

    kind: Literal["nash_mtl"] = "nash_mtl"
    on: Place = _place()
    max_norm: float = option(
        1.0, "Largest length of the combined gradient; of itself it is the root of the tasks.", gt=0
    )


class UpGradSettings(Settings):
    """Each gradient brought to where it harms no task, then their mean (Quinton and Rey 2024)."""

    kind: Literal["upgrad"] = "upgrad"
    on: Place = _place()


class GradVacSettings(Settings):
    """Gradients drawn together until they are as alike as they used to be (Wang et al. 2021)."""

    kind: Literal["gradvac"] = "gradvac"
    on: Place = _place()
    rate: float = option(0.01, "How fast the expected likeness follows the measured one.", gt=0, le=1)


class ConFigSettings(Settings):
    """The direction that all gradients agree with equally (Liu et al., ICLR 2025)."""

    kind: Literal["config"] = "config"
    on: Place = _place()


LossBalanceSettings = (
    NormalisedSettings | UncertaintySettings | DwaSettings | GlsSettings | ImtlLSettings | FamoSettings | StchSettings
)
GradientBalanceSettings = (
    PcGradSettings
    | CaGradSettings
    | MgdaSettings
    | AlignedMtlSettings
    | NashMtlSettings
    | UpGradSettings
    | GradVacSettings
    | ConFigSettings
)
ObjectiveSettings = kinds(
    "objective",
    WeightedSettings,
    NormalisedSettings, UncertaintySettings, DwaSettings, GlsSettings, ImtlLSettings, FamoSettings, StchSettings,
    PcGradSettings, CaGradSettings, MgdaSettings, AlignedMtlSettings, NashMtlSettings, UpGradSettings,
    GradVacSettings, ConFigSettings,
)  # fmt: skip
