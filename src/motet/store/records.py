"""The fixed-size index records and the entries made from them.

A record of 72 bytes (little-endian) says where one matrix lies in the data file, its shape and type, the time of
its frames, and two checksums: CRC-32 of the matrix, and a 64-bit seal of the record itself. The seal is a chain
of bijections, so that a change within any one of the record's 64-bit words is always found.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet.files import DIGEST_BYTES

RECORD = np.dtype(
    [
        ("key", f"V{DIGEST_BYTES}"),
        ("offset", "<u8"),
        ("frames", "<u4"),
        ("channels", "<u4"),
        ("bins", "<u4"),
        ("kind", "<u4"),
        ("start_s", "<f8"),
        ("step_s", "<f8"),
        ("checksum", "<u4"),
        ("rate_hz", "<f4"),
        ("seal", "<u8"),
    ]
)
Records = NDArray[np.void]

VOID, FLOAT32, FLOAT16, DROPPED = 0, 1, 2, 3
"""What a record says: nothing any more, a matrix of one of two types, or that its key is missing again."""

DTYPES: dict[int, np.dtype[Any]] = {FLOAT32: np.dtype("<f4"), FLOAT16: np.dtype("<f2")}
KINDS = {dtype: kind for kind, dtype in DTYPES.items()}
_VALUE_BYTES = np.array([0, 4, 2, 0], dtype=np.int64)

_START = np.uint64(0x6D6F7465742D7631)  # "motet-v1": a file of zeros has no valid seal
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, so multiplying loses nothing
_HALF = np.uint64(32)


def seal(records: Records) -> NDArray[np.uint64]:
    """Return the seal of every record, shape [n]."""
    words = records.view("<u8").reshape(len(records), RECORD.itemsize // 8)
    state = np.full(len(records), _START)
    for word in words.T[:-1]:
        state = (state ^ word) * _FACTOR
        state ^= state >> _HALF
    return state


def is_intact(records: Records) -> NDArray[np.bool_]:
    """Return which records carry their own seal, shape [n]."""
    intact: NDArray[np.bool_] = seal(records) == records["seal"]
    return intact


def frame_bytes(records: Records) -> NDArray[np.int64]:
    """Return the bytes of one frame of every matrix, shape [n]; 0 for a record without one."""
    cells = records["channels"].astype(np.int64) * records["bins"]
    result: NDArray[np.int64] = cells * _VALUE_BYTES[np.minimum(records["kind"], DROPPED)]
    return result


def ends(records: Records) -> NDArray[np.int64]:
    """Return where every matrix ends in the data file, shape [n]."""
    result: NDArray[np.int64] = records["offset"].astype(np.int64) + frame_bytes(records) * records["frames"]
    return result


class Table:
    """All records of an index, as far as they were read. Rows are appended; row -1 is an empty record."""

    def __init__(self) -> None:
        self.size = 0
        self.records: Records = np.zeros(1, RECORD)

    def put(self, first: int, fresh: Records) -> None:
        """Take records from row `first` on, in place of any that were there."""
        self.size = first + len(fresh)
        if self.size >= len(self.records):
            self.records = np.concatenate([self.records[:first], fresh, np.zeros(1 + self.size // 2, RECORD)])
        self.records[first : self.size] = fresh


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """What the store knows about some keys, in their order. Indexing gives entries again.

    Parameters
    ----------
    rows
        Position of each key's record in the index, int64 [n]; -1 where the key is missing.
    table
        The records of the index.
    """

    rows: NDArray[np.int64]
    table: Table

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, which: int | np.integer[Any] | slice | NDArray[Any]) -> "Entries":
        if isinstance(which, int | np.integer):
            which = slice(which, which + 1 or None)
        return Entries(self.rows[which], self.table)

    @property
    def records(self) -> Records:
        """The index records, shape [n]; zeros where the key is missing."""
        records: Records = self.table.records[self.rows]
        return records

    @property
    def present(self) -> NDArray[np.bool_]:
        """Whether the store holds the matrix, shape [n]."""
        return self.rows >= 0

    @property
    def keys(self) -> list[bytes]:
        """The key of every matrix; zeros where it is missing."""
        return [key.tobytes() for key in self.field("key")]

    @property
    def frames(self) -> NDArray[np.int64]:
        """The number of frames T of every matrix, shape [n]."""
        return self.field("frames").astype(np.int64)

    @property
    def channels(self) -> NDArray[np.int64]:
        """The number of channels C of every matrix, shape [n]."""
        return self.field("channels").astype(np.int64)

    @property
    def bins(self) -> NDArray[np.int64]:
        """The number of frequency bins F of every matrix, shape [n]."""
        return self.field("bins").astype(np.int64)

    @property
    def start_s(self) -> NDArray[np.float64]:
        """The time of every matrix's first frame in seconds, shape [n]."""
        return self.field("start_s")

    @property
    def step_s(self) -> NDArray[np.float64]:
        """The time from one frame to the next in seconds, shape [n]."""
        return self.field("step_s")

    @property
    def rate_hz(self) -> NDArray[np.float64]:
        """The sampling rate of the signals that the matrices were computed from, shape [n]; 0 where not known."""
        return self.field("rate_hz").astype(np.float64)

    @property
    def num_bytes(self) -> NDArray[np.int64]:
        """The bytes of every matrix on the disk, shape [n]."""
        return frame_bytes(self.records) * self.frames

    def field(self, name: str) -> NDArray[Any]:
        """Return one field of the records, as it is stored; much quicker than all of them."""
        values: NDArray[Any] = self.table.records[name][self.rows]
        return values
