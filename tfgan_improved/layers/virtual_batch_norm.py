"""Virtual batch normalization: each example by the statistics of a fixed reference batch and of itself."""

import collections
import contextlib
import contextvars
import numbers

import keras
import tensorflow as tf

from tfgan_improved.ops import replicas

# What layers do with the reference's statistics: (keep them, recall them), functions or None.
_PASS = contextvars.ContextVar("tfgan_improved_reference_pass", default=(None, None))


@contextlib.contextmanager
def reference_pass():
    """Run a network on the reference batch inside: gives what its layers keep of it, to hand to `live_pass`."""
    kept = collections.deque()
    with _during(kept.append, None):
        yield kept


@contextlib.contextmanager
def live_pass(kept):
    """Run the same network on any batch inside, once: its layers use what they kept, in the order of keeping."""
    with _during(None, kept.popleft):
        yield


@contextlib.contextmanager
def _during(keep, recall):
    token = _PASS.set((keep, recall))
    try:
        yield
    finally:
        _PASS.reset(token)


@keras.saving.register_keras_serializable("tfgan_improved")
class VirtualBatchNorm(keras.layers.Layer):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with moments of the example and of a reference batch.

    The reference batch, of n rows, is normalized by its own moments: mean_r and q_r, the mean of its squares, for each
    channel over batch and space. An example i, with mean_i and q_i over its own space, is normalized by
    mean = mean_i / (n + 1) + mean_r n / (n + 1) and variance = q - mean^2, q mixed of q_i and q_r in the same way.
    What is computed is the same without differences of large squares. Gradients flow through the reference's moments
    too, which follow the weights. Training and inference are the same; no other example of the batch matters.
    Shapes: x (n, c), an example's own mean being itself, or (n, h, w, c); y the same. ValueError for another rank,
    a reference that is no whole number from 1 on and an epsilon that is not above 0.
    Statistics are at least float32, in mixed and in half precision. Differentiable twice.
    A network of such layers needs `networks.reference.carry_reference`, which runs it on a reference batch of
    `reference` rows first. Called by itself the layer takes the batch that it sees for the reference.
    Source: Salimans et al. 2016, arXiv:1606.03498, section 3.5; the mixed moments are its released ImageNet code's.
    """

    def __init__(self, reference=64, epsilon=1e-5, center=True, scale=True, gamma_initializer="ones", **kwargs):
        super().__init__(**kwargs)
        if not isinstance(reference, numbers.Integral) or reference < 1:
            raise ValueError("reference of VirtualBatchNorm, its rows, must be a whole number, at least 1; "
                             f"received {reference!r}")
        if not epsilon > 0:
            raise ValueError(f"epsilon of VirtualBatchNorm must be above 0; received {epsilon}")
        self.reference_rows, self.epsilon, self.center, self.scale = reference, epsilon, center, scale
        self.gamma_initializer = keras.initializers.get(gamma_initializer)

    def build(self, shape):
        if len(shape) not in (2, 4):
            raise ValueError("VirtualBatchNorm wants shape (n, c) or (n, h, w, c); "
                             f"received {tuple(shape)}; reshape first")
        size, kwargs = (shape[-1],), {"autocast": False}
        self.gamma = self.add_weight(
            name="gamma", shape=size, initializer=self.gamma_initializer, **kwargs) if self.scale else None
        self.beta = self.add_weight(name="beta", shape=size, initializer="zeros", **kwargs) if self.center else None

    def call(self, x):
        keep, recall = _PASS.get()
        dtype = keras.backend.result_type(self.variable_dtype, "float32")
        gamma = tf.ones(x.shape[-1:], dtype) if self.gamma is None else tf.cast(self.gamma.value, dtype)
        beta = tf.zeros(x.shape[-1:], dtype) if self.beta is None else tf.cast(self.beta.value, dtype)
        if recall is not None:
            return _normalized_beside(x, gamma, beta, self.epsilon, *recall())
        mean, variance = _moments(tf.cast(x, dtype))
        if keep is not None:
            keep((mean, variance, replicas.length(x)))
        return _normalized(x, gamma, beta, self.epsilon, mean, variance)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "reference": self.reference_rows, "epsilon": self.epsilon,
                "center": self.center, "scale": self.scale,
                "gamma_initializer": keras.initializers.serialize(self.gamma_initializer)}


def _moments(x):
    """Mean and variance (c,) over batch and space."""
    axes = list(range(x.shape.rank - 1))
    mean = tf.reduce_mean(x, axes)
    return mean, tf.reduce_mean(tf.square(x - mean), axes)


def _normalized(x, gamma, beta, epsilon, mean, variance):
    """The reference itself; the fused kernel takes the same moments anew, in half the time of the formula."""
    if x.shape.rank == 4 and x.dtype != tf.float64:
        return tf.raw_ops.FusedBatchNormV3(
            x=x, scale=gamma, offset=beta, mean=tf.zeros([0]), variance=tf.zeros([0]), epsilon=epsilon,
            is_training=True)[0]
    y = (tf.cast(x, mean.dtype) - mean) * (tf.math.rsqrt(variance + epsilon) * gamma) + beta
    return tf.cast(y, x.dtype)


def _normalized_beside(x, gamma, beta, epsilon, mean, variance, rows):
    """Each example of x by its own moments and, of `rows` rows, the reference's.

    With d = x - mean_r, w = 1 / (n + 1) and v = n / (n + 1), the mixed moments about mean_r are w mean(d) and
    w mean(d^2) + v variance_r; the second less the square of the first is q - mean^2 of the unmoved ones.
    """
    dtype, axes = x.dtype, list(range(1, x.shape.rank - 1))
    own = 1.0 / tf.cast(rows + 1, mean.dtype)
    difference = tf.cast(x, mean.dtype) - mean
    first = own * tf.reduce_mean(difference, axes, keepdims=True)
    second = own * tf.reduce_mean(tf.square(difference), axes, keepdims=True) + (1 - own) * variance
    factor = tf.math.rsqrt(second - tf.square(first) + epsilon) * gamma
    return tf.cast(difference * factor + (beta - first * factor), dtype)
