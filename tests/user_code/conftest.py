"""Fixtures of the tests of the user's own classes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import motet
from tests.user_code.tones import tiny

Train = Callable[..., motet.Run]


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the one store of all these tests: features are extracted once."""
    return tmp_path_factory.mktemp("tones") / "store"


@pytest.fixture
def train(tmp_path: Path, store: Path) -> Train:
    """Return a function that runs the smallest experiment with some options of its own."""
    runs = iter(range(100))

    def run(tasks: dict[str, Any] | None = None, **options: Any) -> motet.Run:
        return motet.train(tiny(store, tasks, **options), tmp_path / f"run-{next(runs)}")

    return run
