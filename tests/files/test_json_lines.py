import errno
import math
import os
from pathlib import Path
from typing import Any

import pytest

from motet.errors import DataError, MachineError
from motet.files import JsonLines

RECORDS: list[dict[str, Any]] = [
    {"epoch": 1, "loss": 0.5},
    {"epoch": 2, "label": "zwölf"},
    {"epoch": 3, "nested": {"uar": [0.25, 1]}},
]


def _log(path: Path) -> JsonLines:
    log = JsonLines(path / "runs" / "metrics.jsonl")
    for record in RECORDS:
        log.append(record)
    return log


def test_reads_what_was_appended(tmp_path: Path) -> None:
    log = _log(tmp_path)
    assert log.read() == RECORDS
    assert log.path.read_bytes().count(b"\n") == 3


def test_no_file_is_an_empty_log(tmp_path: Path) -> None:
    log = JsonLines(tmp_path / "none.jsonl")
    assert log.read() == []
    log.truncate(0)
    log.sync()
    assert not log.path.exists()


def test_a_tail_torn_anywhere_is_ignored_and_then_replaced(tmp_path: Path) -> None:
    log = _log(tmp_path)
    content = log.path.read_bytes()
    ends = [position + 1 for position, byte in enumerate(content) if byte == ord("\n")]
    for size in range(len(content) + 1):
        log.path.write_bytes(content[:size])
        complete = RECORDS[: sum(end <= size for end in ends)]
        assert log.read() == complete
        log.append({"epoch": 9})
        assert log.read() == [*complete, {"epoch": 9}]


@pytest.mark.parametrize("num_records", [0, 1, 2, 3])
@pytest.mark.parametrize("tail", [b"", b'{"epo'])
def test_truncates_to_a_number_of_records(tmp_path: Path, num_records: int, tail: bytes) -> None:
    log = _log(tmp_path)
    log.path.write_bytes(log.path.read_bytes() + tail)
    log.truncate(num_records)
    assert log.read() == RECORDS[:num_records]
    assert log.path.read_bytes().count(b"\n") == num_records
    log.append({"epoch": 4})
    assert log.read() == [*RECORDS[:num_records], {"epoch": 4}]


def test_refuses_to_keep_more_than_there_are(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"metrics\.jsonl: holds 3 records, 4 were expected.*restore it"):
        _log(tmp_path).truncate(4)


@pytest.mark.parametrize("line", [b"[1]", b"{1}", b"", b"\xff\xff", b'{"a": 1} x'])
def test_a_damaged_line_is_named(tmp_path: Path, line: bytes) -> None:
    log = _log(tmp_path)
    log.path.write_bytes(log.path.read_bytes() + line + b"\n")
    with pytest.raises(DataError, match=r"metrics\.jsonl:4: not a JSON object"):
        log.read()


def test_numbers_that_json_lacks_are_null_at_any_depth(tmp_path: Path) -> None:
    log = JsonLines(tmp_path / "log.jsonl")
    log.append({"a": math.nan, "b": [math.inf, 1.5], "c": {"d": (-math.inf, 2)}})
    assert log.read() == [{"a": None, "b": [None, 1.5], "c": {"d": [None, 2]}}]


def test_a_full_disk_leaves_the_records_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = _log(tmp_path)
    write, room = os.write, iter([5])

    def full(descriptor: int, data: bytes) -> int:
        left = next(room, 0)
        if not left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, bytes(data)[:left])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(MachineError, match=r"metrics\.jsonl: cannot write: No space left.*Free some space"):
            log.append({"epoch": 4})
    assert log.path.read_bytes().count(b"\n") == 3
    assert log.path.read_bytes().endswith(b"\n")
    log.append({"epoch": 4})
    assert log.read() == [*RECORDS, {"epoch": 4}]


def test_synced_records_are_unchanged(tmp_path: Path) -> None:
    log = _log(tmp_path)
    log.sync()
    assert log.read() == RECORDS
