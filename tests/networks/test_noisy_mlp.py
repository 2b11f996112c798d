"""The dense pair of semi-supervised MNIST: its sizes, its start and its noise."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import networks
from tfgan_improved.layers import BatchNorm, GaussianNoise, SpectralNorm, WeightNorm
from tfgan_improved.networks import VERDICTS
from tfgan_improved.ops import first_batch, noise

SHAPE = (28, 28, 1)
CLASS_LOGITS = functools.partial(VERDICTS.find("class_logits"), classes=10)
BATCH_NORM = functools.partial(BatchNorm, scale=False, epsilon=1e-6)


def images(rows, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (rows, *SHAPE)).astype("float32")


def discriminator(**settings):
    keras.utils.set_random_seed(0)
    return networks.NoisyMLP(**settings).discriminator(SHAPE, verdict=CLASS_LOGITS)


@pytest.fixture(scope="module")
def started():
    """D after the first batch of 500."""
    network = discriminator()
    with first_batch.scope(), noise.scope(noise.root(0)):
        network(images(500), training=True)
    return network


def weights_of(network, trainable=True):
    return sum(weight.shape[0] * (weight.shape[1] if len(weight.shape) > 1 else 1)
               for weight in (network.trainable_weights if trainable else network.non_trainable_weights))


def test_sizes_are_those_of_the_code():
    d = discriminator()
    widths = (1000, 500, 250, 250, 250, 10)
    want = sum((a + 1) * b for a, b in zip((784, *widths), widths)) + 10  # the last layer's scales are trained
    assert weights_of(d) == want == 1_538_770
    assert weights_of(d, trainable=False) == sum(widths[:-1])  # the other scales
    g = networks.NoisyMLP().generator(SHAPE, 100, norm=BATCH_NORM)
    assert weights_of(g) == 100 * 500 + 500 + 500 * 500 + 500 + 500 * 784 + 2 * 784 == 694_568
    paper = networks.NoisyMLP(g_hidden=5).generator(SHAPE, 100, norm=BATCH_NORM)
    assert weights_of(paper) == 694_568 + 3 * (500 * 500 + 500)
    assert g.output_shape == (None, *SHAPE) and d(images(3))["features"].shape == (3, 250)
    assert [layer.deviation for layer in d.layers if isinstance(layer, GaussianNoise)] == [0.3] + 5 * [0.5]


def test_after_the_first_batch_every_unit_is_standardized(started):
    """With other images and other noise, so up to the spread of means and deviations of 500 rows."""
    layers = [layer for layer in started.layers if isinstance(layer, WeightNorm)]
    assert len(layers) == 6
    for seed, rough in ((0, 1e-3), (1, 0.5)):  # the very same pass, and another one
        read = keras.Model(started.input, [layer.output for layer in layers])
        with noise.scope(noise.root(seed)):
            outputs = read(images(500, seed), training=True)
        for y in outputs:
            np.testing.assert_allclose(np.mean(y, axis=0), 0, atol=rough)
            np.testing.assert_allclose(np.std(y, axis=0), 1, atol=rough)


def test_scales_are_fixed_but_for_the_last(started):
    assert [weight.path for weight in started.trainable_weights if weight.name == "g"] == ["classes/g"]
    assert all(np.abs(np.asarray(weight) - 1).max() > 0.01 for weight in started.weights if weight.name == "g")


def test_the_network_is_that_of_the_formula_without_noise(started):
    x = images(5)
    h = (x.reshape(5, -1).astype("float64") + 1) / 2
    for name in ("dense_1", "dense_2", "dense_3", "dense_4", "dense_5", "classes"):
        layer = started.get_layer(name)
        v, g, b = (np.asarray(part).astype("float64") for part in (layer.kernel, layer.g, layer.layer.bias))
        h = h @ (v * g / np.sqrt((v**2).sum(axis=0))) + b
        h = h if name == "classes" else np.maximum(h, 0)
        if name == "dense_5":
            np.testing.assert_allclose(started(x)["features"], h, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(started(x)["classes"], h, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(started(x)["logits"][:, 0], np.log(np.exp(h).sum(axis=1)), rtol=1e-3, atol=1e-3)


def test_noise_is_on_in_training_only_and_behind_the_features_too(started):
    x = images(50)
    np.testing.assert_array_equal(started(x)["classes"], started(x)["classes"])
    with noise.scope(noise.root(0)):
        first, second = started(x, training=True), started(x, training=True)
    for key in ("classes", "features"):
        assert np.abs(first[key] - second[key]).max() > 0.1
    silent = discriminator(noise=0.0, input_noise=0.0)
    silent.set_weights(started.get_weights())
    np.testing.assert_array_equal(silent(x, training=True)["classes"], started(x)["classes"])
    only_last = keras.Model(started.get_layer("features").output, started.output["classes"])  # noise behind them
    features = started(x)["features"]
    gap = only_last(features, training=True) - only_last(features)
    spread = 0.5 * np.linalg.norm(started.get_layer("classes").effective(
        started.get_layer("classes").kernel.value, False), axis=0)
    np.testing.assert_allclose(np.std(gap, axis=0), spread, rtol=0.5)


def test_the_generator_is_that_of_the_code():
    keras.utils.set_random_seed(0)
    g, z = networks.NoisyMLP().generator(SHAPE, 100, norm=BATCH_NORM), np.random.default_rng(0).uniform(size=(40, 100))
    h = z
    for name in ("dense_1", "dense_2"):
        h = h @ np.asarray(g.get_layer(name).kernel).astype("float64")
        h = np.logaddexp(0, (h - h.mean(axis=0)) / np.sqrt(h.var(axis=0) + 1e-6))
    last = g.get_layer("to_pixels")
    v = np.asarray(last.kernel).astype("float64")
    np.testing.assert_array_equal(last.g, 1.0)
    h = h @ (v / np.sqrt((v**2).sum(axis=0) + 1e-6)) + np.asarray(last.layer.bias)
    made = g(z.astype("float32"), training=True).numpy()
    np.testing.assert_allclose(made, (2 / (1 + np.exp(-h)) - 1).reshape(40, *SHAPE), atol=2e-4)
    assert any(weight is last.g for weight in g.trainable_weights) and np.abs(made).max() <= 1


def test_given_wraps_norms_and_labels_take_their_places():
    d = networks.NoisyMLP().discriminator(SHAPE, classes=3, norm=BatchNorm, wrap=SpectralNorm)
    assert not any(isinstance(layer, WeightNorm) for layer in d.layers)
    assert sum(isinstance(layer, SpectralNorm) for layer in d.layers) == 7  # with the table of the classes' vectors
    assert sum(isinstance(layer, BatchNorm) for layer in d.layers) == 5
    conditional = networks.NoisyMLP().discriminator(SHAPE, classes=3)
    judged = conditional([tf.constant(images(4)), tf.constant([0, 1, 2, 0])])
    assert judged["logits"].shape == (4, 1) and set(judged) == {"logits", "features"}
    g = networks.NoisyMLP().generator(SHAPE, 5, classes=3)
    assert g([np.ones((4, 5)), np.arange(4) % 3]).shape == (4, *SHAPE)


@pytest.mark.parametrize("settings", [{"noise": -0.1}, {"input_noise": -1.0}])
def test_negative_noise_is_refused(settings):
    with pytest.raises(ValueError, match="NoisyMLP wants noise of at least 0; received input_noise="):
        networks.NoisyMLP(**settings)


def test_a_generator_without_hidden_layers_is_refused():
    with pytest.raises(ValueError, match="NoisyMLP wants g_hidden of at least 1; received 0"):
        networks.NoisyMLP(g_hidden=0)
