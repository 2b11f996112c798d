"""Mixtures of Gaussians in the plane, on which one sees and counts the modes that a GAN covers."""

import math

import numpy as np

from tfgan_improved.data.names import DataError
from tfgan_improved.data.source import Memory

COUNTS = {"train": 100_000, "test": 10_000}


class Mixture(Memory):
    """Equally likely isotropic Gaussians at `centers` (k, 2) with one `std`; the label is the mode.

    Points are float32 (2,). DataError if an image size is asked for.
    """

    def __init__(self, name, centers, std, image_size=None, holdout=0):
        if image_size is not None:
            raise DataError(f"'{name}' holds points, not images; leave image_size out")
        self.centers, self.std = np.asarray(centers, np.float32), std
        bases = {
            split: (count, lambda seed=seed, count=count: self._draw(seed, count))
            for seed, (split, count) in enumerate(COUNTS.items())
        }
        super().__init__(name, (2,), "float32", len(self.centers), bases, holdout)

    def _draw(self, seed, count):
        random = np.random.RandomState(seed)
        labels = random.randint(len(self.centers), size=count)
        points = self.centers[labels] + self.std * random.standard_normal((count, 2))
        return points.astype(np.float32), labels.astype(np.int32)


def ring8(image_size=None, holdout=0, data_dir=None):
    """8 modes on a circle of radius 2, std 0.02. Source: Metz et al. 2017, arXiv:1611.02163, section 3.1."""
    angles = [2 * math.pi * mode / 8 for mode in range(8)]
    return Mixture("ring8", [(2 * math.cos(a), 2 * math.sin(a)) for a in angles], 0.02, image_size, holdout)


def grid25(image_size=None, holdout=0, data_dir=None):
    """25 modes on the grid {-4, -2, 0, 2, 4}^2, std 0.05. Source: Lin et al. 2018, arXiv:1712.04086, section 4.1."""
    ticks = (-4, -2, 0, 2, 4)
    return Mixture("grid25", [(x, y) for x in ticks for y in ticks], 0.05, image_size, holdout)


def spiral(image_size=None, holdout=0, data_dir=None):
    """A spiral of three turns, radius 0.5 to 4, as 200 modes at equal distances of 0.21 along it, std 0.1.

    The modes overlap, so that the density is a band along r = 0.5 + 3.5 a / 6 pi, a the angle from 0 to 6 pi.
    Shape as in Belghazi et al. 2018, arXiv:1801.04062, section 5.1, which gives no measures; these are ours.
    """
    angles = np.linspace(0.0, 6 * math.pi, 20_001)
    curve = (0.5 + 3.5 * angles / (6 * math.pi))[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    places = np.linspace(0.0, lengths[-1], 200)
    return Mixture("spiral", np.stack([np.interp(places, lengths, axis) for axis in curve.T], axis=1), 0.1,
                   image_size, holdout)
