"""Dropout whose mask is a function of the step."""

import keras
import tensorflow as tf

from tfgan_improved.ops import noise, replicas


@keras.saving.register_keras_serializable("tfgan_improved")
class Dropout(keras.layers.Layer):
    """y = x mask / (1 - rate) in training, the mask 0 with probability `rate` and else 1; y = x outside.

    The mask is freshly drawn from the step's seed for every call and replica (`ops/noise.py`): unlike
    `keras.layers.Dropout`, replicas differ and a resumed run draws what it would have drawn. Any shape.
    ValueError unless 0 <= rate < 1. Source: Srivastava et al. 2014, JMLR 15; Hinton et al. 2012, arXiv:1207.0580.
    """

    def __init__(self, rate=0.5, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"rate of Dropout must be from 0 to below 1; received {rate}")
        self.rate = rate

    def call(self, x, training=False):
        if not training or not self.rate:
            return x
        drawn = tf.random.stateless_uniform(replicas.shape(x), noise.next_seed(), alg=noise.ALGORITHM)
        return tf.where(drawn >= self.rate, x / (1.0 - self.rate), tf.zeros_like(x))

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}
