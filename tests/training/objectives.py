"""Every objective of the catalog, with settings that make its state move."""

from typing import Any

from pydantic import TypeAdapter

from motet.training.objective_settings import ObjectiveSettings

LOSSES: dict[str, dict[str, Any]] = {
    "weighted": {},
    "normalised": {"by": "running", "decay": 0.5},
    "uncertainty": {},
    "dwa": {"temperature": 0.5},
    "gls": {},
    "imtl_l": {},
    "famo": {"learning_rate": 0.1},
    "stch": {},
}
GRADIENTS: dict[str, dict[str, Any]] = {
    "pcgrad": {}, "cagrad": {}, "mgda": {}, "aligned_mtl": {}, "nash_mtl": {}, "upgrad": {}, "gradvac": {"rate": 0.5},
    "config": {},
}  # fmt: skip


def settings_of(kind: str, **options: Any) -> Any:
    """Return the settings of a kind, as a file would give them."""
    given = LOSSES.get(kind) or GRADIENTS.get(kind) or {}
    return TypeAdapter(ObjectiveSettings).validate_python({"kind": kind, **given, **options})
