"""Feature matching: G meets the mean of D's features instead of D's verdict."""

import dataclasses
import math

import tensorflow as tf
from keras import ops

from tfgan_improved.ops import replicas

DISTANCES = {"squared": ops.square, "absolute": ops.abs}


@dataclasses.dataclass(frozen=True)
class FeatureMatching:
    """weight * mean_f d(E[f(x)] - E[f(G(z))]), d the square or the absolute value; f what `layer` of D gives.

    Means over the batch of all replicas, and over positions where the layer gives a map. The default is the paper's
    squared L2 norm as its MNIST code has it, the mean over features instead of the sum, from which it differs by the
    factor f; distance=absolute is its CIFAR-10 and SVHN code. `layer` is "features" or the name of any layer of D.
    Use it alone with --g_loss_weight=0. A scalar >= 0. ValueError unless weight is finite and >= 0, for another
    distance, and where D gives no such layer. Source: Salimans et al. 2016, arXiv:1606.03498, section 3.1.
    """

    weight: float = 1.0
    distance: str = "squared"
    layer: str = "features"
    name: str = "feature_matching"

    def __post_init__(self):
        if not 0 <= self.weight < math.inf or self.distance not in DISTANCES:
            raise ValueError(f"feature_matching needs a finite weight >= 0 and distance={' or '.join(DISTANCES)}; "
                             f"received weight={self.weight}, distance={self.distance}")

    @property
    def reads(self):
        """Names of D's layers that must be among its outputs."""
        return (self.layer,)

    def __call__(self, view):
        real, fake = (self._mean(view.judged(part)) for part in ("real", "fake"))
        return self.weight * ops.mean(DISTANCES[self.distance](tf.stop_gradient(real) - fake))

    def _mean(self, outputs):
        if self.layer not in outputs:
            raise ValueError(f"D gives no '{self.layer}', only {', '.join(sorted(outputs))}; name one of these, or "
                             "build D with tfi.networks.with_layers")
        values = ops.cast(outputs[self.layer], "float32")
        return replicas.mean(ops.mean(values, axis=list(range(len(values.shape) - 1))))
