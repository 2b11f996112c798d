"""Minibatch discrimination: lets D see that samples are too much alike."""

import keras
from keras import ops

from tfgan_improved.ops import replicas


@keras.saving.register_keras_serializable("tfgan_improved")
class MinibatchDiscrimination(keras.layers.Layer):
    """Appends to each row how close the other rows of its batch lie.

    With M_i = reshape(x_i T, (kernels, dims)), o(x_i)_b = sum_{j != i} exp(-|M_ib - M_jb|_1), from 0 to n - 1.
    Shapes: x (n, f) -> (n, f + kernels); T (f, kernels * dims). ValueError unless x has rank 2 and both sizes are >= 1.
    Distances are float32 in mixed precision. The batch is the replica's own; with across_replicas=True it is that of
    all replicas, which must hold equally many rows. Takes n^2 * kernels * dims floats.
    Source: Salimans et al. 2016, arXiv:1606.03498, section 3.2.
    """

    def __init__(self, kernels=50, dims=5, across_replicas=False, **kwargs):
        super().__init__(**kwargs)
        if kernels < 1 or dims < 1:
            raise ValueError("kernels and dims of MinibatchDiscrimination must be at least 1; "
                             f"received {kernels}, {dims}")
        self.kernels, self.dims, self.across_replicas = kernels, dims, across_replicas

    def build(self, shape):
        if len(shape) != 2:
            raise ValueError("MinibatchDiscrimination wants rank 2, (n, f); "
                             f"received shape {tuple(shape)}; flatten first")
        self.T = self.add_weight(name="T", shape=(shape[-1], self.kernels * self.dims))

    def call(self, x):
        m = ops.cast(ops.matmul(x, self.T), self.variable_dtype)
        m = others = ops.reshape(m, (-1, self.kernels, self.dims))
        if self.across_replicas and replicas.count() > 1:
            others = ops.reshape(replicas.gathered(m), (-1, self.kernels, self.dims))
        distance = ops.sum(ops.abs(m[:, None] - others[None, :]), axis=-1)  # (n, all n, kernels)
        closeness = ops.sum(ops.exp(-distance), axis=1) - 1.0  # less the row's own term, exp(0)
        return ops.concatenate([x, ops.cast(closeness, x.dtype)], axis=-1)

    def compute_output_shape(self, shape):
        return (shape[0], shape[1] + self.kernels)

    def get_config(self):
        return {**super().get_config(), "kernels": self.kernels, "dims": self.dims,
                "across_replicas": self.across_replicas}
