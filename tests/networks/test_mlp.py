"""MLP on points and on images."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import networks
from tfgan_improved.layers import BatchNorm, SpectralNorm


@pytest.mark.parametrize("shape", [(2,), (8, 6, 3)])
def test_shapes(shape):
    family = networks.MLP(width=12, depth=2)
    example = family.generator(shape, 5, norm=BatchNorm)(100 * tf.random.normal((4, 5)))
    assert example.shape == (4, *shape)
    assert (np.abs(example).max() <= 1.0) == (len(shape) == 3)  # points are not bounded
    out = family.discriminator(shape, wrap=SpectralNorm)(example)
    assert (out["logits"].shape, out["features"].shape) == ((4, 1), (4, 12))


def test_parameters():
    def count(model):
        return sum(int(np.prod(v.shape)) for v in model.trainable_variables)

    family = networks.MLP()
    assert count(family.generator((2,), 8)) == (8 + 1) * 128 + 2 * 129 * 128 + 129 * 2
    assert count(family.discriminator((2,))) == 3 * 128 + 2 * 129 * 128 + 129
    assert count(family.discriminator((2,), norm=BatchNorm)) == 3 * 128 + 2 * (128 * 128 + 2 * 128) + 129


def test_conditional_networks_use_their_labels():
    family, labels = networks.MLP(width=12), tf.constant([0, 1, 2, 2])
    points = family.generator((2,), 5, classes=3)([tf.ones((4, 5)), labels])
    assert np.abs(points[0] - points[1]).max() > 1e-6
    np.testing.assert_array_equal(points[2], points[3])
    out = family.discriminator((2,), classes=3)([tf.ones((4, 2)), labels])["logits"]
    assert len(np.unique(out)) == 3


def test_refuses_senseless_sizes():
    with pytest.raises(ValueError, match="at least 1 and noise >= 0; received width=128, depth=0"):
        networks.MLP(depth=0)
