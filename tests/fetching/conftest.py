"""A publisher on this machine, whose connection can be cut, and archives in the layouts of real ones."""

import hashlib
import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Publisher:
    """What is published by path, after how many bytes each answer is cut, and what was asked for."""

    files: dict[str, bytes] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    version: str = '"1"'
    errors: list[int] = field(default_factory=list)
    address: str = ""

    def publish(self, path: str, content: bytes) -> str:
        self.files[path] = content
        return f"{self.address}{path}"

    def publish_record(self, number: int, files: Mapping[str, bytes]) -> None:
        described = []
        for name, content in files.items():
            self.publish(f"/records/{number}/files/{name}", content)
            md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
            described.append({"key": name, "size": len(content), "checksum": f"md5:{md5}"})
        self.publish(f"/api/records/{number}", json.dumps({"id": number, "files": described}).encode())


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Speak to this machine directly, whatever leads outside."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    found = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            wanted = self.headers.get("Range", "")
            found.asked.append(f"{path} {wanted}".strip())
            if found.errors:
                self.send_error(found.errors.pop(0))
                return
            content = found.files.get(path)
            if content is None:
                self.send_error(404)
                return
            start = 0
            if wanted and self.headers.get("If-Range") == found.version:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
                if start >= len(content):
                    self.send_error(416)
                    return
                self.send_response(206)
            else:
                self.send_response(200)
            self.send_header("Content-Length", str(len(content) - start))
            self.send_header("ETag", found.version)
            self.end_headers()
            end = start + found.cuts.pop(0) if found.cuts else len(content)
            self.wfile.write(content[start:end])

        def log_message(self, *arguments: Any) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def zipped(members: Mapping[str, bytes]) -> bytes:
    """Return a zip archive."""
    place = io.BytesIO()
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return place.getvalue()


def tarred(members: Mapping[str, bytes], *odd: tarfile.TarInfo) -> bytes:
    """Return a tar.gz archive, with odd members behind the usual ones."""
    place = io.BytesIO()
    with tarfile.open(fileobj=place, mode="w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for entry in odd:
            archive.addfile(entry)
    return place.getvalue()
