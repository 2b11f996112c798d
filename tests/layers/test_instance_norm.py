"""InstanceNorm against NumPy and the derivatives of its formula; and the name of the spectral wrapper."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import layers
from tfgan_improved.layers import InstanceNorm, LayerNorm


def example(shape, seed=0):
    return np.random.default_rng(seed).normal(2.0, 3.0, size=shape).astype("float32")


@pytest.mark.parametrize("shape", [(6, 7, 5), (6, 4, 3, 5), (1, 2, 3, 4, 5)])
def test_matches_numpy(shape):
    layer, x = InstanceNorm(gamma_initializer=keras.initializers.RandomNormal(1.0, 0.3, seed=1)), example(shape)
    layer.build(shape)
    layer.beta.assign(example((5,), seed=2))
    axes = tuple(range(1, len(shape) - 1))
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    want = layer.gamma.numpy() * (x - mean) / np.sqrt(variance + 1e-5) + layer.beta.numpy()
    np.testing.assert_allclose(layer(x), want, rtol=1e-4, atol=1e-5)


def test_rows_without_space_are_normalized_over_their_channels():
    x = example((6, 5))
    np.testing.assert_allclose(InstanceNorm()(x), LayerNorm()(x), rtol=1e-5)
    assert np.abs(InstanceNorm()(x)).max() > 0.5


def test_a_map_of_one_pixel_becomes_beta():
    np.testing.assert_array_equal(InstanceNorm()(example((3, 1, 1, 4))), 0.0)


def test_neither_rows_nor_channels_see_each_other():
    x = example((4, 3, 3, 2))
    whole = InstanceNorm()(x)
    np.testing.assert_allclose(whole[:1, ..., :1], InstanceNorm()(x[:1, ..., :1]), rtol=1e-5, atol=1e-6)


def test_second_derivative_matches_finite_differences():
    layer, w = InstanceNorm(dtype="float64"), tf.constant(example((2, 3, 3, 2), seed=1), tf.float64)

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


def test_mixed_precision_keeps_statistics_in_float32():
    x = 100.0 + example((4, 6, 6, 3)) / 3.0
    y = InstanceNorm(dtype="mixed_bfloat16")(x)
    assert y.dtype == tf.bfloat16
    np.testing.assert_allclose(tf.math.reduce_std(tf.cast(y, tf.float32), (1, 2)), 1.0, atol=0.05)


def test_without_center_and_scale_nothing_is_trained():
    layer, x = InstanceNorm(center=False, scale=False), example((4, 3, 3, 2))
    np.testing.assert_allclose(layer(x), InstanceNorm()(x), rtol=1e-6)
    assert layer.trainable_variables == []


def test_refuses_what_it_cannot_normalize():
    with pytest.raises(ValueError, match=r"InstanceNorm wants shape \(n, ..., c\); received \(3,\)"):
        InstanceNorm()(np.ones(3, "float32"))
    with pytest.raises(ValueError, match="epsilon of InstanceNorm must be above 0; received 0"):
        InstanceNorm(epsilon=0.0)


def test_the_spectral_wrapper_has_keras_name_too():
    assert layers.SpectralNormalization is layers.SpectralNorm
