"""Content digests: 16 bytes of BLAKE2b (RFC 7693), the same on every machine."""

import hashlib
from pathlib import Path

from motet.errors import DataError

DIGEST_BYTES = 16
_CHUNK_BYTES = 1 << 20


def digest_bytes(*parts: bytes | bytearray | memoryview) -> bytes:
    """Return the digest of some bytes, or of several parts in order.

    The borders between parts count: `digest_bytes(b"ab", b"c")` differs from `digest_bytes(b"a", b"bc")`.

    Examples
    --------
    >>> digest_bytes(b"motet").hex()
    'b72482cacd30261388455efff745b686'
    """
    if len(parts) == 1:
        return hashlib.blake2b(parts[0], digest_size=DIGEST_BYTES).digest()
    digests = b"".join(digest_bytes(part) for part in parts)
    return hashlib.blake2b(digests, digest_size=DIGEST_BYTES, person=b"parts").digest()


def digest_file(path: Path) -> bytes:
    """Return the digest of a file's content: `digest_bytes(path.read_bytes())` in flat memory.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    state = hashlib.blake2b(digest_size=DIGEST_BYTES)
    try:
        with path.open("rb", buffering=0) as file:
            while chunk := file.read(_CHUNK_BYTES):
                state.update(chunk)
    except OSError as error:
        raise unreadable(path, error) from error
    return state.digest()


def unreadable(path: Path, error: OSError) -> DataError:
    """Return the error for an input file that cannot be opened or read."""
    reason = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
    return DataError(f"{path}: cannot be read: {reason}. Check the path and its permissions.")
