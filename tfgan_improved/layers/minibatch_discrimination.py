"""Minibatch discrimination: lets D see that samples are too much alike."""

import keras
import tensorflow as tf
from keras import ops

from tfgan_improved.layers.closeness_head import ClosenessHead
from tfgan_improved.ops import closeness, first_batch


@keras.saving.register_keras_serializable("tfgan_improved")
class MinibatchDiscrimination(ClosenessHead):
    """Appends to each row how close the other rows of its batch lie.

    With M_i = reshape(x_i T, (kernels, dims)), o(x_i)_b = sum_{j != i} exp(-|M_ib - M_jb|_1), from 0 to n - 1.
    Shapes: x (n, f) -> (n, f + kernels); T (f, kernels * dims). ValueError unless x has rank 2 and both sizes are >= 1.
    - include_self=True adds the row's own term, 1, as the paper's formula is printed. The default leaves it out, as the
      paper's words, "other samples", and its code have it; the next layer's bias makes up for the difference.
    - weight_norm=True is the released code's layer (there kernels=100, dims=5): T is used with columns of length
      exp(log_scale), without an epsilon, and a bias b (kernels,), -1 at first, is added. The pass of
      `first_batch.scope()` divides each kernel's distances by half the mean distance to the nearest other row, and sets
      b to minus the mean of the features. ValueError where that batch has fewer than 2 different rows.
    - across_replicas=True compares with the batch of all replicas, which must hold equally many rows; by default it
      is the replica's own.
    T starts with Glorot's uniform distribution (the paper gives none), with weight_norm with N(0, 0.05^2).
    Memory grows with n. Projections and distances are float32 in mixed precision.
    Source: Salimans et al. 2016, arXiv:1606.03498, section 3.2, and its code for CIFAR-10.
    """

    def __init__(self, kernels=50, dims=5, include_self=False, weight_norm=False, across_replicas=False, **kwargs):
        super().__init__(kernels, dims, across_replicas, **kwargs)
        self.include_self, self.weight_norm = include_self, weight_norm

    @property
    def starts_from_data(self):
        """Whether the first batch sets log_scale and b."""
        return self.weight_norm

    def build(self, shape):
        if not self.weight_norm:
            super().build(shape)
            return
        super().build(shape, keras.initializers.RandomNormal(0.0, 0.05))
        self.log_scale = self.add_weight(name="log_scale", shape=(self.kernels, self.dims), initializer="zeros",
                                         autocast=False)
        self.b = self.add_weight(name="b", shape=(self.kernels,), initializer=keras.initializers.Constant(-1.0),
                                 autocast=False)

    def projected(self, x):
        m = super().projected(x)
        if not self.weight_norm:
            return m
        lengths = ops.reshape(ops.sqrt(ops.sum(ops.square(self.T), axis=0)), (self.kernels, self.dims))
        return m * ops.cast(ops.exp(self.log_scale) / lengths, m.dtype)  # fewer numbers than T has

    def call(self, x):
        if self.weight_norm and first_batch.active():
            self._start(x)
        features = self._sums(x)
        return self.appended(x, features + ops.cast(self.b, features.dtype) if self.weight_norm else features)

    def _sums(self, x):
        others = self.among(self.projected(x))
        return others + 1.0 if self.include_self else others

    def _start(self, x):
        """Sets log_scale and b by the rows of x."""
        reach = 0.5 * tf.reduce_mean(closeness.nearest(self.projected(x)), axis=0)
        if x.shape[0] < 2 or not tf.reduce_all(reach > 0.0):
            raise ValueError(f"the first batch gave {self.name} {x.shape[0]} rows of which no two differ for some "
                             "kernel; it wants different rows to measure distances; give a larger first batch")
        self.log_scale.assign(self.log_scale - ops.cast(ops.log(reach), self.log_scale.dtype)[:, None])
        self.b.assign(ops.cast(-tf.reduce_mean(self._sums(x), axis=0), self.b.dtype))

    def compute_output_shape(self, shape):
        return (shape[0], shape[1] + self.kernels)

    def get_config(self):
        return {**super().get_config(), "include_self": self.include_self, "weight_norm": self.weight_norm}
