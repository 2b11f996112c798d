"""Keras's InceptionV3 with its batch norms folded, in float32 and bfloat16, with random weights from a file."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.evaluation import EXTRACTORS, EvaluationError, extractors
from tfgan_improved.evaluation.extractors import keras_inception
from tfgan_improved.spec import SpecError


def uint8(*shape, seed=0):
    return np.random.RandomState(seed).randint(0, 256, shape).astype(np.uint8)


def shake(network):
    """Gives batch norms statistics, scales and shifts that are not trivial."""
    random = np.random.RandomState(0)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([random.uniform(0.2, 0.6, w.shape) if "var" in variable.name or "gamma" in variable.name
                               else random.randn(*w.shape) / 10
                               for variable, w in zip(layer.weights, layer.get_weights())])
    return network


@pytest.fixture(scope="module")
def plain():
    keras.utils.set_random_seed(0)
    return shake(keras.applications.InceptionV3(weights=None, classifier_activation=None))


@pytest.fixture(scope="module")
def weights(plain, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "inception.weights.h5"
    plain.save_weights(path)
    return path


@pytest.fixture(scope="module")
def extractor(weights):
    """Made as flags make it, while a policy of the user's is set, which it must leave alone."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        made = EXTRACTORS.make(f"keras_inception:weights={weights}", None, None)
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")
    return made


@pytest.fixture(scope="module")
def seen(extractor):
    images = uint8(3, 24, 20, 3)
    images[0] //= 4
    return images, extractor(images)


def test_features_and_logits_are_those_of_the_plain_network(plain, seen):
    images, got = seen
    x = tf.image.resize(images.astype("f4"), (299, 299)) / 127.5 - 1
    logits, features = keras_inception.with_pool(plain)(x, training=False)
    assert got["features"].shape == (3, 2048) and got["logits"].shape == (3, 1000)
    for name, want in {"features": features, "logits": logits}.items():
        want = want.numpy()
        np.testing.assert_allclose(got[name], want, rtol=1e-4, atol=1e-4 * np.abs(want).max())
        assert np.abs(want[0] - want[1]).max() > 0.01 * np.abs(want).max()  # what is compared depends on the images


def test_bfloat16_has_names_of_its_own_and_nearly_the_same_features(extractor, plain, seen, monkeypatch):
    images, exact = seen
    monkeypatch.setattr(keras_inception, "_network", lambda weights: plain)
    other = EXTRACTORS.make("keras_inception_bfloat16", None, None)
    assert other.hash == extractor.hash
    assert (extractor.name, other.name) == ("keras_inception", "keras_inception_bfloat16")
    assert extractors.name_of(extractor, "fd") == "fd_keras_inception"
    assert extractors.name_of(other, "classifier_score_std") == "classifier_score_keras_inception_bfloat16_std"
    got = other(images)
    for name, want in exact.items():
        assert got[name].dtype == np.float32
        away = np.abs(got[name] - want).max() / np.abs(want).max()
        assert 1e-5 < away < 0.05


def test_the_batch_changes_nothing(extractor, seen):
    images, together = seen
    alone = [extractor(images[k:k + 1]) for k in range(3)]
    for name, values in together.items():
        np.testing.assert_allclose(np.concatenate([part[name] for part in alone]), values, rtol=1e-4,
                                   atol=1e-5 * np.abs(values).max())


@pytest.mark.parametrize("bias, scale, center", [(False, False, True), (True, True, True), (True, True, False)])
def test_folding_keeps_what_a_small_network_computes(bias, scale, center):
    keras.utils.set_random_seed(1)
    x = inputs = keras.Input((9, 9, 2))
    x = keras.layers.Conv2D(4, 3, use_bias=bias)(x)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization(scale=scale, center=center, epsilon=0.1)(x))
    x = keras.layers.Concatenate()([keras.layers.Conv2D(3, 3)(x), keras.layers.AveragePooling2D(3, 1)(x)])
    network = shake(keras.Model(inputs, keras.layers.Dense(5)(keras.layers.Flatten()(x))))
    made, x = keras_inception.folded(network), np.random.RandomState(0).randn(3, 9, 9, 2).astype("f4")
    np.testing.assert_allclose(made(x), network(x, training=False), rtol=1e-5, atol=1e-5)
    assert not any("batch_normalization" in variable.path for variable in made.weights)


def test_a_norm_that_no_convolution_can_take_in_is_refused():
    x = keras.Input((4,))
    network = keras.Model(x, keras.layers.Dense(2)(keras.layers.BatchNormalization(name="norm")(x)))
    with pytest.raises(ValueError, match="batch norm 'norm' follows InputLayer; only a Conv2D can take it in"):
        keras_inception.folded(network)


def test_antialiasing_is_another_resize_in_the_passport(monkeypatch):
    """On a network of one layer: what is tested comes before the network."""
    def tiny(weights):
        x = keras.Input((299, 299, 3))
        return keras.Model(x, keras.layers.Dense(2)(keras.layers.GlobalMaxPooling2D()(x)))

    monkeypatch.setattr(keras_inception, "_network", tiny)
    images = uint8(2, 600, 600, 1)
    plain, smooth = (EXTRACTORS.make(f"keras_inception:antialias={text}", None, None) for text in ("false", "true"))
    assert plain.resize == "bilinear to 299, half-pixel centers"
    assert smooth.resize == "bilinear to 299, half-pixel centers, antialiased"
    for extractor, smoothed in ((plain, False), (smooth, True)):
        x = tf.image.resize(np.repeat(images, 3, axis=3).astype("f4"), (299, 299), antialias=smoothed) / 127.5 - 1
        np.testing.assert_allclose(extractor(images)["features"], tf.reduce_max(x, axis=(1, 2)), rtol=1e-5)
    assert np.abs(smooth(images)["features"] - plain(images)["features"]).min() > 0.01


def test_without_weights_the_error_says_which_file_to_fetch(tmp_path, monkeypatch):
    with pytest.raises(SpecError, match="no file '/no/weights.h5'; fetch https://.*_kernels.h5 where there is a netw"):
        EXTRACTORS.make("keras_inception:weights=/no/weights.h5", None, None)
    (tmp_path / "broken.h5").write_bytes(b"nothing")
    monkeypatch.setattr(keras.applications, "InceptionV3", lambda **arguments: 1 / 0)
    for weights in ("imagenet", str(tmp_path / "broken.h5")):
        with pytest.raises(EvaluationError, match="cannot be had or do not fit InceptionV3 .*; fetch https") as caught:
            keras_inception.KerasInceptionExtractor(weights)
        assert "\n" not in str(caught.value)


def test_images_of_two_channels_are_refused(extractor):
    with pytest.raises(EvaluationError, match="1 or 3 channels"):
        extractor(uint8(1, 4, 4, 2))
