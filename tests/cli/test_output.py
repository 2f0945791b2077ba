import json

import pytest

from motet.cli.output import figures_table, print_json, size, table


def test_numbers_are_aligned_to_the_right_and_text_to_the_left() -> None:
    told = table([["esc10", "400", "12 ms"], ["fsdd", "3,000", "8 ms"]], header=["set", "rows", "step"])
    assert told.splitlines() == [
        "set     rows   step",
        "-----  -----  -----",
        "esc10    400  12 ms",
        "fsdd   3,000   8 ms",
    ]


def test_missing_numbers_stay_in_a_column_of_numbers() -> None:
    assert table([["10"], ["-"], ["?"], [""]], header=["n"]).split("\n") == [" n", "--", "10", " -", " ?", ""]


def test_long_cells_are_broken_where_the_terminal_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    text = "words that are many and go on and on and on"
    told = table([["a", text], ["b", "few"]], header=["x", "meaning"], widest={1: 0}).splitlines()
    assert max(map(len, told)) <= 40
    assert told[2].startswith("a  words")
    assert told[3].startswith("   ")
    assert told[-1] == "b  few"
    assert " ".join(line[3:] for line in told[2:-1]) == text


def test_a_table_without_rows_has_its_header() -> None:
    assert table([], header=["a", "b"]) == "a  b\n-  -"


def test_figures_name_their_task_once() -> None:
    figure = {"value": 0.5, "low": 0.25, "high": None}
    assert figures_table({"digit": {"uar": figure, "f1_macro": figure}}).splitlines() == [
        "task   metric     value     low  high",
        "-----  --------  ------  ------  ----",
        "digit  uar       0.5000  0.2500     -",
        "       f1_macro  0.5000  0.2500     -",
    ]


def test_json_has_its_version_and_names_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"path": "Glück.wav"})
    told = capsys.readouterr().out
    assert told == '{"schema": 1, "path": "Glück.wav"}\n'
    assert json.loads(told)["schema"] == 1


def test_json_refuses_what_json_has_not() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"value": float("nan")})


@pytest.mark.parametrize(
    ("num_bytes", "told"),
    [(0, "0 B"), (999, "999 B"), (1024, "1.0 KiB"), (5 * 2**20, "5.0 MiB"), (3 * 2**40, "3.0 TiB")],
)
def test_sizes(num_bytes: int, told: str) -> None:
    assert size(num_bytes) == told
