"""Leaky ReLU whose gradient reads its output."""

import keras
import tensorflow as tf


def _leaky(x, slope):
    @tf.custom_gradient
    def from_output(x):
        y = tf.raw_ops.LeakyRelu(features=x, alpha=slope)
        return y, lambda upstream: tf.raw_ops.LeakyReluGrad(gradients=upstream, features=y, alpha=slope)

    return from_output(x)


@keras.saving.register_keras_serializable("tfgan_improved")
class LeakyReLU(keras.layers.Layer):
    """y = max(x, slope x), any shape, 0 < slope <= 1; ValueError for another slope.

    The gradient looks at the sign of y, which is x's, so that x need not be kept and TensorFlow fuses convolution,
    bias and activation into one kernel. Source: Maas et al. 2013, "Rectifier nonlinearities improve neural network
    acoustic models", section 2.
    """

    def __init__(self, slope=0.2, **kwargs):
        super().__init__(**kwargs)
        if not 0 < slope <= 1:
            raise ValueError(f"LeakyReLU wants a slope above 0 and at most 1; received {slope}")
        self.slope = slope

    def call(self, x):
        return _leaky(x, self.slope)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "slope": self.slope}
