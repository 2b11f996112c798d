"""Instance normalization: each channel of an example by its own statistics."""

import keras

from tfgan_improved.layers.layer_norm import LayerNorm


@keras.saving.register_keras_serializable("tfgan_improved")
class InstanceNorm(LayerNorm):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, moments of each example and channel over space.

    gamma and beta are per channel; scale=False and center=False leave them out. Shapes: x (n, ..., c), y the same.
    Rows (n, c) have no space: they are normalized over their channels, which is layer norm, because one number's
    variance is 0. For the same reason a map of 1 x 1 becomes beta. ValueError for rank 1, and unless epsilon > 0.
    The same in training and outside. Statistics are at least float32. Differentiable twice.
    Source: Ulyanov et al. 2016, arXiv:1607.08022, equation 4.
    """

    def __init__(self, epsilon=1e-5, center=True, scale=True, gamma_initializer="ones", **kwargs):
        super().__init__(epsilon, center, scale, gamma_initializer, **kwargs)

    def axes(self, rank):
        return tuple(range(1, max(rank - 1, 2)))
