import errno
import os
import platform
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from motet.errors import MachineError
from motet.files import lock, locking

fcntl: Any = pytest.importorskip("fcntl", reason="the stand-ins for other platforms are built on flock")

HOLD = """
import sys
from pathlib import Path
from motet.files import lock, locking
if sys.argv[2] == "file":
    locking._fcntl = locking._msvcrt = None
with lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


class WindowsLocks(SimpleNamespace):
    """The part of `msvcrt` that is used, with its own way of saying no."""

    LK_NBLCK, LK_UNLCK = 2, 0

    def locking(self, descriptor: int, mode: int, num_bytes: int) -> None:
        assert num_bytes == 1
        assert os.lseek(descriptor, 0, os.SEEK_CUR) == locking._LOCKED_BYTE
        try:
            fcntl.flock(descriptor, fcntl.LOCK_UN if mode == self.LK_UNLCK else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PermissionError(errno.EACCES, "Permission denied") from None


def _unsupported(*args: object) -> None:
    raise OSError(errno.ENOLCK, "No locks available")


def _use(platform_name: str, patch: pytest.MonkeyPatch) -> None:
    if platform_name == "windows":
        patch.setattr(locking, "_fcntl", None)
        patch.setattr(locking, "_msvcrt", WindowsLocks())
    elif platform_name == "neither":
        patch.setattr(locking, "_fcntl", None)
        patch.setattr(locking, "_msvcrt", None)
    elif platform_name == "no locks on this disk":
        without = SimpleNamespace(LOCK_EX=2, LOCK_NB=4, LOCK_UN=8, flock=_unsupported)
        patch.setattr(locking, "_fcntl", without)


@pytest.fixture(params=["posix", "windows", "neither", "no locks on this disk"])
def any_platform(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    _use(request.param, monkeypatch)
    return str(request.param)


@pytest.mark.usefixtures("any_platform")
def test_only_one_holds_it_at_a_time(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")

    def count() -> None:
        for _ in range(10):
            with lock(tmp_path / "lock"):
                counter.write_text(str(int(counter.read_text()) + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.read_text() == "40"


def test_a_held_lock_names_its_holder(tmp_path: Path, any_platform: str) -> None:
    with (
        lock(tmp_path / "run" / "lock"),
        pytest.raises(MachineError, match=rf"held by process {os.getpid()} on .* for more than 0 s") as caught,
        lock(tmp_path / "run" / "lock", timeout_s=0),
    ):
        pass
    deletable = any_platform in ("neither", "no locks on this disk")
    assert ("delete this file" in str(caught.value)) == deletable


@pytest.mark.usefixtures("any_platform")
def test_it_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"), lock(tmp_path / "lock"):
        raise ValueError("stop")
    with lock(tmp_path / "lock", timeout_s=0):
        pass


@contextmanager
def _holder(path: Path, kind: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", HOLD, str(path), kind]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


@pytest.mark.parametrize("kind", ["system", "file"])
def test_a_killed_process_blocks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    if kind == "file":
        _use("neither", monkeypatch)
    with _holder(tmp_path / "lock", kind) as process:
        with (
            pytest.raises(MachineError, match=f"held by process {process.pid} on"),
            lock(tmp_path / "lock", timeout_s=0),
        ):
            pass
        process.kill()
        process.wait()
        with lock(tmp_path / "lock", timeout_s=0):
            pass


@pytest.mark.parametrize(
    "claim",
    [
        lambda dead: f"process {os.getpid()} on {platform.node()}",
        lambda dead: f"process {dead} on another-machine",
        lambda dead: f"process x on {platform.node()}",
        lambda dead: "",
        lambda dead: "something else",
    ],
)
def test_a_claim_is_broken_only_when_its_process_is_surely_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claim: Callable[[int], str]
) -> None:
    _use("neither", monkeypatch)
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    (tmp_path / "lock.held").write_text(claim(process.pid))
    with (
        pytest.raises(MachineError, match=r"lock\.held: held by .* delete this file and run again"),
        lock(tmp_path / "lock", timeout_s=0),
    ):
        pass


def test_a_claim_in_doubtful_hands_is_not_broken_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _use("neither", monkeypatch)
    monkeypatch.setattr(locking, "_holder_is_dead", lambda claim: True)
    (tmp_path / "lock.held").write_text("process 1 on here")
    (tmp_path / "lock.held.break").write_text("")  # another process is breaking the claim at this moment
    with pytest.raises(MachineError, match="held by process 1 on here"), lock(tmp_path / "lock", timeout_s=0):
        pass


def test_a_place_without_permission_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MachineError, match="lock: cannot lock: "), lock(tmp_path / "file" / "lock"):
        pass
