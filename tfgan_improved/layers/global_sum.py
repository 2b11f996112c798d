"""The sum over all positions of a map."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("tfgan_improved")
class GlobalSum(keras.layers.Layer):
    """x (n, h, w, c) -> (n, c), the sum over h and w, in the layer's precision; ValueError for another rank.

    Source: Miyato & Koyama 2018, arXiv:1802.05637, appendix A (global sum pooling).
    """

    def build(self, shape):
        if len(shape) != 4:
            raise ValueError(f"GlobalSum wants shape (n, h, w, c); received {tuple(shape)}")

    def call(self, x):
        return ops.sum(x, axis=(1, 2))

    def compute_output_shape(self, shape):
        return shape[0], shape[-1]
