import pytest
from pydantic import ValidationError

from motet.store import StoreSettings


def test_defaults() -> None:
    assert (StoreSettings().path, StoreSettings().precision) == (".motet/store", "float32")


def test_the_environment_is_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTET_STORE", "/scratch")
    assert StoreSettings(path="${MOTET_STORE}/maps").path == "/scratch/maps"


def test_other_precisions_are_refused() -> None:
    with pytest.raises(ValidationError, match="'float32' or 'float16'"):
        StoreSettings.model_validate({"precision": "float64"})
