"""A feature of your own: the energy of a few equally wide frequency bands, in dB."""

import torch


class Bands:
    """Called with the sampling rate and the other keys of `features`."""

    def __init__(self, rate_hz: float, hop_s: float = 0.01, bands: int = 8) -> None:
        self.hop_s = hop_s  # the time between two frames
        self.context_s = 2 * hop_s  # how far from its own time a frame looks
        self.bands = bands
        self.hop = round(rate_hz * hop_s)
        self.window = torch.hann_window(2 * self.hop)

    def __call__(self, values: torch.Tensor) -> torch.Tensor:
        """Map samples [C, T] to a map [C, frames, bins]."""
        frames = values.unfold(1, 2 * self.hop, self.hop) * self.window
        power = torch.fft.rfft(frames).abs().square()
        bands = torch.nn.functional.adaptive_avg_pool1d(power, self.bands)
        return 10 * torch.log10(bands + 1e-10)
