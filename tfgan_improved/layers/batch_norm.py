"""Batch normalization over the whole batch, on however many replicas it lies."""

import keras
import tensorflow as tf

from tfgan_improved import checks
from tfgan_improved.ops import replicas, standing


@keras.saving.register_keras_serializable("tfgan_improved")
class BatchNorm(keras.layers.Layer):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta for each channel, over batch and space.

    In training the moments are those of the batch over all replicas, which must hold equally many rows, so that
    training does not depend on how many there are: synchronized batch norm is what the name means in this package. With
    synchronized=False each replica takes those of its own rows, as most code for several devices does, which saves the
    exchange and makes the result depend on their number; on one replica both are the same. Otherwise the moments are
    the moving averages a <- momentum a + (1 - momentum) moment, of the population variance, which are averaged over
    replicas when they are saved, or what `ops/standing.py` has made of them. scale=False leaves gamma out. Statistics
    are at least float32, in mixed and in half precision.
    Shapes: x (n, c) or (n, h, w, c), y the same. ValueError for another rank, a momentum outside of
    [0, 1] and an epsilon that is not above 0.
    Differentiable twice, as gradient penalties need: Keras's own normalization layers are not, because
    `tf.nn.moments` holds the mean inside the variance constant, which only the second derivative feels.
    Source: Ioffe & Szegedy 2015, arXiv:1502.03167, algorithms 1 and 2.
    """

    def __init__(self, momentum=0.9, epsilon=1e-5, center=True, scale=True, gamma_initializer="ones",
                 synchronized=True, **kwargs):
        super().__init__(**kwargs)
        if not checks.real(momentum, 0, 1):
            raise ValueError(f"momentum of BatchNorm must be from 0 to 1; received {momentum!r}")
        if not checks.above(epsilon, 0):
            raise ValueError(f"epsilon of BatchNorm must be above 0; received {epsilon!r}")
        self.momentum, self.epsilon, self.center, self.scale = momentum, epsilon, center, scale
        self.gamma_initializer, self.synchronized = keras.initializers.get(gamma_initializer), synchronized

    def build(self, shape):
        if len(shape) not in (2, 4):
            raise ValueError(f"BatchNorm wants shape (n, c) or (n, h, w, c); received {tuple(shape)}; reshape first")
        size, kwargs = (shape[-1],), {"autocast": False}
        self.gamma = self.add_weight(
            name="gamma", shape=size, initializer=self.gamma_initializer, **kwargs) if self.scale else None
        self.beta = self.add_weight(name="beta", shape=size, initializer="zeros", **kwargs) if self.center else None
        # Synchronized, every replica computes the same averages: each keeps its own copy and nothing has to be sent.
        kwargs |= {"trainable": False, "synchronization": "on_read",
                   "aggregation": "only_first_replica" if self.synchronized else "mean"}
        kwargs |= {"dtype": self.statistics_dtype}
        self.moving_mean = keras.Variable(name="moving_mean", shape=size, initializer="zeros", **kwargs)
        self.moving_variance = keras.Variable(name="moving_variance", shape=size, initializer="ones", **kwargs)

    @property
    def statistics_dtype(self):
        """That of moments and their averages: in half precision an average would soon no longer move."""
        return keras.backend.result_type(self.variable_dtype, "float32")

    def call(self, x, training=False):
        dtype = self.statistics_dtype
        gamma = tf.ones(x.shape[-1:], dtype) if self.gamma is None else tf.cast(self.gamma.value, dtype)
        beta = tf.zeros(x.shape[-1:], dtype) if self.beta is None else tf.cast(self.beta.value, dtype)
        share = standing.share()
        fused = x.shape.rank == 4 and x.dtype != tf.float64  # on (n, c) the kernel takes twice as long as its parts
        if share is None and not (training and self.trainable):
            mean, variance = self.moving_mean.value, self.moving_variance.value
            return (_fused if fused else _normalize)(x, gamma, beta, mean, variance, self.epsilon)
        if fused and (replicas.count() == 1 or not self.synchronized):
            y, mean, variance = _fused_by_batch(x, gamma, beta, self.epsilon)
        else:
            mean, variance = _moments(x, dtype, self.synchronized)
            y = _normalize(x, gamma, beta, mean, variance, self.epsilon)
        kept = self.momentum if share is None else 1 - share
        for average, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            average.assign(kept * average.value + (1 - kept) * tf.stop_gradient(value))
        return y

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum, "epsilon": self.epsilon, "center": self.center,
                "scale": self.scale, "gamma_initializer": keras.initializers.serialize(self.gamma_initializer),
                "synchronized": self.synchronized}


def _normalize(x, gamma, beta, mean, variance, epsilon):
    y = (tf.cast(x, mean.dtype) - mean) * (tf.math.rsqrt(variance + epsilon) * gamma) + beta
    return tf.cast(y, x.dtype)


def _fused(x, gamma, beta, mean, variance, epsilon):
    return tf.raw_ops.FusedBatchNormV3(
        x=x, scale=gamma, offset=beta, mean=mean, variance=variance, epsilon=epsilon, is_training=False)[0]


def _fused_by_batch(x, gamma, beta, epsilon):
    """y and the batch's moments by one kernel, which takes half precision x beside float32 gamma and beta."""
    y, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=x, scale=gamma, offset=beta, mean=tf.zeros([0]), variance=tf.zeros([0]), epsilon=epsilon, is_training=True)
    rows = tf.cast(tf.size(x) / x.shape[-1], variance.dtype)
    return y, mean, variance * (rows - 1) / rows  # the kernel gives the sample variance


def _moments(x, dtype, synchronized):
    """Mean and variance over batch, space and, synchronized, replicas; no difference of large squares is taken."""
    x, axes = tf.cast(x, dtype), list(range(x.shape.rank - 1))
    mean = tf.reduce_mean(x, axes)
    variance = tf.reduce_mean(tf.square(x - mean), axes)
    if replicas.count() == 1 or not synchronized:
        return mean, variance
    means, variances = tf.unstack(replicas.gathered(tf.stack([mean, variance])), axis=1)
    mean = tf.reduce_mean(means, 0)
    return mean, tf.reduce_mean(variances + tf.square(means - mean), 0)
