"""`motet schema`: the JSON Schema of an experiment file."""

import argparse
import json
from pathlib import Path

from motet.cli.output import print_json
from motet.config import json_schema
from motet.experiment.settings import Sweep
from motet.files import atomic_write, machine_errors


def run(arguments: argparse.Namespace) -> int:
    """Print the JSON Schema, or write it to a file."""
    text = json.dumps(json_schema(Sweep), indent=2, ensure_ascii=False)
    if arguments.output is None:
        if arguments.json:
            print_json({"json_schema": json.loads(text)})
        else:
            print(text)
        return 0
    path = Path(arguments.output)
    with machine_errors(path), atomic_write(path) as file:
        file.write(f"{text}\n".encode())
    if arguments.json:
        print_json({"file": path.as_posix()})
    else:
        print(f"{path}\nBegin an experiment with:  # yaml-language-server: $schema={path}")
    return 0
