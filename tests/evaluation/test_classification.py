"""What a discriminator that classifies says of images, and how many it names wrong."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.evaluation import EvaluationError, classification
from tfgan_improved.layers import GaussianNoise, MinibatchDiscrimination, MinibatchHalves

CLASSES, SHAPE = 4, (5, 5, 1)
IMAGES = np.random.default_rng(0).integers(0, 256, (23, *SHAPE), dtype=np.uint8)


def network(units=CLASSES, head=None, conditional=False):
    """D with noise on the image and linear class logits of it."""
    keras.utils.set_random_seed(0)
    image, label = keras.Input(SHAPE), keras.Input((), dtype="int32")
    features = keras.layers.Flatten()(GaussianNoise(0.5)(image))
    features = head(features) if head else features
    outputs = {"logits": keras.layers.Dense(1)(features), "features": features}
    if units:
        outputs["classes"] = keras.layers.Dense(units, kernel_initializer="normal", name="classes")(features)
    if conditional:
        vector = keras.layers.Embedding(CLASSES, 1)(label)
        outputs["logits"] = keras.layers.Add()([outputs["logits"], vector])
    return keras.Model([image, label] if conditional else image, outputs)


def by_hand(d, units=CLASSES):
    w, b = (np.asarray(variable).astype("float64") for variable in d.get_layer("classes").weights)
    raw = ((IMAGES / 127.5 - 1).reshape(23, -1) @ w + b)[:, :units]
    return np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)


@pytest.mark.parametrize("rows", [1, 10, 100])
@pytest.mark.parametrize("units", [CLASSES, CLASSES + 1])  # the last of K + 1 is "generated", which is given up
def test_probabilities_are_the_softmax_over_real_classes_without_noise(units, rows):
    d = network(units)
    got = classification.Classifier(d, CLASSES, rows)(IMAGES)
    assert got.shape == (23, CLASSES) and got.dtype == np.float64
    np.testing.assert_allclose(got, by_hand(d), rtol=1e-4)
    np.testing.assert_allclose(got.sum(axis=1), 1, rtol=1e-12)


def test_far_logits_stay_finite():
    d = network()
    d.get_layer("classes").bias.assign([1e4, -1e4, 0.0, 1e4])
    got = classification.Classifier(d, CLASSES)(IMAGES)
    assert np.isfinite(got).all() and (got[:, 1:3] == 0).all()


def test_weights_are_those_of_the_moment():
    d = network()
    classifier = classification.Classifier(d, CLASSES)
    before = classifier(IMAGES)
    d.get_layer("classes").kernel.assign(-d.get_layer("classes").kernel)
    assert np.abs(classifier(IMAGES) - before).max() > 0.01
    np.testing.assert_allclose(classifier(IMAGES), by_hand(d), rtol=1e-4)


def test_a_conditional_networks_labels_change_nothing():
    np.testing.assert_allclose(classification.Classifier(network(conditional=True), CLASSES)(IMAGES),
                               by_hand(network(conditional=True)), rtol=1e-4)


@pytest.mark.parametrize("head", [MinibatchDiscrimination, MinibatchHalves])
def test_a_network_that_compares_images_sees_as_many_as_asked_the_last_ones_beside_the_first(head):
    d, twice = network(head=head(kernels=8, dims=1)), np.concatenate([IMAGES, IMAGES])
    for rows in (4, 22, 46):
        want = np.concatenate([np.asarray(tf.nn.softmax(d(
            twice[start:start + rows].astype("float32") / 127.5 - 1)["classes"])) for start in range(0, 23, rows)])
        np.testing.assert_allclose(classification.Classifier(d, CLASSES, rows)(IMAGES), want[:23], rtol=1e-4)


def test_a_network_that_compares_images_answers_by_their_number():
    d = network(head=MinibatchDiscrimination(kernels=8, dims=1))
    other = classification.Classifier(d, CLASSES, 23)(IMAGES)
    assert np.abs(classification.Classifier(d, CLASSES, 4)(IMAGES) - other).max() > 1e-3


def test_errors_are_counted():
    probabilities = np.array([[0.6, 0.4], [0.2, 0.8], [0.5, 0.5], [0.1, 0.9]])
    assert classification.errors(probabilities, np.array([0, 1, 0, 1])) == 0
    assert classification.errors(probabilities, np.array([1, 0, 1, 1])) == 3
    assert type(classification.errors(probabilities, np.array([1, 1, 1, 1]))) is int


def test_an_ensemble_says_the_mean_of_probabilities_not_of_votes():
    sure, unsure, other = [[0.9, 0.1]], [[0.4, 0.6]], [[0.45, 0.55]]
    together = classification.ensemble([np.array(p) for p in (sure, unsure, other)])
    np.testing.assert_allclose(together, [[1.75 / 3, 1.25 / 3]])
    assert classification.errors(together, np.array([0])) == 0  # though two of three name it wrong


def test_a_network_without_class_logits_is_told():
    with pytest.raises(EvaluationError, match="this discriminator does not classify: it has no class logits; train"):
        classification.Classifier(network(units=0), CLASSES)
