"""Small trees of files; recordings need not exist in order to be listed, so most files are empty."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

Tree = Callable[[Iterable[str]], Path]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Return the function that makes empty files below a folder, and returns the folder."""

    def make(names: Iterable[str]) -> Path:
        paths = [tmp_path / "data" / name for name in names]
        for folder in {tmp_path / "data", *(path.parent for path in paths)}:
            folder.mkdir(parents=True, exist_ok=True)
        for path in paths:
            path.touch()
        return tmp_path / "data"

    return make
