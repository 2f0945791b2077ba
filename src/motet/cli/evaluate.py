"""`motet evaluate`."""

import argparse
from pathlib import Path

from motet.cli.output import print_json, result_table
from motet.cli.screen import console


def run(arguments: argparse.Namespace) -> int:
    """Evaluate a kept epoch of a run and print its figures."""
    from motet.experiment.evaluate import evaluate

    with console() as screen:
        result = evaluate(
            Path(arguments.path),
            epoch=arguments.epoch,
            part=arguments.part,
            data=arguments.data,
            allow_code=arguments.allow_code,
            progress=screen,
        )
    if arguments.json:
        print_json(result)
    else:
        print(result_table(result))
    return 0
