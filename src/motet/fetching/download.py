"""A file from the web, by HTTP ranges: a download that was cut goes on where it was.

What has arrived lies in `NAME.part`; `NAME.part.version` keeps the server's mark of the version (ETag or date), so that
parts of two versions are never joined. Only http and https are spoken, and https is never left by a redirect.
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

from motet.errors import DataError, MachineError
from motet.files.disk import machine_errors, write_all
from motet.version import __version__

Count = Callable[[int], None]
"""Called with the number of bytes that arrived since the last call."""

_CHUNK_BYTES = 1 << 18
_TIMEOUT_S = 30.0
_ATTEMPTS = 3  # in a row without a byte more
_PAUSE_S = 1.0
_MOST_JSON_BYTES = 32 << 20


def download(
    url: str,
    path: Path,
    *,
    count: Count = lambda number: None,
    begin: Count = lambda total: None,
    pause_s: float = _PAUSE_S,
) -> None:
    """Download a file, going on with what is there of it; `path` appears when it is whole.

    Parameters
    ----------
    count
        Called with every number of bytes.
    begin
        Called with the size of the whole file, 0 where the server does not say it.
    pause_s
        How long to wait before the second attempt; twice as long before each further one.

    Raises
    ------
    DataError
        If the address is gone or refused.
    MachineError
        If there is no connection, it is cut again and again, or the disk is full. What has arrived stays.
    """
    with machine_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    stuck = 0
    while stuck < _ATTEMPTS:
        before = _size(_part(path))
        try:
            if _continue(url, path, count, begin):
                _part(path).replace(path)
                _mark(path).unlink(missing_ok=True)
                return
            reason = "the server ended it early"
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise DataError(
                    f"{url}: the server answers {error.code} {error.reason}; look at the publisher's page"
                ) from error
            reason = f"the server answers {error.code} {error.reason}"
        except (urllib.error.URLError, TimeoutError, ConnectionError, HTTPException) as error:
            if _is_offline(error):
                raise _offline(url, error) from error
            reason = str(error) or type(error).__name__
        stuck = stuck + 1 if _size(_part(path)) == before else 0
        time.sleep(pause_s * 2**stuck)
    raise MachineError(
        f"{url}: the connection was cut ({reason}); {_size(_part(path)):,} bytes have arrived and stay: the same "
        "command goes on from there"
    )


def read_json(url: str) -> Any:
    """Return a small JSON document from the web.

    Raises
    ------
    DataError
        If the address is gone, or holds no JSON.
    MachineError
        If there is no connection.
    """
    try:
        with _open(url, {}) as answer:
            content = answer.read(_MOST_JSON_BYTES)
        return json.loads(content)
    except urllib.error.HTTPError as error:
        raise DataError(
            f"{url}: the server answers {error.code} {error.reason}; look at the publisher's page"
        ) from error
    except (urllib.error.URLError, TimeoutError, ConnectionError, HTTPException) as error:
        raise _offline(url, error) from error
    except ValueError as error:
        raise DataError(f"{url}: is no JSON ({error}); try again later") from error


def _continue(url: str, path: Path, count: Count, begin: Count) -> bool:
    """Read from where the part ends to the end, and return whether the file is whole."""
    done = _size(_part(path))
    version = _mark(path).read_text(encoding="utf-8") if done and _mark(path).is_file() else ""
    headers = {"Range": f"bytes={done}-", "If-Range": version} if done and version else {}
    try:
        answer = _open(url, headers)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not headers:
            raise
        _part(path).unlink()  # the server has no such range: another version, or more than there is
        return _continue(url, path, count, begin)
    with answer:
        resumed = answer.status == 206
        total = int(answer.headers.get("Content-Length") or 0) + (done if resumed else 0)
        begin(total)
        count(done if resumed else 0)
        version = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
        with machine_errors(path):
            _mark(path).write_text("" if version.startswith("W/") else version, encoding="utf-8")
            file = _part(path).open("ab" if resumed else "wb", buffering=0)
        with file:
            while chunk := answer.read(_CHUNK_BYTES):
                with machine_errors(path):
                    write_all(file.fileno(), chunk)
                count(len(chunk))
    return not total or _size(_part(path)) == total


def _open(url: str, headers: dict[str, str]) -> Any:
    if not url.startswith(("https://", "http://")):
        raise DataError(f"{url}: is no address of the web; it begins with https://")
    request = urllib.request.Request(url, headers={"User-Agent": f"motet/{__version__}", **headers})
    answer = urllib.request.urlopen(request, timeout=_TIMEOUT_S)
    if url.startswith("https://") and not answer.url.startswith("https://"):
        answer.close()
        raise DataError(f"{url}: leads to {answer.url}, which is not encrypted; look at the publisher's page")
    return answer


def _is_offline(error: BaseException) -> bool:
    reason = getattr(error, "reason", error)
    return isinstance(reason, OSError) and not isinstance(reason, TimeoutError | ConnectionResetError)


def _offline(url: str, error: BaseException) -> MachineError:
    reason = getattr(error, "reason", error)
    return MachineError(
        f"{url}: cannot be reached ({reason}); connect this machine to the internet, or set HTTPS_PROXY; what has "
        "arrived stays, and the same command goes on from there"
    )


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _mark(path: Path) -> Path:
    return path.with_name(f"{path.name}.part.version")


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0
