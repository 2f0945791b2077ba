import numpy as np
import pytest
import torch
import torchjd.aggregation as reference
from scipy.optimize import minimize
from torch import Tensor

from motet.training.aggregation import UpGrad, bargained, build_aggregation
from tests.training.objectives import GRADIENTS, settings_of

JACOBIAN = torch.tensor([[-4.0, 1.0, 1.0, 0.5], [6.0, 1.0, 1.0, -2.0], [0.3, 0.1, -0.7, 0.2]])
UPGRAD = [0.14875, 1.64671, 0.08913, -0.22777]
ALL = (0, 1, 2)


def aggregated(kind: str, jacobian: Tensor = JACOBIAN, tasks: tuple[int, ...] = ALL, **options: float) -> Tensor:
    torch.manual_seed(1)
    return torch.as_tensor(build_aggregation(settings_of(kind, **options), 3)(jacobian, tasks))


@pytest.mark.parametrize(
    ("kind", "other"),
    [
        ("pcgrad", reference.PCGrad()),
        ("cagrad", reference.CAGrad(c=0.4)),
        ("mgda", reference.MGDA()),
        ("aligned_mtl", reference.AlignedMTL()),
        ("config", reference.ConFIG()),
    ],
)
def test_each_kind_is_the_method_of_its_name(kind: str, other: reference.Aggregator) -> None:
    found = aggregated(kind)
    torch.manual_seed(1)
    assert found.tolist() == pytest.approx(other(JACOBIAN).tolist(), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("kind", [kind for kind in GRADIENTS if kind != "nash_mtl"])
def test_small_gradients_are_combined_as_large_ones_are(kind: str) -> None:
    small = aggregated(kind, 1e-6 * JACOBIAN)
    assert small.norm() > 0
    assert (1e6 * small).tolist() == pytest.approx(aggregated(kind).tolist(), rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("kind", GRADIENTS)
def test_zero_gradients_give_zero(kind: str) -> None:
    assert aggregated(kind, torch.zeros(2, 4), (0, 2)).tolist() == [0.0] * 4


@pytest.mark.parametrize("kind", GRADIENTS)
def test_opposite_gradients_give_something_finite(kind: str) -> None:
    against = torch.stack([JACOBIAN[0], -JACOBIAN[0]])
    assert aggregated(kind, against, (0, 1)).isfinite().all()


@pytest.mark.parametrize("kind", ["mgda", "nash_mtl", "upgrad", "config"])
def test_no_task_is_harmed(kind: str) -> None:
    assert (JACOBIAN @ aggregated(kind)).min() > -1e-3


@pytest.mark.parametrize("seed", range(4))
def test_upgrad_solves_its_quadratic_programs(seed: int) -> None:
    """Against a general solver: row i moves to the w >= e_i that makes w^T G w smallest."""
    jacobian = torch.randn(3, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    gramian = (jacobian @ jacobian.T).numpy()
    gramian = gramian / np.trace(gramian) + 1e-4 * np.eye(3)
    solved = [
        minimize(  # type: ignore[call-overload]
            lambda w: w @ gramian @ w, row, jac=lambda w: 2 * gramian @ w, method="SLSQP",
            bounds=[(least, None) for least in row], options={"ftol": 1e-14},
        ).x
        for row in np.eye(3)
    ]  # fmt: skip
    expected = torch.from_numpy(np.mean(solved, axis=0)) @ jacobian
    assert UpGrad()(jacobian).tolist() == pytest.approx(expected.tolist(), abs=1e-5)


def test_upgrad_is_the_reference_of_its_authors() -> None:
    """The value of torchjd 0.18, `UPGrad()(JACOBIAN)`; its solver is not installed here."""
    assert UpGrad()(JACOBIAN).tolist() == pytest.approx(UPGRAD, abs=1e-4)


def test_gradvac_follows_the_reference_and_remembers() -> None:
    own = build_aggregation(settings_of("gradvac", rate=0.5), 3)
    other = reference.GradVac(beta=0.5)
    generator = torch.Generator().manual_seed(5)
    for step in range(10):
        jacobian = torch.randn(3, 6, generator=generator)
        torch.manual_seed(step)
        found = own(jacobian, ALL)
        torch.manual_seed(step)
        assert found.tolist() == pytest.approx(other(jacobian).tolist(), rel=1e-3, abs=1e-4)


def test_gradvac_expects_of_absent_tasks_what_it_did() -> None:
    own = build_aggregation(settings_of("gradvac", rate=0.5), 3)
    own(JACOBIAN, ALL)
    before = own.state_dict()["expected"].clone()
    own(JACOBIAN[[0, 2]], (0, 2))
    changed = own.state_dict()["expected"] != before
    assert changed.nonzero().tolist() == [[0, 2], [2, 0]]


@pytest.mark.parametrize("seed", range(5))
def test_bargained_weights_solve_their_equation(seed: int) -> None:
    rows = torch.randn(4, 9, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    products = rows @ rows.T / 9
    weights = bargained(products, ridge=0.0)
    assert (weights > 0).all()
    assert (weights * (products @ weights)).tolist() == pytest.approx([1.0] * 4)


def test_nash_mtl_is_as_long_as_it_may_be() -> None:
    assert aggregated("nash_mtl").norm().item() == pytest.approx(1.0)
    assert aggregated("nash_mtl", max_norm=10.0).norm().item() == pytest.approx(3**0.5, rel=1e-3)
    assert aggregated("nash_mtl", 1e-3 * JACOBIAN).norm().item() == pytest.approx(1.0)
