"""Feature matching against NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.networks import with_layers
from tfgan_improved.terms import FeatureMatching


def test_it_is_the_mean_square_between_mean_features(make_view):
    view = make_view(player="g")  # D's features are the flat images
    z, kernel = np.asarray(view.z), np.asarray(view.networks["g"].trainable_variables[0])
    gap = (np.asarray(view.real).reshape(6, -1) - z @ kernel).mean(axis=0)
    with tf.GradientTape() as tape:
        value = FeatureMatching(weight=3.0)(view)
    np.testing.assert_allclose(value, 3 * np.mean(gap**2), rtol=1e-5)
    by_kernel = tape.gradient(value, view.networks["g"].trainable_variables[0].value)
    np.testing.assert_allclose(by_kernel, 3 * 2 / 6 * np.outer(z.mean(axis=0), -gap), rtol=1e-4, atol=1e-6)


def test_equal_means_cost_nothing(make_view):
    view = make_view(player="g")
    view.real = tf.reverse(view.images("fake"), [0])
    np.testing.assert_allclose(FeatureMatching()(view), 0, atol=1e-10)


def test_real_features_are_constants_of_the_gradient(make_view):
    view = make_view(player="g")
    with tf.GradientTape() as tape:
        tape.watch(view.real)
        value = FeatureMatching()(view)
    assert tape.gradient(value, view.real) is None


def test_negative_weights_are_refused():
    with pytest.raises(ValueError, match="feature_matching needs a finite weight >= 0 and .*; received weight=-1"):
        FeatureMatching(weight=-1.0)
    with pytest.raises(ValueError, match="feature_matching needs a finite weight >= 0 and .*; received weight=nan"):
        FeatureMatching(weight=float("nan"))


def test_the_absolute_distance_is_the_mean_of_the_gaps(make_view):
    view = make_view(player="g")
    z, kernel = np.asarray(view.z), np.asarray(view.networks["g"].trainable_variables[0])
    gap = (np.asarray(view.real).reshape(6, -1) - z @ kernel).mean(axis=0)
    with tf.GradientTape() as tape:
        value = FeatureMatching(weight=3.0, distance="absolute")(view)
    np.testing.assert_allclose(value, 3 * np.mean(np.abs(gap)), rtol=1e-5)
    by_kernel = tape.gradient(value, view.networks["g"].trainable_variables[0].value)
    np.testing.assert_allclose(by_kernel, 3 / 6 * np.outer(z.mean(axis=0), -np.sign(gap)), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("distance, measure", [("squared", np.square), ("absolute", np.abs)])
@pytest.mark.parametrize("layer, axes", [("vectors", (0,)), ("map", (0, 1, 2))])
def test_any_layer_may_be_matched_a_map_by_its_mean_over_positions(make_view, layer, axes, distance, measure):
    view, image = make_view(player="g"), keras.Input((3, 2, 1))
    map_ = keras.layers.Conv2D(4, 2, activation="relu", name="map")(image)
    vectors = keras.layers.Dense(5, name="vectors")(keras.layers.Flatten()(map_))
    d = keras.Model(image, {"logits": keras.layers.Dense(1)(vectors), "features": vectors})
    view.networks["d"] = with_layers(d, FeatureMatching(layer=layer).reads)
    hidden = keras.Model(image, d.get_layer(layer).output)
    real, fake = (hidden(part).numpy().mean(axis=axes) for part in (view.real, view.images("fake")))
    view.forget("g")  # what ran outside of the tape
    with tf.GradientTape() as tape:
        value = FeatureMatching(weight=2.0, distance=distance, layer=layer)(view)
    np.testing.assert_allclose(value, 2 * np.mean(measure(real - fake)), rtol=1e-4)
    assert np.abs(tape.gradient(value, view.networks["g"].trainable_variables[0].value)).max() > 1e-4


def test_half_precision_features_are_averaged_in_float32(make_view):
    view = make_view(player="g")
    value = FeatureMatching()(view)
    judged = {part: {"features": tf.cast(view.judged(part)["features"], tf.bfloat16)} for part in ("real", "fake")}
    view.judged = judged.get
    assert FeatureMatching()(view).dtype == tf.float32
    np.testing.assert_allclose(FeatureMatching()(view), value, rtol=0.05)


def test_an_unknown_distance_or_layer_is_told(make_view):
    with pytest.raises(ValueError, match="distance=squared or absolute; received weight=1.0, distance=cosine"):
        FeatureMatching(distance="cosine")
    with pytest.raises(ValueError, match="D gives no 'leaky_3', only features, logits; name one of these, or build D "):
        FeatureMatching(layer="leaky_3")(make_view(player="g"))
