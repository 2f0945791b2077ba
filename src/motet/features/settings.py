"""What can be set of features, scaling, map augmentation and mixup. Times in seconds, frequencies in Hz.

What depends on the sampling rate (frequencies above half of it, a hop below one sample) is checked when the
feature is built; everything else is checked here.
"""

from typing import Literal

from pydantic import model_validator

from motet.config import Many, Settings, kinds, option

Statistic = Literal["mean", "std", "median", "min", "max", "lower_quartile", "upper_quartile", "skewness", "kurtosis"]


class WaveformSettings(Settings):
    """The samples themselves: one frame per sample, one bin."""

    kind: Literal["waveform"] = "waveform"


class FramedSettings(Settings):
    """What every feature over windows of the signal has in common."""

    window_s: float = option(0.025, "Length of the analysis window, rounded to samples.", unit="s", gt=0)
    hop_s: float = option(0.010, "Time from one frame to the next, rounded to samples.", unit="s", gt=0)
    window: Literal["hann", "hamming", "blackman", "bartlett"] = option("hann", "Shape of the window (periodic).")
    n_fft: int | None = option(
        None,
        "Points of the Fourier transform; default: the power of two at or above the window.",
        unit="samples",
        ge=1,
    )
    centred: bool = option(
        True,
        "Frame i is centred on hop i, with zeros beyond the recording; false: only windows inside it.",
    )
    low_hz: float = option(0.0, "Lowest frequency.", unit="Hz", ge=0)
    high_hz: float | None = option(None, "Highest frequency; default: half the sampling rate.", unit="Hz", gt=0)
    floor_db: float = option(-100.0, "Values below are raised to this.", unit="dB", ge=-300)
    ceiling_db: float | None = option(None, "Values above are lowered to this; default: no limit.", unit="dB")
    reference: Literal["absolute", "peak"] = option(
        "absolute", "What 0 dB is: a power of 1, or the highest power of the recording."
    )

    @model_validator(mode="after")
    def _limits(self) -> "FramedSettings":
        _check_frequencies(self.low_hz, self.high_hz)
        _check_decibels(self.floor_db, self.ceiling_db)
        return self


class SpectrogramSettings(FramedSettings):
    """Short-time Fourier spectrogram."""

    kind: Literal["spectrogram"] = "spectrogram"
    scale: Literal["magnitude", "power", "db"] = option("db", "Unit of the values.")

    @model_validator(mode="after")
    def _decibels_only_in_db(self) -> "SpectrogramSettings":
        _check_scale(self.scale, self.floor_db, self.ceiling_db, self.reference)
        return self


class MelSettings(FramedSettings):
    """What every feature over mel bands has in common."""

    bands: int = option(64, "Number of mel bands.", ge=1)
    mel: Literal["slaney", "htk"] = option("slaney", "Formula of the mel scale.")
    norm: Literal["slaney", "none"] = option("slaney", "Filters of equal area (slaney) or of equal height (none).")


class LogMelSettings(MelSettings):
    """Log-mel spectrogram in dB."""

    kind: Literal["logmel"] = "logmel"


class MfccSettings(MelSettings):
    """Mel-frequency cepstral coefficients, with their deltas."""

    kind: Literal["mfcc"] = "mfcc"
    coefficients: int = option(20, "Number of coefficients, the first (energy) included.", ge=1)
    deltas: int = option(0, "Derivatives over time to append: 0, 1 or 2.", ge=0, le=2)
    delta_frames: int = option(9, "Frames that a derivative is fitted over, odd.", unit="frames", ge=3)

    @model_validator(mode="after")
    def _sizes(self) -> "MfccSettings":
        if self.coefficients > self.bands:
            raise ValueError(
                f"{self.coefficients} coefficients of {self.bands} mel bands: there are at most as many "
                f"coefficients as bands; set bands to {self.coefficients} or more"
            )
        if self.delta_frames % 2 == 0:
            raise ValueError(f"delta_frames is {self.delta_frames}, must be odd; use {self.delta_frames + 1}")
        return self


class ScalogramSettings(Settings):
    """Scalogram: magnitudes of analytic Morlet wavelets with equal bandwidth in octaves."""

    kind: Literal["scalogram"] = "scalogram"
    bands: int = option(64, "Number of wavelets, equally spaced in octaves.", ge=2)
    low_hz: float | None = option(
        None, "Centre of the lowest; default: eight octaves below half the sampling rate.", unit="Hz", gt=0
    )
    high_hz: float | None = option(None, "Centre of the highest; default: half the sampling rate.", unit="Hz", gt=0)
    hop_s: float = option(0.010, "Time from one frame to the next, rounded to samples.", unit="s", gt=0)
    omega0: float = option(
        6.0,
        "Centre of the mother wavelet: higher is sharper in frequency and less so in time.",
        unit="rad",
        ge=5,
    )
    scale: Literal["magnitude", "power", "db"] = option("db", "Unit of the values.")
    floor_db: float = option(-100.0, "Values below are raised to this.", unit="dB", ge=-300)
    ceiling_db: float | None = option(None, "Values above are lowered to this; default: no limit.", unit="dB")
    reference: Literal["absolute", "peak"] = option(
        "absolute", "What 0 dB is: a power of 1, or the highest power of the recording."
    )

    @model_validator(mode="after")
    def _limits(self) -> "ScalogramSettings":
        _check_frequencies(self.low_hz or 0.0, self.high_hz)
        _check_decibels(self.floor_db, self.ceiling_db)
        _check_scale(self.scale, self.floor_db, self.ceiling_db, self.reference)
        return self


class LogbankSummarySettings(MelSettings):
    """Statistics over time of every log-mel band: one vector per recording."""

    kind: Literal["logbank_summary"] = "logbank_summary"
    statistics: Many[Statistic] = option(
        ("mean", "std", "median", "min", "max", "lower_quartile", "upper_quartile", "skewness", "kurtosis"),
        "Which statistics, in this order.",
        min_length=1,
    )

    @model_validator(mode="after")
    def _each_once(self) -> "LogbankSummarySettings":
        twice = sorted({name for name in self.statistics if self.statistics.count(name) > 1})
        if twice:
            raise ValueError(f"statistics names {', '.join(twice)} twice: each may stand once; remove the others")
        return self


FeatureSettings = kinds(
    "feature",
    WaveformSettings,
    SpectrogramSettings,
    LogMelSettings,
    MfccSettings,
    ScalogramSettings,
    LogbankSummarySettings,
)


class ScalerSettings(Settings):
    """What every fitted scaling has in common."""

    per: Literal["band", "cell", "global"] = option(
        "band",
        "What has values of its own: a channel and bin, also every frame (needs one length), or nothing.",
    )
    shared: bool = option(False, "One scaling for all data sets instead of one each.")


class StandardSettings(ScalerSettings):
    """Mean 0 and standard deviation 1."""

    kind: Literal["standard"] = "standard"


class MinMaxSettings(ScalerSettings):
    """Smallest and largest training value to 0 and 1, or another range."""

    kind: Literal["min_max"] = "min_max"
    low: float = option(0.0, "What the smallest training value becomes.")
    high: float = option(1.0, "What the largest training value becomes.")

    @model_validator(mode="after")
    def _ordered(self) -> "MinMaxSettings":
        if self.low >= self.high:
            raise ValueError(f"low is {self.low:g} and high {self.high:g}: low must be below high; exchange them")
        return self


class RobustSettings(ScalerSettings):
    """Median 0 and interquartile range 1."""

    kind: Literal["robust"] = "robust"
    max_values: int = option(
        2**24, "Exact up to this many training values; beyond, fitted on a random sample of that many.", ge=1
    )


class NoScalingSettings(Settings):
    """Values as they are; only padding is set to zero."""

    kind: Literal["none"] = "none"


ScalingSettings = kinds("scaling", StandardSettings, MinMaxSettings, RobustSettings, NoScalingSettings)


class TimeShiftSettings(Settings):
    """Rolls the frames of a row; what leaves at one end enters at the other."""

    kind: Literal["time_shift"] = "time_shift"
    max_share: float = option(1.0, "Largest shift either way, as a share of the row's frames.", gt=0, le=1)


class TimeMaskSettings(Settings):
    """Sets spans of frames to zero."""

    kind: Literal["time_mask"] = "time_mask"
    masks: int = option(1, "Number of spans.", ge=1)
    max_share: float = option(0.1, "Longest span, as a share of the row's frames.", gt=0, le=1)


class FrequencyMaskSettings(Settings):
    """Sets spans of frequency bins to zero."""

    kind: Literal["frequency_mask"] = "frequency_mask"
    masks: int = option(1, "Number of spans.", ge=1)
    max_share: float = option(0.15, "Widest span, as a share of the bins.", gt=0, le=1)


class FrequencyShiftSettings(Settings):
    """Moves the bins of a row up or down, as another voice does on a mel axis; the last bin is repeated."""

    kind: Literal["frequency_shift"] = "frequency_shift"
    max_share: float = option(0.05, "Largest shift either way, as a share of the bins.", gt=0, lt=1)


class MapGainSettings(Settings):
    """Multiplies a row's scaled values by one factor."""

    kind: Literal["gain"] = "gain"
    low: float = option(0.8, "Smallest factor.", gt=0)
    high: float = option(1.25, "Largest factor.", gt=0)

    @model_validator(mode="after")
    def _ordered(self) -> "MapGainSettings":
        if self.low >= self.high:
            raise ValueError(f"low is {self.low:g} and high {self.high:g}: low must be below high; exchange them")
        return self


class MapNoiseSettings(Settings):
    """Adds Gaussian noise to a row's scaled values."""

    kind: Literal["noise"] = "noise"
    max_std: float = option(0.1, "Largest standard deviation, in scaled units; each row draws its own.", gt=0)


MapAugmentSettings = kinds(
    "map augmentation",
    TimeShiftSettings,
    TimeMaskSettings,
    FrequencyMaskSettings,
    FrequencyShiftSettings,
    MapGainSettings,
    MapNoiseSettings,
)


class MixupSettings(Settings):
    """Mixup: a row and its targets become a weighted mean with a partner's (Zhang et al., ICLR 2018)."""

    alpha: float = option(0.2, "Both parameters of the beta distribution of the weights: larger mixes more.", gt=0)
    share: float = option(1.0, "Share of the rows that are mixed.", gt=0, le=1)


def _check_frequencies(low_hz: float, high_hz: float | None) -> None:
    if high_hz is not None and low_hz >= high_hz:
        raise ValueError(
            f"low_hz is {low_hz:g} and high_hz {high_hz:g}: low_hz must be below high_hz; lower low_hz or raise high_hz"
        )


def _check_decibels(floor_db: float, ceiling_db: float | None) -> None:
    if ceiling_db is not None and floor_db >= ceiling_db:
        raise ValueError(
            f"floor_db is {floor_db:g} and ceiling_db {ceiling_db:g}: the floor must be below the ceiling; "
            "lower floor_db or raise ceiling_db"
        )


def _check_scale(scale: str, floor_db: float, ceiling_db: float | None, reference: str) -> None:
    if scale != "db" and (floor_db, ceiling_db, reference) != (-100.0, None, "absolute"):
        raise ValueError(
            f"scale is {scale!r}, but floor_db, ceiling_db and reference apply to 'db' only; "
            "remove them or set scale: db"
        )
