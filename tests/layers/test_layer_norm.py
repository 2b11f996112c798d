"""LayerNorm against NumPy and the derivatives of its formula."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import LayerNorm


def example(shape, seed=0):
    return np.random.default_rng(seed).normal(2.0, 3.0, size=shape).astype("float32")


@pytest.mark.parametrize("shape", [(6, 5), (6, 4, 3, 5)])
def test_matches_numpy(shape):
    layer, x = LayerNorm(gamma_initializer=keras.initializers.RandomNormal(1.0, 0.3, seed=1)), example(shape)
    layer.build(shape)
    layer.beta.assign(example((5,), seed=2))
    axes = tuple(range(1, len(shape)))
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    want = layer.gamma.numpy() * (x - mean) / np.sqrt(variance + 1e-5) + layer.beta.numpy()
    np.testing.assert_allclose(layer(x), want, rtol=1e-4, atol=1e-5)


def test_a_row_does_not_see_the_others():
    layer, x = LayerNorm(), example((4, 3, 3, 2))
    np.testing.assert_allclose(layer(x)[:1], layer(x[:1]), rtol=1e-5, atol=1e-6)


def test_second_derivative_matches_finite_differences():
    layer, w = LayerNorm(dtype="float64"), tf.constant(example((2, 3, 3, 2), seed=1), tf.float64)

    def penalty(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            score = tf.reduce_sum(tf.tanh(layer(x)) * w)
        return tf.reduce_sum(tf.sin(tape.gradient(score, x)))

    x = tf.constant(example((2, 3, 3, 2)), tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = penalty(x)
    got = tape.gradient(value, x).numpy().ravel()
    for index in range(0, got.size, 7):
        step = np.zeros(got.size)
        step[index] = 1e-5
        step = step.reshape(x.shape)
        slope = (penalty(x + step) - penalty(x - step)) / 2e-5
        np.testing.assert_allclose(got[index], slope, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "bfloat16"])
def test_statistics_are_float32_in_less(dtype):
    x = 100.0 + example((4, 6, 6, 3)) / 3.0
    y = LayerNorm(dtype=dtype)(x)
    assert y.dtype == tf.bfloat16
    np.testing.assert_allclose(tf.math.reduce_std(tf.cast(y, tf.float32), (1, 2, 3)), 1.0, atol=0.02)


def test_refuses_a_vector():
    with pytest.raises(ValueError, match=r"LayerNorm wants shape \(n, ..., c\); received \(3,\)"):
        LayerNorm()(np.ones(3, "float32"))
