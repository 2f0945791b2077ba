"""What is wrong with single recordings: unreadable, silent, clipped, off zero, odd in rate, channels or length."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from motet.inspection.measures import Measured
from motet.inspection.problems import Problem, counted

SILENT = 1e-3
"""Share of the median level (-60 dB) below which a recording is silent."""
OFFSET = 0.02
"""Mean of a sound file, full scale being 1, from which on it is off zero."""
NEAR_EMPTY = 0.05
"""Share of the median duration below which a recording is nearly empty."""
CLIPPED = 1e-3
"""Share of samples in flat tops from which on a recording is clipped; at least `_FEW_TOPS` samples."""

_FEW_TOPS = 12
_UNEQUAL = 10.0


def recording_problems(measured: Mapping[str, Measured | str]) -> Iterator[Problem]:
    """Yield the problems of single recordings, by the name of each."""
    unreadable = {name: reason for name, reason in measured.items() if isinstance(reason, str)}
    good = {name: found for name, found in measured.items() if isinstance(found, Measured)}
    if unreadable:
        reason = next(iter(unreadable.values())).split("\n")[0]
        yield Problem.of(
            "wrong",
            "unreadable",
            list(unreadable),
            f"{counted(len(unreadable), 'recording')} cannot be read, the first: {reason}",
            "repair or remove them, or skip them with on_error: skip",
        )
    if good:
        yield from _levels(good)
        yield from _lengths(good)
        yield from _formats(good)


def _levels(good: Mapping[str, Measured]) -> Iterator[Problem]:
    typical = float(np.median([found.level for found in good.values()]))
    silent = [name for name, found in good.items() if found.level <= SILENT * typical]
    if silent:
        yield Problem.of(
            "doubtful",
            "silent",
            silent,
            f"{counted(len(silent), 'recording')} {_are(silent)} silent: more than 60 dB below the median level",
            "listen to them; leave out what holds nothing",
        )
    clipped = [
        name
        for name, found in good.items()
        if found.flat_tops >= max(_FEW_TOPS, CLIPPED * found.samples * found.channels)
    ]
    if clipped:
        share = max(good[name].flat_tops / (good[name].samples * good[name].channels) for name in clipped)
        yield Problem.of(
            "doubtful",
            "clipped",
            clipped,
            f"{counted(len(clipped), 'recording')} {_are(clipped)} clipped: up to {share:.1%} of the samples lie in "
            "flat tops",
            "record or export them again at a lower level; if a label is clipped more often than others, the network "
            "learns that",
        )
    offset = [name for name, found in good.items() if found.sound and abs(found.offset) > OFFSET]
    if offset:
        largest = max((good[name].offset for name in offset), key=abs)
        yield Problem.of(
            "doubtful",
            "off zero",
            offset,
            f"{counted(len(offset), 'sound')} {_are(offset)} off zero: the mean is up to {largest:.3f} of full scale",
            "filter it out: signal.steps: [{kind: high_pass, low_hz: 20}]",
        )


def _lengths(good: Mapping[str, Measured]) -> Iterator[Problem]:
    durations = np.array([found.duration_s for found in good.values()])
    typical = float(np.median(durations))
    empty = [name for name, found in good.items() if found.duration_s < NEAR_EMPTY * typical]
    if empty:
        shortest = min(good[name].duration_s for name in empty)
        yield Problem.of(
            "doubtful",
            "nearly empty",
            empty,
            f"{counted(len(empty), 'recording')} {_are(empty)} nearly empty: {shortest:.3g} s where the median is "
            f"{typical:.3g} s",
            "leave them out, or check how they were cut",
        )
    longest = float(durations.max())
    if longest > _UNEQUAL * typical:
        long = [name for name, found in good.items() if found.duration_s > _UNEQUAL * typical]
        yield Problem.of(
            "note",
            "very long",
            long,
            f"{counted(len(long), 'recording')} {_are(long)} more than ten times as long as the median (up to "
            f"{longest:.4g} s against {typical:.3g} s)",
            "cut recordings with segments: {length_s: ...}, or batches are padded to the longest",
        )


def _formats(good: Mapping[str, Measured]) -> Iterator[Problem]:
    rates = Counter(found.rate_hz for found in good.values())
    if len(rates) > 1:
        usual = rates.most_common(1)[0][0]
        yield Problem.of(
            "doubtful",
            "several rates",
            [name for name, found in good.items() if found.rate_hz != usual],
            f"recordings have {_told(rates, 'Hz')}",
            f"bring all to one: signal.rate_hz={min(rates):g} (frequencies above half of it are lost)",
        )
    channels = Counter(float(found.channels) for found in good.values())
    if len(channels) > 1:
        usual = channels.most_common(1)[0][0]
        yield Problem.of(
            "wrong",
            "several channel counts",
            [name for name, found in good.items() if found.channels != usual],
            f"recordings have {_told(channels, 'channels')}",
            "make them alike: signal.channels=mono",
        )


def _told(counts: Counter[float], unit: str) -> str:
    return " and ".join(f"{value:g} {unit} ({count:,})" for value, count in counts.most_common(4))


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
