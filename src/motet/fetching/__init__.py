"""Downloading public data sets: what there is, the download that goes on where it was cut, checksums, safe unpacking.

Nothing here is reached unless the user asks for it by name. What comes from outside is checked before it is used: the
checksum before unpacking, every name and size of an archive before it is written.
"""

from typing import TYPE_CHECKING

from motet.lazy import exports

if TYPE_CHECKING:
    from motet.fetching.fetched import Fetched, fetch
    from motet.fetching.public_sets import PUBLIC_SETS, PublicSet, Remote, ZenodoRecord

__all__ = ["PUBLIC_SETS", "Fetched", "PublicSet", "Remote", "ZenodoRecord", "fetch"]

__getattr__, __dir__ = exports(
    __name__,
    {
        "PUBLIC_SETS": "public_sets",
        "Fetched": "fetched",
        "PublicSet": "public_sets",
        "Remote": "public_sets",
        "ZenodoRecord": "public_sets",
        "fetch": "fetched",
    },
)
