"""How far apart D's outputs on real and on generated images lie."""

import dataclasses

import numpy as np


def wasserstein(a, b):
    """The Wasserstein-1 distance of two samples of equally many numbers (n,): mean |a_(i) - b_(i)| of them sorted.

    ValueError for different shapes. Source: Villani 2009, doi:10.1007/978-3-540-71050-9, chapter 6 (on the line the
    best coupling is that of the sorted values).
    """
    if np.shape(a) != np.shape(b) or np.ndim(a) != 1:
        raise ValueError(f"two samples must be (n,) with the same n; received {np.shape(a)} and {np.shape(b)}")
    return float(np.mean(np.abs(np.sort(a) - np.sort(b))))


@dataclasses.dataclass(frozen=True)
class DistanceOfOutputs:
    """{"distance_of_outputs": W_1 between D's probabilities, sigmoid of its logits, of real and generated images}.

    From 0, D tells nothing apart, to 1; over `batches` batches of the recipe's size, the same real images and the same
    z at every look. Networks run as outside of training. ValueError unless batches is at least 1.
    Source: Ayinde et al. 2019, arXiv:1901.10824, figure 3a (30 batches).
    """

    batches: int = 30

    def __post_init__(self):
        if self.batches < 1:
            raise ValueError(f"batches must be at least 1; received {self.batches}")

    def __call__(self, probe):
        return {"distance_of_outputs": wasserstein(*map(_sigmoid, probe.logits(self.batches)))}


def _sigmoid(logits):
    return 0.5 + 0.5 * np.tanh(0.5 * np.asarray(logits, np.float64))
