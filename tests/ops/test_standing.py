"""Standing statistics of batch norms."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.export import Sampler
from tfgan_improved.layers import BatchNorm, SpectralNorm
from tfgan_improved.networks import BigGAN
from tfgan_improved.ops import latents, standing
from tfgan_improved.training.average import average_of


@pytest.mark.parametrize("trainable", [True, False])
def test_moments_are_the_means_over_the_passes_and_nothing_else_moves(trainable):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((3, 3, 4))
    network = keras.Model(inputs, BatchNorm(name="norm")(SpectralNorm(keras.layers.Conv2D(5, 1, name="conv"))(inputs)))
    for _ in range(3):
        network(np.random.default_rng(9).normal(size=(4, 3, 3, 4)), training=True)
    network = network if trainable else average_of(network)
    norm, conv = network.get_layer("norm"), network.get_layer("conv")
    u = np.asarray(conv.u)
    batches = [np.random.default_rng(seed).normal(seed, 1 + seed, size=(6, 3, 3, 4)).astype("float32")
               for seed in range(3)]
    seen = [np.asarray(conv(batch)) for batch in batches]
    standing.accumulate(network, batches)
    np.testing.assert_allclose(norm.moving_mean, np.mean([x.mean((0, 1, 2)) for x in seen], 0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(norm.moving_variance, np.mean([x.var((0, 1, 2)) for x in seen], 0), rtol=1e-4)
    np.testing.assert_array_equal(conv.u, u)
    want = (seen[0] - norm.moving_mean) / np.sqrt(norm.moving_variance + 1e-5)
    np.testing.assert_allclose(network(batches[0]), want, rtol=1e-3, atol=1e-4)
    with pytest.raises(ValueError, match="need at least one batch; received none"):
        standing.accumulate(network, [])


def test_a_sampler_takes_them_and_images_then_stand_alone():
    keras.utils.set_random_seed(0)
    network = BigGAN(width=1, shared=4).generator((32, 32, 1), 8, classes=3, norm=BatchNorm, wrap=SpectralNorm)
    sampler = Sampler(network, latents.Normal(8), 3)
    before = [np.asarray(w) for w in network.weights]
    sampler.take_standing_statistics(2, seed=1)
    moved = {weight.path.split("/")[-1] for weight, old in zip(network.weights, before)
             if not np.array_equal(weight, old)}
    assert moved == {"moving_mean", "moving_variance"}
    found = sampler.sample(tf.constant(5), tf.constant(3, tf.int64), tf.constant(0.0))["images"]
    np.testing.assert_array_equal(
        found, sampler.sample(tf.constant(5), tf.constant(3, tf.int64), tf.constant(0.0))["images"])
    again = [np.asarray(w) for w in network.weights]
    sampler.take_standing_statistics(2, seed=1)
    for one, other in zip(network.weights, again):
        np.testing.assert_allclose(one, other, rtol=1e-6)  # nothing is left of what was there before
    sampler.take_standing_statistics(2, seed=1, truncation=0.1)
    assert max(np.abs(np.asarray(one) - other).max() for one, other in zip(network.weights, again)) > 1e-4
