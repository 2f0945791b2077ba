"""Processes that work for this one: how they are started, and how they end.

They begin empty (spawn), because a process that was copied with its threads and locks may hang.
"""

import multiprocessing
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def unseen_main() -> Iterator[None]:
    """Keep new processes from running the user's script again: they need only what is sent to them.

    What the script itself defines cannot be sent then.
    """
    main = sys.modules["__main__"]
    names = [name for name in ("__file__", "__spec__") if name in main.__dict__]
    seen: dict[str, Any] = {name: main.__dict__.pop(name) for name in names}
    main.__spec__ = None
    try:
        yield
    finally:
        main.__dict__.update(seen)


def end_with_parent() -> None:
    """Let this process end as soon as its parent is gone: it would wait for work for ever after a kill."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
