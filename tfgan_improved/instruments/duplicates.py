"""How many generated samples are nearly the same as another one."""

import dataclasses

import numpy as np


def nearest_distances(examples):
    """The Euclidean distance of each example (n, ...), n >= 2, from the nearest other one, float64 (n,).

    uint8 images as they are, from 0 to 255. ValueError for fewer than 2.
    """
    if len(examples) < 2:
        raise ValueError(f"a nearest other example needs at least 2; received {len(examples)}")
    rows = np.reshape(examples, (len(examples), -1)).astype(np.float64)
    rows -= rows.mean(axis=0)
    lengths = np.einsum("nk,nk->n", rows, rows)
    squares = lengths[:, None] + lengths - 2.0 * rows @ rows.T
    np.fill_diagonal(squares, np.inf)
    nearest = squares.argmin(axis=1)
    return np.sqrt(np.square(rows - rows[nearest]).sum(axis=1))  # again, because the difference above cancels


@dataclasses.dataclass(frozen=True)
class Duplicates:
    """{"duplicates": the share of samples whose nearest other sample is as near as hardly any two real images are}.

    Near is a Euclidean distance, of pixels from 0 to 255, of at most the `quantile` of the distances of real images,
    as many, from their nearest other ones. So real images have about the share `quantile`, and a generator that makes
    one image 1. The same z at every look. ValueError unless samples >= 2 and quantile is between 0 and 1.
    Source: Arora & Zhang 2017, arXiv:1706.08224, section 3 (near duplicates by Euclidean distance); the limit, which
    they leave to the eye, is ours.
    """

    samples: int = 500
    quantile: float = 0.01

    def __post_init__(self):
        if self.samples < 2 or not 0 < self.quantile < 1:
            raise ValueError("samples must be at least 2 and quantile between 0 and 1; received "
                             f"{self.samples} and {self.quantile}")

    def __call__(self, probe):
        real = probe.real(self.samples)
        limit = np.quantile(nearest_distances(real), self.quantile)
        return {"duplicates": float(np.mean(nearest_distances(probe.samples(len(real))) <= limit))}
