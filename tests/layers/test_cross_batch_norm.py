"""CrossBatchNorm against its formula written in NumPy, with its gradients, on one replica and on two."""

import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_improved
from tfgan_improved.layers import NORMS, CrossBatchNorm

HERE = pathlib.Path(__file__).parent
ROOT = pathlib.Path(tfgan_improved.__path__[0]).parent
SHAPES = [(6, 4), (4, 3, 2, 5), (2, 2, 2, 1), (10, 3, 3, 2)]


def example(shape, seed=0, mean=2.0):
    """Generated rows lie elsewhere and are wider than real ones."""
    x = np.random.default_rng(seed).normal(mean, 1.0, size=shape)
    x[len(x) // 2:] = 3.0 * x[len(x) // 2:] - 10.0
    return x


def moments(x):
    """Mean and variance of each channel, of the real rows for the first half of them, else of the generated ones."""
    n, axes = len(x) // 2, tuple(range(x.ndim - 1))
    real, fake = x[:n], x[n:]
    first = np.arange(x.shape[-1]) < x.shape[-1] / 2
    return np.where(first, real.mean(axes), fake.mean(axes)), np.where(first, real.var(axes), fake.var(axes))


def oracle(x, gamma, beta, epsilon=1e-5):
    mean, variance = moments(x)
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


def built(channels, dtype="float32", **kwargs):
    layer = CrossBatchNorm(gamma_initializer=keras.initializers.RandomNormal(1.0, 0.3, seed=1), dtype=dtype, **kwargs)
    layer.build((None, channels))
    layer.beta.assign(np.random.default_rng(2).normal(size=channels))
    return layer


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_value_matches_numpy(shape, dtype):
    x, layer = example(shape), built(shape[-1], dtype)
    want = oracle(x, layer.gamma.numpy(), layer.beta.numpy())
    np.testing.assert_allclose(layer(x.astype(dtype), training=True), want,
                               rtol=0, atol=2e-5 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_gradients_match_numpy(shape):
    layer, weights = built(shape[-1], "float64"), np.random.default_rng(3).normal(size=shape)
    values = [example(shape), layer.gamma.numpy(), layer.beta.numpy()]

    def total(*values):
        return (np.tanh(oracle(*values) / 3.0) * weights).sum()

    x = tf.constant(values[0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        score = tf.reduce_sum(tf.tanh(layer(x, training=True) / 3.0) * weights)
    for index, gradient in enumerate(tape.gradient(score, [x, layer.gamma.value, layer.beta.value])):
        want = np.zeros_like(values[index])
        for place in np.ndindex(want.shape):
            moved = [[value.copy() for value in values] for _ in range(2)]
            moved[0][index][place] += 1e-5
            moved[1][index][place] -= 1e-5
            want[place] = (total(*moved[0]) - total(*moved[1])) / 2e-5
        np.testing.assert_allclose(gradient, want, rtol=1e-5, atol=1e-7)


def test_each_half_is_standard_where_its_statistics_are_from():
    x = example((8, 5, 5, 4)).astype("float32")
    y = CrossBatchNorm()(x, training=True).numpy()
    for rows, channels in ((slice(0, 4), slice(0, 2)), (slice(4, 8), slice(2, 4))):
        np.testing.assert_allclose(y[rows, ..., channels].mean((0, 1, 2)), 0.0, atol=1e-5)
        np.testing.assert_allclose(y[rows, ..., channels].std((0, 1, 2)), 1.0, atol=1e-4)
    assert np.abs(y[4:, ..., :2].mean()) > 2 and np.abs(y[:4, ..., 2:].mean()) > 2  # the other part is judged by it


def test_a_part_moves_only_the_channels_of_its_statistics_for_the_other():
    x = example((6, 4)).astype("float32")
    y, moved = CrossBatchNorm()(x, training=True).numpy(), x.copy()
    moved[:3] *= 2.0  # the real rows
    z = CrossBatchNorm()(moved, training=True).numpy()
    np.testing.assert_array_equal(z[3:, 2:], y[3:, 2:])
    assert np.abs(z[3:, :2] - y[3:, :2]).min() > 0.01


def test_averages_follow_and_serve_outside_training():
    layer, x = built(4, momentum=0.75), example((6, 3, 3, 4)).astype("float32")
    layer(x, training=True)
    mean, variance = moments(x.astype("float64"))
    np.testing.assert_allclose(layer.moving_mean, 0.25 * mean, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, 0.75 + 0.25 * variance, rtol=1e-5)
    want = layer.gamma * (x - layer.moving_mean) / np.sqrt(layer.moving_variance + 1e-5) + layer.beta
    for y in (layer(x), layer(x, training=False)):
        np.testing.assert_allclose(y, want, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer(x[:1]), want[:1], rtol=1e-4, atol=1e-5)  # no pair is needed
    layer.trainable = False
    before = layer.moving_mean.numpy()
    np.testing.assert_allclose(layer(x, training=True), want, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(layer.moving_mean, before)


@pytest.mark.parametrize("center, scale", [(True, False), (False, True), (False, False)])
def test_without_offset_or_scale(center, scale):
    layer, x = NORMS.make(f"cross_batch:center={center},scale={scale}"), example((6, 4))
    assert len(layer(x.astype("float32"), training=True)) == 6
    assert [layer.gamma is None, layer.beta is None] == [not scale, not center]
    np.testing.assert_allclose(layer(x.astype("float32"), training=True), oracle(x, 1.0, 0.0), atol=2e-5)


@pytest.mark.parametrize("shape", [(32, 4), (8, 3, 3, 4)])
@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "bfloat16"])
def test_statistics_are_float32_in_less(shape, dtype):
    x = tf.cast(100.0 + np.random.default_rng(0).normal(size=shape) / 3.0, tf.bfloat16)  # as a sum it would lose these
    layer = CrossBatchNorm(dtype=dtype)
    y = layer(x, training=True)
    assert y.dtype == tf.bfloat16 and layer.moving_mean.dtype == "float32" and layer.gamma.dtype == layer.variable_dtype
    assert layer(x).dtype == tf.bfloat16
    want = oracle(np.asarray(tf.cast(x, tf.float64)), 1.0, 0.0)
    np.testing.assert_allclose(tf.cast(y, tf.float64), want, atol=0.02, rtol=0.01)


def derivatives(call, x, variables):
    """First derivatives, and the second ones that a gradient penalty needs."""
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = call(x)
            score = tf.reduce_sum(tf.tanh(y / 3.0) * tf.cos(y))
        slope = inner.gradient(score, x)
        penalty = tf.reduce_sum(tf.sin(slope))
    return [slope, *outer.gradient(penalty, [x, *variables], unconnected_gradients="zero")]


@pytest.mark.parametrize("jit", [None, True], ids=["graph", "jit"])
@pytest.mark.parametrize("shape", [(6, 4), (4, 3, 2, 5)], ids=str)
def test_derivatives_of_both_orders_match_the_formula(shape, jit):
    layer, x = built(shape[-1]), tf.constant(example(shape), "float32")
    variables = [layer.gamma.value, layer.beta.value]
    n, axes, cut = shape[0] // 2, list(range(len(shape) - 1)), (shape[-1] + 1) // 2

    def formula(x):
        halves = x[:n, ..., :cut], x[n:, ..., cut:]
        mean = tf.concat([tf.reduce_mean(half, axes) for half in halves], 0)
        square = tf.concat([tf.reduce_mean(half * half, axes) for half in halves], 0)
        return layer.gamma.value * (x - mean) / tf.sqrt(square - mean * mean + 1e-5) + layer.beta.value

    want = derivatives(formula, x, variables)
    got = tf.function(lambda x: derivatives(lambda x: layer(x, training=True), x, variables), jit_compile=jit)(x)
    for one, other in zip(got, want, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-3, atol=1e-4 * float(tf.reduce_max(tf.abs(other))) + 1e-6)


def test_the_number_of_rows_may_be_unknown_but_is_even():
    layer, x = built(4), example((6, 4))
    call = tf.function(lambda x: layer(x, training=True), input_signature=[tf.TensorSpec((None, 4))])
    np.testing.assert_allclose(call(x), oracle(x, layer.gamma.numpy(), layer.beta.numpy()), atol=2e-5)
    with pytest.raises(tf.errors.InvalidArgumentError, match="an odd number of rows; give D both parts"):
        call(x[:5])


@pytest.mark.parametrize("shape, message", [
    ((5, 4), "wants n real and then n generated rows; received 5 rows; give D both parts, equally many, in one pass"),
    ((4, 3, 4), r"wants shape \(n, c\) or \(n, h, w, c\); received \(4, 3, 4\)")])
def test_wrong_input_is_told(shape, message):
    with pytest.raises(ValueError, match=message):
        CrossBatchNorm()(np.ones(shape, "float32"), training=True)


def test_two_replicas_give_what_one_gives():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)]), "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run([sys.executable, HERE / "cross_batch_norm_on_two_replicas.py"], env=environment,
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    for shape, case in json.loads(done.stdout.splitlines()[-1]).items():
        assert {"score", "slope", "norm/moving_mean", "gradient norm/gamma", "gradient first/kernel"} <= set(case)
        wrong = {key: error for key, error in case.items() if not error < 2e-5}
        assert not wrong, shape
