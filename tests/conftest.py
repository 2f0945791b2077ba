"""Fixtures for all tests."""

import os
from pathlib import Path

import hypothesis
import pytest

# How long an example takes says how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile("no-clock", deadline=None)
hypothesis.settings.load_profile("no-clock")

# The tensors of tests are so small that threads only wait for each other; it counts where PyTorch is imported after.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def motet_data() -> Path:
    """Return the folder of real recordings; skip the test where there is none."""
    named = os.environ.get("MOTET_DATA")
    if not named:
        pytest.skip("needs real recordings: set MOTET_DATA to their folder")
    folder = Path(named)
    if not folder.is_dir():
        pytest.skip(f"needs real recordings: MOTET_DATA names {folder}, which is no folder")
    return folder
