"""Settings of the task `dense`: a waveform or a feature map as target."""

from typing import Annotated, Literal

from pydantic import Field

from motet.config import Many, Name, Settings, Slot, option

_WEIGHT = "Weight of this loss beside the others of the task."


class MapSquaredErrorSettings(Settings):
    """Squared error of scaled values, the mean over frames."""

    kind: Literal["mse"] = "mse"
    weight: float = option(1.0, _WEIGHT, gt=0)


class MapAbsoluteErrorSettings(Settings):
    """Absolute error of scaled values, the mean over frames."""

    kind: Literal["l1"] = "l1"
    weight: float = option(1.0, _WEIGHT, gt=0)


class SiSdrLossSettings(Settings):
    """Scale-invariant signal-to-distortion ratio in dB, made large (Le Roux et al. 2019); for waveforms."""

    kind: Literal["si_sdr"] = "si_sdr"
    limit_db: float | None = option(
        None,
        "What a perfect prediction has; without a limit, a row that is nearly clean outweighs all others. Often 30.",
        unit="dB",
    )
    weight: float = option(1.0, _WEIGHT, gt=0)


class SpectralLossSettings(Settings):
    """Spectral convergence and difference of log magnitudes at several resolutions (Yamamoto et al. 2020)."""

    kind: Literal["stft"] = "stft"
    weight: float = option(1.0, _WEIGHT, gt=0)
    windows: Many[Annotated[int, Field(ge=8)]] = option(
        (256, 512, 1024), "Lengths of the windows; each moves on by a quarter.", unit="frames of the map", min_length=1
    )


class SiSdrGainSettings(Settings):
    """How many dB the scale-invariant ratio gains over what the network was given."""

    kind: Literal["si_sdr_gain"] = "si_sdr_gain"


class SiSdrSettings(Settings):
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al. 2019)."""

    kind: Literal["si_sdr"] = "si_sdr"


class MapMeanSquaredErrorSettings(Settings):
    """Mean squared error of scaled values."""

    kind: Literal["mse"] = "mse"


class MapMeanAbsoluteErrorSettings(Settings):
    """Mean absolute error of scaled values."""

    kind: Literal["mae"] = "mae"


class LogSpectralDistanceSettings(Settings):
    """Distance of log power spectra in dB (Gray and Markel 1976), windows of 256 frames."""

    kind: Literal["lsd"] = "lsd"


MapLossSettings = Annotated[
    MapSquaredErrorSettings | MapAbsoluteErrorSettings | SiSdrLossSettings | SpectralLossSettings, Slot("loss")
]
MapMetricSettings = Annotated[
    SiSdrGainSettings
    | SiSdrSettings
    | MapMeanSquaredErrorSettings
    | MapMeanAbsoluteErrorSettings
    | LogSpectralDistanceSettings,
    Slot("metric"),
]


class DenseSettings(Settings):
    """A map as target: an input as it is before noise is mixed in or anything is changed at random.

    An input that no encoder is named after is a target only.
    """

    kind: Literal["dense"] = "dense"
    of: Name = option("signal", "The input whose clean map is the target; signal where features have no names.")
    given: Name | None = option(
        None,
        "The input that a mask and a residual are of, and that gains are measured against; by default `of`, or where "
        "that is a target only, the input that is read, or the only one whose frames have as many values.",
    )
    shift: int = option(0, "Frames by which the target lies ahead: 1 predicts the next frame.", unit="frames", ge=0)
    loss: Many[MapLossSettings] = option(
        (MapSquaredErrorSettings(),), "What training makes small, all together.", min_length=1
    )
    metrics: Many[MapMetricSettings] = option(
        (SiSdrGainSettings(), SiSdrSettings(), MapMeanSquaredErrorSettings()),
        "What is reported; the first is the one that model selection looks at. Name them where the target is no "
        "waveform, such as mse.",
        min_length=1,
    )
    weight: float = option(1.0, "Weight of the task's loss beside other tasks.", ge=0)
