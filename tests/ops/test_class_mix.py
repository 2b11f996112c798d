"""Vectors of classes and the places between them."""

import keras
import numpy as np
import pytest

from tfgan_improved.layers import ClassVectors, ConditionalNorm
from tfgan_improved.networks import NETWORKS
from tfgan_improved.ops import class_mix

LABELS, OTHERS, SHARES = np.array([0, 2, 1]), np.array([1, 1, 1]), np.array([0.25, 1.0, 0.5], np.float32)


def test_vectors_are_looked_up_and_mixed_row_by_row():
    layer = ClassVectors(3, 4)
    table = np.asarray(layer(LABELS)) * 0 + 1  # builds it
    layer.embeddings.assign(table := np.random.default_rng(0).normal(size=(3, 4)).astype("float32"))
    np.testing.assert_allclose(layer(LABELS), table[LABELS], rtol=1e-6)
    with class_mix.mixed(OTHERS, SHARES):
        np.testing.assert_allclose(layer(LABELS), [0.75 * table[0] + 0.25 * table[1], table[1], table[1]], rtol=1e-5)
        with class_mix.unmixed():
            np.testing.assert_allclose(layer(LABELS), table[LABELS], rtol=1e-6)
    np.testing.assert_allclose(layer(LABELS), table[LABELS], rtol=1e-6)


def test_tables_of_a_conditional_norm_are_mixed():
    layer, x = ConditionalNorm.of_classes(None, 3, 4), np.ones((3, 4), np.float32)
    layer([x, LABELS])
    layer.gain.embeddings.assign(np.arange(3, dtype="float32")[:, None] * np.ones((1, 4), "float32"))
    with class_mix.mixed(OTHERS, SHARES):
        np.testing.assert_allclose(layer([x, LABELS])[:, 0], [1.25, 2.0, 2.0], rtol=1e-6)


@pytest.mark.parametrize("spec, shape", [("dcgan:width=2", (8, 8, 1)), ("biggan:width=1", (32, 32, 1)),
                                         ("biggan:width=1,shared=0,hierarchical=false", (32, 32, 1))])
def test_a_generator_goes_from_one_class_to_the_other(spec, shape):
    """At the ends it draws what it draws for those classes, and in the middle something else."""
    keras.utils.set_random_seed(0)
    network = NETWORKS.make(spec).generator(shape, 4, 3)
    network.set_weights([weight + 0.3 * np.random.default_rng(index).normal(size=weight.shape)
                         for index, weight in enumerate(network.get_weights())])
    z = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    first, second = np.array([0, 1, 2]), np.array([2, 0, 1])
    ends = [network([z, labels], training=False) for labels in (first, second)]
    walked = []
    for share in (0.0, 0.5, 1.0):
        with class_mix.mixed(second, np.full(3, share, np.float32)):
            walked.append(network([z, first], training=False))
    np.testing.assert_allclose(walked[0], ends[0], atol=1e-5)
    np.testing.assert_allclose(walked[2], ends[1], atol=1e-3)  # rounding, through many layers
    for end in ends:
        assert np.abs(np.asarray(walked[1]) - np.asarray(end)).max() > 1e-3
