"""The feature store: ragged matrices in one flat file with an index of fixed-size records.

A matrix is known by a key of 16 bytes and lies time-major, [T, C, F], so that any range of frames is one
read. Both files only ever grow, index after data, under a lock between processes. So a kill at any moment
leaves at worst a torn tail, which readers ignore and the next writer removes. Every record and every matrix has
a checksum; what does not fit it is named, counts as missing, and is computed again.
"""

from typing import TYPE_CHECKING

from motet.lazy import exports

if TYPE_CHECKING:
    from motet.store.records import Entries
    from motet.store.settings import StoreSettings
    from motet.store.store import DamagedEntryError, Store
    from motet.store.writer import Writer

__all__ = ["DamagedEntryError", "Entries", "Store", "StoreSettings", "Writer"]

__getattr__, __dir__ = exports(
    __name__,
    {
        "DamagedEntryError": "store",
        "Entries": "records",
        "Store": "store",
        "StoreSettings": "settings",
        "Writer": "writer",
    },
)
