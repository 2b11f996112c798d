"""Penalties on D's slope where the slope is known: w of a linear D, a x of a quadratic one."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.ops import noise
from tfgan_improved.terms import DRAGAN, R1, R2, TERMS, GradientPenalty
from tfgan_improved.training.view import View

SEED = noise.root(3)


def flat(images):
    return np.asarray(images).reshape(len(images), -1).astype("float64")


def value_and_gradient(term, view):
    """The term, and its gradient by the weights of D's last layer."""
    weight = view.networks["d"].layers[-1].trainable_variables[0].value
    with tf.GradientTape() as tape, noise.scope(SEED):
        value = term(view)
    return float(value), np.asarray(tape.gradient(value, weight)).ravel()


def mixed(view):
    """The images between real and generated ones that the gradient penalty draws under SEED."""
    real, fake = view.images("real"), view.images("fake")
    with noise.scope(SEED):
        u = noise.uniform((real.shape[0], 1, 1, 1))
    assert np.unique(u).size == real.shape[0]  # one number for each pair
    return flat(real + u * (fake - real))


def test_r1_of_a_linear_d_is_half_gamma_times_its_squared_weights(make_view):
    view = make_view("linear")
    w = view.networks["d"].get_weights()[0].ravel()
    value, gradient = value_and_gradient(TERMS.make("r1:gamma=3"), view)
    np.testing.assert_allclose(value, 1.5 * np.sum(w**2), rtol=1e-5)
    np.testing.assert_allclose(gradient, 3 * w, rtol=1e-5)


def test_r1_of_a_quadratic_d_looks_at_real_images(make_view):
    view = make_view("quadratic")
    a, x = view.networks["d"].get_weights()[0], flat(view.real)
    value, gradient = value_and_gradient(TERMS.make("r1:gamma=3"), view)
    np.testing.assert_allclose(value, 1.5 * np.mean(np.sum((a * x) ** 2, axis=1)), rtol=1e-5)
    np.testing.assert_allclose(gradient, 3 * np.mean(a * x**2, axis=0), rtol=1e-4)


def test_gradient_penalty_of_a_linear_d_is_the_squared_distance_of_its_length_from_1(make_view):
    view = make_view("linear")
    w = view.networks["d"].get_weights()[0].ravel()
    length = np.linalg.norm(w)
    value, gradient = value_and_gradient(TERMS.make("gradient_penalty:weight=2"), view)
    np.testing.assert_allclose(value, 2 * (length - 1) ** 2, rtol=1e-4)
    np.testing.assert_allclose(gradient, 4 * (length - 1) * w / length, rtol=1e-4)


def test_gradient_penalty_of_a_quadratic_d_looks_between_real_and_generated_images(make_view):
    view = make_view("quadratic")
    a, y = view.networks["d"].get_weights()[0], mixed(view)
    slope = np.linalg.norm(a * y, axis=1)
    value, gradient = value_and_gradient(TERMS.make("gradient_penalty:weight=2"), view)
    np.testing.assert_allclose(value, 2 * np.mean((slope - 1) ** 2), rtol=1e-4)
    by_slope = 2 * (slope - 1) / slope / len(y)
    np.testing.assert_allclose(gradient, 2 * by_slope @ (a * y**2), rtol=1e-4)


def test_r2_of_a_quadratic_d_looks_at_generated_images(make_view):
    view = make_view("quadratic")
    a, y = view.networks["d"].get_weights()[0], flat(view.images("fake"))
    value, gradient = value_and_gradient(TERMS.make("r2:gamma=3"), view)
    np.testing.assert_allclose(value, 1.5 * np.mean(np.sum((a * y) ** 2, axis=1)), rtol=1e-5)
    np.testing.assert_allclose(gradient, 3 * np.mean(a * y**2, axis=0), rtol=1e-4)


def test_dragan_of_a_quadratic_d_looks_near_real_images(make_view):
    view = make_view("quadratic")
    a, x = view.networks["d"].get_weights()[0], np.asarray(view.real)
    with noise.scope(SEED):
        u, share = noise.uniform(x.shape), noise.uniform((len(x), 1, 1, 1))
    assert np.unique(u).size == x.size and np.unique(share).size == len(x)
    y = flat(x + share * 0.8 * x.std() * u)
    slope = np.linalg.norm(a * y, axis=1)
    value, gradient = value_and_gradient(TERMS.make("dragan:weight=2,slope=0.3,spread=0.8"), view)
    np.testing.assert_allclose(value, 2 * np.mean((slope - 0.3) ** 2), rtol=1e-4)
    by_slope = 2 * (slope - 0.3) / slope / len(y)
    np.testing.assert_allclose(gradient, 2 * by_slope @ (a * y**2), rtol=1e-4)


def test_dragan_takes_the_deviation_of_the_whole_batch_where_it_passes_in_parts(make_view):
    view = make_view("quadratic")
    view.seed, view.real = SEED, tf.concat([view.real[:3], 100.0 * view.real[3:]], axis=0)
    view.whole = view.real
    part = view.cut(2)[0]
    part.player = "d"
    with noise.scope(SEED):
        u, share = noise.uniform((3, 3, 2, 1)), noise.uniform((3, 1, 1, 1))
    y = flat(part.real + share * np.asarray(view.real).std() * u)
    slope = np.linalg.norm(view.networks["d"].get_weights()[0] * y, axis=1)
    value, _ = value_and_gradient(TERMS.make("dragan:weight=2,slope=0.3,spread=1"), part)
    np.testing.assert_allclose(value, 2 * np.mean((slope - 0.3) ** 2), rtol=1e-4)


@pytest.mark.parametrize("text", ["r2", "dragan", "gradient_penalty"])
def test_penalties_in_ds_turn_give_the_generator_nothing(make_view, text):
    view = make_view("quadratic")
    with tf.GradientTape() as tape:
        value = TERMS.make(text)(view)
    assert float(value) > 0 and tape.gradient(value, view.networks["g"].trainable_variables[0].value) is None


def test_gradient_penalty_takes_batches_of_unknown_size(make_view):
    view = make_view("linear")

    @tf.function(input_signature=[tf.TensorSpec((None, 3, 2, 1))])
    def value(real):
        part = View(view.networks, real, view.z[:tf.shape(real)[0]])
        part.player = "d"
        return TERMS.make("gradient_penalty")(part)

    length = np.linalg.norm(view.networks["d"].get_weights()[0])
    np.testing.assert_allclose(value(view.real[:4]), 10 * (length - 1) ** 2, rtol=1e-4)


@pytest.mark.parametrize("text", ["r1", "gradient_penalty"])
def test_a_conditional_d_is_asked_with_the_labels(text):
    image, labels = keras.Input((2,)), keras.Input((), dtype="int32")
    table = np.array([[1.0, 0.0], [3.0, 4.0]], "float32")
    rows = keras.layers.Embedding(2, 2, embeddings_initializer=keras.initializers.Constant(table))(labels)
    d = keras.Model([image, labels], {"logits": keras.layers.Dot(1)([image, rows])})  # the slope is the label's row
    g = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    view = View({"d": d, "g": g}, tf.ones((4, 2)), tf.ones((4, 2)), tf.constant([0, 1, 1, 1]))
    view.player = "d"
    want = {"r1": 5 * (1 + 3 * 25) / 4, "gradient_penalty": 10 * (0 + 3 * 16) / 4}[text]
    np.testing.assert_allclose(TERMS.make(text)(view), want, rtol=1e-5)


@pytest.mark.parametrize("text", ["r1:gamma=-1", "r2:gamma=-1", "gradient_penalty:weight=-0.1", "dragan:weight=-1"])
def test_negative_weights_are_refused(text):
    with pytest.raises(ValueError, match="must be at least 0; received -"):
        TERMS.make(text)


@pytest.mark.parametrize("make", [R1, R2, GradientPenalty, DRAGAN])
def test_weights_that_are_no_number_are_refused(make):
    with pytest.raises(ValueError, match="must be at least 0; received nan"):
        make(float("nan"))


def test_weight_zero_is_nothing(make_view):
    assert float(TERMS.make("r1:gamma=0")(make_view())) == 0
    assert float(TERMS.make("gradient_penalty:weight=0")(make_view())) == 0
