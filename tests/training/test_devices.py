import pytest
import torch

from motet.errors import ConfigError, MachineError
from motet.training.devices import autocast, choose_device, choose_precision

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def machine(monkeypatch: pytest.MonkeyPatch, *, cuda: bool, mps: bool, bfloat16: bool = True) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: bfloat16)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"), [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")]
)
def test_auto_takes_what_is_there(monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, expected: str) -> None:
    machine(monkeypatch, cuda=cuda, mps=mps)
    assert choose_device("auto").type == expected
    assert choose_device("cpu").type == "cpu"


def test_a_device_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, cuda=False, mps=True)
    with pytest.raises(MachineError, match=r"'cuda', which this machine lacks \(it has mps, cpu\); use auto"):
        choose_device("cuda")


@pytest.mark.parametrize(
    ("name", "device", "bfloat16", "expected"),
    [
        ("off", CUDA, True, None),
        ("auto", CPU, True, None),
        ("auto", CUDA, True, torch.bfloat16),
        ("auto", CUDA, False, torch.float16),
        ("bfloat16", CPU, True, torch.bfloat16),
        ("float16", CUDA, True, torch.float16),
    ],
)
def test_precision(
    monkeypatch: pytest.MonkeyPatch, name: str, device: torch.device, bfloat16: bool, expected: torch.dtype | None
) -> None:
    machine(monkeypatch, cuda=True, mps=False, bfloat16=bfloat16)
    assert choose_precision(name, device) == expected


def test_half_precision_wants_a_gpu() -> None:
    with pytest.raises(ConfigError, match=r"training\.autocast: float16 wants a GPU.*use bfloat16 or auto"):
        choose_precision("float16", CPU)


def test_autocast_computes_in_the_precision() -> None:
    layer, values = torch.nn.Linear(2, 2), torch.ones(1, 2)
    with autocast(CPU, torch.bfloat16):
        assert layer(values).dtype == torch.bfloat16
    with autocast(CPU, None):
        assert layer(values).dtype == torch.float32
