"""`motet train`."""

import argparse
from pathlib import Path

from motet.cli.output import Bars, console, figures_table, print_json


def run(arguments: argparse.Namespace) -> int:
    """Train, or print what would be trained."""
    from motet.experiment.load import load_experiment

    experiment = load_experiment(arguments.file, arguments.overrides, allow_code=arguments.allow_code)
    if arguments.dry_run:
        from motet.experiment.dry_run import dry_run

        plan = dry_run(experiment)
        if arguments.json:
            print_json(plan.as_json())
        else:
            print(plan.as_text())
        return 0

    from motet.experiment.run import train

    output = None if arguments.output is None else Path(arguments.output)
    with console():
        finished = train(experiment, output, workers=arguments.workers, progress=Bars())
    if arguments.json:
        print_json(finished.result)
    else:
        print(figures_table(finished.result["tasks"]))
        print(f"\n{finished.path}")
    return 0
