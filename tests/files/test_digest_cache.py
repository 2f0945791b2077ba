import os
from collections.abc import Callable
from pathlib import Path

import pytest

from motet.errors import DataError, MachineError
from motet.files import DigestCache, digest_bytes, digest_cache, digest_file


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files count as settled at once: their times of status change cannot be set back."""
    monkeypatch.setattr(digest_cache, "_SETTLED_NS", -(10**12))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Which files were read, in order."""
    log: list[Path] = []

    def logged(path: Path) -> bytes:
        log.append(path)
        return digest_file(path)

    monkeypatch.setattr(digest_cache, "digest_file", logged)
    return log


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.usefixtures("settled")
def test_reads_a_file_once(tmp_path: Path, reads: list[Path]) -> None:
    file = _file(tmp_path / "a.wav", b"one")
    cache = DigestCache()
    assert cache.digest(file) == cache.digest(file) == digest_bytes(b"one")
    assert reads == [file]


@pytest.mark.usefixtures("settled")
def test_a_kept_cache_reads_nothing_again(tmp_path: Path, reads: list[Path]) -> None:
    files = [_file(tmp_path / f"{number}.wav", bytes([number])) for number in range(5)]
    first = DigestCache(tmp_path / "cache" / "digests")
    digests = [first.digest(file) for file in files]
    first.save()
    again = DigestCache(tmp_path / "cache" / "digests")
    assert [again.digest(file) for file in files] == digests
    assert reads == files


def _rewrite(file: Path) -> None:
    file.write_bytes(b"longer")


def _rewrite_in_the_same_size(file: Path) -> None:
    file.write_bytes(b"two")
    os.utime(file, ns=(1, 1))


def _replace(file: Path) -> None:
    _file(file.with_name("new"), b"two").replace(file)


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("change", [_rewrite, _rewrite_in_the_same_size, _replace])
def test_a_changed_file_is_read_again(tmp_path: Path, change: Callable[[Path], None]) -> None:
    file = _file(tmp_path / "a.wav", b"one")
    cache = DigestCache()
    cache.digest(file)
    change(file)
    assert cache.digest(file) == digest_bytes(file.read_bytes()) != digest_bytes(b"one")


@pytest.mark.usefixtures("settled")
def test_same_size_and_same_modification_time_do_not_hide_a_change(tmp_path: Path) -> None:
    file = _file(tmp_path / "a.wav", b"one")
    before = file.stat()
    cache = DigestCache()
    cache.digest(file)
    file.write_bytes(b"two")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_ctime_ns != before.st_ctime_ns
    assert cache.digest(file) == digest_bytes(b"two")


def test_a_file_that_just_changed_is_not_remembered(tmp_path: Path, reads: list[Path]) -> None:
    file = _file(tmp_path / "a.wav", b"one")
    cache = DigestCache(tmp_path / "digests")
    cache.digest(file)
    cache.digest(file)
    cache.save()
    assert reads == [file, file]
    assert not (tmp_path / "digests").exists()


@pytest.mark.usefixtures("settled")
def test_a_file_that_changes_while_it_is_read_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _file(tmp_path / "a.wav", b"one")
    cache = DigestCache()
    with monkeypatch.context() as patch:
        patch.setattr(digest_cache, "digest_file", lambda path: (digest_file(path), path.write_bytes(b"new one"))[0])
        assert cache.digest(file) == digest_bytes(b"one")
    assert cache.digest(file) == digest_bytes(b"new one")


@pytest.mark.usefixtures("settled")
def test_any_flipped_byte_of_the_kept_file_starts_it_anew(tmp_path: Path, reads: list[Path]) -> None:
    file, kept = _file(tmp_path / "a.wav", b"one"), tmp_path / "digests"
    cache = DigestCache(kept)
    cache.digest(file)
    cache.save()
    content = kept.read_bytes()
    for position in range(len(content)):
        reads.clear()
        kept.write_bytes(content[:position] + bytes([content[position] ^ 0x20]) + content[position + 1 :])
        assert DigestCache(kept).digest(file) == digest_bytes(b"one")
        assert reads == [file], f"byte {position}"


@pytest.mark.parametrize("content", [b"", b"\n", b"motet-digests 1", b"\xff\xfe\x00", b"[1]\n{}"])
def test_foreign_content_is_an_empty_cache(tmp_path: Path, content: bytes) -> None:
    file, kept = _file(tmp_path / "a.wav", b"one"), _file(tmp_path / "digests", content)
    assert DigestCache(kept).digest(file) == digest_bytes(b"one")


@pytest.mark.usefixtures("settled")
def test_two_processes_keep_the_digests_of_both(tmp_path: Path, reads: list[Path]) -> None:
    files = [_file(tmp_path / name, name.encode()) for name in ("a.wav", "b.wav")]
    caches = [DigestCache(tmp_path / "digests") for _ in files]
    for cache, file in zip(caches, files, strict=True):
        cache.digest(file)
        cache.save()
    reads.clear()
    merged = DigestCache(tmp_path / "digests")
    assert [merged.digest(file) for file in files] == [digest_bytes(b"a.wav"), digest_bytes(b"b.wav")]
    assert reads == []


@pytest.mark.usefixtures("settled")
def test_names_that_are_not_utf8_are_kept(tmp_path: Path, reads: list[Path]) -> None:
    try:
        file = _file(tmp_path / os.fsdecode(b"caf\xe9\n.wav"), b"one")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    cache = DigestCache(tmp_path / "digests")
    cache.digest(file)
    cache.save()
    assert DigestCache(tmp_path / "digests").digest(file) == digest_bytes(b"one")
    assert reads == [file]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.wav: cannot be read: there is no such file"):
        DigestCache().digest(tmp_path / "gone.wav")


@pytest.mark.usefixtures("settled")
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = _file(tmp_path / "a.wav", b"one")
    cache = DigestCache(file / "digests")
    cache.digest(file)
    with pytest.raises(MachineError, match=r"a\.wav.*: cannot lock: "):
        cache.save()
