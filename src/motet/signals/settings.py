"""Settings of the signals: how recordings are read, prepared, and varied while training.

The order of the stages is fixed: decode, channels, resample, then `steps` in the order given, then `mix` (other
recordings), then (in training only, before the features) `augment`.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self, TypeVar

from pydantic import Discriminator, Field, Tag, model_validator

from motet.config import Many, Name, Settings, Slot, UserComponent, option, required

ChannelName = Literal["mono", "left", "right", "difference", "all"]
Layout = Literal["channels_first", "time_first"]
Phase = Literal["causal", "zero_phase"]

SettingsT = TypeVar("SettingsT", bound=Settings)

_MAX_FILTER_ORDER = 24


def _selection_form(value: object) -> str:
    return "<indices>" if isinstance(value, list | tuple) else "<name>"


def _snr_form(value: object) -> str:
    if isinstance(value, list | tuple):
        return "<list>"
    return "<range>" if isinstance(value, Mapping | SnrRangeSettings) else "<number>"


def _column_form(value: object) -> str:
    return "<number>" if isinstance(value, int) else "<name>"


ChannelSelection = Annotated[
    Annotated[ChannelName, Tag("<name>")]
    | Annotated[Many[Annotated[int, Field(ge=0)]], Field(min_length=1), Tag("<indices>")],
    Discriminator(_selection_form),
]

ColumnChoice = Annotated[
    Annotated[str, Field(min_length=1), Tag("<name>")] | Annotated[int, Field(ge=0), Tag("<number>")],
    Discriminator(_column_form),
]


class ReaderSettings(Settings):
    """How files are read that do not say it themselves (NumPy arrays and text)."""

    rate_hz: float | None = option(None, "Sampling rate of files that carry none.", unit="Hz", gt=0)
    layout: Layout = option("channels_first", "Axes of two-dimensional NumPy arrays.")
    key: str | None = option(None, "Name of the array in an .npz file; not needed where there is only one.")
    delimiter: str | None = option(
        None,
        "What separates text columns; by default a comma in .csv, a tab in .tsv, else white space.",
        min_length=1,
        max_length=1,
    )
    columns: Many[ColumnChoice] | None = option(
        None,
        "Text columns, or signals of EDF files, that become channels, by name or by number from 0; by default all.",
    )
    skip_rows: int = option(0, "Lines to skip at the top of a text file, before its header.", ge=0)


class BandPassSettings(Settings):
    """Keep the frequencies between two limits (Butterworth)."""

    kind: Literal["band_pass"] = "band_pass"
    low_hz: float = required("Lower limit, where 3 dB are lost (6 dB with zero_phase).", unit="Hz", gt=0)
    high_hz: float = required("Upper limit, below half the sampling rate.", unit="Hz", gt=0)
    order: int = option(4, "Order; each slope falls by 6 dB per octave and order.", ge=1, le=_MAX_FILTER_ORDER)
    phase: Phase = option("causal", "causal, or zero_phase: forwards and backwards, which doubles the slopes.")

    @model_validator(mode="after")
    def _limits_are_ordered(self) -> Self:
        if self.low_hz >= self.high_hz:
            raise ValueError(
                f"low_hz is {self.low_hz:g} and high_hz {self.high_hz:g}: low_hz must be the smaller one; swap them"
            )
        return self


class HighPassSettings(Settings):
    """Remove the frequencies below a limit (Butterworth)."""

    kind: Literal["high_pass"] = "high_pass"
    low_hz: float = required("Lower limit, where 3 dB are lost (6 dB with zero_phase).", unit="Hz", gt=0)
    order: int = option(4, "Order; the slope falls by 6 dB per octave and order.", ge=1, le=_MAX_FILTER_ORDER)
    phase: Phase = option("causal", "causal, or zero_phase: forwards and backwards, which doubles the slope.")


class LowPassSettings(Settings):
    """Remove the frequencies above a limit (Butterworth)."""

    kind: Literal["low_pass"] = "low_pass"
    high_hz: float = required("Upper limit, where 3 dB are lost (6 dB with zero_phase).", unit="Hz", gt=0)
    order: int = option(4, "Order; the slope falls by 6 dB per octave and order.", ge=1, le=_MAX_FILTER_ORDER)
    phase: Phase = option("causal", "causal, or zero_phase: forwards and backwards, which doubles the slope.")


class NormaliseSettings(Settings):
    """Bring every recording to the same level."""

    kind: Literal["normalise"] = "normalise"
    method: Literal["peak", "rms", "standard"] = option(
        "peak",
        "peak: the largest sample; rms: the root mean square; standard: mean 0 and standard deviation 1.",
    )
    per: Literal["channel", "recording"] = option(
        "channel", "Each channel by itself, or all channels by one common gain (and mean)."
    )
    level_db: float | None = option(
        None, "Level reached by peak (default 0) or rms (default -20), relative to full scale.", unit="dB"
    )

    @model_validator(mode="after")
    def _standard_has_no_level(self) -> Self:
        if self.method == "standard" and self.level_db is not None:
            raise ValueError(
                f"level_db is {self.level_db:g}: with method standard the level is fixed; leave level_db out"
            )
        return self


class PreEmphasisSettings(Settings):
    """Lift the high frequencies: y[t] = x[t] - coefficient * x[t - 1]."""

    kind: Literal["pre_emphasis"] = "pre_emphasis"
    coefficient: float = option(0.97, "Share of the previous sample that is subtracted.", gt=0, le=1)


class CutSettings(Settings):
    """Keep the same stretch of every recording, before features are computed."""

    kind: Literal["cut"] = "cut"
    start_s: float = option(0.0, "Where the stretch begins.", unit="s", ge=0)
    length_s: float = required("How long it is; shorter recordings keep what they have.", unit="s", gt=0)


class TrimSilenceSettings(Settings):
    """Cut the silence before the first sound and after the last one."""

    kind: Literal["trim_silence"] = "trim_silence"
    threshold_db: float = option(
        -40.0, "Windows below this level are silent; 0 is the loudest window.", unit="dB", lt=0
    )
    ends: Literal["both", "start", "end"] = option("both", "Which ends are trimmed.")
    window_s: float = option(0.025, "Length of the windows whose level is measured.", unit="s", gt=0)
    hop_s: float = option(0.010, "Distance between the windows.", unit="s", gt=0)
    margin_s: float = option(0.0, "Silence that is kept at a trimmed end.", unit="s", ge=0)


StepSettings = Annotated[
    BandPassSettings
    | HighPassSettings
    | LowPassSettings
    | NormaliseSettings
    | PreEmphasisSettings
    | CutSettings
    | TrimSilenceSettings
    | UserComponent,
    Slot("signal step"),
]


class WaveformGainSettings(Settings):
    """Make recordings louder or quieter by a random gain."""

    kind: Literal["gain"] = "gain"
    low_db: float = option(-6.0, "Smallest gain.", unit="dB")
    high_db: float = option(6.0, "Largest gain.", unit="dB")
    probability: float = option(1.0, "Share of the rows that are changed.", ge=0, le=1)

    @model_validator(mode="after")
    def _limits_are_ordered(self) -> Self:
        return _ordered(self, self.low_db, self.high_db)


class WaveformNoiseSettings(Settings):
    """Add white noise at a random signal-to-noise ratio."""

    kind: Literal["noise"] = "noise"
    low_db: float = option(10.0, "Smallest signal-to-noise ratio (the most noise).", unit="dB")
    high_db: float = option(40.0, "Largest signal-to-noise ratio (the least noise).", unit="dB")
    probability: float = option(1.0, "Share of the rows that are changed.", ge=0, le=1)

    @model_validator(mode="after")
    def _limits_are_ordered(self) -> Self:
        return _ordered(self, self.low_db, self.high_db)


class WaveformShiftSettings(Settings):
    """Shift recordings in time; what leaves at one end comes back at the other."""

    kind: Literal["time_shift"] = "time_shift"
    max_s: float = option(0.1, "Largest shift to either side.", unit="s", gt=0)
    probability: float = option(1.0, "Share of the rows that are changed.", ge=0, le=1)


WaveformAugmentSettings = Annotated[
    WaveformGainSettings | WaveformNoiseSettings | WaveformShiftSettings | UserComponent,
    Slot("waveform augmentation"),
]


class SnrRangeSettings(Settings):
    """Any ratio between two."""

    low_db: float = required("Smallest ratio (the most noise).", unit="dB")
    high_db: float = required("Largest ratio (the least noise).", unit="dB")

    @model_validator(mode="after")
    def _limits_are_ordered(self) -> Self:
        return _ordered(self, self.low_db, self.high_db)


SnrSettings = Annotated[
    Annotated[float, Tag("<number>")]
    | Annotated[Many[float], Field(min_length=1), Tag("<list>")]
    | Annotated[SnrRangeSettings, Tag("<range>")],
    Discriminator(_snr_form),
]


class MixSettings(Settings):
    """Mix a stretch of a random recording of other data into every recording, another one in every epoch."""

    data: Name = required("Which data of `noise` are mixed in.")
    snr_db: SnrSettings = option(
        0.0,
        "Signal-to-noise ratio over the whole recording: a number, a list to choose from, or {low_db, high_db}.",
        unit="dB",
    )
    probability: float = option(1.0, "Share of the rows that are changed.", ge=0, le=1)
    evaluation: bool = option(
        False, "Whether development and test rows are mixed too, the same way whenever they are read."
    )


class InputSignalSettings(Settings):
    """How the recording of one input becomes another signal than those of the other inputs."""

    rate_hz: float | None = option(None, "Sampling rate of this input; by default that of all inputs.", unit="Hz", gt=0)
    steps: Many[StepSettings] | None = option(None, "Preparation steps in place of those of all inputs.")


class SignalSettings(Settings):
    """How every recording becomes a signal."""

    rate_hz: float | None = option(
        None,
        "Sampling rate that all recordings are brought to; by default each keeps its own.",
        unit="Hz",
        gt=0,
    )
    channels: ChannelSelection = option(
        "all",
        "mono (the mean), left, right, difference (left minus right), all, or a list of channel numbers from 0.",
    )
    steps: Many[StepSettings] = option((), "Preparation steps, in this order, after channels and resampling.")
    mix: Many[MixSettings] = option((), "What is mixed in, after the steps: recordings of the parts of `noise`.")
    augment: Many[WaveformAugmentSettings] = option((), "Random changes of the waveform, in training only.")
    reader: ReaderSettings = option(ReaderSettings(), "How files are read that do not say it themselves.")
    inputs: dict[Name, InputSignalSettings] = option(
        {}, "What some inputs have otherwise, by name, such as a lower rate: {low: {rate_hz: 4000}}."
    )

    def of_input(self, name: str) -> "SignalSettings":
        """Return how the recording of one input becomes a signal."""
        own = self.inputs.get(name, InputSignalSettings())
        changed = {key: value for key, value in own if value is not None}
        return self.model_copy(update={**changed, "inputs": {}})

    @model_validator(mode="after")
    def _filters_lie_below_nyquist(self) -> Self:
        for name in ("", *self.inputs):
            signal, where = (self.of_input(name), f"inputs.{name}: ") if name else (self, "")
            for number, step in enumerate(signal.steps if signal.rate_hz is not None else ()):
                _check_filter(step, f"{where}steps.{number}", signal.rate_hz or 0.0)
        return self


_FILTERS = (BandPassSettings, HighPassSettings, LowPassSettings)


def _check_filter(step: Settings, path: str, rate_hz: float) -> None:
    for name in ("low_hz", "high_hz"):
        limit_hz = getattr(step, name, None) if isinstance(step, _FILTERS) else None
        if limit_hz is not None and limit_hz >= rate_hz / 2:
            raise ValueError(
                f"{path}.{name} is {limit_hz:g} Hz: it must lie below half of rate_hz, {rate_hz / 2:g} Hz; lower it or "
                "raise rate_hz"
            )


def _ordered(settings: SettingsT, low: float, high: float) -> SettingsT:
    if low > high:
        raise ValueError(f"low_db is {low:g} and high_db {high:g}: low_db must not be the larger one; swap them")
    return settings
