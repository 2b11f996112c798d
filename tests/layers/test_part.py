"""Part: which numbers of a row it takes, its gradient, and rows that are too short."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import Part


@pytest.mark.parametrize("rows", [1, 3])
def test_it_takes_its_numbers_in_order(rows):
    x = np.arange(rows * 20, dtype="float32").reshape(rows, 20)
    np.testing.assert_array_equal(Part(3, (2, 2, 3))(x), x[:, 3:15].reshape(rows, 2, 2, 3))
    np.testing.assert_array_equal(Part(0, (20,))(x), x)
    np.testing.assert_array_equal(Part(19, (1,))(x), x[:, 19:])


def test_the_gradient_reaches_only_them():
    x, weights = tf.ones((2, 7)), np.random.default_rng(0).normal(size=(2, 2, 2)).astype("float32")
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(Part(2, (2, 2))(x) * weights)
    np.testing.assert_array_equal(tape.gradient(total, x), np.pad(weights.reshape(2, 4), ((0, 0), (2, 1))))


def test_it_is_the_same_when_saved_and_compiled(tmp_path):
    inputs, x = keras.Input((7,)), np.random.default_rng(0).normal(size=(2, 7)).astype("float32")
    model = keras.Model(inputs, Part(2, (2, 2))(inputs))
    assert model.output_shape == (None, 2, 2)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(x), model(x))
    np.testing.assert_array_equal(tf.function(model, jit_compile=True)(x), model(x))


@pytest.mark.parametrize("first, shape, received, message", [
    (3, (2, 2), (5, 6), r"rows of at least 7 numbers, shape \(n, m\); received shape \(5, 6\)"),
    (0, (2,), (5, 6, 1), r"received shape \(5, 6, 1\)"), (-1, (2,), (5, 6), r"first >= 0 .*; received -1, \(2,\)"),
    (0, (2, 0), (5, 6), r"a tuple of whole sizes >= 1; received 0, \(2, 0\)"), (0, 2, (5, 6), "received 0, 2"),
    (1.5, (2,), (5, 6), "received 1.5,")])
def test_wrong_input_is_told(first, shape, received, message):
    with pytest.raises(ValueError, match=message):
        Part(first, shape)(np.zeros(received, "float32"))
