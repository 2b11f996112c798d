"""Batch normalization of a batch of real and generated rows, each half of the channels by the statistics of one."""

import keras
import tensorflow as tf

from tfgan_improved.layers.batch_norm import BatchNorm
from tfgan_improved.ops import replicas

ODD, PAIR = "CrossBatchNorm wants n real and then n generated rows", "give D both parts, equally many, in one pass"


@keras.saving.register_keras_serializable("tfgan_improved")
class CrossBatchNorm(BatchNorm):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta for each channel, on 2n rows, n real before n generated.

    In training the first half of the channels (of an odd number one more) is normalized by the moments of the real
    rows, the second by those of the generated rows; both are applied to all 2n rows, so that D sees either part on the
    other's scale too. So D must see both parts in one pass. The moments are over batch, space and all replicas, which
    must hold equally many rows. Otherwise they are the moving averages a <- momentum a + (1 - momentum) moment of the
    same, so that an image is judged without others beside it; the code always takes the batch.
    Shapes: x (2n, c) or (2n, h, w, c), y the same. ValueError for another rank, and for an odd number of rows in
    training. Statistics are at least float32. Differentiable twice.
    Source: the code for ImageNet of Salimans et al. 2016, arXiv:1606.03498; the paper does not mention it.
    """

    wants_halves = True  # n real and then n generated rows in every pass

    def __init__(self, momentum=0.9, epsilon=1e-5, center=True, scale=True, gamma_initializer="ones", **kwargs):
        super().__init__(momentum, epsilon, center, scale, gamma_initializer, **{**kwargs, "synchronized": True})

    def call(self, x, training=False):
        if not (training and self.trainable):
            return super().call(x, training=False)
        mean, variance = self._moments(tf.cast(x, self.statistics_dtype))
        for average, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            average.assign(self.momentum * average.value + (1 - self.momentum) * tf.stop_gradient(value))
        factor = tf.math.rsqrt(variance + self.epsilon)
        factor = factor if self.gamma is None else factor * tf.cast(self.gamma.value, mean.dtype)
        y = (tf.cast(x, mean.dtype) - mean) * factor
        return tf.cast(y if self.beta is None else y + tf.cast(self.beta.value, mean.dtype), x.dtype)

    def _moments(self, x):
        """Mean and variance (c,), of the real rows for the first channels and of the generated ones for the others."""
        rows, cut, axes = replicas.length(x), (x.shape[-1] + 1) // 2, list(range(x.shape.rank - 1))
        if isinstance(rows, int) and rows % 2:
            raise ValueError(f"{ODD}; received {rows} rows; {PAIR}")
        if not isinstance(rows, int):
            tf.debugging.assert_equal(rows % 2, 0, f"{ODD}; received an odd number of rows; {PAIR}")
        halves = x[:rows // 2, ..., :cut], x[rows // 2:, ..., cut:]
        mean = replicas.mean(tf.concat([tf.reduce_mean(half, axes) for half in halves], axis=0))
        squares = [tf.reduce_mean(tf.square(half - own), axes) for half, own in zip(halves, (mean[:cut], mean[cut:]))]
        return mean, replicas.mean(tf.concat(squares, axis=0))
