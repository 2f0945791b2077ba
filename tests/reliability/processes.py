"""The command line in processes of its own, which are started in a moment and can be killed.

`forked` begins where PyTorch is imported already (a fork server), so that a kill at a random moment meets work rather
than imports; `fresh` is `python -m motet` from its first line.
"""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest


class Running(Protocol):
    """A command under way."""

    def kill(self) -> None: ...

    def wait(self, timeout: float | None = None) -> int: ...


class _Forked:
    def __init__(self, process: Any) -> None:
        self._process = process

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise TimeoutError(f"the command still runs after {timeout} s")
        return int(code)


def forked(arguments: Sequence[str], output: Path) -> Running:
    """Run `motet ARGUMENTS` in a process that was forked from one that has imported everything."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        pytest.skip("this system has no fork server; `make test-full` starts whole processes")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.reliability.warm", "tests.reliability.processes", "motet.cli.train"])
    process = context.Process(target=_main, args=(list(arguments), str(output)))
    process.start()
    return _Forked(process)


def fresh(arguments: Sequence[str], output: Path) -> Running:
    """Run `python -m motet ARGUMENTS`."""
    with output.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "motet", *arguments], stdin=subprocess.DEVNULL, stdout=file, stderr=file
        )


def _main(arguments: list[str], output: str) -> None:
    import torch

    from motet.cli import main
    from motet.store import writer

    torch.set_num_threads(1)
    writer._GROUP_ENTRIES = 4  # so that small stores are committed in many groups, too
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.exit(main(arguments))
