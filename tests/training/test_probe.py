"""What instruments look at: nothing of the networks changes, and each look sees the same images and z."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.ops import noise
from tfgan_improved.training.probe import SEED, Probe

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def images(tiny):
    """(a conditional GAN of small images with batch norm, real images, labels, a Probe of them)."""
    gan = tiny("dcgan:width=4", shape=(8, 8, 1), classes=3, norm="batch")
    real, labels = RNG.integers(0, 256, (10, 8, 8, 1), dtype=np.uint8), np.arange(10, dtype=np.int32) % 3
    return gan, real, labels, Probe(gan, real, labels, rows=4)


def test_logits_are_d_s_of_real_and_generated_images(images, weights):
    gan, real, labels, probe = images
    before = weights(gan)
    got = probe.logits(3)
    rows = np.arange(12) % 10  # real images are used again where few
    x = (real[rows] / 127.5 - 1).astype(np.float32)
    for index in range(3):
        part = slice(4 * index, 4 * index + 4)
        z = gan.latent.draw(noise.fold(noise.root(SEED), index), 4)
        fake = gan.networks["g"]([z, tf.constant(labels[rows[part]])], training=False)
        for have, seen in zip(got, (x[part], fake)):
            said = gan.networks["d"]([tf.constant(seen), tf.constant(labels[rows[part]])], training=False)
            np.testing.assert_allclose(have[part], np.asarray(said["logits"])[:, 0], rtol=1e-3, atol=1e-5)
    np.testing.assert_array_equal(weights(gan), before)  # batch norm has not moved
    np.testing.assert_array_equal(probe.logits(3), got)


def test_samples_are_uint8_images_or_points_and_the_same_each_time(images, tiny):
    probe = images[3]
    drawn = probe.samples(6)
    assert drawn.shape == (6, 8, 8, 1) and drawn.dtype == np.uint8 and np.ptp(drawn) > 0
    np.testing.assert_array_equal(probe.samples(6), drawn)
    assert len(np.unique(drawn.reshape(6, -1), axis=0)) == 6  # each batch has z of its own
    np.testing.assert_array_equal(probe.real(3), images[1][:3])
    points = Probe(tiny(), RNG.normal(size=(5, 2)).astype(np.float32), np.zeros(5, np.int32), rows=3)
    assert points.samples(7).shape == (7, 2) and points.samples(7).dtype == np.float32
    assert [len(part) for part in points.logits(2)] == [6, 6]
