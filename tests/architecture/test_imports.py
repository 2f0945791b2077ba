"""What importing costs: the package and any `--help` load nothing heavy; the core needs no extra."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "scipy", "sklearn", "pandas", "matplotlib", "pyarrow", "tensorboardX", "librosa")
EXTRAS = (
    "pyarrow",
    "edfio",
    "datasets",
    "tensorboardX",
    "matplotlib",
    "sklearn",
    "librosa",
    "pywt",
    "torchvision",
    "hypothesis",
)
VERBS = (
    "fetch",
    "inspect",
    "extract",
    "train",
    "sweep",
    "transfer",
    "compare",
    "evaluate",
    "predict",
    "options",
    "schema",
    "doctor",
)


def _run(code: str) -> str:
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _loaded(code: str) -> set[str]:
    return set(_run(f"{code}\nimport sys; print(*sys.modules)").splitlines()[-1].split())


def test_import_motet_is_light() -> None:
    assert not _loaded("import motet") & {*HEAVY, "numpy", "pydantic"}


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_is_light(verb: str) -> None:
    code = f"""
from motet.cli import main
try:
    main([{f'"{verb}", ' if verb else ""}"--help"])
except SystemExit as done:
    assert done.code == 0
"""
    assert not _loaded(code) & {*HEAVY, "numpy", "pydantic"}


@pytest.mark.parametrize("arguments", [["options"], ["schema"]])
def test_options_and_schema_are_light(arguments: list[str]) -> None:
    assert not _loaded(f"from motet.cli import main; main({arguments})") & {*HEAVY}


def test_a_worker_of_a_sweep_begins_light() -> None:
    assert not _loaded("import motet.experiment.job_worker") & {*HEAVY}


def test_core_trains_without_any_extra(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("core")
    _run(f"""
import sys
for name in {EXTRAS}:
    sys.modules[name] = None
import motet
experiment = motet.Experiment(
    name="core",
    data={{"scenes": {{"source": {{"kind": "generated", "examples": 40, "classes": 2, "duration_s": 0.3}}}}}},
    features={{"kind": "logmel", "bands": 16}},
    model={{"encoder": [{{"kind": "cnn", "channels": [4]}}]}},
    training={{"epochs": 1}},
    store={{"path": {str(folder / "store")!r}}},
)
run = motet.train(experiment, {str(folder / "run")!r})
assert 0 <= run.result["tasks"]["scene"]["uar"]["value"] <= 1
""")
