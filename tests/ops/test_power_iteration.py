"""Power iteration against an SVD, and kernels seen as matrices."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.ops import kernel_matrix, power_iteration


def test_sigma_tends_to_the_largest_singular_value_from_below():
    w = np.random.default_rng(0).normal(size=(9, 6)).astype("float32")
    largest, u = np.linalg.svd(w, compute_uv=False)[0], tf.ones(6)
    few, _ = power_iteration.spectral_norm(tf.constant(w), u, 1)
    many, u = power_iteration.spectral_norm(tf.constant(w), u, 100)
    assert few <= many * (1 + 1e-6)
    np.testing.assert_allclose(many, largest, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(u), 1, rtol=1e-5)


def test_the_gradient_is_the_outer_product_of_the_singular_vectors():
    w = tf.constant(np.random.default_rng(1).normal(size=(5, 4)).astype("float32"))
    with tf.GradientTape() as tape:
        tape.watch(w)
        sigma, _ = power_iteration.spectral_norm(w, tf.ones(4), 200)
    left, _, right = np.linalg.svd(w)
    np.testing.assert_allclose(tape.gradient(sigma, w), np.outer(left[:, 0], right[0]), atol=1e-4)


def test_a_matrix_of_zeros_has_norm_zero():
    sigma, u = power_iteration.spectral_norm(tf.zeros((3, 2)), tf.ones(2))
    assert float(sigma) == 0
    np.testing.assert_array_equal(u, [1.0, 1.0])  # kept, or the next matrix would have norm zero as well
    sigma, _ = power_iteration.spectral_norm(tf.constant(np.diag([3.0, 1.0]).astype("float32")), u, 30)
    np.testing.assert_allclose(sigma, 3.0, rtol=1e-5)


@pytest.mark.parametrize("axis", [2, -3, 5, "x", 0.5])
def test_an_axis_that_the_kernel_lacks_is_refused(axis):
    told = r"axis of outputs of a kernel of shape \(3, 2\) must be a whole number from -2 to 1; received"
    with pytest.raises(ValueError, match=told):
        kernel_matrix.of(np.zeros((3, 2)), axis)
    with pytest.raises(ValueError, match=told):
        kernel_matrix.back(np.zeros((3, 2)), (3, 2), axis)


def test_kernels_become_matrices_of_inputs_by_units():
    kernel = np.arange(2 * 2 * 3 * 4, dtype="float32").reshape(2, 2, 3, 4)
    np.testing.assert_array_equal(kernel_matrix.of(kernel), kernel.reshape(-1, 4))
    transposed = np.asarray(kernel_matrix.of(kernel, -2))
    np.testing.assert_array_equal(transposed, np.moveaxis(kernel, 2, -1).reshape(-1, 3))
