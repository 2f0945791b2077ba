"""The feature store: ragged matrices in one flat file with an index of fixed-size records.

A matrix is known by a key of 16 bytes and lies time-major, [T, C, F], so that any range of frames is one read.
Both files only ever grow, index after data, under a lock between processes. So a kill at any moment leaves at
worst a torn tail, which readers ignore and the next writer removes. Every record and every matrix has a checksum;
what does not fit it is named, counts as missing, and is computed again.
"""

from motet.lazy import exports

__getattr__, __dir__ = exports(
    __name__,
    {"DamagedEntry": "data_file", "Entries": "records", "Store": "store", "StoreSettings": "settings", "Writer": "writer"},
)

__all__ = ["DamagedEntry", "Entries", "Store", "StoreSettings", "Writer"]
