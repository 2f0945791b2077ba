"""`motet compare`."""

import argparse
from collections.abc import Mapping
from typing import Any

from motet.cli.output import print_json, table


def run(arguments: argparse.Namespace) -> int:
    """Compare runs with the first and print the differences of main metrics, and of losses of their own."""
    from motet.evaluation.settings import IntervalSettings
    from motet.experiment.compare import compare

    interval = IntervalSettings(resamples=arguments.resamples)
    result = compare(arguments.runs, interval=interval, allow_code=arguments.allow_code)
    if arguments.json:
        print_json(result)
    else:
        print(_text(result, every=arguments.all))
    return 0


def _text(result: Mapping[str, Any], *, every: bool) -> str:
    rows = []
    for one in result["comparisons"]:
        metrics = list(one["metrics"].items())
        for number, (metric, found) in enumerate(metrics if every else metrics[:1]):
            figures = [found["first"], found["second"], *(found["difference"][key] for key in ("value", "low", "high"))]
            tests = [found["p"], *((one["p_holm"], one["mcnemar"]) if number == 0 else (None, None))]
            rows.append([one["run"], one["task"], metric, str(one["rows"]), *map(told, [*figures, *tests])])
    header = ["run", "task", "metric", "rows", "first", "this", "difference", "low", "high", "p", "p (Holm)", "McNemar"]
    parts = [f"first: {result['runs'][0]}", *([table(rows, header=header)] if rows else []), *_losses(result)]
    return "\n\n".join(parts)


def _losses(result: Mapping[str, Any]) -> list[str]:
    """Return a table of losses of the network's own; none where no two runs share one."""
    rows = [
        [one["run"], one["loss"], str(one["folds"]), *map(told, (one["first"], one["second"], one["difference"]))]
        for one in result["losses"]
    ]
    if not rows:
        return []
    header = ["run", "loss", "folds", "first", "this", "difference"]
    title = "LOSSES OF THE NETWORK'S OWN: means of folds, so without interval and test"
    return [f"{title}\n{table(rows, header=header)}"]


def told(value: float | None) -> str:
    """Return a figure with four digits."""
    return "-" if value is None else f"{value:.4f}"
