from pathlib import Path

import pytest

from motet.cli.parser import build_parser, parse
from motet.errors import ConfigError

VERBS = ("fetch", "inspect", "extract", "train", "sweep", "evaluate", "predict", "options", "schema", "doctor")


@pytest.mark.parametrize("verb", VERBS)
def test_help_says_what_a_verb_does_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        parse([verb, "--help"])
    told = capsys.readouterr().out
    assert done.value.code == 0
    assert f"usage: motet {verb}" in told
    assert f"examples:\n  motet {verb}" in told
    assert "--json" in told


def test_help_lists_every_verb_and_the_exit_codes() -> None:
    told = build_parser().format_help()
    assert all(f"\n    {verb}" in told for verb in VERBS)
    assert "0 done, 1 failed, 2 usage or configuration, 3 data, 4 environment, 130 interrupted" in told


def test_examples_of_help_are_command_lines_that_are_understood(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in VERBS:
        with pytest.raises(SystemExit):
            parse([verb, "--help"])
        examples = capsys.readouterr().out.split("examples:\n")[1].splitlines()
        for line in examples:
            words = line.split("  #")[0].split(" > ")[0].split("   ")[0].replace("'", "").split()
            if words:
                assert parse(words[1:]).run is not None


@pytest.mark.parametrize(
    "words",
    [
        ["train", "a.yaml", "x=1", "y=2", "-o", "out", "--json"],
        ["train", "-o", "out", "a.yaml", "--json", "x=1", "y=2"],
        ["train", "a.yaml", "--json", "x=1", "-o", "out", "y=2"],
        ["train", "--json", "a.yaml", "-o", "out", "x=1", "y=2"],
    ],
)
def test_options_stand_anywhere_between_settings(words: list[str]) -> None:
    parsed = parse(words)
    assert (parsed.file, parsed.output, parsed.json) == ("a.yaml", "out", True)
    assert sorted(parsed.overrides) == ["x=1", "y=2"]


def test_options_stand_anywhere_between_paths() -> None:
    assert parse(["predict", "model", "a.wav", "--like", "x", "b.wav"]).paths == ["a.wav", "b.wav"]


def test_one_command_line_leaves_nothing_behind_for_the_next() -> None:
    assert parse(["train", "a.yaml", "--json", "x=1"]).overrides == ["x=1"]
    assert parse(["train", "a.yaml"]).overrides == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no verb is given"),
        (["trian", "a.yaml"], "verb 'trian' is unknown; did you mean 'train'?"),
        (["fly"], "verb 'fly' is unknown; there is fetch, inspect, extract"),
        (["train"], r"required: FILE; see `motet train --help`"),
        (["train", "a.yaml", "--bogus"], "'--bogus' is not understood"),
        (["train", "a.yaml", "--dry"], "'--dry' is not understood"),
        (["train", "a.yaml", "--workers", "0"], "'0' is not a number from 1; give 1 or more"),
        (["evaluate", "run", "--part", "tset"], "--part 'tset' is unknown; did you mean 'test'?"),
        (["evaluate", "run", "again"], "'again' is not understood; see `motet evaluate --help`"),
        (["predict", "model"], "required: PATH"),
    ],
)
def test_wrong_command_lines_are_refused(words: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("?", r"\?") if "?" in message else message):
        parse(words)


def test_every_verb_has_its_module() -> None:
    folder = Path(__file__).parents[2] / "src" / "motet" / "cli"
    assert all((folder / f"{verb}.py").is_file() for verb in VERBS)
