"""What layers share that append to each row how close it lies to other rows."""

import numbers

import keras
import tensorflow as tf
from keras import ops

from tfgan_improved.ops import closeness, replicas


class ClosenessHead(keras.layers.Layer):
    """Compares rows by `kernels` projections M_i = reshape(x_i T, (kernels, dims)), T (f, kernels * dims).

    Projections and distances are float32 in mixed precision; what is appended comes in the layer's own precision, so
    give it dtype="float32" between float32 layers, as D's features and last layer are. With across_replicas=True a
    batch is that of all replicas, which must hold equally many rows. ValueError unless x is (n, f) and both sizes are
    whole numbers >= 1.
    """

    def __init__(self, kernels, dims, across_replicas, **kwargs):
        super().__init__(**kwargs)
        if not all(isinstance(size, numbers.Integral) and size >= 1 for size in (kernels, dims)):
            raise ValueError(f"kernels and dims of {type(self).__name__} must be whole numbers, at least 1; "
                             f"received {kernels!r}, {dims!r}")
        self.kernels, self.dims, self.across_replicas = kernels, dims, across_replicas

    def build(self, shape, initializer="glorot_uniform"):
        if len(shape) != 2 or shape[-1] is None:
            raise ValueError(f"{type(self).__name__} wants rank 2, (n, f); "
                             f"received shape {tuple(shape)}; flatten first")
        self.T = self.add_weight(name="T", shape=(shape[-1], self.kernels * self.dims), initializer=initializer,
                                 autocast=False)

    def projected(self, x):
        """M (n, kernels, dims) of x (n, f), float32 at least."""
        dtype = keras.backend.result_type(self.variable_dtype, "float32")
        m = ops.matmul(ops.cast(x, dtype), ops.cast(self.T, dtype))
        return ops.reshape(m, (-1, self.kernels, self.dims))

    def everywhere(self, m):
        """M of this replica -> of all replicas, replica by replica, where they are compared."""
        if not self.across_replicas or replicas.count() == 1:
            return m
        return ops.reshape(replicas.gathered(m), (-1, self.kernels, self.dims))

    def among(self, m):
        """How close each row of M lies to the others of its batch, (n, kernels)."""
        if not self.across_replicas or replicas.count() == 1:
            return closeness.sums(m, own=0)
        return closeness.sums(m, self.everywhere(m), own=replicas.index() * replicas.length(m))

    def appended(self, x, features):
        """[x, features] (n, f + ...) in the type of x."""
        return tf.concat([x, tf.cast(features, x.dtype)], axis=-1)

    def get_config(self):
        return {**super().get_config(), "kernels": self.kernels, "dims": self.dims,
                "across_replicas": self.across_replicas}
