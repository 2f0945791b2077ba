"""Pictures of a run, where matplotlib is installed: learning curves, confusion matrices, and one overview.

Everything is drawn from what lies in the folder (`metrics.jsonl`, `scores.json`, `predictions/`), so a picture can be
drawn again at any time. Nothing is shown on a screen and no state of matplotlib is changed.
"""

import csv
import importlib.util
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet.files import JsonLines, atomic_write
from motet.runs.folder import FoldFolder, RunFolder, read_json
from motet.runs.tracking import main_figures

Counts = NDArray[np.float64]
Record = Mapping[str, Any]

COLOURS = ("#1b6ca8", "#d1495b", "#3a7d44", "#8a5a9e", "#c98a1b", "#4a4e69", "#2a9d8f", "#9c4221")
_STYLE: Any = {
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "legend.frameon": False,
    "text.parse_math": False,
}
_CURVE = "learning-curve.png"
_DPI = 140
_MAX_COLUMNS = 4
_MAX_NAMES = 24
_MAX_COUNTS = 21
_MULTILABEL = ("found", "missed", "false alarm", "rejected")


def can_draw() -> bool:
    """Tell whether matplotlib is there."""
    return importlib.util.find_spec("matplotlib") is not None


def draw_fold(folder: FoldFolder) -> list[Path]:
    """Draw the learning curve and, for every task, its confusion matrix or its predicted values; return the files."""
    records, scores = JsonLines(folder.metrics).read(), read_json(folder.scores)
    drawn = []
    if records:
        with picture(folder.path / _CURVE, 9.0, 3.4) as figure:
            left, right = figure.subplots(1, 2)
            _draw_losses(left, [records])
            _draw_metrics(right, [records], kept=scores.get("epoch"))
        drawn.append(folder.path / _CURVE)
    for task, found in scores["tasks"].items():
        drawn.append(_draw_task(folder, task, found))
    return drawn


def is_drawn(folder: FoldFolder) -> bool:
    """Tell whether `draw_fold` came to its end, by its last picture."""
    pictures = [_picture_of(folder, task, found) for task, found in read_json(folder.scores)["tasks"].items()]
    return [folder.path / _CURVE, *pictures][-1].is_file()


def draw_run(folder: RunFolder) -> Path:
    """Draw all tasks of a run over all its folds and seeds: how they were learnt, and what was predicted."""
    folds = [folder.fold(seed, number) for seed, number in folder.folds()]
    folds = [fold for fold in folds if fold.scores.is_file()]
    result = read_json(folder.result)["tasks"]
    records = [found for fold in folds if (found := JsonLines(fold.metrics).read())]
    path = folder.path / "overview.png"
    columns = min(_MAX_COLUMNS, max(1, len(result)))
    lines = -(-len(result) // columns)
    heights = (0.85 if records else 0.01, 1.0 * lines or 0.05)
    with picture(path, 3.6 * max(2, columns), 3.6 * sum(heights)) as figure:
        top, bottom = figure.subfigures(2, 1, height_ratios=heights)
        if records:
            left, right = top.subplots(1, 2)
            _draw_losses(left, records)
            _draw_metrics(right, records)
        places = np.ravel(bottom.subplots(max(1, lines), columns))
        for axes, (task, metrics) in zip(places, result.items(), strict=False):
            _draw_result(axes, folds, task)
            axes.set_title(f"{task}: {_told(metrics)}")
        for axes in places[len(result) :]:
            axes.set_axis_off()
    return path


def _picture_of(folder: FoldFolder, task: str, found: Record) -> Path:
    kind = "labels" if found.get("per_frame") else "values" if found["confusion"] is None else "confusion"
    return folder.path / f"{kind}-{task}.png"


def _draw_task(folder: FoldFolder, task: str, found: Record) -> Path:
    confusion, path = found["confusion"], _picture_of(folder, task, found)
    size = 4.6 if confusion is None else float(np.clip(1.6 + 0.42 * len(confusion["labels"]), 3.6, 16.0))
    with picture(path, size, size) as figure:
        axes = figure.subplots()
        if found.get("per_frame"):
            _draw_labels(axes, [found])
        elif confusion is None:
            _draw_values(axes, [folder.predictions / f"{task}.csv"])
        else:
            _draw_confusion(axes, confusion["labels"], np.asarray(confusion["counts"], np.float64))
        metric, value = next(iter(found["metrics"].items()))
        axes.set_title(f"{task}: {metric} {_number(value)}")
    return path


def _draw_result(axes: Any, folds: Sequence[FoldFolder], task: str) -> None:
    """Draw the predictions of all folds together."""
    found = [read_json(fold.scores)["tasks"].get(task) for fold in folds]
    if any(one is not None and one.get("per_frame") for one in found):
        _draw_labels(axes, [one for one in found if one is not None])
        return
    confusions = [one["confusion"] for one in found if one is not None]
    if not confusions or confusions[0] is None:
        _draw_values(axes, [fold.predictions / f"{task}.csv" for fold in folds])
        return
    counts = np.sum([np.asarray(one["counts"], np.float64) for one in confusions], axis=0)
    _draw_confusion(axes, confusions[0]["labels"], counts, names=len(counts) <= _MAX_NAMES)


def _draw_labels(axes: Any, folds: Sequence[Record]) -> None:
    """Draw the first figure of every label as a bar, the mean over folds."""
    tables = [found["labels"] for found in folds]
    names = list(tables[0]) if tables else []
    if not names:
        axes.set_axis_off()
        return
    figure = next(name for name in tables[0][names[0]] if name != "rows")
    values = [[table[name][figure] for table in tables if table[name][figure] is not None] for name in names]
    axes.barh(range(len(names)), [float(np.mean(own)) if own else 0.0 for own in values], color=COLOURS[0])
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel(figure)


def _draw_losses(axes: Any, runs: Sequence[Sequence[Record]]) -> None:
    """Draw the training loss of every task, each fold as a thin line and their mean as a thick one."""
    for number, task in enumerate(_tasks(runs, "loss")):
        curves = [[record["loss"].get(task) for record in records] for records in runs]
        _draw_curves(axes, curves, COLOURS[number % len(COLOURS)], task)
    axes.set_title("training loss")
    axes.set_xlabel("epoch")
    lows = [np.nanmin(line.get_ydata(), initial=np.inf) for line in axes.lines]
    if min(lows, default=-1.0) >= 0:
        axes.set_ylim(bottom=0)
    _end_axis(axes)


def _draw_metrics(axes: Any, runs: Sequence[Sequence[Record]], *, kept: int | None = None) -> None:
    """Draw the main metric of every task on development rows (without any: on training rows)."""
    part = "dev" if any(record["dev"] for records in runs for record in records) else "train"
    names = set()
    figures = dict.fromkeys(figure for records in runs for record in records for figure in main_figures(record[part]))
    for number, (task, metric) in enumerate(figures):
        names.add(metric)
        curves = [[record[part].get(task, {}).get(metric) for record in records] for records in runs]
        _draw_curves(
            axes, curves, COLOURS[number % len(COLOURS)], f"{task}" if len(names) < 2 else f"{task} ({metric})"
        )
    if kept:
        axes.axvline(kept, color="#999999", linewidth=1.0, linestyle=":")
        axes.annotate("kept", (kept, 0.02), xycoords=("data", "axes fraction"), color="#777777", fontsize=8,
                      ha="right", rotation=90, va="bottom")  # fmt: skip
    axes.set_title(f"{', '.join(sorted(names))} on {'development' if part == 'dev' else 'training'} rows")
    axes.set_xlabel("epoch")
    _end_axis(axes)


def _draw_curves(axes: Any, curves: Sequence[Sequence[float | None]], colour: str, label: str) -> None:
    longest = max(len(curve) for curve in curves)
    table = np.full((len(curves), longest), np.nan)
    for row, curve in enumerate(curves):
        table[row, : len(curve)] = [np.nan if value is None else value for value in curve]
    epochs = np.arange(1, longest + 1)
    if len(curves) > 1:
        axes.plot(epochs, table.T, color=colour, linewidth=0.6, alpha=0.45)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the mean of no fold at all is nan, and is not drawn
        mean = np.nanmean(table, axis=0)
    axes.plot(epochs, mean, color=colour, label=label, marker="o" if longest == 1 else None)


def _end_axis(axes: Any) -> None:
    last = max((len(line.get_xdata()) for line in axes.lines), default=1)
    margin = 0.5 if last == 1 else 0.02 * (last - 1)
    axes.set_xlim(1 - margin, last + margin)
    axes.xaxis.get_major_locator().set_params(integer=True)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="best", handlelength=1.2)


def _draw_confusion(axes: Any, labels: Sequence[str], counts: Counts, *, names: bool = True) -> None:
    """Draw counts [K, K], coloured by the share of each true label; of several labels at once [K, 2, 2], by label."""
    columns: Sequence[str] = labels
    if counts.ndim == 3:
        columns = _MULTILABEL
        counts = np.stack([counts[:, 1, 1], counts[:, 1, 0], counts[:, 0, 1], counts[:, 0, 0]], axis=1)
        of_all = np.repeat(np.stack([counts[:, :2].sum(axis=1), counts[:, 2:].sum(axis=1)], axis=1), 2, axis=1)
    else:
        of_all = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(1.0, of_all)
    axes.pcolormesh(shares, cmap="Blues", vmin=0.0, vmax=1.0, edgecolors="white", linewidth=1.0)
    axes.invert_yaxis()
    axes.set_aspect("equal" if counts.shape[0] == counts.shape[1] else "auto")
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    turned = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if max(map(len, columns)) > 3 else {}
    axes.set_xticks(np.arange(len(columns)) + 0.5, columns if names else [""] * len(columns), **turned)
    axes.set_yticks(np.arange(len(labels)) + 0.5, labels if names else [""] * len(labels))
    axes.set_xlabel("predicted, test rows")
    axes.set_ylabel("true")
    if max(counts.shape) <= _MAX_COUNTS:
        _write_counts(axes, counts, shares)


def _write_counts(axes: Any, counts: Counts, shares: Counts) -> None:
    size = min(8.0, 70.0 / max(counts.shape))
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = "white" if shares[row, column] > 0.55 else "#333333"
            axes.text(column + 0.5, row + 0.5, f"{count:.0f}", ha="center", va="center", color=colour, fontsize=size)


def _draw_values(axes: Any, files: Sequence[Path]) -> None:
    """Draw predicted against true values."""
    values: dict[str, list[tuple[float, float]]] = {}
    for path in files:
        for name, truth, predicted in _values(path):
            values.setdefault(name, []).append((truth, predicted))
    for number, (name, pairs) in enumerate(values.items()):
        truth, predicted = np.asarray(pairs).T
        axes.scatter(truth, predicted, s=9, alpha=0.6, linewidths=0, color=COLOURS[number % len(COLOURS)], label=name)
    ends = [value for pairs in values.values() for pair in pairs for value in pair]
    if ends:
        axes.axline((min(ends), min(ends)), slope=1.0, color="#999999", linewidth=1.0, linestyle=":")
    axes.set_xlabel("true")
    axes.set_ylabel("predicted, test rows")
    if len(values) > 1:
        axes.legend(loc="best", handlelength=1.0)


def _values(path: Path) -> Iterator[tuple[str, float, float]]:
    """Yield name, true and predicted value of every row of a regression."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for column in row:
                if column.startswith("target."):
                    name = column.removeprefix("target.")
                    yield name, float(row[column]), float(row[f"decision.{name}"])


def _tasks(runs: Sequence[Sequence[Record]], part: str) -> list[str]:
    return list(dict.fromkeys(task for records in runs for record in records for task in record[part]))


def _told(metrics: Mapping[str, Mapping[str, float | None]]) -> str:
    """Return the first metric with its interval: "uar 0.93 (0.90 to 0.95)"."""
    name, figure = next(iter(metrics.items()))
    interval = "" if figure["low"] is None else f" ({_number(figure['low'])} to {_number(figure['high'])})"
    return f"{name} {_number(figure['value'])}{interval}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}" if abs(value) <= 1 else f"{value:.4g}"


@contextmanager
def picture(path: Path, width: float, height: float) -> Iterator[Any]:
    """Give a figure, and write it as PNG in one piece when it is drawn."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    with mpl.rc_context(_STYLE):
        yield (figure := Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)))
        with warnings.catch_warnings(), atomic_write(path) as file:
            warnings.simplefilter("ignore", UserWarning)  # labels in scripts that the font lacks become boxes
            figure.savefig(file, format="png", dpi=_DPI)
