"""The log of a run in its folder."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def log_to(path: Path) -> Iterator[None]:
    """Append the log of Motet to a file."""
    log = logging.getLogger("motet")
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    except BaseException as error:
        text = "interrupted" if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {error}"
        handler.handle(logging.makeLogRecord({"levelname": "ERROR", "msg": text}))
        raise
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        handler.close()
