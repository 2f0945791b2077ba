"""How long it takes until something happens: whole processes, in CPU seconds, with one thread.

    python -m benchmarks start

`motet train examples/fsdd.yaml` with a filled store runs to the end of the first step, where the process ends. The
reference is a process that imports PyTorch and makes one step of the same network on noise. Both find compiled
bytecode, as an installed package does. `motet --help` is told in user CPU seconds.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from benchmarks.data import data_folder
from benchmarks.measure import Row, compare

ROUNDS, HELPS = 7, 20
HERE = Path(__file__).parent
EXPERIMENT = HERE.parent / "examples" / "fsdd.yaml"


def measure() -> Iterator[Row]:
    """Yield the rows about starting."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = surroundings(folder)
        yield first_step(folder, environment)
        yield help_text(environment)


def surroundings(folder: Path) -> dict[str, str]:
    """Return the environment of the processes: one thread, and a place for bytecode."""
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    data = str(data_folder("fsdd").parent.resolve())
    return own | {"MOTET_DATA": data, "OMP_NUM_THREADS": "1", "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


def first_step(folder: Path, environment: dict[str, str]) -> Row:
    runs = count()
    arguments = [str(EXPERIMENT), f"store.path={folder / 'store'}"]

    def ours() -> None:
        run(environment, HERE / "processes" / "train_one_step.py", *arguments, "-o", folder / f"run-{next(runs)}")

    def reference() -> None:
        run(environment, HERE / "processes" / "step_alone.py")

    found = compare(ours, reference, rounds=ROUNDS)  # the warm-up fills the store
    name = "motet train, store filled, to the end of the first step: import torch and the step, more"
    return Row(name, found.excess_s, "CPU s", 1.5, "lower", found.told())


def help_text(environment: dict[str, str]) -> Row:
    run(environment, "-m", "motet", "--help")
    before = os.times().children_user
    for _ in range(HELPS):
        run(environment, "-m", "motet", "--help")
    return Row("motet --help, user CPU", (os.times().children_user - before) / HELPS, "s", 0.3, "lower")


def run(environment: dict[str, str], *words: object) -> None:
    """Run Python and refuse a process that fails."""
    done = subprocess.run([sys.executable, *map(str, words)], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{words}: {done.stderr}")
