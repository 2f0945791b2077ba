"""What became of a point of a sweep: its figures, or why it has none. No failure of one point stops another."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from motet.errors import MotetError
from motet.experiment.scoring import all_figures

logger = logging.getLogger("motet")

Json = dict[str, Any]


def attempt(name: str, work: Callable[[], Mapping[str, Any] | None]) -> Json | None:
    """Do what brings the result of a point, and return what `sweep.json` holds of it: also of an error.

    Returns
    -------
    dict or None
        None where `work` returned None: there is no result yet.
    """
    began = time.monotonic()
    try:
        result = work()
    except MotetError as caught:
        error = str(caught)
    except Exception as caught:  # a class of the user's own, or PyTorch: no point may stop the others
        logger.exception("point %s", name)
        error = f"{type(caught).__name__}: {caught}"
    else:
        return None if result is None else _outcome("finished", began, tasks=all_figures(result))
    return failed(name, error, began)


def failed(name: str, error: str, began: float) -> Json:
    """Return what `sweep.json` holds of a point that failed, begun at a moment of the monotonic clock."""
    logger.error("point %s failed: %s", name, error)
    return _outcome("failed", began, error=error)


def _outcome(status: str, began: float, *, tasks: Mapping[str, Any] | None = None, error: str | None = None) -> Json:
    return {
        "status": status,
        "tasks": {} if tasks is None else tasks,
        "error": error,
        "seconds": round(time.monotonic() - began, 3),
    }
