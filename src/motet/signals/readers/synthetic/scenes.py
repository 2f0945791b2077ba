"""Synthetic scenes: one texture from beginning to end, heard at one of several places."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motet.signals.readers.synthetic.base import Synthetic, with_noise
from motet.signals.readers.synthetic.textures import NUM_DRAWS, texture, texture_name


@dataclass(frozen=True, slots=True)
class SceneTruth:
    """What is known of a scene.

    Parameters
    ----------
    scene
        The class.
    place
        Where it is heard: the group.
    """

    scene: str
    place: str


@dataclass(frozen=True, slots=True)
class SyntheticScene(Synthetic):
    """One channel with one texture; the place colours it and adds its own share of noise.

    Examples
    --------
    >>> scene = SyntheticScene(index=5, classes=4)
    >>> scene.truth()
    SceneTruth(scene='chirp', place='place_2')
    >>> scene.read().num_channels
    1
    """

    def truth(self) -> SceneTruth:
        """Return the scene and the place."""
        return SceneTruth(texture_name(self.class_number), f"place_{self.group_number + 1}")

    def synthesise(self) -> NDArray[np.float32]:
        """Return the whole scene, shape [1, T]."""
        noise = self.noise_generator()
        sound = texture(
            self.class_number,
            num_samples=self.num_samples,
            unit_samples=self.duration_s * self.rate_hz,
            draws=self.draws("texture", NUM_DRAWS),
            noise=noise,
        )
        reflection = 0.6 * np.cos(2.4 * self.group_number)
        sound[1:] += np.float32(reflection) * sound[:-1]
        return with_noise(sound, self.noise_db, noise)[None]
