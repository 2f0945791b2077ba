"""Settings of the task `dense`: a waveform or a feature map as target."""

from typing import Annotated, Literal

from pydantic import Field

from motet.config import Many, Settings, option

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
    weight: float = option(1.0, _WEIGHT, gt=0)


class SpectralLossSettings(Settings):
    """Spectral convergence and difference of log magnitudes at several resolutions (Yamamoto et al. 2020)."""

    kind: Literal["stft"] = "stft"
    weight: float = option(1.0, _WEIGHT, gt=0)
    windows: Many[Annotated[int, Field(ge=8)]] = option(
        (256, 512, 1024), "Lengths of the windows; each moves on by a quarter.", unit="frames of the map", min_length=1
    )
