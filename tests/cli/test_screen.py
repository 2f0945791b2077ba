import io
import logging

import pytest

from motet.cli.screen import Screen, console


class Clock:
    """Seconds that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Utf8(io.StringIO):
    encoding = "utf-8"


def seen(stream: io.StringIO) -> list[str]:
    """Return what a terminal would show: a carriage return goes back to the start of the line."""
    lines = []
    for line in stream.getvalue().split("\n"):
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part) :]
        lines.append(shown.rstrip())
    return lines


def test_a_bar_tells_what_is_left() -> None:
    clock, stream = Clock(), Utf8()
    count = Screen(stream, terminal=True, clock=clock)("epoch 3/40", 32)
    clock.now = 2.0
    count(8)
    assert seen(stream) == ["epoch 3/40  ██████░░░░░░░░░░░░░░░░░░  8/32, about 6 s left"]


def test_a_bar_goes_with_the_last_count() -> None:
    clock, stream = Clock(), Utf8()
    count = Screen(stream, terminal=True, clock=clock)("epoch", 2)
    clock.now = 1.0
    count(1)
    assert seen(stream)[0].startswith("epoch")
    count(1)
    assert seen(stream) == [""]


def test_a_bar_is_not_drawn_more_often_than_people_see() -> None:
    clock, stream = Clock(), Utf8()
    count = Screen(stream, terminal=True, clock=clock)("epoch", 1000)
    for number in range(500):
        clock.now = number / 1000
        count(1)
    assert stream.getvalue().count("epoch") == 4


def test_lines_stand_above_the_bar() -> None:
    clock, stream = Clock(), Utf8()
    screen = Screen(stream, terminal=True, clock=clock)
    count = screen("epoch", 10)
    clock.now = 1.0
    count(5)
    screen.line("half")
    shown = seen(stream)
    assert shown[0] == "half"
    assert shown[1].startswith("epoch")
    assert shown[1].endswith("5/10, about 1 s left")
    screen.close()
    assert seen(stream) == ["half", ""]


def test_the_next_bar_takes_the_place_of_one_that_was_not_finished() -> None:
    clock, stream = Clock(), Utf8()
    screen = Screen(stream, terminal=True, clock=clock)
    first = screen("first", 10)
    clock.now = 1.0
    first(1)
    second = screen("second", 10)
    clock.now = 2.0
    second(1)
    first(1)
    assert seen(stream)[0].startswith("second")


def test_a_bar_is_cut_where_the_terminal_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    clock, stream = Clock(), Utf8()
    count = Screen(stream, terminal=True, clock=clock)("a long label of a bar", 10)
    clock.now = 1.0
    count(1)
    assert seen(stream) == ["a long label of a b"]


def test_plain_characters_where_the_stream_has_no_others() -> None:
    clock, stream = Clock(), io.StringIO()
    count = Screen(stream, terminal=True, clock=clock)("x", 4)
    clock.now = 1.0
    count(2)
    assert "############............" in stream.getvalue()


def test_a_pipe_gets_a_plain_line_now_and_then() -> None:
    clock, stream = Clock(), io.StringIO()
    count = Screen(stream, clock=clock)("extracting", 100)
    for number in range(1, 41):
        clock.now = float(number)
        count(1)
    assert stream.getvalue() == (
        "extracting: 15 of 100, about 1 min 25 s left\nextracting: 30 of 100, about 1 min 10 s left\n"
    )


def test_short_work_says_nothing_in_a_pipe() -> None:
    stream = io.StringIO()
    count = Screen(stream)("extracting", 3)
    for _ in range(3):
        count(1)
    assert stream.getvalue() == ""


def test_the_log_is_shown_while_a_command_runs(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("motet")
    with console():
        logger.info("data ready")
        logger.warning("skipped a.wav")
    logger.info("unseen")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "data ready\nwarning: skipped a.wav\n"
    assert logger.handlers == []
