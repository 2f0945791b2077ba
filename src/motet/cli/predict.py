"""`motet predict`."""

import argparse
import csv
import sys
from pathlib import Path

from motet.cli.output import console, print_json


def run(arguments: argparse.Namespace) -> int:
    """Predict recordings and print a row for each, as CSV or as one JSON document."""
    from motet.experiment.predict import predict

    with console():
        predicted = predict(
            Path(arguments.model),
            [Path(path) for path in arguments.paths],
            like=arguments.like,
            fold=arguments.fold,
            on_error=arguments.on_error,
            allow_code=arguments.allow_code,
        )
    if arguments.json:
        print_json({"predictions": predicted.rows, "skipped": predicted.skipped})
        return 0
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(predicted.header)
    writer.writerows(predicted.flat())
    return 0
