"""Orthonormal against NumPy, and its properties."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.regularizers import Orthonormal


@pytest.mark.parametrize("size", ["frobenius", "absolute"])
@pytest.mark.parametrize("shape, axis", [((5, 3), -1), ((3, 3, 4, 6), -1), ((4, 4, 3, 6), -2), ((2, 7), -1)])
def test_value_and_gradient_match_numpy(shape, axis, size):
    kernel = 0.3 * np.random.default_rng(0).normal(size=shape)
    w = np.moveaxis(kernel, axis, -1).reshape(-1, shape[axis])
    off = w.T @ w - np.eye(shape[axis])
    value, slope = {"frobenius": ((off**2).sum(), 4 * w @ off),
                    "absolute": (np.abs(off).sum(), 2 * w @ np.sign(off))}[size]
    x = tf.constant(kernel)
    with tf.GradientTape() as tape:
        tape.watch(x)
        got = Orthonormal(0.5, axis, size)(x)
    np.testing.assert_allclose(got, 0.5 * value, rtol=1e-9)
    gradient = np.moveaxis(tape.gradient(got, x).numpy(), axis, -1).reshape(-1, shape[axis])
    np.testing.assert_allclose(gradient, 0.5 * slope, rtol=1e-9)


def test_orthonormal_units_cost_nothing_and_their_length_counts():
    q, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 4)))
    np.testing.assert_allclose(Orthonormal(1.0)(q), 0.0, atol=1e-20)
    np.testing.assert_allclose(Orthonormal(1.0)(2 * q), 4 * 9.0, rtol=1e-9)
    np.testing.assert_allclose(Orthonormal(1.0, size="absolute")(2 * q), 4 * 3.0, rtol=1e-9)


def test_refuses_what_makes_no_sense():
    with pytest.raises(ValueError, match="factor of Orthonormal must be at least 0; received -1"):
        Orthonormal(-1.0)
    with pytest.raises(ValueError, match="size of Orthonormal must be frobenius or absolute; received 'l1'"):
        Orthonormal(size="l1")
    with pytest.raises(ValueError, match=r"rank 2 or more; received shape \(3,\)"):
        Orthonormal()(tf.ones(3))
