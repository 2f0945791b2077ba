"""The pictures of a transfer report.

One shows what each task gains (blue) or loses (red) with each partner, the other how far the gradients of two tasks
agree while they are learned together.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from motet.runs.plots import COLOURS, can_draw, picture

__all__ = ["can_draw", "draw", "draw_gradients"]


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


def draw_gradients(path: Path, result: Mapping[str, Any]) -> None:
    """Draw the cosine of every pair of tasks by epoch, in the run that holds most of them."""
    found = result["gradients"]
    sizes: dict[str, int] = {}
    for one in found:
        sizes[one["run"]] = sizes.get(one["run"], 0) + 1
    run = max(sizes, key=lambda name: sizes[name])
    pairs = [one for one in found if one["run"] == run]
    with picture(path, 6.4, 3.4) as figure:
        axes = figure.subplots()
        axes.axhline(0.0, color="#4a4e69", linewidth=0.8)
        for number, one in enumerate(pairs):
            cosines = [np.nan if value is None else value for value in one["epochs"]]
            label = f"{' and '.join(one['tasks'])}: {one['mean']:+.2f}"
            axes.plot(
                range(1, len(cosines) + 1), cosines, marker=".", color=COLOURS[number % len(COLOURS)], label=label
            )
        axes.set_xlabel("epoch")
        axes.set_ylabel("cosine")
        axes.set_title(f"Gradients of two tasks on what they share ({run})")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), title="mean", alignment="left")


def _row(entry: Mapping[str, Any]) -> str:
    task, alone = entry["task"], entry["alone"]
    return str(task) if task == alone else f"{task} ({alone})"


def _is_sure(figure: Mapping[str, float | None]) -> bool:
    low, high = figure["low"], figure["high"]
    return low is not None and high is not None and (low > 0 or high < 0)
