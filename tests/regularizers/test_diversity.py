"""Diversity against NumPy: its value, its gradient in closed form, and what it leaves alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.ops import correlations
from tfgan_improved.regularizers import Diversity


def columns(kernel, axis=-1):
    """One column of weights for each unit, in float64."""
    return np.moveaxis(np.asarray(kernel, "float64"), axis, -1).reshape(-1, kernel.shape[axis])


def by_hand(w, tau):
    """J with its half, and its gradient by the raw weights, from sums over pairs."""
    lengths = np.linalg.norm(w, axis=0)
    phi, value, by_phi = w / lengths, 0.0, np.zeros_like(w)
    for i in range(w.shape[1]):
        for j in range(w.shape[1]):
            omega = phi[:, i] @ phi[:, j]
            if i != j and abs(omega) >= tau:
                value += omega**2 / 2
                by_phi[:, i] += 2 * omega * phi[:, j]
    return value, (by_phi - phi * (phi * by_phi).sum(0)) / lengths


def value_and_gradient(regularizer, kernel):
    x = tf.constant(kernel)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = regularizer(x)
    return float(value), np.asarray(tape.gradient(value, x))


def test_the_matrix_of_the_specification():
    w = np.random.default_rng(0).normal(size=(9, 6))
    np.testing.assert_allclose(Diversity(tau=0.3)(w), 1.46539, rtol=4e-6)
    np.testing.assert_allclose(Diversity(tau=0.3)(w.astype("float32")), 1.46539, rtol=4e-6)
    np.testing.assert_allclose(Diversity(0.3, 0.25, leading=1.0)(w), 0.5 * 1.46539, rtol=4e-6)
    assert (Diversity().tau, Diversity().factor) == (0.5, 1.0)


@pytest.mark.parametrize("tau", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("shape, axis", [
    ((9, 6), -1), ((3, 3, 2, 7), -1), ((4, 4, 5, 3), -2), ((6, 4), 0), ((2, 9), -1)])
def test_value_and_gradient_are_those_of_the_formula(shape, axis, tau):
    kernel = np.random.default_rng(1).normal(size=shape) * np.geomspace(1e-3, 30, shape[axis]).reshape(
        [-1 if index == axis % len(shape) else 1 for index in range(len(shape))])
    want, by_column = by_hand(columns(kernel, axis), tau)
    value, gradient = value_and_gradient(Diversity(tau, 3.0, output_axis=axis, epsilon=1e-30), kernel)
    np.testing.assert_allclose(value, 3 * want, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(columns(gradient, axis), 3 * by_column, rtol=1e-7, atol=1e-9)


def test_equal_and_opposite_units_count_fully():
    """Rounding may put their cosine above 1: they count all the same."""
    unit = np.random.default_rng(2).normal(size=(50, 1)).astype("float32")
    np.testing.assert_allclose(Diversity(1.0 - 1e-6)(np.hstack([unit, 7 * unit, -3 * unit])), 3.0, rtol=1e-5)


def test_orthogonal_units_one_unit_and_units_of_zeros_cost_nothing():
    q, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 4)))
    np.testing.assert_allclose(Diversity(0.0)(q * [1.0, 2.0, 3.0, 0.5]), 0.0, atol=1e-20)
    assert float(Diversity(0.0)(np.ones((5, 1), "float32"))) == 0.0
    value, gradient = value_and_gradient(Diversity(0.0), np.zeros((4, 3), "float32"))
    assert value == 0.0 and not gradient.any()


@pytest.mark.parametrize("units", [12, 22, 24])
def test_halves_of_the_products_give_the_whole(monkeypatch, units):
    monkeypatch.setattr(correlations, "SMALLEST", 3)
    kernel = np.random.default_rng(6).normal(size=(5, units))
    w = kernel / np.linalg.norm(kernel, axis=0)
    np.testing.assert_allclose(correlations.cosines(tf.constant(kernel)), w.T @ w, rtol=1e-9)
    want, by_column = by_hand(kernel, 0.4)
    value, gradient = value_and_gradient(Diversity(0.4), kernel)
    np.testing.assert_allclose(value, want, rtol=1e-9)
    np.testing.assert_allclose(gradient, by_column, rtol=1e-7, atol=1e-9)


def test_more_units_than_fit_at_once_give_the_same(monkeypatch):
    kernel = np.random.default_rng(3).normal(size=(5, 23)).astype("float32")
    whole = value_and_gradient(Diversity(0.4, 2.0), kernel)
    monkeypatch.setattr(correlations, "WHOLE", 8)
    monkeypatch.setattr(correlations, "BLOCK", 6)
    parts = value_and_gradient(Diversity(0.4, 2.0), kernel)
    np.testing.assert_allclose(parts[0], whole[0], rtol=1e-5)
    np.testing.assert_allclose(parts[1], whole[1], rtol=1e-4, atol=1e-5)
    compiled = tf.function(lambda x: value_and_gradient_of(Diversity(0.4, 2.0), x), jit_compile=True)
    np.testing.assert_allclose(compiled(tf.constant(kernel))[1], whole[1], rtol=1e-4, atol=1e-5)


def value_and_gradient_of(regularizer, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = regularizer(x)
    return value, tape.gradient(value, x)


def test_gradient_descent_brings_it_down():
    kernel = tf.Variable(np.random.default_rng(4).normal(size=(8, 6)).astype("float32"))
    first = float(Diversity(0.2)(kernel))
    for _ in range(200):
        with tf.GradientTape() as tape:
            value = Diversity(0.2)(kernel)
        kernel.assign_sub(0.1 * tape.gradient(value, kernel))
    assert float(value) < 0.2 * first


@pytest.mark.parametrize("layer, x", [
    (keras.layers.Dense(3, kernel_regularizer=Diversity(0.0)), (2, 4)),
    (keras.layers.Conv2D(3, 3, kernel_regularizer=Diversity(0.0)), (2, 4, 4, 2)),
    (keras.layers.Conv2DTranspose(3, 3, kernel_regularizer=Diversity(0.0, output_axis=-2)), (2, 4, 4, 2)),
    (keras.layers.Embedding(5, 3, embeddings_regularizer=Diversity(0.0, output_axis=0)), (2,))])
def test_in_any_layer(layer, x):
    layer(np.zeros(x, "float32"))
    kernel, axis = layer.trainable_variables[0], {"conv2d_transpose": -2, "embedding": 0}.get(
        layer.name.rstrip("_0123456789"), -1)
    np.testing.assert_allclose(layer.losses[0], by_hand(columns(kernel.numpy(), axis), 0.0)[0], rtol=1e-4)


def test_half_precision_is_computed_in_float32():
    kernel = tf.cast(np.random.default_rng(5).normal(size=(40, 30)), tf.bfloat16)
    value = Diversity(0.0)(kernel)
    assert value.dtype == tf.float32
    np.testing.assert_allclose(value, by_hand(np.asarray(tf.cast(kernel, tf.float64)), 0.0)[0], rtol=1e-4)


@pytest.mark.parametrize("settings", [{"tau": -0.1}, {"tau": 1.1}, {"factor": -1.0}, {"leading": -1.0},
                                      {"factor": float("nan")}])
def test_refuses_what_makes_no_sense(settings):
    with pytest.raises(ValueError, match="Diversity needs tau from 0 to 1, factor and leading of at least 0"):
        Diversity(**settings)
    with pytest.raises(ValueError, match=r"Diversity wants a kernel of rank 2 or more; received shape \(3,\); leave"):
        Diversity()(tf.ones(3))


@pytest.mark.parametrize("settings, told", [
    ({"tau": "a"}, "received tau='a'"), ({"epsilon": 0.0}, "epsilon above 0; received .*epsilon=0.0"),
    ({"factor": float("nan")}, "received .*factor=nan"),
    ({"output_axis": "x"}, "output_axis of Diversity must be a whole number; received 'x'")])
def test_settings_that_are_no_numbers_or_give_no_gradient_are_refused(settings, told):
    with pytest.raises(ValueError, match=told):
        Diversity(**settings)


def test_an_axis_that_the_kernel_lacks_is_refused():
    with pytest.raises(ValueError, match="must be a whole number from -2 to 1; received 4"):
        Diversity(output_axis=4)(np.ones((3, 2), "float32"))
