"""Minibatch discrimination that shows D how close a row lies to the real and to the generated half of its batch."""

import keras
import tensorflow as tf

from tfgan_improved.layers.closeness_head import ClosenessHead
from tfgan_improved.ops import closeness, replicas

ODD, PAIR = "MinibatchHalves wants n real and then n generated rows", "give D both parts, equally many, in one pass"


@keras.saving.register_keras_serializable("tfgan_improved")
class MinibatchHalves(ClosenessHead):
    """Appends to each of 2n rows, n real ones before n generated ones, how close both halves lie.

    With M_i = reshape(x_i T, (kernels, dims)) and e_ijb = exp(-|M_ib - M_jb|_1), the features of row i are
    sum_{j != i} e_ijb / (n (2n - 1)) over the real j, then over the generated j, from 0 to 1 / (2n - 1): the code
    divides by the pairs of a whole half, not by a row's. So D must see both parts in one pass. Where there are only
    real rows, as when test images are classified, they stand for both halves: D sees what it would of a G that draws
    the data's own distribution, of 2n rows as in training. Neither the paper nor the code classifies with it.
    Shapes: x (2n, f) -> (2n, f + 2 kernels); T (f, kernels * dims), at first N(0, 0.02^2). The code's projection has a
    bias too, which is left out as it drops out of every difference. ValueError for an odd number of rows, or unless x
    has rank 2 and both sizes are >= 1. With across_replicas=True the halves are those of all replicas, which must hold
    equally many rows, and n is theirs; by default they are the replica's own. Memory grows with n. Projections and
    distances are float32 in mixed precision.
    Source: the code for ImageNet of Salimans et al. 2016, arXiv:1606.03498 (section 3.2).
    """

    wants_halves = True  # n real and then n generated rows in every pass

    def __init__(self, kernels=300, dims=50, across_replicas=False, **kwargs):
        super().__init__(kernels, dims, across_replicas, **kwargs)

    def build(self, shape):
        super().build(shape, keras.initializers.RandomNormal(0.0, 0.02))

    def call(self, x):
        rows = replicas.length(x)
        if isinstance(rows, int) and rows % 2:
            raise ValueError(f"{ODD}; received {rows} rows; {PAIR}")
        if not isinstance(rows, int):
            tf.debugging.assert_equal(rows % 2, 0, f"{ODD}; received an odd number of rows; {PAIR}")
        m = self.projected(x)
        real, fake = m[:rows // 2], m[rows // 2:]
        real_features = [self.among(real), closeness.sums(real, self.everywhere(fake))]
        fake_features = [closeness.sums(fake, self.everywhere(real)), self.among(fake)]
        features = tf.concat([tf.concat(real_features, axis=-1), tf.concat(fake_features, axis=-1)], axis=0)
        n = tf.cast(rows // 2 * (replicas.count() if self.across_replicas else 1), features.dtype)
        return self.appended(x, features / (n * (2 * n - 1)))

    def compute_output_shape(self, shape):
        return (shape[0], shape[1] + 2 * self.kernels)
