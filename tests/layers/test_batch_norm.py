"""BatchNorm against NumPy, Keras and the derivatives of its formula."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import BatchNorm

SHAPES = [(32, 5), (6, 4, 3, 5)]


def example(shape, seed=0):
    return np.random.default_rng(seed).normal(2.0, 3.0, size=shape).astype("float32")


def built(shape, **kwargs):
    layer = BatchNorm(gamma_initializer=keras.initializers.RandomNormal(1.0, 0.3, seed=1), **kwargs)
    layer.build(shape)
    if layer.beta is not None:
        layer.beta.assign(example((shape[-1],), seed=2))
    return layer


def formula(x, gamma, beta, epsilon=1e-5):
    """Written out, so that every derivative of it is right."""
    axes = list(range(len(x.shape) - 1))
    mean = tf.reduce_mean(x, axes)
    variance = tf.reduce_mean(tf.square(x - mean), axes)
    return gamma * (x - mean) / tf.sqrt(variance + epsilon) + beta


@pytest.mark.parametrize("shape", SHAPES)
def test_training_matches_numpy(shape):
    layer, x = built(shape), example(shape)
    axes = tuple(range(len(shape) - 1))
    mean, variance = x.mean(axes, dtype="float64"), x.var(axes, dtype="float64")  # variance of the population
    want = layer.gamma.numpy() * (x - mean) / np.sqrt(variance + 1e-5) + layer.beta.numpy()
    np.testing.assert_allclose(layer(x, training=True), want, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer.moving_mean, 0.1 * mean, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, 0.9 + 0.1 * variance, rtol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_inference_uses_the_averages_and_leaves_them(shape):
    layer, x = built(shape), example(shape)
    layer.moving_mean.assign(np.full(shape[-1], 1.5))
    layer.moving_variance.assign(np.full(shape[-1], 4.0))
    want = layer.gamma.numpy() * (x - 1.5) / np.sqrt(4.0 + 1e-5) + layer.beta.numpy()
    np.testing.assert_allclose(layer(x), want, rtol=1e-4, atol=1e-5)
    layer.trainable = False
    np.testing.assert_allclose(layer(x, training=True), want, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer.moving_mean, 1.5)


@pytest.mark.parametrize("shape", SHAPES)
def test_same_averages_as_keras_over_several_batches(shape):
    ours, theirs = BatchNorm(), keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
    for seed in range(4):
        got, want = ours(example(shape, seed), training=True), theirs(example(shape, seed), training=True)
        np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(ours.moving_mean, theirs.moving_mean, rtol=1e-4)
    np.testing.assert_allclose(ours.moving_variance, theirs.moving_variance, rtol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("jit", [None, True], ids=["graph", "jit"])
def test_gradients_of_both_orders_match_the_formula(shape, training, jit):
    layer, x = built(shape), tf.constant(example(shape))
    weights = tf.constant(example(shape, seed=3))
    beta, average = layer.beta.value, (layer.moving_mean.numpy(), layer.moving_variance.numpy())

    def fixed(x, gamma, beta):
        return gamma * (x - average[0]) / tf.sqrt(average[1] + 1e-5) + beta

    def derivatives(call, variables):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                score = tf.reduce_sum(tf.tanh(call(x)) * weights)
            slope = inner.gradient(score, x)
            penalty = tf.reduce_sum(tf.sin(slope))
        return [slope, *outer.gradient(penalty, [x, *variables])]

    variables = [layer.gamma.value, beta]
    oracle = formula if training else fixed
    want = derivatives(lambda x: oracle(x, *variables), variables)
    got = tf.function(lambda: derivatives(lambda x: layer(x, training=training), variables), jit_compile=jit)()
    for one, other in zip(got, want, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-5 * float(tf.reduce_max(tf.abs(other))))


def test_second_derivative_of_keras_is_wrong():
    """The reason for our own: when this fails, Keras has mended it."""
    x = tf.constant(example((6, 4, 3, 5)))
    layer = keras.layers.BatchNormalization(epsilon=1e-5)

    def second(call):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                score = tf.reduce_sum(tf.tanh(call(x)))
            penalty = tf.reduce_sum(tf.sin(inner.gradient(score, x)))
        return outer.gradient(penalty, x)

    want = second(lambda x: formula(x, 1.0, 0.0))
    error = tf.norm(second(lambda x: layer(x, training=True)) - want) / tf.norm(want)
    assert error > 1e-3
    assert tf.norm(second(lambda x: BatchNorm()(x, training=True)) - want) / tf.norm(want) < 1e-4


@pytest.mark.parametrize("shape", SHAPES)
def test_mixed_precision_keeps_statistics_in_float32(shape):
    x = 100.0 + example(shape) / 3.0  # bfloat16 statistics would lose the deviation
    layer = BatchNorm(dtype="mixed_bfloat16")
    y = layer(x, training=True)
    assert y.dtype == tf.bfloat16
    assert {weight.dtype for weight in layer.weights} == {"float32"}
    seen = tf.cast(tf.cast(x, tf.bfloat16), tf.float32)
    np.testing.assert_allclose(tf.cast(y, tf.float32), formula(seen, 1.0, 0.0), atol=0.02)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_keeps_statistics_in_float32(shape, dtype):
    x, layer = tf.cast(100.0 + example(shape) / 3.0, dtype), BatchNorm(momentum=0.995, dtype=dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
        total = tf.reduce_sum(y**2)
    slopes = tape.gradient(total, [x, layer.gamma.value, layer.beta.value])
    assert [each.dtype.name for each in (y, *slopes)] == [dtype] * 4
    assert {layer.gamma.dtype, layer.beta.dtype} == {dtype} and layer.moving_mean.dtype == "float32"
    seen = tf.cast(x, tf.float32)
    np.testing.assert_allclose(tf.cast(y, tf.float32), formula(seen, 1.0, 0.0), atol=0.02)
    axes = list(range(len(shape) - 1))
    layer.moving_mean.assign(0.9 * tf.reduce_mean(seen, axes))
    layer(x, training=True)  # in half precision steps of 0.05 of 90 would be lost
    np.testing.assert_allclose(layer.moving_mean, 0.9005 * tf.reduce_mean(seen, axes), rtol=1e-5)
    layer.moving_mean.assign(tf.reduce_mean(seen, axes))
    layer.moving_variance.assign(tf.math.reduce_variance(seen, axes))
    np.testing.assert_allclose(tf.cast(layer(x), tf.float32), formula(seen, 1.0, 0.0), atol=0.1)


def test_without_center_and_scale_nothing_is_trained():
    x = example((8, 3, 3, 2))
    layer = BatchNorm(center=False, scale=False)
    np.testing.assert_allclose(layer(x, training=True), formula(x, 1.0, 0.0), rtol=1e-4, atol=1e-5)
    assert layer.trainable_variables == []


def test_one_row_gives_beta():
    layer = built((1, 1, 1, 5))
    np.testing.assert_allclose(layer(example((1, 1, 1, 5)), training=True)[0, 0, 0], layer.beta, atol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, 0.9, rtol=1e-6)


def test_batch_size_may_be_unknown():
    layer = built((None, 4, 3, 5))
    call = tf.function(lambda x: layer(x, training=True), input_signature=[tf.TensorSpec((None, 4, 3, 5))])
    call(example((6, 4, 3, 5)))
    np.testing.assert_allclose(layer.moving_variance, 0.9 + 0.1 * example((6, 4, 3, 5)).var((0, 1, 2)), rtol=1e-4)


def test_refuses_what_it_cannot_normalize():
    with pytest.raises(ValueError, match=r"wants shape \(n, c\) or \(n, h, w, c\); received \(2, 3, 4\)"):
        BatchNorm()(np.ones((2, 3, 4), "float32"))
    with pytest.raises(ValueError, match="momentum of BatchNorm must be from 0 to 1; received 1.5"):
        BatchNorm(momentum=1.5)
    with pytest.raises(ValueError, match="epsilon of BatchNorm must be above 0; received 0"):
        BatchNorm(epsilon=0.0)
