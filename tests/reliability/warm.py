"""Imported by the fork server: trains once, so that processes forked from here have everything imported."""

import tempfile
from pathlib import Path

import motet
from tests.reliability.small import LIVELY, small_experiment

with tempfile.TemporaryDirectory() as folder:
    motet.train(small_experiment(Path(folder) / "store", LIVELY, training={"epochs": 1}), Path(folder) / "run")
