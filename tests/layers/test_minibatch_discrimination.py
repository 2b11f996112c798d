"""MinibatchDiscrimination against its formula in NumPy, and its properties."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import MinibatchDiscrimination


def test_matches_its_formula():
    x = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
    layer = MinibatchDiscrimination(kernels=4, dims=2)
    got, m = np.asarray(layer(x)), (x @ np.asarray(layer.T)).reshape(6, 4, 2)
    want = [[sum(np.exp(-np.abs(m[i, b] - m[j, b]).sum()) for j in range(6) if j != i)
             for b in range(4)] for i in range(6)]
    np.testing.assert_array_equal(got[:, :3], x)
    np.testing.assert_allclose(got[:, 3:], want, rtol=1e-4)


def test_equal_samples_are_fully_close_and_one_alone_is_not():
    layer = MinibatchDiscrimination(kernels=4, dims=2)
    np.testing.assert_allclose(layer(np.ones((5, 3), "float32"))[:, 3:], 4.0, rtol=1e-5)
    np.testing.assert_allclose(layer(np.ones((1, 3), "float32"))[:, 3:], 0.0, atol=1e-6)


def test_permuting_the_batch_permutes_the_output():
    x = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
    layer, order = MinibatchDiscrimination(), np.array([3, 1, 5, 0, 2, 4])
    np.testing.assert_allclose(layer(x[order]), np.asarray(layer(x))[order], rtol=1e-5, atol=1e-6)


def test_gradients_are_finite_where_rows_are_equal():
    layer, x = MinibatchDiscrimination(kernels=3, dims=2), tf.ones((4, 3))
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(layer(x))
    for gradient in tape.gradient(total, [x, layer.T.value]):
        assert np.isfinite(gradient).all()


def test_mixed_precision_measures_distances_in_float32():
    """300 equal rows have closeness 299, which bfloat16 sums would not reach."""
    y = MinibatchDiscrimination(kernels=2, dims=2, dtype="mixed_bfloat16")(np.ones((300, 3), "float32"))
    assert y.dtype == tf.bfloat16
    np.testing.assert_allclose(tf.cast(y, tf.float32)[:, 3:], 299.0, rtol=5e-3)


def test_refuses_other_ranks_and_sizes():
    with pytest.raises(ValueError, match=r"wants rank 2, \(n, f\); received shape \(2, 3, 4\); flatten first"):
        MinibatchDiscrimination()(np.ones((2, 3, 4), "float32"))
    with pytest.raises(ValueError, match="must be at least 1; received 0, 5"):
        MinibatchDiscrimination(kernels=0)
