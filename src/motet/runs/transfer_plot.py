"""The picture of a transfer report: what each task gains (blue) or loses (red) with each partner."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from motet.runs.plots import can_draw, picture

__all__ = ["can_draw", "draw"]


def draw(path: Path, result: Mapping[str, Any]) -> None:
    """Draw a row for every task and a column for every partner; a star where the interval leaves 0 out."""
    entries = result["entries"]
    rows = list(dict.fromkeys(_row(entry) for entry in entries))
    columns = list(dict.fromkeys(entry["with"] for entry in entries))
    singles = [entry["alone"] for entry in entries]
    columns.sort(key=lambda name: (name == "all", singles.index(name) if name in singles else len(singles)))
    gains = np.full((len(rows), len(columns)), np.nan)
    texts: dict[tuple[int, int], str] = {}
    for entry in entries:
        value, place = entry["difference"]["value"], (rows.index(_row(entry)), columns.index(entry["with"]))
        if value is not None:
            gains[place] = value if entry["higher_is_better"] else -value
            texts[place] = f"{value:+.3f}{'*' if _is_sure(entry['difference']) else ''}"
    largest = max(float(np.nanmax(np.abs(gains), initial=0.0)), 1e-6)
    longest = max(len(name) for name in (*rows, *columns))
    width = 1.5 + 0.09 * longest + 0.95 * len(columns)
    height = 1.3 + 0.07 * longest + 0.5 * len(rows)
    with picture(path, max(4.2, width), max(2.4, height)) as figure:
        axes = figure.subplots()
        axes.grid(visible=False)
        image = axes.imshow(gains, cmap="RdBu", vmin=-largest, vmax=largest, aspect="auto")
        for (row, column), text in texts.items():
            strong = abs(gains[row, column]) > 0.6 * largest
            axes.text(column, row, text, ha="center", va="center", color="white" if strong else "black", fontsize=8)
        axes.set_yticks(range(len(rows)), rows)
        axes.set_xticks(range(len(columns)), columns, rotation=35, ha="right", rotation_mode="anchor")
        axes.set_xlabel("learned together with")
        metrics = ", ".join(dict.fromkeys(entry["metric"] for entry in entries))
        axes.set_title(f"{metrics}: together minus alone")
        axes.spines[:].set_visible(False)
        figure.colorbar(image, ax=axes, shrink=0.9)


def _row(entry: Mapping[str, Any]) -> str:
    task, alone = entry["task"], entry["alone"]
    return str(task) if task == alone else f"{task} ({alone})"


def _is_sure(figure: Mapping[str, float | None]) -> bool:
    low, high = figure["low"], figure["high"]
    return low is not None and high is not None and (low > 0 or high < 0)
