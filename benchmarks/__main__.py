"""All benchmarks, or those that are named, as one table.

python -m benchmarks
python -m benchmarks training rows --json
"""

import argparse
import importlib
import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date

from benchmarks.measure import Row

NAMES = (
    "training",
    "networks",
    "store",
    "batches",
    "features",
    "extraction",
    "start",
    "rows",
    "tasks",
    "denoising",
    "procedures",
    "sweeps",
)


def main(words: Sequence[str] | None = None) -> int:
    """Run benchmarks; return 1 if one missed its goal."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__.split("\n")[0])
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"one of {', '.join(NAMES)}; by default all")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    arguments = parser.parse_args(words)
    if unknown := [name for name in arguments.names if name not in NAMES]:
        parser.error(f"there is no benchmark {unknown[0]!r}; there is {', '.join(NAMES)}")
    found = []
    for name in arguments.names or NAMES:
        for row in importlib.import_module(f"benchmarks.{name}").measure():
            print(line(row), file=sys.stderr if arguments.json else sys.stdout, flush=True)
            found.append(row)
    if arguments.json:
        rows = [asdict(row) | {"reached": row.reached} for row in found]
        print(json.dumps({"schema": 1, "date": date.today().isoformat(), "machine": machine(), "rows": rows}))
    return int(any(row.reached is False for row in found))


def line(row: Row) -> str:
    """Return a row as a line of the table."""
    goal = "" if row.goal is None else f"{'>=' if row.better == 'higher' else '<='} {row.goal:g}"
    verdict = {None: "", True: "reached", False: "MISSED"}[row.reached]
    return f"{row.what:64s} {row.measured:8.3g} {row.unit:6s} {goal:9s} {verdict:8s} {row.note}".rstrip()


def machine() -> dict[str, object]:
    import os

    import torch

    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


if __name__ == "__main__":
    sys.exit(main())
