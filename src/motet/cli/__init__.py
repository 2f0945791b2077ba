"""The command line: parse, call, print. Parsing imports nothing heavy, so that `--help` answers at once.

Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 failed, 2 usage or
configuration, 3 data, 4 environment, 130 interrupted.
"""

import sys
from collections.abc import Sequence

from motet.errors import MotetError

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    from motet.cli.parser import build_parser

    parsed = build_parser().parse_args(arguments)
    try:
        result: int = parsed.run(parsed)
    except MotetError as error:
        return _report(str(error), error.exit_code, parsed.json)
    except KeyboardInterrupt:
        return _report("interrupted; the same command goes on from here", INTERRUPTED, parsed.json)
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    return result


def entry() -> None:
    """Run as a program."""
    sys.exit(main())


def _report(message: str, code: int, as_json: bool) -> int:
    print(message if code == INTERRUPTED else f"error: {message}", file=sys.stderr)
    if as_json:
        import json

        document = {"schema": 1, "error": {"exit_code": code, "problems": message.split("\n")}}
        print(json.dumps(document))
    return code
