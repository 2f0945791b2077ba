"""TensorFlow's record files and the protocol buffers in them, as far as bytes and numbers go; TensorFlow is not needed.

A file is records one behind the other: length (8 bytes, little-endian), its checksum (4), the data, their checksum (4).
A checksum is a masked CRC-32C. A message is fields: a key (number and wire type), then a number or so many bytes.

Source: TensorFlow, "TFRecord and tf.train.Example", and Google, "Protocol Buffers: Encoding".
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from motet.errors import DataError

_LENGTH = struct.Struct("<Q")
_CHECKSUM = struct.Struct("<I")
_HEAD = _LENGTH.size + _CHECKSUM.size
_POLYNOMIAL = 0x82F63B78  # Castagnoli's, bits reversed
_MASK = 0xA282EAD8
_VARINT_BITS = 64

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5


def _table() -> tuple[int, ...]:
    found = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        found.append(value)
    return tuple(found)


_TABLE = _table()


def masked_crc(data: bytes) -> int:
    """Return the checksum of TensorFlow's record files.

    Examples
    --------
    >>> hex(masked_crc(b"123456789"))
    '0xc78ab0e5'
    """
    state = 0xFFFFFFFF
    for byte in data:
        state = state >> 8 ^ _TABLE[(state ^ byte) & 0xFF]
    crc = state ^ 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF


def records(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield where each record of a file begins, and its data, of which only the length is checked.

    Raises
    ------
    DataError
        If the file cannot be read, ends within a record, or a length does not fit its checksum.
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            while (offset := file.tell()) < size:
                yield offset, _record(file, path, offset, size)[0]
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); restore it") from None


def record_at(path: Path, offset: int) -> bytes:
    """Return the data of the record that begins at an offset, checked.

    Raises
    ------
    DataError
        As `records`, and if the data do not fit their checksum.
    """
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data, checksum = _record(file, path, offset, path.stat().st_size)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); restore it") from None
    if masked_crc(data) != checksum:
        raise DataError(f"{path}: the record at byte {offset} does not fit its checksum; download the file again")
    return data


def _record(file: BinaryIO, path: Path, offset: int, size: int) -> tuple[bytes, int]:
    head = file.read(_HEAD)
    if len(head) == _HEAD:
        (length,), (checksum,) = _LENGTH.unpack_from(head), _CHECKSUM.unpack_from(head, _LENGTH.size)
        if masked_crc(head[: _LENGTH.size]) != checksum:
            raise DataError(f"{path}: there is no record at byte {offset}; download the file again")
        if offset + _HEAD + length + _CHECKSUM.size <= size:
            data = file.read(length)
            return data, _CHECKSUM.unpack(file.read(_CHECKSUM.size))[0]
    raise DataError(f"{path}: ends within the record at byte {offset}; download the file again")


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the number and the value of each field: a whole number, or bytes (8 or 4 of them for fixed ones).

    Raises
    ------
    ValueError
        If the message is malformed.
    """
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        kind = key & 7
        if kind == _VARINT:
            number, place = _varint(message, place)
            yield key >> 3, number
            continue
        if kind == _BYTES:
            length, place = _varint(message, place)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            length = 8 if kind == _EIGHT_BYTES else 4
        else:
            raise ValueError(f"there is no wire type {kind}")
        if place + length > len(message):
            raise ValueError("a field is longer than its message")
        yield key >> 3, message[place : place + length]
        place += length


def entries(message: bytes, number: int = 1) -> Iterator[tuple[str, bytes]]:
    """Yield the keys and values of a map of messages that stands in field `number`.

    Raises
    ------
    ValueError
        If the message is malformed.
    """
    for own, entry in fields(message):
        if own == number and isinstance(entry, bytes):
            parts = dict(fields(entry))
            key, value = parts.get(1, b""), parts.get(2, b"")
            if not isinstance(key, bytes) or not isinstance(value, bytes):
                raise ValueError("a map has a number where a text or a message belongs")
            yield key.decode(), value


def _varint(message: bytes, place: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, _VARINT_BITS, 7):
        if place >= len(message):
            raise ValueError("a number has no end")
        byte = message[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place
    raise ValueError("a number is too long")
