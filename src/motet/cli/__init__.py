"""The command line: parse, call, print. Parsing imports nothing heavy, so that `--help` answers at once.

Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 failed, 2 usage or
configuration, 3 data, 4 environment, 130 interrupted.
"""

import os
import re
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress

from motet.config.user_files import failure
from motet.errors import MachineError, MotetError

FAILED = MotetError.exit_code
INTERRUPTED = 130


def main(words: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    Parameters
    ----------
    words
        What stands behind `motet` on the command line; by default what was typed.
    """
    words = sys.argv[1:] if words is None else words
    try:
        return _run(words)
    except BrokenPipeError:
        # Whoever read the output has seen enough. What is left in the buffer has nowhere to go.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def entry() -> None:
    """Run as a program."""
    sys.exit(main())


def _run(words: Sequence[str]) -> int:
    """Run a command; report whatever ends it early."""
    from motet.cli.parser import parse

    try:
        parsed = parse(words)
        code: int = parsed.run(parsed)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _report([_interrupted(words)], INTERRUPTED, words)
    except BrokenPipeError:
        raise
    except Exception as error:
        if os.environ.get("MOTET_TRACEBACK"):
            traceback.print_exception(error)
        problems, exit_code = _explain(error)
        return _report(problems, exit_code, words)
    return code


def _explain(error: Exception) -> tuple[list[str], int]:
    """Return what an error says to the user, and the exit code."""
    if isinstance(error, MotetError):
        return str(error).split("\n"), error.exit_code
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":  # PyTorch's own
        return [_out_of_memory(error)], MachineError.exit_code
    place = failure(error)
    if place is not None:
        return [place, "this is a class of your own; MOTET_TRACEBACK=1 shows how it was reached"], FAILED
    if isinstance(error, OSError):
        return [_refused(error)], MachineError.exit_code
    if not os.environ.get("MOTET_TRACEBACK"):
        traceback.print_exception(error)
    return [
        f"{type(error).__name__}: {error}",
        "this is a defect of Motet: please report it with the lines above",
    ], FAILED


def _report(problems: Sequence[str], code: int, words: Sequence[str]) -> int:
    """Say what went wrong: for people, and with `--json` as the document that the program wants."""
    located = re.match(r".+?:\d+:\d+: ", problems[0])  # FILE:LINE:COLUMN speaks for itself, to editors too
    print("" if located or code == INTERRUPTED else "error: ", "\n".join(problems), sep="", file=sys.stderr)
    if "--json" in words:
        from motet.cli.output import print_json

        print_json({"error": {"exit_code": code, "problems": list(problems)}})
        sys.stdout.flush()
    return code


def _interrupted(words: Sequence[str]) -> str:
    import shlex

    if words and words[0] in ("train", "extract", "sweep", "transfer"):
        return f"interrupted; what was done is kept, and this goes on from there: motet {shlex.join(words)}"
    return "interrupted"


def _refused(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error}; check that the place exists, is writable and has space left"


def _out_of_memory(error: Exception) -> str:
    return f"out of memory ({error}); lower training.batch_size, raise training.micro_batches, or use a smaller network"
