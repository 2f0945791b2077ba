"""Small trees of files; recordings need not exist in order to be listed, so most files are empty."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

Tree = Callable[[Iterable[str]], Path]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Return the function that makes empty files below a folder, and returns the folder."""

    def make(names: Iterable[str]) -> Path:
        for name in names:
            path = tmp_path / "data" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path / "data"

    return make
