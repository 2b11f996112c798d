"""The supervised half of semi-supervised learning, against NumPy and the softmax over K + 1 classes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.terms import Classification
from tfgan_improved.training.view import View

CLASSES, ROWS, LABELED = 3, 6, 5
RANDOM = np.random.default_rng(0)
REAL, FEW = (RANDOM.normal(size=(rows, 2)).astype("float32") for rows in (ROWS, LABELED))
LABELS, FEW_LABELS = np.array([2, 0, 1, 1, 0, 2], "int32"), np.array([0, 2, 1, 1, 0], "int32")


def view(units=CLASSES, classes=True, joint=()):
    """A view on points whose D has linear class logits."""
    keras.utils.set_random_seed(1)
    x, z = keras.Input((2,)), keras.Input((4,))
    start = keras.initializers.RandomNormal(stddev=2.0)
    logits = keras.layers.Dense(units, kernel_initializer=start, name="classes")(x)
    outputs = {"logits": keras.layers.Dense(1)(x), "features": x} | ({"classes": logits} if classes else {})
    made = View({"d": keras.Model(x, outputs), "g": keras.Model(z, keras.layers.Dense(2)(z))}, tf.constant(REAL),
                tf.ones((ROWS, 4)), tf.constant(LABELS), (tf.constant(FEW), tf.constant(FEW_LABELS)), joint=joint)
    made.player = "d"
    return made


@pytest.mark.parametrize("joint", [(), ("labeled", "real", "fake"), {"d": ("labeled", "fake"), "g": ("real", "fake")}])
@pytest.mark.parametrize("part, x, y", [("labeled", FEW, FEW_LABELS), ("real", REAL, LABELS)])
@pytest.mark.parametrize("units", [CLASSES, CLASSES + 1])  # as class_logits and explicit_classes give them
def test_it_is_the_cross_entropy_of_the_labels(units, part, x, y, joint):
    seen = view(units, joint=joint)
    variables = seen.networks["d"].get_layer("classes").trainable_variables
    w, b = (np.asarray(variable).astype("float64") for variable in variables)
    raw = x @ w + b
    p = np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)
    with tf.GradientTape() as tape:
        value = Classification(weight=2.0, part=part)(seen)
    want = 2 * np.mean(-raw[np.arange(len(y)), y] + np.log(np.exp(raw).sum(axis=1)))
    np.testing.assert_allclose(value, want, rtol=1e-5)
    assert value.dtype == tf.float32 and value.shape == ()
    slope = 2 * (p - np.eye(units)[y]) / len(y)
    by_kernel, by_bias = tape.gradient(value, [variable.value for variable in variables])
    np.testing.assert_allclose(by_kernel, x.T @ slope, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(by_bias, slope.sum(axis=0), rtol=1e-4, atol=1e-6)


def test_it_is_the_papers_probability_given_that_the_image_is_real():
    seen = view()
    raw = seen.networks["d"](FEW)["classes"].numpy().astype("float64")
    raw = np.pad(raw, ((0, 0), (0, 1)))  # K + 1 logits, of which the last is 0
    p = np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)
    given_real = p[:, :-1] / (1 - p[:, -1:])
    want = -np.mean(np.log(given_real[np.arange(LABELED), FEW_LABELS]))
    np.testing.assert_allclose(Classification()(seen), want, rtol=1e-5)


def test_generated_images_play_no_part():
    seen = view()
    with tf.GradientTape() as tape:
        value = Classification()(seen)
    assert tape.gradient(value, seen.networks["g"].trainable_variables[0].value) is None


def test_it_says_what_it_needs():
    assert Classification().reads == ("classes",) and Classification().parts == ("labeled",)
    assert Classification(part="real").parts == ("real",)
    with pytest.raises(ValueError, match="classification needs a D with class logits, and labels; choose --d_verdict"):
        Classification()(view(classes=False))
    seen = view()
    seen.labels = seen.labeled = None
    with pytest.raises(ValueError, match="classification needs a D with class logits, and labels; .* data with labels"):
        Classification(part="real")(seen)
    with pytest.raises(ValueError, match="there are no labeled images beside the others in this turn; give data as"):
        Classification()(seen)


@pytest.mark.parametrize("settings", [{"weight": -1.0}, {"part": "fake"}, {"part": "label"}])
def test_senseless_settings_are_refused(settings):
    with pytest.raises(ValueError, match="classification needs a finite weight >= 0 and part=labeled or real; rec"):
        Classification(**settings)
