"""Orthonormal kernels in any precision."""

import keras
import numpy as np
import pytest

from tfgan_improved.layers import Orthogonal


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("shape", [(3, 3, 4, 8), (4, 12)])
def test_half_precision_rounds_float32(dtype, shape):
    kernel, full = (Orthogonal(gain=2.0, seed=1)(shape, each) for each in (dtype, "float32"))
    assert keras.backend.standardize_dtype(kernel.dtype) == dtype
    np.testing.assert_array_equal(kernel, keras.ops.cast(full, dtype))
    matrix = np.asarray(full).reshape(-1, shape[-1])
    matrix = matrix.T if matrix.shape[0] < matrix.shape[1] else matrix
    np.testing.assert_allclose(matrix.T @ matrix, 4 * np.eye(min(matrix.shape)), atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64", None])
def test_otherwise_it_is_keras_own(dtype):
    ours, theirs = (kind(seed=1)((5, 7), dtype) for kind in (Orthogonal, keras.initializers.Orthogonal))
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


def test_it_is_restored(tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, kernel_initializer=Orthogonal(gain=0.5))])
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras").layers[0].kernel_initializer
    assert isinstance(again, Orthogonal) and again.gain == 0.5
