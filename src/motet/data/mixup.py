"""Who is mixed with whom: partners and weights of a batch (Zhang et al., "mixup", ICLR 2018)."""

import numpy as np
import torch
from numpy.typing import NDArray

from motet import draws
from motet.data.batch import Mix
from motet.features.settings import MixupSettings


def draw_mix(
    settings: MixupSettings, kinship: NDArray[np.int64], *, seed: int, epoch: int, row_ids: NDArray[np.int64]
) -> Mix | None:
    """Draw a partner and a weight for every row of a batch.

    Partners are a random permutation of the rows that are akin, so every row is a partner once. Weights are drawn
    from Beta(alpha, alpha) and turned so that a row's own share is the larger one. A row that is not chosen, or that
    has no kin, keeps weight 1.

    Parameters
    ----------
    kinship
        Numbers [B], equal for rows that may be mixed; see `Corpus.kinship`.
    row_ids
        Row numbers [B]; the first is the key of the draws, since it is drawn once in an epoch.

    Returns
    -------
    Mix or None
        None where no row is mixed.
    """
    generator = draws.generator(seed, "mixup", epoch, int(row_ids[0]))
    size = len(kinship)
    order = np.lexsort((generator.random(size), kinship))
    partner = np.empty(size, dtype=np.int64)
    partner[np.argsort(kinship, kind="stable")] = order
    drawn = generator.beta(settings.alpha, settings.alpha, size)
    weight = np.maximum(drawn, 1 - drawn)
    alone = (generator.random(size) >= settings.share) | (partner == np.arange(size))
    partner[alone] = np.flatnonzero(alone)
    weight[alone] = 1.0
    if alone.all():
        return None
    return Mix(torch.from_numpy(partner), torch.from_numpy(weight.astype(np.float32)))
