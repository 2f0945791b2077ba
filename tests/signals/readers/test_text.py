from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motet.errors import DataError
from motet.files.digest_cache import DigestCache
from motet.signals.readers.text import TextFile, TextRows, text_matrix


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "1 2\n3 4\n5 6\n"),
        ("a.txt", "1 2\r\n3 4\r\n5 6"),
        ("a.txt", "  1.0   2e0 \n\n3\t4\n# a comment\n5 6 # and another\n"),
        ("a.txt", "# made by hand\nx y\n1 2\n3 4\n5 6\n"),
        ("a.csv", "1,2\n3,4\n5,6\n"),
        ("a.CSV", '"x", "y"\n"1","2"\n3, 4\n5,6\n'),
        ("a.csv", "\ufeffx,y\n1,2\n3,4\n5,6\n"),
        ("a.tsv", "x\ty\n1\t2\n3\t4\n5\t6\n"),
    ],
)
def test_time_goes_down_and_channels_go_across(tmp_path: Path, name: str, text: str) -> None:
    signal = TextFile(written(tmp_path / name, text), 2.0).read()

    np.testing.assert_array_equal(signal.values, [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]])
    assert signal.values.flags.c_contiguous
    assert signal.rate_hz == 2.0


def test_one_column_is_one_channel(tmp_path: Path) -> None:
    signal = TextFile(written(tmp_path / "a.txt", "12\n22\n-35\n45\n"), 2.0).read(0.5, 1.5)

    np.testing.assert_array_equal(signal.values, [[22.0, -35.0]])
    assert signal.start_s == 0.5


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (("y",), [[2.0, 5.0]]),
        (("z", "x"), [[3.0, 6.0], [1.0, 4.0]]),
        ((2, 0), [[3.0, 6.0], [1.0, 4.0]]),
        (("x", 2), [[1.0, 4.0], [3.0, 6.0]]),
        (None, [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]),
    ],
)
def test_columns_are_chosen_by_name_or_number(tmp_path: Path, columns: Any, expected: list[list[float]]) -> None:
    path = written(tmp_path / "a.csv", "x,y,z\n1,2,3\n4,5,6\n")

    np.testing.assert_array_equal(TextFile(path, 1.0, columns=columns).read().values, expected)


def test_columns_that_are_not_chosen_need_not_be_numbers(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "when,x\n2011-11-11,1\n2011-11-12,2\n")

    np.testing.assert_array_equal(TextFile(path, 1.0, columns=("x",)).read().values, [[1.0, 2.0]])


def test_a_delimiter_and_lines_to_skip(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "made in 2011\nby hand\nx;y\n1;2\n3;4\n")

    signal = TextFile(path, 1.0, delimiter=";", columns=("y",), skip_rows=2).read()

    np.testing.assert_array_equal(signal.values, [[2.0, 4.0]])


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        ("1,2\n3\n", {}, "the number of columns changed from 2 to 1 at row 2.* every row must hold the same columns"),
        ("1,2\n3,x\n", {}, "could not convert string 'x' to float64 at row 1, column 2.* signal.reader.delimiter"),
        ("1,2\n3,\n", {}, "could not convert string '' to float64"),
        ("x,y\n", {}, "holds no rows of numbers"),
        ("\n\n# nothing\n", {}, "holds no rows of numbers"),
        ("1,2\n", {"skip_rows": 3}, "holds no rows of numbers"),
        ("speed,height\n1,2\n", {"columns": ("hight",)}, "there is no column 'hight'; did you mean 'height'?"),
        ("speed,height\n1,2\n", {"columns": ("zz",)}, "there is no column 'zz'; the header has: speed, height"),
        ("1,2\n", {"columns": ("x",)}, "there is no header to look up column 'x' in; give columns by number"),
        ("1,2\n", {"columns": (5,)}, "invalid column index 5 at row 1 with 2 columns"),
        ("1,nan\n", {}, r"1 of 2 values are NaN, .* in channel 1 at sample 0"),
        ("1,inf\n", {}, "1 of 2 values are NaN, infinite"),
        ("1,1e99\n", {}, "beyond float32"),
        ("hello there\nthis is\nno data\n", {}, "could not convert string"),
    ],
)
def test_text_that_is_no_recording_is_refused(
    tmp_path: Path, text: str, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=rf"a\.csv: .*{message}|a\.csv: {message}"):
        TextFile(written(tmp_path / "a.csv", text), 1.0, **settings).read()


@pytest.mark.parametrize("text", ["1\n2\xe9\n", "\xe91\n2\n", "1\n" * 9999 + "\xe9\n"])
def test_what_is_no_utf_8_is_refused(tmp_path: Path, text: str) -> None:
    path = written(tmp_path / "a.txt", text, "latin-1")

    with pytest.raises(DataError, match=r"a\.txt: no UTF-8 text \(byte \d+ is 0xe9\); convert the file to UTF-8"):
        TextFile(path, 1.0).read()


def test_a_missing_and_an_empty_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.txt: no such file"):
        TextFile(tmp_path / "gone.txt", 1.0).read()
    with pytest.raises(DataError, match=r"a\.txt: the file is empty"):
        TextFile(written(tmp_path / "a.txt", ""), 1.0).read()


def test_the_digest_covers_the_content_and_the_way_it_is_read(tmp_path: Path, cache: DigestCache) -> None:
    path, copy = (written(tmp_path / name, "1 2\n") for name in ("a.txt", "b.txt"))
    ways: list[dict[str, Any]] = [{}, {"columns": (0,)}, {"columns": ("0",)}, {"skip_rows": 1}, {"delimiter": ","}]
    digests = [TextFile(path, 1.0, **way).digest(cache) for way in ways]

    assert len(set(digests)) == 5
    assert {len(digest) for digest in digests} == {16}
    assert TextFile(copy, 1.0).digest(cache) == digests[0] != TextFile(path, 2.0).digest(cache)


def test_rows_of_several_files_are_channels(tmp_path: Path) -> None:
    paths = (written(tmp_path / "x.txt", " 1 2 3\n 4 5 6\n"), written(tmp_path / "y.txt", "7 8 9\n10 11 12\n"))

    signal = TextRows(paths, 50.0, row=1).read(0.02, None)

    np.testing.assert_array_equal(signal.values, [[5.0, 6.0], [11.0, 12.0]])
    assert signal.start_s == 0.02


def test_a_matrix_is_parsed_once_and_again_when_it_changes(tmp_path: Path) -> None:
    path = written(tmp_path / "x.txt", "1 2\n3 4\n")

    assert text_matrix(path) is text_matrix(path)
    written(path, "5 6\n7 8\n9 10\n")
    np.testing.assert_array_equal(text_matrix(path), [[5.0, 6.0], [7.0, 8.0], [9.0, 10.0]])


@pytest.mark.parametrize(
    ("second", "row", "message"),
    [
        ("1 2\n3 4\n", 2, r"x\.txt: there is no row 2, the rows are 0 to 1"),
        ("1 2\n", 1, r"y\.txt: there is no row 1, the rows are 0 to 0"),
        ("1 2 3\n3 4 5\n", 0, r"x\.txt and 1 more \(row 0\): the channels differ in length \(x\.txt 2, y\.txt 3\)"),
        ("1 2\n3 nan\n", 1, r"\(row 1\): 1 of 4 values are NaN, .* in channel 1 at sample 1"),
        ("a b\n", 0, r"y\.txt: could not convert string 'a'"),
    ],
)
def test_rows_that_do_not_fit_are_refused(tmp_path: Path, second: str, row: int, message: str) -> None:
    paths = (written(tmp_path / "x.txt", "1 2\n3 4\n"), written(tmp_path / "y.txt", second))

    with pytest.raises(DataError, match=message):
        TextRows(paths, 50.0, row).read()


def test_the_digest_of_rows_covers_all_files_and_the_row(tmp_path: Path, cache: DigestCache) -> None:
    x, y = written(tmp_path / "x.txt", "1 2\n3 4\n"), written(tmp_path / "y.txt", "5 6\n7 8\n")
    readers = [TextRows(paths, rate, row) for paths in ((x, y), (y, x), (x,)) for rate in (1.0, 2.0) for row in (0, 1)]

    assert len({reader.digest(cache) for reader in readers}) == len(readers)


def test_real_eeg(motet_data: Path) -> None:
    path = sorted(motet_data.glob("bonn/A/*.txt"))[0]

    signal = TextFile(path, 173.61).read()

    np.testing.assert_array_equal(signal.values, np.array(path.read_text().split(), dtype=np.float32)[None])
    assert signal.num_samples == 4097


def test_real_inertial_signals(motet_data: Path) -> None:
    paths = tuple(sorted(motet_data.glob("ucihar/train/Inertial Signals/body_acc_*.txt")))

    signal = TextRows(paths, 50.0, row=7).read()

    assert signal.values.shape == (3, 128)
    second_line = paths[1].read_text().splitlines()[7]
    np.testing.assert_allclose(signal.values[1], np.array(second_line.split(), dtype=np.float64), rtol=1e-6)
