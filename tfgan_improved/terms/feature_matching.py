"""Feature matching: G meets the mean of D's features instead of D's verdict."""

import dataclasses

import tensorflow as tf
from keras import ops

from tfgan_improved.ops import replicas


@dataclasses.dataclass(frozen=True)
class FeatureMatching:
    """weight * mean_f (E[f(x)] - E[f(G(z))])^2, f the features (n, f) of D; means over the batch of all replicas.

    The paper writes the squared L2 norm, its MNIST code the mean over features, as here: they differ by the factor f.
    A scalar >= 0. ValueError unless weight >= 0. Source: Salimans et al. 2016, arXiv:1606.03498, section 3.1.
    """

    weight: float = 1.0
    name: str = "feature_matching"

    def __post_init__(self):
        if self.weight < 0:
            raise ValueError(f"weight of feature_matching must be at least 0; received {self.weight}")

    def __call__(self, view):
        real = tf.stop_gradient(replicas.mean(ops.mean(view.judged("real")["features"], axis=0)))
        fake = replicas.mean(ops.mean(view.judged("fake")["features"], axis=0))
        return self.weight * ops.mean(ops.square(real - fake))
