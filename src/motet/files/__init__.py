"""What touches the disk carefully: digests, atomic commit, locks, logs, and every call that only POSIX has.

Conventions: a digest is 16 bytes (BLAKE2b); every write either happens whole or not at all; whatever the
machine refuses (no space, no permission, a read-only disk) becomes one `MachineError` that names the path.
"""

from typing import TYPE_CHECKING

from motet.lazy import exports

if TYPE_CHECKING:
    from motet.files.commit import atomic_write, remove_stale
    from motet.files.digest import DIGEST_BYTES, digest_bytes, digest_file
    from motet.files.digest_cache import DigestCache, UnknownDigestError
    from motet.files.disk import machine_errors, open_binary, read_at, read_parts, sync_directory, write_all
    from motet.files.json_lines import JsonLines
    from motet.files.locking import lock

__all__ = [
    "DIGEST_BYTES",
    "DigestCache",
    "JsonLines",
    "UnknownDigestError",
    "atomic_write",
    "digest_bytes",
    "digest_file",
    "lock",
    "machine_errors",
    "open_binary",
    "read_at",
    "read_parts",
    "remove_stale",
    "sync_directory",
    "write_all",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "DIGEST_BYTES": "digest",
        "DigestCache": "digest_cache",
        "JsonLines": "json_lines",
        "UnknownDigestError": "digest_cache",
        "atomic_write": "commit",
        "digest_bytes": "digest",
        "digest_file": "digest",
        "lock": "locking",
        "machine_errors": "disk",
        "open_binary": "disk",
        "read_at": "disk",
        "read_parts": "disk",
        "remove_stale": "commit",
        "sync_directory": "disk",
        "write_all": "disk",
    },
)
