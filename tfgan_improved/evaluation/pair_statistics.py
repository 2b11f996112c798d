"""The statistics network T of mutual information for all pairs of many rows, and the reading of a bound on them."""

import math

import keras
import numpy as np
import tensorflow as tf

AT_ONCE = 2**22  # values of T held in memory while a bound is read
MOST = 128  # of the canonical coordinates that T starts with


class Statistics:
    """T(x, z) = f(x) . g(z) + a(x) + b(z) + sum_i s_i G_i for rows x (n, p) and z (m, q), all pairs at once.

    G_i = (r x_i z_i - r^2 (x_i^2 + z_i^2) / 2) / (1 - r^2) - log(1 - r^2) / 2 is the log ratio of Gaussians that
    correlate with r = `correlations`[i]. T starts at 1 + sum_i G_i: exact for Gaussians, and otherwise something to
    start from, of which s takes back what is wrong. (The 1 is the f-divergence's; the other bound does not see it.)
    """

    def __init__(self, x_columns, z_columns, width=128, seed=0, depth=2, correlations=()):
        self.r = np.asarray(correlations, np.float64)[:MOST]
        self.shares = keras.Variable(np.ones(len(self.r)), dtype="float32", name="shares")
        size = 32 + min(x_columns, z_columns, 64)
        self.x_network = _features(x_columns, width, depth, size, 2 * seed, zero=True)
        self.z_network = _features(z_columns, width, depth, size, 2 * seed + 1)

    @property
    def variables(self):
        """What is trained."""
        return self.x_network.trainable_variables + self.z_network.trainable_variables + [self.shares]

    def __call__(self, x, z):
        """T of each x with each z, (n, m); those that belong together are its diagonal."""
        return self.pairs(self.of_x(x), self.of_z(z))

    def of_x(self, x):
        """[a(x), f(x)] with x's part of the G_i."""
        return self._with_gaussian(self.x_network(x), x, self.shares)

    def of_z(self, z):
        """[b(z), g(z)] with z's part of the G_i."""
        return self._with_gaussian(self.z_network(z), z, 1.0)

    @staticmethod
    def pairs(of_x, of_z):
        """All pairs of what `of_x` and `of_z` make of rows."""
        return tf.matmul(of_x[:, 1:], of_z[:, 1:], transpose_b=True) + of_x[:, :1] + of_z[:, 0]

    def _with_gaussian(self, features, rows, factor):
        # r x z / (1 - r^2) is the product of both parts' last numbers, of which x's alone have s.
        slopes, squares = np.sqrt(self.r / (1 - self.r**2)), self.r**2 / (2 * (1 - self.r**2))
        rows = tf.cast(rows[:, :len(self.r)], tf.float32)
        own = -squares.astype(np.float32) * rows**2 - (np.log1p(-self.r**2) / 4).astype(np.float32)
        own = features[:, :1] + tf.reduce_sum(self.shares * own, axis=1, keepdims=True)
        return tf.concat([own, features[:, 1:], factor * slopes.astype(np.float32) * rows], axis=1)


def _features(columns, width, depth, size, seed, zero=False):
    """[a(x), f(x)]: dense layers with ELU, and a shortcut: of f linear, of a linear in x and its squares.

    a starts at 0; with `zero` at 1 and f at 0: then f . g says nothing, and its gradient to f is that of a network.
    """
    def dense(units, place, deviation=None, **settings):
        start = (keras.initializers.GlorotUniform(seed=100 * seed + place) if deviation is None
                 else keras.initializers.RandomNormal(stddev=deviation, seed=100 * seed + place))
        return keras.layers.Dense(units, kernel_initializer=start, dtype="float32", **settings)

    inputs = x = keras.Input((columns,), dtype="float32")
    for level in range(depth):
        x = dense(width, level, activation="elu")(x)
    squares = keras.layers.Multiply(dtype="float32")([inputs, inputs])
    both = keras.layers.Concatenate(dtype="float32")([inputs, squares])
    own = keras.layers.Add(dtype="float32")([
        dense(1, 10, 0.0, bias_initializer="ones" if zero else "zeros")(x), dense(1, 11, 0.0, use_bias=False)(both)])
    some = 0.0 if zero else 0.3
    shared = keras.layers.Add(dtype="float32")([
        dense(size, 12, some / math.sqrt(width))(x),
        dense(size, 13, some / math.sqrt(columns), use_bias=False)(inputs)])
    return keras.Model(inputs, keras.layers.Concatenate(dtype="float32")([own, shared]))


def off_diagonal(values):
    """All but the diagonal of (n, n), as (n - 1, n): behind each value of the diagonal come n others."""
    count = values.shape[0]
    return tf.reshape(tf.reshape(values, [-1])[1:], (count - 1, count + 1))[:, :-1]


def read(statistics, x, z, bound):
    """The bound on rows x (n, p) and z (n, q), from all n (n - 1) pairs of rows that do not belong together."""
    of_x, of_z = statistics.of_x(x), statistics.of_z(z)
    count, rows = len(x), max(1, AT_ONCE // len(x))
    joint, parts = [], []
    for start in range(0, count, rows):
        values = statistics.pairs(of_x[start:start + rows], of_z).numpy()
        own = np.arange(len(values)), start + np.arange(len(values))
        joint.append(values[own])
        values[own] = -np.inf
        parts.append(tf.reduce_logsumexp(values).numpy())
    # One value that stands for all: its exponential is their mean.
    mean = tf.reduce_logsumexp(np.array(parts, np.float64)) - math.log(count) - math.log(count - 1)
    return float(bound(np.concatenate(joint), mean))
