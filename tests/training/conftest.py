"""Tiny GANs, the same ones for the same seed."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import NORMS
from tfgan_improved.networks import NETWORKS
from tfgan_improved.training.gan import GAN
from tfgan_improved.training.player import two_players

LATENT = 4


def tiny_gan(family="mlp:width=8,depth=2", shape=(2,), classes=0, norm=None, rate=0.1, seed=0, optimizer=None,
             players=None, step=None):
    """A compiled GAN with SGD. `players` are settings of two_players, `step` of GAN."""
    keras.utils.set_random_seed(7)
    make_norm = norm and (lambda: NORMS.make(norm))
    generator = NETWORKS.make(family).generator(shape, LATENT, classes, norm=make_norm)
    discriminator = NETWORKS.make(family).discriminator(shape, classes, norm=make_norm)
    gan = GAN(two_players(generator, discriminator, **(players or {})), f"normal:{LATENT}", seed=seed, **(step or {}))
    make = optimizer or (lambda: keras.optimizers.SGD(rate))
    gan.compile(d_optimizer=make(), g_optimizer=make())
    return gan


@pytest.fixture(scope="session")
def tiny():
    """The function `tiny_gan`."""
    return tiny_gan


@pytest.fixture(scope="session")
def batch():
    """A function (shape, rows) -> float32 examples in [-1, 1] that are always the same."""
    return lambda shape, rows=8, seed=0: tf.constant(
        np.random.default_rng(seed).uniform(-1, 1, (rows, *shape)).astype("float32"))


def weights_of(gan):
    """All weights of both networks, flat."""
    return np.concatenate([np.asarray(weight.value).ravel() for name in gan.networks
                           for weight in gan.networks[name].weights])


@pytest.fixture(scope="session")
def weights():
    """The function `weights_of`."""
    return weights_of
