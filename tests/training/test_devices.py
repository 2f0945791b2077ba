import pytest
import torch

from motet.errors import ConfigError, MachineError
from motet.training.devices import autocast, choose_device, choose_precision, seed_generators

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
    with pytest.raises(ConfigError, match="there is no device 'cuda:0'; there is auto, cuda, mps, cpu"):
        choose_device("cuda:0")


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


@pytest.mark.parametrize("seed", [0, 7, 2**64 - 1])
def test_a_step_draws_what_torch_would_draw_from_its_seed(seed: int) -> None:
    torch.manual_seed(seed)
    expected = torch.rand(3)
    seed_generators(CPU, seed)
    assert torch.equal(torch.rand(3), expected)


def test_the_generator_of_the_device_is_seeded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[int] = []
    monkeypatch.setattr(torch.cuda, "manual_seed", seeds.append)
    seed_generators(CPU, 3)
    assert seeds == []
    seed_generators(CUDA, 4)
    assert seeds == [4]
    assert torch.initial_seed() == 4
