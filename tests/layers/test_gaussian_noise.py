"""Gaussian noise: what it adds, when, and of what it is a function."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import GaussianNoise
from tfgan_improved.ops import noise


def noisy(layer, x, seed=0, training=True):
    with noise.scope(noise.root(seed)):
        return layer(x, training=training)


@pytest.mark.parametrize("shape", [(4001, 25), (51, 9, 11, 3), (5003,)])
def test_what_is_added_is_normal_with_that_deviation(shape):
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    added = (noisy(GaussianNoise(0.3), x) - x).numpy().astype("float64")
    bound = 5 / added.size**0.5
    assert added.shape == shape
    assert abs(added.mean()) < 0.3 * bound and abs(added.std() / 0.3 - 1) < bound
    assert abs(np.mean((added / 0.3) ** 4) - 3) < 15 * bound


def test_it_is_a_function_of_the_seed_and_the_call():
    x, layer = tf.zeros((7, 3)), GaussianNoise(1.0)
    first, again, other = (noisy(layer, x, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first.numpy() != other.numpy()).all()
    with noise.scope(noise.root(0)):
        calls = [GaussianNoise(1.0)(x, training=True), layer(x, training=True), layer(x, training=True)]
    np.testing.assert_array_equal(calls[0], first)
    assert len({call.numpy().tobytes() for call in calls}) == 3  # two layers, or two calls of one, share nothing
    assert (layer(x, training=True).numpy() != layer(x, training=True).numpy()).all()  # outside of any step


def test_outside_training_and_without_a_deviation_it_is_nothing():
    x = np.ones((3, 2), "float32")
    for y in (noisy(GaussianNoise(0.5), x, training=False), GaussianNoise(0.5)(x), noisy(GaussianNoise(0.0), x)):
        np.testing.assert_array_equal(y, x)


def test_gradients_pass_unchanged():
    x = tf.constant(np.random.default_rng(0).normal(size=(5, 3)).astype("float32"))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = noisy(GaussianNoise(0.5), x)
        total = tf.reduce_sum(y**2) / 2
    np.testing.assert_array_equal(tape.gradient(total, x), y)


@pytest.mark.parametrize("jit", [False, True])
def test_each_traced_step_draws_what_the_eager_one_draws_from_its_seed(jit):
    layer = GaussianNoise(0.5)
    step = tf.function(lambda run, x: noisy(layer, x, run), jit_compile=jit)
    x = tf.zeros((9, 4))
    first, again, other = (step(tf.constant(run), x).numpy() for run in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.99
    if not jit:  # XLA makes its floats of other bits
        np.testing.assert_allclose(first, noisy(layer, x, 3), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("unknown", [(None, 4), (None, None, 2), (3, None)])
def test_shapes_may_be_known_only_when_it_runs(unknown):
    layer = GaussianNoise(1.0)
    step = tf.function(lambda x: noisy(layer, x), input_signature=[tf.TensorSpec(unknown)])
    x = tf.zeros([3 if size is None else size for size in unknown])
    np.testing.assert_allclose(step(x), noisy(layer, x), rtol=1e-5, atol=1e-6)


def test_in_mixed_precision_the_noise_is_drawn_in_float32():
    x = tf.zeros((2001, 5))
    half, full = noisy(GaussianNoise(0.5, dtype="mixed_bfloat16"), x), noisy(GaussianNoise(0.5), x)
    assert half.dtype == tf.bfloat16
    np.testing.assert_array_equal(half, tf.cast(full, tf.bfloat16))


def test_it_is_saved_and_cloned_with_its_deviation(tmp_path):
    x = keras.Input((3,))
    model = keras.Model(x, GaussianNoise(0.25, name="noise")(x))
    model.save(tmp_path / "model.keras")
    for again in (keras.models.load_model(tmp_path / "model.keras"), keras.models.clone_model(model)):
        assert again.get_layer("noise").deviation == 0.25


@pytest.mark.parametrize("deviation", [-0.1, float("nan"), float("inf"), "a"])
def test_a_negative_or_undefined_deviation_is_refused(deviation):
    with pytest.raises(ValueError, match=f"GaussianNoise must be a finite number, at least 0; received {deviation!r}"):
        GaussianNoise(deviation)
