"""Record files and protocol buffers, against published check values and messages written by hand."""

import struct
from pathlib import Path

import pytest

from motet.errors import DataError
from motet.sources.tfrecords import entries, fields, masked_crc, record_at, records


def record(data: bytes) -> bytes:
    """Return a record as TensorFlow writes it."""
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked_crc(length)) + data + struct.pack("<I", masked_crc(data))


def field(number: int, data: bytes) -> bytes:
    """Return a field of bytes that is shorter than 16,384 bytes."""
    size = bytes([len(data)]) if len(data) < 128 else bytes([len(data) & 127 | 128, len(data) >> 7])
    return bytes([number << 3 | 2]) + size + data


@pytest.mark.parametrize(
    ("data", "crc"),
    [(b"123456789", 0xE3069283), (bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (bytes(range(32)), 0x46DD794E)],
)
def test_checksums_are_those_of_rfc_3720(data: bytes, crc: int) -> None:
    assert masked_crc(data) == (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def test_records_stand_one_behind_the_other(tmp_path: Path) -> None:
    file = tmp_path / "a.tfrecord"
    file.write_bytes(record(b"one") + record(b"") + record(b"three"))
    assert list(records(file)) == [(0, b"one"), (19, b""), (35, b"three")]
    assert record_at(file, 35) == b"three"


def test_damage_is_found(tmp_path: Path) -> None:
    file = tmp_path / "a.tfrecord"
    whole = record(b"one") + record(b"three")
    file.write_bytes(whole[:-1])
    with pytest.raises(DataError, match=r"a\.tfrecord: ends within the record at byte 19; download"):
        list(records(file))
    file.write_bytes(whole[:25])
    with pytest.raises(DataError, match=r"ends within the record at byte 19"):
        list(records(file))
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 8]) + whole[place + 1 :])
        with pytest.raises(DataError, match=r"a\.tfrecord: (there is no record|the record) at byte (0|19)"):
            [record_at(file, offset) for offset, _ in records(file)]
    with pytest.raises(DataError, match=r"b\.tfrecord: cannot be read \(No such file"):
        list(records(tmp_path / "b.tfrecord"))


def test_fields_of_every_wire_type() -> None:
    message = b"\x08\x96\x01" + field(2, b"testing") + b"\x19" + bytes(range(8)) + b"\x25" + bytes(range(4))
    assert list(fields(message)) == [(1, 150), (2, b"testing"), (3, bytes(range(8))), (4, bytes(range(4)))]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"\x08", "a number has no end"),
        (b"\x08" + b"\xff" * 10, "a number is too long"),
        (b"\x12\x05abc", "longer than its message"),
        (b"\x13", "no wire type 3"),
    ],
)
def test_malformed_messages_are_refused(message: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        list(fields(message))


def test_maps_have_keys_and_messages() -> None:
    message = field(1, field(1, b"key") + field(2, b"value")) + field(3, b"other") + field(1, field(1, b"empty"))
    assert list(entries(message)) == [("key", b"value"), ("empty", b"")]
    with pytest.raises(ValueError, match="a number where a text or a message belongs"):
        list(entries(field(1, b"\x08\x01")))
