"""`motet train`."""

import argparse
from pathlib import Path

from motet.cli.output import print_json, result_table
from motet.cli.screen import console


def run(arguments: argparse.Namespace) -> int:
    """Train and print the figures, or print what would be trained."""
    from motet.experiment.load import load_experiment

    experiment = load_experiment(arguments.file, arguments.overrides, allow_code=arguments.allow_code)
    if arguments.dry_run:
        from motet.cli.dry_run import show

        return show(experiment, as_json=arguments.json, allow_code=arguments.allow_code)

    from motet.experiment.run import train

    output = None if arguments.output is None else Path(arguments.output)
    with console() as screen:
        finished = train(
            experiment, output, workers=arguments.workers, allow_code=arguments.allow_code, progress=screen
        )
    if arguments.json:
        print_json(finished.result)
    else:
        print(f"{result_table(finished.result)}\n\n{finished.path}")
    return 0
