"""Recordings, an experiment on them, and its finished run."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from motet.cli import main

RATE_HZ = 4000
EXPERIMENT = """\
name: tones
data:
  tones:
    source: {{kind: folders, path: "{folder}", task: pitch}}
features: {{kind: logmel, bands: 12, window_s: 0.032, hop_s: 0.016}}
segments: {{length_s: 0.2, hop_s: 0.1}}
split: {{kind: holdout, test: 0.25, dev: 0.25}}
model:
  encoder: [{{kind: cnn, channels: [4, 8]}}]
training: {{epochs: 2, batch_size: 8, threads: 1}}
evaluation: {{plots: false}}
store: {{path: "{store}"}}
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said."""

    code: int
    out: str
    err: str


Motet = Callable[..., Said]


def tone(path: Path, frequency_hz: float, *, duration_s: float = 0.4, channels: int = 1) -> Path:
    """Write a tone in a little noise; the noise is of the path's own."""
    noise = np.random.default_rng(list(path.name.encode())).normal(0.0, 0.02, round(duration_s * RATE_HZ))
    samples = 0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(len(noise)) / RATE_HZ) + noise
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.repeat(samples[:, None], channels, axis=1), RATE_HZ)
    return path


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with 16 low and 16 high tones of 0.3 to 0.6 s."""
    folder = tmp_path_factory.mktemp("tones")
    for number in range(16):
        duration_s = 0.3 + 0.02 * number
        tone(folder / "low" / f"{number:02d}.wav", 300 + 10 * number, duration_s=duration_s)
        tone(folder / "high" / f"{number:02d}.wav", 1200 + 20 * number, duration_s=duration_s)
    return folder


@pytest.fixture(scope="session")
def experiment(tones: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of an experiment on the tones."""
    path = tmp_path_factory.mktemp("experiment") / "tones.yaml"
    path.write_text(EXPERIMENT.format(folder=tones.as_posix(), store=(path.parent / "store").as_posix()))
    return path


@pytest.fixture(scope="session")
def finished(experiment: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished run."""
    path = tmp_path_factory.mktemp("runs") / "tones"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("motet.files.digest_cache._SETTLED_NS", -1)  # the tones are new, and remembered all the same
        assert main(["train", str(experiment), "-o", str(path)]) == 0
    return path


@pytest.fixture
def motet(capsys: pytest.CaptureFixture[str]) -> Motet:
    """Return what runs a command in this process."""

    def run(*words: Any) -> Said:
        capsys.readouterr()
        code = main(_texts(words))
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run


def _texts(words: Sequence[Any]) -> list[str]:
    return [str(word) for word in words]
