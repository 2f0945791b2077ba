"""One training step of the denoising example against the same network written by hand, on one thread.

    python -m benchmarks denoising

Both sides take spectra of the same waveforms, mask them by dilated convolutions of the log magnitudes, and return to
waveforms and SI-SDR. Rows are of equal length, as the other side cannot take others; those of half to full length,
which are padded, are told beside it.
"""

import itertools
from collections.abc import Iterator

import torch
from benchmarks.measure import Row, compare, repeat
from torch import Tensor, nn

from motet.data.batch import Column
from motet.features.feature_map import TimeGrid
from motet.networks.build import build_network
from motet.networks.settings import ModelSettings
from motet.networks.shape import MapShape
from motet.tasks.map_losses import si_sdr
from motet.tasks.task import MapOutput

ROUNDS, REPEATS, ROWS, SAMPLES, RATE_HZ = 9, 4, 16, 4000, 8000
WINDOW, HOP, CHANNELS, DILATIONS = 512, 128, (128, 128, 128, 128), (1, 2, 4, 8)
MODEL = {
    "encoder": [
        {"kind": "spectrum", "window": WINDOW, "hop": HOP},
        {"kind": "cnn", "dims": 1, "channels": CHANNELS, "dilation": DILATIONS, "residual": True, "pooling": "none"},
    ],
    "heads": {"clean": {"decoder": {"kind": "mask", "window": WINDOW}}},
}


class ByHand(nn.Module):
    """The network that anybody would write: waveforms [n, T] to waveforms [n, T]."""

    def __init__(self) -> None:
        super().__init__()
        counts = itertools.pairwise((WINDOW // 2 + 1, *CHANNELS))
        self.convolutions = nn.ModuleList(
            nn.Conv1d(before, after, 3, padding=dilation, dilation=dilation, bias=False)
            for (before, after), dilation in zip(counts, DILATIONS, strict=True)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(channels) for channels in CHANNELS)
        self.shortcut = nn.Conv1d(WINDOW // 2 + 1, CHANNELS[0], 1, bias=False)
        self.out = nn.Linear(CHANNELS[-1], WINDOW // 2 + 1)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Return masked waveforms."""
        shape = torch.hann_window(WINDOW)
        spectra = torch.stft(waveforms, WINDOW, HOP, window=shape, pad_mode="constant", return_complex=True)
        values = spectra.abs().clamp_min(1e-3).log()
        for number, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            entering = values if number else self.shortcut(values)
            values = (norm(convolution(values)) + entering).relu()
        mask = self.out(values.transpose(1, 2)).sigmoid().transpose(1, 2)
        made: Tensor = torch.istft(spectra * mask, WINDOW, HOP, window=shape, length=waveforms.shape[1])
        return made


def measure() -> Iterator[Row]:
    """Yield the rows about a mask of a spectrum."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    by_hand = ByHand()
    ours = build_network(
        ModelSettings.model_validate(MODEL), {"signal": MapShape(1, None, 1)}, {"clean": MapOutput("signal")}
    )
    noisy, clean = torch.randn(2, ROWS, SAMPLES)
    lengths = torch.linspace(SAMPLES // 2, SAMPLES, ROWS).long()
    optimizers = [torch.optim.SGD(network.parameters(), 1e-3) for network in (by_hand, ours)]

    def take(optimizer: torch.optim.Optimizer, predicted: Tensor, lengths: Tensor | None) -> None:
        optimizer.zero_grad()
        torch.autograd.backward(-si_sdr(predicted, clean[:, :, None], lengths).mean())
        optimizer.step()

    def take_by_hand() -> None:
        take(optimizers[0], by_hand(noisy)[:, :, None], None)

    def take_ours(lengths: Tensor | None) -> None:
        column = Column(noisy[:, None, :, None], None, lengths, TimeGrid(0.0, 1 / RATE_HZ))
        take(optimizers[1], ours({"signal": column}, {"clean": None}).predictions["clean"].values, lengths)

    for name, counts in (("", None), (", padded rows", lengths)):
        found = compare(
            lambda counts=counts: repeat(lambda: take_ours(counts), REPEATS),  # type: ignore[misc]
            lambda: repeat(take_by_hand, REPEATS),
            rounds=ROUNDS,
        )
        yield Row(
            f"denoising, mask by dilated convolutions{name}: by hand", found.speed,
            goal=None if name else 0.9, note=found.told(1e3 / REPEATS, "ms a step"),
        )  # fmt: skip
