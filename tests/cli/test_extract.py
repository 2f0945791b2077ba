import json
from pathlib import Path

from tests.cli.conftest import RATE_HZ, Motet


def test_what_was_computed_and_what_was_there_is_told(motet: Motet, experiment: Path, tmp_path: Path) -> None:
    words = ("extract", experiment, f"store.path={tmp_path / 'store'}", "--workers", 1)
    first = json.loads(motet(*words, "--json").out)
    found = first["data"]["tones"]["signal"]
    assert (found["computed"], found["reused"], found["skipped"]) == (32, 0, {})
    frames = [round(RATE_HZ * (0.3 + 0.02 * number)) // 64 + 1 for number in range(16)]
    assert found["bytes"] == 2 * sum(frames) * 12 * 4
    again = motet(*words)
    assert again.out.splitlines()[0].split("  ")[0] == "data set"
    assert again.out.splitlines()[2].split() == ["tones", "signal", "0", "32", "0", f"{found['bytes'] / 2**20:.1f}"]
