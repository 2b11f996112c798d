"""Dropout: how much it drops, when, and of what its mask is a function."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import Dropout
from tfgan_improved.ops import noise


def dropped(layer, x, seed=0, training=True):
    with noise.scope(noise.root(seed)):
        return layer(x, training=training)


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(4001, 25), (51, 9, 11, 3), (5003,)])
def test_a_share_is_dropped_and_the_rest_makes_up_for_it(rate, shape):
    x = np.random.default_rng(0).uniform(1, 2, shape).astype("float32")
    y = dropped(Dropout(rate), x).numpy()
    kept, bound = y != 0, 5 * (rate * (1 - rate) / x.size) ** 0.5
    assert abs(kept.mean() - (1 - rate)) < bound
    np.testing.assert_allclose(y[kept], x[kept] / (1 - rate), rtol=1e-6)


def test_the_mask_is_a_function_of_the_seed_and_the_call():
    x, layer = tf.ones((40, 30)), Dropout(0.5)
    first, again, other = (dropped(layer, x, seed).numpy() for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert abs((first != other).mean() - 0.5) < 0.08
    with noise.scope(noise.root(0)):
        assert len({layer(x, training=True).numpy().tobytes() for _ in range(3)}) == 3
    assert (layer(x, training=True).numpy() != layer(x, training=True).numpy()).any()  # outside of any step


def test_outside_training_and_without_a_rate_it_is_nothing():
    x = np.ones((3, 2), "float32")
    for y in (dropped(Dropout(0.5), x, training=False), Dropout(0.5)(x), dropped(Dropout(0.0), x)):
        np.testing.assert_array_equal(y, x)


def test_gradients_pass_where_values_do():
    x = tf.constant(np.random.default_rng(0).normal(size=(20, 3)).astype("float32"))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = dropped(Dropout(0.2), x)
        total = tf.reduce_sum(3.0 * y)
    np.testing.assert_allclose(tape.gradient(total, x), 3.0 / 0.8 * (y.numpy() != 0), rtol=1e-6)


@pytest.mark.parametrize("jit", [False, True])
def test_a_traced_step_repeats_with_its_seed(jit):
    layer = Dropout(0.5)
    step = tf.function(lambda run, x: dropped(layer, x, run), jit_compile=jit)
    x = tf.ones((50, 40))
    first, again, other = (step(tf.constant(run), x).numpy() for run in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any() and abs((first != 0).mean() - 0.5) < 0.06
    if not jit:  # XLA makes its floats of other bits
        np.testing.assert_array_equal(first, dropped(layer, x, 3))


@pytest.mark.parametrize("unknown", [(None, 4), (None, None, 2), (3, None)])
def test_shapes_may_be_known_only_when_it_runs(unknown):
    layer = Dropout(0.5)
    step = tf.function(lambda x: dropped(layer, x), input_signature=[tf.TensorSpec(unknown)])
    x = tf.ones([30 if size is None else size for size in unknown])
    np.testing.assert_array_equal(step(x), dropped(layer, x))


def test_in_mixed_precision_the_mask_is_the_same():
    x = tf.ones((201, 5))
    half, full = dropped(Dropout(0.5, dtype="mixed_bfloat16"), x), dropped(Dropout(0.5), x)
    assert half.dtype == tf.bfloat16
    np.testing.assert_array_equal(tf.cast(half, tf.float32), full)


def test_it_is_saved_and_cloned_with_its_rate(tmp_path):
    x = keras.Input((3,))
    model = keras.Model(x, Dropout(0.25, name="dropout")(x))
    model.save(tmp_path / "model.keras")
    for again in (keras.models.load_model(tmp_path / "model.keras"), keras.models.clone_model(model)):
        assert again.get_layer("dropout").rate == 0.25


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5, "a", None])
def test_a_rate_out_of_range_is_refused(rate):
    with pytest.raises(ValueError, match=f"rate of Dropout must be from 0 to below 1; received {rate!r}"):
        Dropout(rate)


def test_whole_channels_drop_together():
    x, layer = tf.ones((30, 5, 4, 40)), Dropout(0.3, channels=True)
    y = dropped(layer, x).numpy()
    flat = y.reshape(30, 20, 40)
    assert (flat == flat[:, :1]).all() and abs((flat[:, 0] == 0).mean() - 0.3) < 5 * (0.21 / 1200) ** 0.5
    assert (y[0, 0, 0] != y[1, 0, 0]).any()
    again = Dropout.from_config(layer.get_config())
    assert again.channels and (dropped(again, tf.ones((9, 8))).numpy() != 0).any()
