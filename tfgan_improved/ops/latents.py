"""Distributions of z, drawn statelessly; `truncation` bounds |z| as sampling asks."""

import dataclasses

import tensorflow as tf

from tfgan_improved.ops.noise import ALGORITHM


@dataclasses.dataclass(frozen=True)
class Normal:
    """z ~ N(0, I) of shape (n, size); with a truncation t > 0 each component is N(0, 1) conditioned on |z| <= t.

    The bounded draw inverts the distribution function on (Phi(-t), Phi(t)), which is what resampling until |z| <= t
    gives, in a fixed number of operations. ValueError unless size >= 1. Source: Brock et al. 2019, arXiv:1809.11096,
    section 3.1 (the truncation trick).
    """

    size: int = 100

    def __post_init__(self):
        _check_size(self)

    def draw(self, seed, count):
        """float32 (count, size) from a stateless seed (2,)."""
        return tf.random.stateless_normal((count, self.size), seed, alg=ALGORITHM)

    def draw_truncated(self, seed, count, truncation):
        """As `draw`, with |z| <= truncation where that scalar is above 0."""
        bound = tf.where(truncation > 0, tf.cast(truncation, tf.float64), 1e3)
        low = tf.math.erfc(bound / tf.sqrt(tf.constant(2.0, tf.float64))) / 2
        uniform = tf.random.stateless_uniform((count, self.size), seed, dtype=tf.float64, alg=ALGORITHM)
        bounded = tf.clip_by_value(tf.math.ndtri(low + uniform * (1 - 2 * low)), -bound, bound)
        return tf.where(truncation > 0, tf.cast(bounded, tf.float32), self.draw(seed, count))


@dataclasses.dataclass(frozen=True)
class Uniform:
    """z ~ U(low, high) of shape (n, size); a truncation t > 0 clips the interval to [-t, t].

    ValueError unless size >= 1 and low < high. Source: Radford et al. 2016, arXiv:1511.06434, section 4 (U(-1, 1)).
    """

    size: int = 100
    low: float = -1.0
    high: float = 1.0

    def __post_init__(self):
        _check_size(self)
        if not self.low < self.high:
            raise ValueError(f"a uniform latent needs low < high; received low={self.low}, high={self.high}")

    def draw(self, seed, count):
        """float32 (count, size) from a stateless seed (2,)."""
        return tf.random.stateless_uniform((count, self.size), seed, self.low, self.high, alg=ALGORITHM)

    def draw_truncated(self, seed, count, truncation):
        """As `draw`, on the interval clipped to [-truncation, truncation] where that scalar is above 0."""
        bound = tf.where(truncation > 0, tf.cast(truncation, tf.float32), float("inf"))
        low, high = (tf.clip_by_value(edge, -bound, bound) for edge in (self.low, self.high))
        return low + tf.random.stateless_uniform((count, self.size), seed, alg=ALGORITHM) * (high - low)


def _check_size(latent):
    if latent.size < 1:
        raise ValueError(f"a latent needs a size of at least 1; received {latent.size}")
