"""Self-attention over the positions of a map."""

import keras
import tensorflow as tf
from keras import layers, ops

from tfgan_improved import checks
from tfgan_improved.ops import replicas


@keras.saving.register_keras_serializable("tfgan_improved")
class SelfAttention(layers.Layer):
    """y = x + gamma o, o_i = sum_j a_ij value(x)_j, a_i = softmax over j of query(x)_i . key(x)_j; gamma starts at 0.

    i are the positions of x (n, h, w, c), j those of the keys and values, of which with pool = p > 1 the largest of
    p x p neighbours is taken, channel by channel. With `mix` o goes through that layer. `query`, `key`, `value` and
    `mix` are layers, such as 1x1 convolutions in a wrapper; what is added to x must have c channels. y as x.
    `released` and `reported` make the forms of the papers. The softmax and gamma are float32 in mixed precision.
    ValueError unless x has rank 4, the channels agree and pool is from 1 to h and w. Differentiable twice.
    Source: Zhang et al. 2019, arXiv:1805.08318, section 3, and its released code.
    """

    def __init__(self, query, key, value, mix=None, pool=1, **kwargs):
        super().__init__(**kwargs)
        if not checks.whole(pool, 1):
            raise ValueError(f"pool of SelfAttention must be a whole number of at least 1; received {pool!r}")
        if None in (query, key, value):
            raise ValueError("SelfAttention wants layers for query, key and value, such as 1x1 convolutions; received "
                             f"{query}, {key} and {value}; `released` and `reported` make them")
        self.query, self.key, self.value, self.mix, self.pool = query, key, value, mix, pool

    @classmethod
    def released(cls, channels, wrap=None, initializer="glorot_uniform", **kwargs):
        """The released code's: 1x1 convolutions without bias to c/8, c/8, c/2 and back to c, keys and values pooled.

        `wrap` decorates each, `dtype` is theirs too. 1.25 c^2 + 1 parameters for c a multiple of 8. ValueError unless
        channels is a whole number of at least 1.
        """
        _check_channels(channels)
        query, key, value, mix = _convolutions(wrap, initializer, False, kwargs.get("dtype"), query=channels // 8,
                                               key=channels // 8, value=channels // 2, mix=channels)
        return cls(query, key, value, mix, pool=2, **kwargs)

    @classmethod
    def reported(cls, channels, wrap=None, initializer="glorot_uniform", **kwargs):
        """The text's, without a bottleneck of the values: 1x1 convolutions with bias to c/8, c/8 and c, no pooling.

        ValueError as for `released`.
        """
        _check_channels(channels)
        return cls(*_convolutions(
            wrap, initializer, True, kwargs.get("dtype"), query=channels // 8, key=channels // 8, value=channels),
            **kwargs)

    def build(self, shape):
        if len(shape) != 4:
            raise ValueError(f"SelfAttention wants shape (n, h, w, c); received {tuple(shape)}")
        self._check_sides(shape)
        out = self.value.compute_output_shape(shape)
        for layer, seen in ((self.query, shape), (self.key, shape), (self.value, shape), (self.mix, out)):
            if layer is not None and not layer.built:  # as a restored one is
                layer.build(seen)
        out = out if self.mix is None else self.mix.compute_output_shape(out)
        keys = [layer.compute_output_shape(shape)[-1] for layer in (self.query, self.key)]
        if out[-1] != shape[-1] or keys[0] != keys[1]:
            raise ValueError(f"SelfAttention adds {out[-1]} channels to {shape[-1]} and compares queries of {keys[0]} "
                             f"with keys of {keys[1]}; these must agree")
        self.gamma = self.add_weight(name="gamma", shape=(), initializer="zeros", autocast=False)

    def _check_sides(self, shape):
        if min(side or self.pool for side in shape[1:3]) < self.pool:
            raise ValueError(f"SelfAttention cannot pool {self.pool} x {self.pool} positions of shape {tuple(shape)}; "
                             "give larger maps, or pool=1")

    def call(self, x):
        self._check_sides(x.shape)  # which a layer that is built on any sides does not know before
        query, key, value = _rows(self.query(x)), self._pooled(self.key(x)), self._pooled(self.value(x))
        scores = tf.matmul(query, key, transpose_b=True)
        weights = tf.nn.softmax(tf.cast(scores, self.variable_dtype), axis=-1)
        seen = tf.matmul(tf.cast(weights, value.dtype), value)
        seen = tf.reshape(seen, (replicas.length(x), *_sides(x), value.shape[-1]))
        seen = seen if self.mix is None else self.mix(seen)
        return x + ops.cast(self.gamma, x.dtype) * seen

    def _pooled(self, x):
        return _rows(x if self.pool == 1 else tf.nn.max_pool2d(x, self.pool, self.pool, "VALID"))

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        parts = {name: keras.saving.serialize_keras_object(getattr(self, name))
                 for name in ("query", "key", "value", "mix")}
        return {**super().get_config(), **parts, "pool": self.pool}

    @classmethod
    def from_config(cls, config):
        parts = {name: keras.saving.deserialize_keras_object(config[name]) for name in ("query", "key", "value", "mix")}
        return cls(**{**config, **parts})


def _check_channels(channels):
    if not checks.whole(channels, 1):
        raise ValueError(f"SelfAttention wants a whole number of at least one channel; received {channels!r}")


def _convolutions(wrap, initializer, use_bias, dtype, **channels):
    """A 1x1 convolution for each role, at least one channel, wrapped."""
    for role, count in channels.items():
        start = initializer() if callable(initializer) else initializer  # a fresh one for each
        layer = layers.Conv2D(max(count, 1), 1, use_bias=use_bias, kernel_initializer=start, dtype=dtype, name=role)
        yield layer if wrap is None else wrap(layer)


def _sides(x):
    return tuple(tf.unstack(tf.shape(x)[1:3])) if None in x.shape[1:3] else tuple(x.shape[1:3])


def _rows(x):
    """(n, h, w, c) -> (n, h w, c)."""
    height, width = _sides(x)
    return tf.reshape(x, (replicas.length(x), height * width, x.shape[-1]))
