"""`motet transfer`."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from motet.cli import FAILED
from motet.cli.compare import told
from motet.cli.output import print_json, size, table
from motet.cli.screen import console

_LABELS = 3
_UNITS = {"parameters": "{:,.0f}", "multiply_adds": "{:,.0f}", "latency_ms": "{:.2f} ms"}


def run(arguments: argparse.Namespace) -> int:
    """Train alone and together, and print what is gained and lost."""
    from motet.experiment.transfer import transfer

    with console() as screen:
        report = transfer(
            arguments.file, arguments.output, arguments.overrides,
            allow_code=arguments.allow_code, workers=arguments.workers, jobs=arguments.jobs, progress=screen,
        )  # fmt: skip
    if arguments.json:
        print_json(report.result)
    else:
        print(f"{text(report.result)}\n\n{report.path}")
    return FAILED if report.result["failed"] else 0


def text(result: Mapping[str, Any]) -> str:
    """Return differences, costs, and what failed, as tables."""
    rows = [
        [entry["task"] if entry["task"] == entry["alone"] else f"{entry['task']} ({entry['alone']})", entry["with"],
         entry["metric"], f"{entry['rows']:,}", told(entry["first"]), told(entry["second"]),
         *(told(entry["difference"][key]) for key in ("value", "low", "high")), told(entry["p"]), _labels(entry)]
        for entry in result["entries"]
    ]  # fmt: skip
    header = ["task", "with", "metric", "rows", "alone", "together", "difference", "low", "high", "p", "recall of"]
    parts = [table(rows, header=header, widest={10: 0}), *_gradients(result["gradients"]), _costs(result["costs"])]
    if result["failed"]:
        failed = [[name, str(error).split("\n")[0]] for name, error in result["failed"].items()]
        parts.append(f"FAILED: {len(failed)}\n{table(failed, header=['point', 'error'], widest={1: 0})}")
    return "\n\n".join(parts)


def _gradients(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a table of the cosines between gradients; none where nothing was recorded."""
    rows = []
    for one in found:
        known = [value for value in one["epochs"] if value is not None]
        rows.append(
            [" and ".join(one["tasks"]), one["run"], *(told(value) for value in (one["mean"], known[0], known[-1]))]
        )
    header = ["gradients of", "run", "mean cosine", "first epoch", "last epoch"]
    return [table(rows, header=header)] if rows else []


def _labels(entry: Mapping[str, Any]) -> str:
    """Return the labels whose recall changes most, where it surely does."""
    sure = [
        (name, figure["value"])
        for name, figure in entry["labels"].items()
        if figure["low"] is not None and (figure["low"] > 0 or figure["high"] < 0)
    ]
    largest = sorted(sure, key=lambda one: -abs(one[1]))[:_LABELS]
    return ", ".join(f"{name} {value:+.2f}" for name, value in largest)


def _costs(costs: Mapping[str, Any]) -> str:
    rows = []
    for name in costs["joint"]:
        shown = [costs["joint"][name], costs["singles"][name]]
        written = [size(round(one)) if name == "weights_bytes" else _UNITS[name].format(one) for one in shown]
        ratio = costs["ratio"][name]
        rows.append([name.removesuffix("_ms").removesuffix("_bytes").replace("_", "-"), *written, told(ratio)])
    return "ONE ROW\n" + table(rows, header=["cost", "joint network", "sum of single ones", "ratio"])
