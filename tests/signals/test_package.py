import importlib

import pytest


@pytest.mark.parametrize(
    "package", ["motet.signals", "motet.signals.readers", "motet.signals.readers.synthetic", "motet.signals.prepare"]
)
def test_every_exported_name_loads(package: str) -> None:
    module = importlib.import_module(package)

    assert sorted(module.__all__) == dir(module)
    for name in module.__all__:
        assert getattr(module, name).__name__ == name if hasattr(getattr(module, name), "__name__") else True


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match=r"'motet\.signals' has no attribute 'Sgnal'"):
        _ = importlib.import_module("motet.signals").Sgnal
