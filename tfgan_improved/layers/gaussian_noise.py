"""Gaussian noise on activations while training."""

import math
import numbers

import keras
import tensorflow as tf

from tfgan_improved.ops import noise, replicas


@keras.saving.register_keras_serializable("tfgan_improved")
class GaussianNoise(keras.layers.Layer):
    """y = x + N(0, deviation^2) in training, y = x outside.

    The noise is a function of the step's seed, freshly drawn for every call and replica (`ops/noise.py`): unlike
    `keras.layers.GaussianNoise`, replicas differ and a resumed run draws what it would have drawn. Gradients pass
    unchanged. Any shape; `deviation` in the units of x. ValueError unless deviation is finite and >= 0.
    Source: Salimans et al. 2016, arXiv:1606.03498, section 6, and its released code.
    """

    def __init__(self, deviation=0.1, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(deviation, numbers.Real) or not 0 <= deviation < math.inf:
            raise ValueError(f"deviation of GaussianNoise must be a finite number, at least 0; received {deviation!r}")
        self.deviation = deviation

    def call(self, x, training=False):
        if not training or not self.deviation:
            return x
        return x + tf.cast(self.deviation * noise.normal(replicas.shape(x)), x.dtype)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "deviation": self.deviation}
