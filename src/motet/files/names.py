"""File names from any text, safe on Linux, macOS and Windows."""

import re

from motet.files.digest import digest_bytes

_MAX_LENGTH = 100
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # Windows devices


def safe_name(text: str) -> str:
    """Return a file name for any text: a safe text is itself, any other gets a short digest.

    So different texts stay apart. Texts that differ only in case give names that differ only in case.

    Examples
    --------
    >>> safe_name("fold_1")
    'fold_1'
    >>> safe_name("dog / bark")
    'dog-bark-3bafe932'
    """
    name = _UNSAFE.sub("-", text).strip(".-")[:_MAX_LENGTH]
    if name and name == text and not _RESERVED.fullmatch(name):
        return name
    suffix = digest_bytes(text.encode(errors="surrogatepass")).hex()[:8]
    return f"{name}-{suffix}" if name and not _RESERVED.fullmatch(name) else f"name-{suffix}"
