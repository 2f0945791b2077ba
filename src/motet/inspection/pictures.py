"""Pictures of a data set, where matplotlib is installed: a few examples of every label, and how long recordings are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet.data.dataset import DataSet
from motet.errors import DataError
from motet.features.feature_map import FeatureMap
from motet.inspection.measures import Measured
from motet.inspection.report import DataSetReport
from motet.runs.plots import picture
from motet.signals.signal import Signal
from motet.sources.example import label_set

_LABELS, _EXAMPLES = 8, 4
_LONGEST_S = 10.0
_FRAMES = 300
_RANGE_DB = 80.0
_BINS = 40


def draw(data_set: DataSet, report: DataSetReport, folder: Path) -> list[Path]:
    """Draw durations and examples, and return the files.

    Parameters
    ----------
    folder
        Where the pictures go; it is made.
    """
    drawn = []
    for name in report.measured:
        end = "" if len(report.measured) == 1 else f"-{name}"
        durations = [found.duration_s for found in report.measured[name].values() if isinstance(found, Measured)]
        if durations:
            drawn.append(_draw_durations(folder / f"{data_set.name}{end}-durations.png", durations))
            drawn.append(_draw_examples(folder / f"{data_set.name}{end}-examples.png", data_set, report, name))
    return drawn


def _draw_durations(path: Path, durations: Sequence[float]) -> Path:
    values = np.asarray(durations)
    with picture(path, 5.4, 3.0) as figure:
        axes = figure.subplots()
        low, high = float(values.min()), float(values.max())
        if low == high:
            low, high = 0.9 * low, 1.1 * high
        axes.hist(values, bins=np.linspace(low, high, _BINS), color="#1b6ca8")
        axes.axvline(float(np.median(values)), color="#d1495b", linestyle=":", linewidth=1.2)
        axes.set_title(
            f"{len(values):,} recordings, median {np.median(values):.3g} s, together {_spoken(values.sum())}"
        )
        axes.set_xlabel("duration in s")
        axes.set_ylabel("recordings")
    return path


def _draw_examples(path: Path, data_set: DataSet, report: DataSetReport, name: str) -> Path:
    chosen = _chosen(data_set, report, name)
    columns = max(len(rows) for _, rows in chosen)
    with picture(path, 2.6 * columns + 0.6, 1.75 * len(chosen) + 0.4) as figure:
        places = figure.subplots(len(chosen), columns, squeeze=False)
        for line, (label, rows) in zip(places, chosen, strict=True):
            for number, axes in enumerate(line):
                if number >= len(rows):
                    axes.set_axis_off()
                    continue
                _draw_recording(axes, data_set.recordings(name)[rows[number]])
                axes.set_title(_short(data_set.ids[rows[number]]), fontsize=7)
                if number == 0:
                    axes.set_ylabel(f"{label}\n{axes.get_ylabel()}", fontsize=8)
    return path


def _chosen(data_set: DataSet, report: DataSetReport, name: str) -> list[tuple[str, list[int]]]:
    """Return rows by label of the first task with labels, evenly over the data; without such a task, any rows."""
    good = [row for row, found in report.measured[name].items() if isinstance(found, Measured)]
    task = next((task for task, table in report.tables.items() if table.holds_labels), None)
    if task is None:
        spread = _evenly(good, _EXAMPLES * 2)
        return [("", spread[:_EXAMPLES]), ("", spread[_EXAMPLES:])][: 1 + (len(spread) > _EXAMPLES)]
    targets = data_set.targets(task)
    found = []
    for label in list(report.tables[task].labels)[:_LABELS]:
        rows = [row for row in good if (value := targets[row]) is not None and label in label_set(value)]
        if rows:
            found.append((label, _evenly(rows, _EXAMPLES)))
    return found or [("", _evenly(good, _EXAMPLES))]


def _evenly(rows: Sequence[int], most: int) -> list[int]:
    places = np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int))
    return [rows[place] for place in places]


def _draw_recording(axes: Any, recording: Any) -> None:
    axes.grid(visible=False)
    axes.tick_params(labelsize=6)
    try:
        content = recording.read()
    except DataError:
        axes.set_axis_off()
        return
    if isinstance(content, FeatureMap):
        values = content.values[0].astype(np.float32).T
        axes.imshow(values, origin="lower", aspect="auto", cmap="magma")
        axes.set_ylabel("bin", fontsize=7)
    elif content.rate_hz < 1000:  # a sensor: its course says more than its spectrum
        seconds = np.arange(content.num_samples) / content.rate_hz
        axes.plot(seconds, content.values[:8].T, linewidth=0.6)
    else:
        _draw_spectrogram(axes, content)


def _draw_spectrogram(axes: Any, signal: Signal) -> None:
    part = signal.values.mean(axis=0)[: round(_LONGEST_S * signal.rate_hz)]
    power = spectrogram(part)
    decibels = 10 * np.log10(power + 1e-12)
    top = float(decibels.max())
    extent = (0.0, len(part) / signal.rate_hz, 0.0, signal.rate_hz / 2000)
    axes.imshow(decibels.T, origin="lower", aspect="auto", cmap="magma", vmin=top - _RANGE_DB, vmax=top, extent=extent)
    axes.set_ylabel("kHz", fontsize=7)


def spectrogram(samples: NDArray[np.float32], *, points: int = 512) -> NDArray[np.float32]:
    """Return the power of windowed pieces, shape [frames, points // 2 + 1]; at most some hundred frames.

    Examples
    --------
    >>> spectrogram(np.sin(np.pi / 4 * np.arange(4096, dtype=np.float32))).argmax(axis=1)[0]
    np.int64(64)
    """
    padded = np.pad(samples, (0, max(0, points - len(samples))))
    hop = max(points // 4, (len(padded) - points) // _FRAMES)
    pieces = np.lib.stride_tricks.sliding_window_view(padded, points)[::hop]
    spectrum = np.fft.rfft(pieces * np.hanning(points).astype(np.float32))
    return (np.abs(spectrum) ** 2).astype(np.float32)


def _short(name: str) -> str:
    return name if len(name) <= 30 else f"...{name[-27:]}"


def _spoken(seconds: float) -> str:
    return (
        f"{seconds:.0f} s"
        if seconds < 120
        else f"{seconds / 60:.0f} min"
        if seconds < 7200
        else f"{seconds / 3600:.1f} h"
    )
