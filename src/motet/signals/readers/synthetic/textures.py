"""Eight families of sound, told apart by what is heard (tones, noise) and by how it comes and goes.

A texture number k means family k mod 8; each round through the families raises pitch and pace, so that any number
of classes stays distinct. Times are counted in mean durations and pitches in shares of the sampling rate, so the
same textures serve any rate and duration.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from motet.signals.readers.synthetic.base import levelled

NUM_DRAWS = 4

_PITCH_STEP = 1.35
_PACE_STEP = 1.4
_HIGHEST_PITCH = 0.42


@dataclass(frozen=True, slots=True)
class Texture:
    """One family of sound.

    Parameters
    ----------
    name
        The label.
    carrier
        What is heard.
    pitch
        Frequency of a tone, or the cut-off of low noise, as a share of the sampling rate.
    envelope
        How the carrier comes and goes.
    pace
        Rounds of the envelope, and of the change of pitch, per mean duration.
    sweep
        How far the pitch moves, as a share of it.
    """

    name: str
    carrier: Literal["tone", "harmonics", "high_noise", "low_noise"]
    pitch: float
    envelope: Literal["steady", "swell", "gate", "pulse"]
    pace: float
    sweep: float = 0.0


FAMILIES = (
    Texture("hum", "harmonics", 0.010, "steady", 4.0),
    Texture("chirp", "tone", 0.100, "swell", 6.0, sweep=0.6),
    Texture("hiss", "high_noise", 0.250, "swell", 3.0),
    Texture("beep", "tone", 0.060, "gate", 4.0),
    Texture("rumble", "low_noise", 0.030, "steady", 4.0),
    Texture("click", "tone", 0.180, "pulse", 8.0),
    Texture("warble", "tone", 0.035, "steady", 8.0, sweep=0.4),
    Texture("knock", "low_noise", 0.080, "pulse", 5.0),
)


def texture_name(number: int) -> str:
    """Return the label of a texture.

    Examples
    --------
    >>> texture_name(0), texture_name(9)
    ('hum', 'chirp_2')
    """
    round_number, family = divmod(number, len(FAMILIES))
    name = FAMILIES[family].name
    return name if round_number == 0 else f"{name}_{round_number + 1}"


def texture(
    number: int, *, num_samples: int, unit_samples: float, draws: Sequence[float], noise: np.random.Generator
) -> NDArray[np.float32]:
    """Synthesise a texture.

    Parameters
    ----------
    number
        Which texture, from 0.
    num_samples
        The number of samples, T.
    unit_samples
        The number of samples in one mean duration.
    draws
        `NUM_DRAWS` numbers in [0, 1): pitch, pace, where the envelope begins, and level.
    noise
        The source of the noise carriers.

    Returns
    -------
    NDArray
        float32, shape [T], levelled by `levelled`.
    """
    round_number, family = divmod(number, len(FAMILIES))
    kind = FAMILIES[family]
    pitch = min(kind.pitch * _PITCH_STEP**round_number * 1.6 ** (draws[0] - 0.5), _HIGHEST_PITCH)
    pace = kind.pace * _PACE_STEP**round_number * (0.85 + 0.3 * draws[1])
    place = draws[2] + np.arange(num_samples, dtype=np.float64) * (pace / unit_samples)
    place -= np.floor(place)
    sound = _carrier(kind, pitch, place, noise) * _envelope(kind, place.astype(np.float32))
    return levelled(sound, draws[3])


def _carrier(
    kind: Texture, pitch: float, place: NDArray[np.float64], noise: np.random.Generator
) -> NDArray[np.float32]:
    num_samples = len(place)
    if kind.carrier == "high_noise":
        return np.diff(noise.standard_normal(num_samples + 1, dtype=np.float32))
    if kind.carrier == "low_noise":
        width = max(2, round(0.44 / pitch))  # a running mean of n samples loses 3 dB at 0.44 / n of the rate
        total = np.cumsum(noise.standard_normal(num_samples + width, dtype=np.float32), dtype=np.float64)
        return (total[width:] - total[:-width]).astype(np.float32)
    cycles = pitch * np.arange(num_samples) if kind.sweep == 0.0 else np.cumsum(_swept(kind, pitch, place))
    angle = (2.0 * np.pi * (cycles - np.floor(cycles))).astype(np.float32)
    tone = np.sin(angle)
    if kind.carrier == "harmonics":
        for number in (2, 3, 4):
            tone += np.sin(np.float32(number) * angle) / np.float32(number)
    return tone


def _swept(kind: Texture, pitch: float, place: NDArray[np.float64]) -> NDArray[np.float64]:
    shape = place - 0.5 if kind.envelope == "swell" else np.abs(2.0 * place - 1.0) - 0.5
    swept: NDArray[np.float64] = np.minimum(pitch * (1.0 + 2.0 * kind.sweep * shape), _HIGHEST_PITCH)
    return swept


def _envelope(kind: Texture, place: NDArray[np.float32]) -> NDArray[np.float32]:
    match kind.envelope:
        case "steady":
            return np.ones_like(place)
        case "swell":
            return np.float32(4.0) * place * (np.float32(1.0) - place)
        case "gate":
            gate: NDArray[np.float32] = np.clip(np.float32(10.0) - np.float32(40.0) * np.abs(place - 0.5), 0.0, 1.0)
            return gate
        case "pulse":
            pulse: NDArray[np.float32] = np.exp(np.float32(-12.0) * place)
            return pulse
