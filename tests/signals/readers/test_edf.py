from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motet.errors import DataError, MachineError
from motet.files import DigestCache
from motet.signals.readers.by_suffix import reader_for
from motet.signals.readers.edf import Annotation, EdfFile, annotations, duration_s
from motet.signals.settings import ReaderSettings

edfio = pytest.importorskip("edfio")
RATE_HZ = 100.0
VALUES = np.round(np.random.default_rng(0).uniform(-100, 100, (3, 500)), 3)


def written(path: Path, values: Any = VALUES, rates: Any = (RATE_HZ,) * 3, **known: Any) -> Path:
    bdf = path.suffix == ".bdf"
    kind = edfio.BdfSignal if bdf else edfio.EdfSignal
    signals = [
        kind(row, rate, label=f"C{number}.", physical_dimension="uV", physical_range=(-200, 200))
        for number, (row, rate) in enumerate(zip(values, rates, strict=True))
    ]
    (edfio.Bdf if bdf else edfio.Edf)(signals, **known).write(path)
    return path


@pytest.mark.parametrize(("suffix", "step"), [(".edf", 400 / 2**16), (".bdf", 400 / 2**24)])
def test_values_in_their_own_unit(suffix: str, step: float, tmp_path: Path) -> None:
    signal = EdfFile(written(tmp_path / f"a{suffix}")).read()
    assert (signal.rate_hz, signal.num_channels) == (RATE_HZ, 3)
    assert signal.values.dtype == np.float32
    assert np.abs(signal.values - VALUES).max() <= step / 2 + 1e-5


def test_a_span_is_a_piece_of_the_whole(tmp_path: Path) -> None:
    file = EdfFile(written(tmp_path / "a.edf"))
    part = file.read(1.23, 3.45)
    assert part.start_s == 1.23
    assert np.array_equal(part.values, file.read().values[:, 123:345])
    with pytest.raises(DataError, match="does not lie in the recording of 5 s"):
        file.read(4.0, 6.0)


def test_signals_by_label_and_number(tmp_path: Path) -> None:
    path = written(tmp_path / "a.edf")
    whole = EdfFile(path).read().values
    chosen = reader_for(path, ReaderSettings(columns=("C2", 0))).read()
    assert np.array_equal(chosen.values, whole[[2, 0]])
    with pytest.raises(DataError, match="there is no signal 'Cz'; there are C0, C1, C2"):
        EdfFile(path, ("Cz",)).read()


def test_signals_of_several_rates_are_told_apart(tmp_path: Path) -> None:
    path = written(tmp_path / "a.edf", [VALUES[0], VALUES[1][:250], VALUES[2]], (100.0, 50.0, 100.0))
    with pytest.raises(DataError, match=r"its signals have 50 Hz, 100 Hz.*signal.reader.columns"):
        EdfFile(path).read()
    assert EdfFile(path, ("C1",)).read().rate_hz == 50.0


def test_annotations(tmp_path: Path) -> None:
    known = [edfio.EdfAnnotation(0.5, 1.25, "T1"), edfio.EdfAnnotation(3.0, None, "blink")]
    path = written(tmp_path / "a.edf", annotations=known)
    assert annotations(path) == [Annotation(0.5, 1.25, "T1"), Annotation(3.0, None, "blink")]
    assert duration_s(path) == 5.0


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    content = written(tmp_path / "a.edf").read_bytes()
    (tmp_path / "cut.edf").write_bytes(content[:-1000])
    (tmp_path / "note.edf").write_text("this is a note, and a longer one than a header would be" * 20)
    (tmp_path / "empty.edf").touch()
    for name, reason in {"cut": "truncated", "note": "neither EDF nor BDF", "empty": "is empty"}.items():
        with pytest.raises(DataError, match=reason):
            EdfFile(tmp_path / f"{name}.edf").read()


def test_the_digest_is_that_of_content_and_signals(tmp_path: Path) -> None:
    path, cache = written(tmp_path / "a.edf"), DigestCache()
    first = EdfFile(path).digest(cache)
    assert first == EdfFile(path).digest(cache) != EdfFile(path, ("C1",)).digest(cache)


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "edfio", None)
    with pytest.raises(MachineError, match="pip install 'motet\\[edf\\]'"):
        EdfFile(written(tmp_path / "other.edf")).read()


def test_real_recordings(motet_data: Path) -> None:
    path = motet_data / "eegmmidb" / "S001R03.edf"
    signal = EdfFile(path).read()
    assert (signal.num_channels, signal.rate_hz, signal.duration_s) == (64, 160.0, 125.0)
    assert 10 < signal.values.std() < 200  # microvolts
    found = annotations(path)
    assert len(found) == 30
    assert {one.text for one in found} == {"T0", "T1", "T2"}
