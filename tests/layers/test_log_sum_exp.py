"""The logit of class logits, against NumPy in float64."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import LogSumExp

LOGITS = np.random.default_rng(0).normal(scale=3.0, size=(7, 5)).astype("float32")


def by_hand(raw, against_last):
    raw = raw.astype("float64")
    summed = raw[:, :-1] if against_last else raw
    return np.log(np.exp(summed).sum(axis=1, keepdims=True)) - (raw[:, -1:] if against_last else 0)


@pytest.mark.parametrize("against_last", [False, True])
def test_value_and_gradient(against_last):
    x, layer = tf.constant(LOGITS), LogSumExp(against_last=against_last)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    assert y.shape == (7, 1)
    np.testing.assert_allclose(y, by_hand(LOGITS, against_last), rtol=1e-5)
    powers = np.exp(LOGITS.astype("float64"))
    if against_last:
        want = powers / powers[:, :-1].sum(axis=1, keepdims=True)
        want[:, -1] = -1
    else:
        want = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(tape.gradient(y, x), want, rtol=1e-4)


@pytest.mark.parametrize("against_last", [False, True])
@pytest.mark.parametrize("far", [1e4, -1e4])
def test_far_logits_stay_finite(against_last, far):
    x = tf.constant(LOGITS + far)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = LogSumExp(against_last=against_last)(x)
    np.testing.assert_allclose(y, by_hand(LOGITS, against_last) + (0 if against_last else far), atol=2e-3)
    assert np.isfinite(tape.gradient(y, x)).all()


@pytest.mark.parametrize("against_last", [False, True])
def test_it_is_saved(against_last, tmp_path):
    x = keras.Input((5,))
    model = keras.Model(x, LogSumExp(against_last=against_last)(x))
    model.save(tmp_path / "model.keras")
    assert model.output_shape == (None, 1)
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(LOGITS), model(LOGITS))
