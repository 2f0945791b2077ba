"""`motet extract`."""

import argparse

from motet.cli.output import print_json, table
from motet.cli.screen import console


def run(arguments: argparse.Namespace) -> int:
    """Fill the store and say what was computed."""
    from motet.experiment.load import load_experiment
    from motet.experiment.run import extract

    experiment = load_experiment(arguments.file, arguments.overrides, allow_code=arguments.allow_code)
    with console() as screen:
        report = extract(experiment, workers=arguments.workers, progress=screen)
    if arguments.json:
        print_json(report)
        return 0
    rows = [
        [name, input_name, str(found["computed"]), str(found["reused"]), str(len(found["skipped"])),
         f"{found['bytes'] / 2**20:.1f}"]
        for name, inputs in report["data"].items()
        for input_name, found in inputs.items()
    ]  # fmt: skip
    print(table(rows, header=["data set", "input", "computed", "from the store", "skipped", "MiB"]))
    return 0
