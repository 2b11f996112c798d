"""Feature matching against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

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
    with pytest.raises(ValueError, match="weight of feature_matching must be at least 0; received -1"):
        FeatureMatching(weight=-1.0)
