"""Settings of networks: layers from input to output, fusion of inputs, heads of tasks.

A layer takes and returns a map of C channels, T frames and F bins. Time is kept until a pooling layer (or an
`mlp` per clip) removes it; every layer reshapes what it receives by itself.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from motet.config import ExistingPath, Many, Name, OneOrNamed, Settings, Slot, UserComponent, option, required
from motet.networks.sharing_settings import HardSettings, SharingSettings

LOSSES = "losses"
"""Where the figures of a network's own losses stand, as if that were a task: `losses.NAME`."""
Activation = Literal["relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", "none"]


def _one_error(least: int, words: str = "", *, each: str = "an axis") -> WrapValidator:
    """Report a wrong size once, not once for each form that it may have."""

    def check(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(value)
        except ValidationError:
            raise ValueError(
                f"{value!r} is not a size; a size is {words}a whole number of at least {least}, "
                f"or a list of them, one {each}"
            ) from None

    return WrapValidator(check)


_Positive = Annotated[int, Field(ge=1)]
_NotNegative = Annotated[int, Field(ge=0)]
Sizes = Annotated[_Positive | Many[_Positive], _one_error(1)]
"""One number for every axis, or one number an axis: (time), (time, bins) or (channels, time, bins)."""
PerStage = Annotated[_Positive | Many[_Positive], _one_error(1, each="a stage")]
Padding = Annotated[Literal["same"] | _NotNegative | Many[_NotNegative], _one_error(0, "same, ")]


class MlpSettings(Settings):
    """Dense layers, for every frame or for the whole clip."""

    kind: Literal["mlp"] = "mlp"
    hidden: Many[_Positive] = option((256,), "Units of each dense layer.", min_length=1)
    per: Literal["frame", "clip"] = option(
        "frame",
        "frame: the C*F values of every frame, time is kept; clip: all C*T*F at once, of a fixed length.",
    )
    normalisation: Literal["batch", "layer", "none"] = option("none", "Normalisation after each dense layer.")
    activation: Activation = option("relu", "Activation after each dense layer.")
    dropout: float = option(0.0, "Share of values dropped after each dense layer.", ge=0, lt=1)


class MaxPoolingSettings(Settings):
    """The largest value of every window."""

    kind: Literal["max"] = "max"
    size: Sizes = option(
        2, "Window and step: one number for time and bins, or one number an axis (3D: channels, time, bins)."
    )


class MeanPoolingSettings(Settings):
    """The mean of every window."""

    kind: Literal["mean"] = "mean"
    size: Sizes = option(
        2, "Window and step: one number for time and bins, or one number an axis (3D: channels, time, bins)."
    )


class NoPoolingSettings(Settings):
    """Keep the size that the convolution leaves."""

    kind: Literal["none"] = "none"


PoolingSettings = Annotated[MaxPoolingSettings | MeanPoolingSettings | NoPoolingSettings, Slot("pooling")]


class CnnSettings(Settings):
    """Convolutional stages: convolution, normalisation, activation, pooling, dropout."""

    kind: Literal["cnn"] = "cnn"
    dims: Literal[1, 2, 3] = option(
        2,
        "1: C*F channels over time; 2: C channels over time and bins; 3: one over channels, time and bins.",
    )
    channels: Many[_Positive] = option(
        (32, 64, 128), "Channels after each stage; their number is the number of stages.", min_length=1
    )
    kernel: Sizes = option(3, "Size of the convolution: one number, or one an axis (3D: channels, time, bins).")
    stride: Sizes = option(1, "Step of the convolution: one number, or one an axis.")
    padding: Padding = option(
        "same",
        "Zeros on both sides: one number, one an axis, or same: as many as keep the size (at stride 1).",
    )
    dilation: PerStage = option(
        1,
        "Frames from one cell of a kernel to the next: one number, or one a stage; [1, 2, 4, 8] sees far for little.",
        unit="frames",
    )
    repeat: int = option(1, "Convolutions in each stage; stride and pooling act once.", ge=1)
    pooling: PoolingSettings = option(
        MaxPoolingSettings(),
        "Pooling at the end of each stage: max halves time and bins unless told otherwise.",
    )
    normalisation: Literal["batch", "layer", "group", "none"] = option(
        "batch",
        "batch: each channel over the batch; layer: the channels of a cell; group: groups of them in a row.",
    )
    groups: int = option(8, "Groups of channels of the group normalisation.", ge=1)
    activation: Activation = option("relu", "Activation after each convolution.")
    dropout: float = option(0.0, "Share of values dropped after each stage.", ge=0, lt=1)
    residual: bool = option(False, "Add the input of each stage to its output, before the last activation.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in ("kernel", "stride", "padding"):
            self._check_axes(name, getattr(self, name))
        self._check_axes("pooling.size", getattr(self.pooling, "size", 1))
        if isinstance(self.dilation, tuple) and len(self.dilation) != len(self.channels):
            raise ValueError(
                f"dilation has {len(self.dilation)} numbers and channels has {len(self.channels)}; give one number, or "
                "one a stage"
            )
        return self

    def _check_axes(self, name: str, value: Any) -> None:
        if isinstance(value, tuple) and len(value) != self.dims:
            axes = {1: "time", 2: "time, bins", 3: "channels, time, bins"}[self.dims]
            raise ValueError(f"{name} has {len(value)} numbers; dims {self.dims} wants one, or {self.dims} ({axes})")


class RnnSettings(Settings):
    """Recurrent layers over time; each step sees the C*F values of a frame."""

    kind: Literal["rnn"] = "rnn"
    cell: Literal["rnn", "lstm", "gru"] = option("gru", "The recurrent cell.")
    layers: int = option(1, "Recurrent layers.", ge=1)
    hidden: int = option(128, "Units of each layer and direction.", ge=1)
    bidirectional: bool = option(False, "Also read backwards; doubles the values of a frame.")
    dropout: float = option(0.0, "Share of values dropped after each layer.", ge=0, lt=1)


class PoolSettings(Settings):
    """One value for all time: what a head needs of a sequence."""

    kind: Literal["pool"] = "pool"
    how: Literal["mean", "max", "last", "attention"] = option(
        "mean", "mean, max, last (the last valid frame), or attention (a mean with learned weights)."
    )
    over: Literal["time", "all"] = option("time", "time: every channel and bin keeps its value; all: time and bins.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.how == "last" and self.over == "all":
            raise ValueError("how: last with over: all; only time has a last frame: use over: time")
        return self


class SpectrumSettings(Settings):
    """Log magnitudes of a short-time Fourier transform of a waveform, inside the network; nothing is trained."""

    kind: Literal["spectrum"] = "spectrum"
    window: int = option(
        256, "Length of the Hann window; the result has half as many bins and one.", unit="samples", ge=8
    )
    hop: int = option(64, "Distance between windows.", unit="samples", ge=1)


LayerSettings = Annotated[
    MlpSettings | CnnSettings | RnnSettings | PoolSettings | SpectrumSettings | UserComponent, Slot("layer")
]


_RESIDUAL = "Whether only what changes is made: the given input is added, interpolated to the frames of the target."


class InterpolateSettings(Settings):
    """Values of every frame of the last layer; between them they are interpolated to the frames of the target."""

    kind: Literal["interpolate"] = "interpolate"
    residual: bool = option(False, _RESIDUAL)


class SubpixelSettings(Settings):
    """Several frames of the target for each frame of the last layer, for upsampling (Shi et al. 2016)."""

    kind: Literal["subpixel"] = "subpixel"
    factor: int = option(
        2,
        "How many: the step of the last layer over that of the target; what is left of the ratio is interpolated.",
        ge=2,
    )
    residual: bool = option(False, _RESIDUAL)


class MaskSettings(Settings):
    """A mask for every cell of the input's short-time spectrum, which is then a waveform again."""

    kind: Literal["mask"] = "mask"
    window: int = option(256, "Length of the Hann window; it moves on by a quarter.", unit="samples", ge=8)
    values: Literal["real", "complex"] = option(
        "real", "real: from 0 to 1, phases stay as they are; complex: a factor without bounds that turns phases too."
    )


DecoderSettings = Annotated[InterpolateSettings | SubpixelSettings | MaskSettings, Slot("decoder")]


class HeadSettings(Settings):
    """What turns the shared features into the predictions of one task: linear, or with hidden layers.

    A head may leave the shared layers behind one of them, `from: encoder.1`, and have layers and pooling of its own.
    """

    leaves: str | None = option(
        None,
        "The shared layer behind which the task leaves: encoder.1, trunk.0, or with several inputs encoder.INPUT.1.",
        alias="from",
        pattern=r"^(encoder|trunk)(\.[\w-]+)?\.\d+$",
    )
    layers: Many[LayerSettings] = option((), "Layers of the task's own, from there on.")

    hidden: Many[_Positive] = option((), "Units of each hidden layer; none: a linear head.")
    activation: Activation = option("relu", "Activation after each hidden layer.")
    dropout: float = option(0.0, "Share of values dropped before each layer of the head.", ge=0, lt=1)
    inputs_from: Many[Name] = option((), "Other tasks whose predictions the head sees beside the features.")
    inputs_are: Literal["labels", "predictions"] = option(
        "labels",
        "What it sees of them in training: labels, where a row has one, or predictions. Afterwards always predictions.",
    )
    inputs_detached: bool = option(True, "Whether no gradient goes back through the predictions that it sees.")
    decoder: DecoderSettings = option(InterpolateSettings(), "How a dense task becomes a map of its target's length.")


class ParallelSettings(Settings):
    """A network of a finished run, whose inner layer enters this network beside the encoded inputs."""

    run: ExistingPath = required("The folder of a finished run, or the file of a model.")
    layer: str = option(
        "features",
        "What enters: what leaves a layer, encoder.1, trunk.0 or with several inputs encoder.INPUT.1; or features, "
        "what its heads receive.",
        pattern=r"^(features|(encoder|trunk)(\.[\w-]+)?\.\d+)$",
    )
    frozen: bool = option(True, "Whether it stays as it is; false: it is trained on with the rest.")
    fold: str | None = option(
        None,
        "SEED/FOLD of the run's model for all folds here; by default that of the same seed and fold.",
        pattern=r"^\d+/\d+$",
    )
    like: Name | None = option(
        None,
        "The data set there by whose scaling it sees the maps; by default that of the same name, or the only one.",
    )


class ModelSettings(Settings):
    """The network: encoders of the inputs, their fusion, a shared trunk, pooling, a head for each task."""

    encoder: OneOrNamed[Many[LayerSettings]] = option(
        (CnnSettings(),),
        "Layers from the input on; one list for every input (each with weights of its own), or one by name: then "
        "inputs without are targets only.",
    )
    fusion: Literal["concat", "mean", "sum"] = option("concat", "How the encoded inputs become one.")
    fusion_per: Literal["clip", "frame"] = option(
        "clip",
        "clip: encoded inputs are pooled over time first; frame: fused frame by frame, of equal frames.",
    )
    parallel: dict[Name, ParallelSettings] = option(
        {}, "Networks of other runs, by name, whose inner layers are fused with the encoded inputs."
    )
    trunk: Many[LayerSettings] = option((), "Layers that all inputs and tasks share, after the encoders.")
    pooling: PoolSettings = option(PoolSettings(), "Pooling before the heads, where time is left.")
    sharing: SharingSettings = option(HardSettings(), "What the tasks share.")
    heads: dict[Name, HeadSettings] = option({}, "Heads by task; a task that is not named has a linear head.")
    network: Annotated[UserComponent, Slot("network")] | None = option(
        None, "A network of your own, ./mine.py:Net, in place of all of the above."
    )

    @property
    def named_encoders(self) -> tuple[str, ...] | None:
        """The inputs that the network reads, where encoders are named; None where it reads all there are."""
        return tuple(self.encoder) if isinstance(self.encoder, Mapping) and self.network is None else None

    def reads(self, name: str) -> bool:
        """Tell whether the network reads an input; one that it does not read can only be a target."""
        return self.named_encoders is None or name in self.named_encoders
