import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from motet.store.records import RECORD, Records, ends, is_intact, seal


def _sealed(content: bytes) -> Records:
    records = np.frombuffer(bytearray(content), RECORD)
    records["seal"] = seal(records)
    return records


def test_a_record_has_72_bytes_without_gaps() -> None:
    assert RECORD.itemsize == 72
    assert sum(RECORD[name].itemsize for name in RECORD.names or ()) == 72


def test_zeros_and_no_records_are_not_mistaken() -> None:
    assert not is_intact(np.zeros(3, RECORD)).any()
    assert is_intact(np.zeros(0, RECORD)).shape == (0,)


def test_the_seal_of_stored_records_never_changes() -> None:
    assert seal(np.zeros(1, RECORD)).tolist() == [8486446429857513954]


@given(st.binary(min_size=72, max_size=72), st.integers(0, 8), st.integers(1, 2**64 - 1))
def test_any_change_within_one_word_is_found(content: bytes, word: int, change: int) -> None:
    records = _sealed(content)
    assert is_intact(records).all()
    records.view("<u8")[word] ^= np.uint64(change)
    assert not is_intact(records).any()


@given(st.binary(min_size=72, max_size=72), st.sampled_from([(one, two) for one in range(8) for two in range(one)]))
def test_swapped_words_are_found(content: bytes, pair: tuple[int, int]) -> None:
    records = _sealed(content)
    words = records.view("<u8")
    if words[pair[0]] != words[pair[1]]:
        words[list(pair)] = words[list(pair[::-1])]
        assert not is_intact(records).any()


def test_ends_are_counted_beyond_four_gigabytes() -> None:
    records = np.zeros(2, RECORD)
    records["offset"] = [2**40, 5]
    records["frames"], records["channels"], records["bins"], records["kind"] = 2**31, 2, 64, [1, 2]
    assert ends(records).tolist() == [2**40 + 2**31 * 512, 5 + 2**31 * 256]
