"""Constraints against NumPy, on dense, convolution and transposed kernels by output channel."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.constraints import CONSTRAINTS, OrthogonalProjection, SpectralProjection, UnitNorm, WeightClipping

KERNELS = {"wide": ((4, 9), -1), "tall": ((11, 5), -1), "conv": ((3, 3, 2, 7), -1), "transposed": ((4, 4, 3, 5), -2),
           "one unit": ((8, 1), -1), "embedding": ((6, 4), 0)}


@pytest.fixture(params=KERNELS)
def kernel(request):
    """(values, axis of units)."""
    shape, axis = KERNELS[request.param]
    return np.random.default_rng(0).normal(size=shape).astype("float32"), axis


def columns(kernel, axis):
    return np.moveaxis(np.asarray(kernel, "float64"), axis, -1).reshape(-1, kernel.shape[axis])


@pytest.mark.parametrize("name", list(CONSTRAINTS))
@pytest.mark.parametrize("kind", ["bfloat16", "float16"])
def test_half_precision_kernels_are_projected_in_float32(name, kind):
    values = tf.cast(tf.constant(np.random.default_rng(0).normal(size=(6, 4)).astype("float32")), kind)
    got, want = CONSTRAINTS.make(name)(values), CONSTRAINTS.make(name)(tf.cast(values, "float32"))
    assert got.dtype == values.dtype
    np.testing.assert_allclose(tf.cast(got, "float32"), want, rtol=1e-2, atol=1e-3)


def test_an_output_axis_that_is_no_number_or_that_the_kernel_lacks_is_refused():
    with pytest.raises(ValueError, match="output_axis of UnitNorm must be a whole number; received 'x'"):
        UnitNorm(1.0, "x")
    with pytest.raises(ValueError, match="must be a whole number from -2 to 1; received 5"):
        UnitNorm(1.0, 5)(np.ones((3, 2), "float32"))


def test_clipping(kernel):
    values, axis = kernel
    got = WeightClipping(0.5, output_axis=axis)(values)
    np.testing.assert_array_equal(got, np.clip(values, -0.5, 0.5))
    assert np.abs(WeightClipping()(values)).max() == np.float32(0.01)


def test_units_have_the_length(kernel):
    values, axis = kernel
    got, w = columns(UnitNorm(2.0, axis)(values), axis), columns(values, axis)
    np.testing.assert_allclose(got, 2 * w / np.linalg.norm(w, axis=0), rtol=1e-5, atol=1e-7)


def test_units_of_zeros_and_tiny_ones():
    w = np.array([[0.0, 3e-30, 3e20], [0.0, 4e-30, -4e20]], "float32")
    np.testing.assert_allclose(UnitNorm()(w), [[0.0, 0.6, 0.6], [0.0, 0.8, -0.8]], rtol=1e-5)


@pytest.mark.parametrize("limit", [0.7, 2.5, 100.0])
def test_singular_values_are_cut(kernel, limit):
    values, axis = kernel
    got, w = SpectralProjection(limit, axis)(values), columns(values, axis)
    u, s, v = np.linalg.svd(w, full_matrices=False)
    np.testing.assert_allclose(columns(got, axis), (u * np.minimum(s, limit)) @ v, atol=1e-5)
    assert np.linalg.svd(columns(got, axis), compute_uv=False)[0] <= limit * (1 + 1e-5)
    if s[0] <= limit:
        np.testing.assert_array_equal(got, values)


def test_singular_values_become_1(kernel):
    values, axis = kernel
    got, w = columns(OrthogonalProjection(axis)(values), axis), columns(values, axis)
    u, _, v = np.linalg.svd(w, full_matrices=False)
    np.testing.assert_allclose(got, u @ v, atol=1e-5)
    gram = got.T @ got if w.shape[0] >= w.shape[1] else got @ got.T
    np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-5)


@pytest.mark.parametrize("name", list(CONSTRAINTS))
def test_twice_is_once(kernel, name):
    values, axis = kernel
    constraint = CONSTRAINTS.make(name, output_axis=axis)
    once = constraint(values)
    assert once.shape == values.shape
    np.testing.assert_allclose(constraint(once), once, atol=2e-6)


@pytest.mark.parametrize("name", list(CONSTRAINTS))
def test_compiled_it_is_the_same(name):
    values, constraint = np.random.default_rng(0).normal(size=(5, 3)).astype("float32"), CONSTRAINTS.make(name)
    compiled = tf.function(constraint, jit_compile=True)(tf.constant(values))
    np.testing.assert_allclose(compiled, constraint(values), atol=1e-4)


@pytest.mark.parametrize("name", list(CONSTRAINTS))
def test_in_a_layer_it_holds_behind_each_update_and_is_saved(name, tmp_path):
    """By Keras's own optimizer, in its own `fit`."""
    constraint = CONSTRAINTS.make(name, output_axis=-2)
    model = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Conv2DTranspose(
        5, 4, strides=2, kernel_constraint=constraint)])
    model.compile("sgd", "mse")
    model.fit(np.ones((2, 4, 4, 3), "float32"), np.ones((2, 10, 10, 5), "float32"), verbose=0)
    kernel = model.layers[0].kernel.numpy()
    np.testing.assert_allclose(constraint(kernel), kernel, atol=1e-6)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras").layers[0].kernel_constraint
    assert type(again) is type(constraint) and again.get_config() == constraint.get_config()


@pytest.mark.parametrize("make, told", [
    (lambda: WeightClipping(0.0), "limit of WeightClipping must be above 0; received 0.0"),
    (lambda: UnitNorm(-1.0), "length of UnitNorm must be above 0; received -1.0"),
    (lambda: SpectralProjection(float("nan")), "limit of SpectralProjection must be above 0; received nan"),
    (lambda: OrthogonalProjection()(tf.ones(3)), r"OrthogonalProjection wants a kernel of rank 2 or more; received")])
def test_refuses_what_makes_no_sense(make, told):
    with pytest.raises(ValueError, match=told):
        make()
