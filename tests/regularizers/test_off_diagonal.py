"""OffDiagonal against NumPy, and its properties."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.regularizers import OffDiagonal


@pytest.mark.parametrize("shape", [(5, 3), (3, 3, 4, 6), (3, 4), (3, 6), (2, 11)])
def test_matches_numpy(shape):
    kernel = np.random.default_rng(0).normal(size=shape).astype("float32")
    w = kernel.reshape(-1, shape[-1]).astype("float64")
    gram = w.T @ w
    want = 0.5 * sum(gram[i, j] ** 2 for i in range(shape[-1]) for j in range(shape[-1]) if i != j)
    np.testing.assert_allclose(OffDiagonal(0.5)(kernel), want, rtol=1e-5)


def test_units_of_a_transposed_convolution():
    kernel = np.random.default_rng(0).normal(size=(4, 4, 3, 6)).astype("float32")  # 3 units
    other = OffDiagonal()(kernel.transpose(0, 1, 3, 2))
    np.testing.assert_allclose(OffDiagonal(output_axis=-2)(kernel), other, rtol=1e-5)


def test_rounding_puts_no_penalty_below_0():
    """One unit among units of zeros: the difference of two numbers that are equal but for rounding."""
    found, w = [], np.zeros((12, 32), "float32")
    for seed in range(20):
        w[:, 0] = np.random.default_rng(seed).normal(size=12)
        found.append(float(OffDiagonal(1.0)(w)))
    assert min(found) >= 0.0 and max(found) < 1e-2


def test_orthogonal_units_of_any_length_cost_nothing():
    q, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 4)))
    np.testing.assert_allclose(OffDiagonal(1.0)((q * [1.0, 2.0, 3.0, 0.5]).astype("float32")), 0.0, atol=1e-9)


@pytest.mark.parametrize("shape", [(5, 3), (2, 11)])
def test_gradient_is_the_derived_one(shape):
    """4 beta W (W'W less its diagonal), as derived in the specification."""
    w = np.random.default_rng(0).normal(size=shape)
    x = tf.constant(w)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = OffDiagonal(0.25)(x)
    gram = w.T @ w
    np.testing.assert_allclose(tape.gradient(value, x), w @ (gram - np.diag(np.diag(gram))), rtol=1e-9)


def test_the_released_codes_form_is_the_gradient_that_it_adds():
    """2 beta W (W'W less its diagonal), half of the equation's."""
    w = np.random.default_rng(0).normal(size=(5, 3))
    x = tf.constant(w)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = OffDiagonal(0.25, form="code")(x)
    gram = w.T @ w
    np.testing.assert_allclose(tape.gradient(value, x), 0.5 * w @ (gram - np.diag(np.diag(gram))), rtol=1e-9)


def test_in_a_layer_and_back_from_its_config():
    layer = keras.layers.Dense(3, kernel_regularizer=OffDiagonal(0.5))
    layer.build((None, 4))
    np.testing.assert_allclose(layer.losses[0], OffDiagonal(0.5)(layer.kernel.value), rtol=1e-6)


def test_refuses_what_makes_no_sense():
    with pytest.raises(ValueError, match="beta of OffDiagonal must be at least 0; received -1"):
        OffDiagonal(-1.0)
    with pytest.raises(ValueError, match="form of OffDiagonal must be equation or code; received 'paper'"):
        OffDiagonal(form="paper")
    with pytest.raises(ValueError, match=r"rank 2 or more; received shape \(3,\)"):
        OffDiagonal()(tf.ones(3))
