from typing import Any

import pytest

from motet.config.lookup import ABSENT, value_at
from motet.config.nodes import Node, read_path
from motet.experiment.settings import Experiment

WRITTEN = {
    "features": "waveform",
    "model": {"encoder": [{"kind": "rnn", "hidden": 8}]},
    "training": {"optimizer": {"learning_rate": 0.5}},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("features.kind", "waveform"),
        ("features.bands", ABSENT),
        ("model.encoder.0.hidden", 8),
        ("model.encoder.0.layers", 1),
        ("model.encoder.1.hidden", ABSENT),
        ("training.optimizer.learning_rate", 0.5),
        ("training.optimizer.kind", "adam"),
        ("training.optimizer.betas.1", 0.999),
        ("scaling.kind", "standard"),
        ("scaling.per", "band"),
        ("segments.length_s", ABSENT),
        ("segments", None),
        ("data.esc", ABSENT),
    ],
)
def test_what_is_written_or_the_default(path: str, value: Any) -> None:
    assert value_at(Experiment, Node.of(WRITTEN), read_path(path)) == value
