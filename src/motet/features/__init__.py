"""Features: a signal becomes a map over channels, time and frequency; `feature.Feature` has the conventions."""

from typing import TYPE_CHECKING

from motet.lazy import exports

if TYPE_CHECKING:
    from motet.features.augment import FrequencyMask, FrequencyShift, MapGain, MapNoise, TimeMask, TimeShift
    from motet.features.cepstral import Mfcc
    from motet.features.feature import Feature
    from motet.features.feature_map import FeatureMap, TimeGrid
    from motet.features.live import Span, live_span
    from motet.features.mel import mel_filters
    from motet.features.scaling import MinMax, NoScaling, Robust, Scaling, Standard
    from motet.features.spectral import LogMel, Spectrogram
    from motet.features.summary import LogbankSummary
    from motet.features.waveform import Waveform
    from motet.features.wavelet import Scalogram

__all__ = [
    "Feature",
    "FeatureMap",
    "FrequencyMask",
    "FrequencyShift",
    "LogMel",
    "LogbankSummary",
    "MapGain",
    "MapNoise",
    "Mfcc",
    "MinMax",
    "NoScaling",
    "Robust",
    "Scaling",
    "Scalogram",
    "Span",
    "Spectrogram",
    "Standard",
    "TimeGrid",
    "TimeMask",
    "TimeShift",
    "Waveform",
    "live_span",
    "mel_filters",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "Feature": "feature",
        "FeatureMap": "feature_map",
        "FrequencyMask": "augment",
        "FrequencyShift": "augment",
        "LogMel": "spectral",
        "LogbankSummary": "summary",
        "MapGain": "augment",
        "MapNoise": "augment",
        "Mfcc": "cepstral",
        "MinMax": "scaling",
        "NoScaling": "scaling",
        "Robust": "scaling",
        "Scaling": "scaling",
        "Scalogram": "wavelet",
        "Span": "live",
        "Spectrogram": "spectral",
        "Standard": "scaling",
        "TimeGrid": "feature_map",
        "TimeMask": "augment",
        "TimeShift": "augment",
        "Waveform": "waveform",
        "live_span": "live",
        "mel_filters": "mel",
    },
)
