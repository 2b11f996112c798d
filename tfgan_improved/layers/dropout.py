"""Dropout whose mask is a function of the step."""

import numbers

import keras
import tensorflow as tf

from tfgan_improved.ops import noise, replicas


@keras.saving.register_keras_serializable("tfgan_improved")
class Dropout(keras.layers.Layer):
    """y = x mask / (1 - rate) in training, the mask 0 with probability `rate` and else 1; y = x outside.

    With `channels` all positions of an example's channel share one number: whole channels of a map (n, h, w, c) drop.
    The mask is freshly drawn from the step's seed for every call and replica (`ops/noise.py`): unlike
    `keras.layers.Dropout`, replicas differ and a resumed run draws what it would have drawn. Any shape.
    ValueError unless 0 <= rate < 1. Source: Srivastava et al. 2014, JMLR 15; Hinton et al. 2012, arXiv:1207.0580;
    whole channels: Tompson et al. 2015, arXiv:1411.4280, section 3.2.
    """

    def __init__(self, rate=0.5, channels=False, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(rate, numbers.Real) or not 0 <= rate < 1:
            raise ValueError(f"rate of Dropout must be from 0 to below 1; received {rate!r}")
        self.rate, self.channels = rate, channels

    def call(self, x, training=False):
        if not training or not self.rate:
            return x
        shape = replicas.shape(x)
        if self.channels:
            shape = tf.concat([shape[:1], tf.ones(len(x.shape) - 2, tf.int32), shape[-1:]], axis=0)
        drawn = tf.random.stateless_uniform(shape, noise.next_seed(), alg=noise.ALGORITHM)
        return tf.where(drawn >= self.rate, x / (1.0 - self.rate), tf.zeros_like(x))

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "channels": self.channels}
