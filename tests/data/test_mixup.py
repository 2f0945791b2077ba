import numpy as np
import pytest
import torch

from motet.data.batch import Mix
from motet.data.mixup import draw_mix
from motet.features.settings import MixupSettings


def draw(kinship: list[int], first: int = 0, epoch: int = 0, seed: int = 1, **settings: float) -> Mix | None:
    row_ids = np.arange(first, first + len(kinship))
    return draw_mix(MixupSettings(**settings), np.asarray(kinship), seed=seed, epoch=epoch, row_ids=row_ids)


def test_partners_are_kin() -> None:
    kinship = torch.arange(64) // 20
    mix = draw(kinship.tolist())
    assert mix is not None
    assert torch.equal(kinship[mix.partner], kinship)


def test_every_row_is_a_partner_once_where_all_are_mixed() -> None:
    mix = draw([0] * 64)
    assert mix is not None
    assert sorted(mix.partner.tolist()) == list(range(64))


def test_the_own_share_is_the_larger_one() -> None:
    mix = draw([0] * 512, alpha=0.4)
    assert mix is not None
    assert mix.weight.dtype == torch.float32
    assert mix.weight.min() >= 0.5
    assert mix.weight.max() <= 1


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_weights_are_beta_distributed(alpha: float) -> None:
    mix = draw([0] * 20_000, alpha=alpha)
    assert mix is not None
    variance = 1 / (4 * (2 * alpha + 1))  # of Beta(alpha, alpha), whose mean is one half
    assert float(((mix.weight - 0.5) ** 2).mean()) == pytest.approx(variance, rel=0.05)


def test_a_share_of_the_rows_is_mixed() -> None:
    mix = draw([0] * 20_000, alpha=1.0, share=0.3)
    assert mix is not None
    alone = mix.partner == torch.arange(20_000)
    assert float((~alone).float().mean()) == pytest.approx(0.3, abs=0.01)
    assert (mix.weight[alone] == 1).all()


def test_rows_without_kin_are_not_mixed() -> None:
    assert draw([0, 1, 2, 3]) is None


def test_draws_are_keyed() -> None:
    def partners(**key: int) -> list[int]:
        mix = draw([0] * 32, **key)
        assert mix is not None
        return mix.partner.tolist()

    assert partners() == partners()
    assert partners() != partners(epoch=1)
    assert partners() != partners(seed=2)
    assert partners() != partners(first=32)
