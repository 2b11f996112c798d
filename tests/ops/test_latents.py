"""Latent distributions and their truncation."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfgan_improved.ops import LATENTS, noise

SEED = noise.root(5)


@pytest.mark.parametrize("text, low, high", [("normal:64", -6, 6), ("uniform:64", -1, 1), ("uniform:64,0.0,2.0", 0, 2)])
@pytest.mark.parametrize("xla", [False, True])
def test_draws_have_the_distribution(text, low, high, xla):
    z = tf.function(lambda seed: LATENTS.make(text).draw(seed, 2000), jit_compile=xla)(SEED).numpy()
    law = stats.norm() if text.startswith("normal") else stats.uniform(low, high - low)
    assert z.shape == (2000, 64) and z.dtype == np.float32
    assert low <= z.min() and z.max() <= high
    assert stats.kstest(z.ravel()[:20000], law.cdf).pvalue > 1e-3
    assert abs(np.corrcoef(z[:, 0], z[:, 1])[0, 1]) < 0.1


@pytest.mark.parametrize("text", list(LATENTS))
def test_draws_are_a_function_of_the_seed(text):
    latent = LATENTS.make(text)
    np.testing.assert_array_equal(latent.draw(SEED, 8), latent.draw(SEED, 8))
    assert (latent.draw(SEED, 8).numpy() != latent.draw(noise.root(6), 8).numpy()).all()


@pytest.mark.parametrize("text", list(LATENTS))
def test_truncation_zero_is_none_and_a_scalar_tensor_will_do(text):
    latent = LATENTS.make(text)
    for zero in (0.0, tf.constant(0.0)):
        np.testing.assert_array_equal(latent.draw_truncated(SEED, 16, zero), latent.draw(SEED, 16))
    traced = tf.function(lambda count, bound: latent.draw_truncated(SEED, count, bound))
    np.testing.assert_array_equal(traced(16, 0.5), latent.draw_truncated(SEED, 16, 0.5))


@pytest.mark.parametrize("bound", [0.01, 0.5, 2.0, 30.0])
def test_a_truncated_normal_is_the_conditioned_one(bound):
    z = LATENTS.make("normal:50").draw_truncated(SEED, 2000, bound).numpy()
    assert z.dtype == np.float32 and np.abs(z).max() <= bound
    assert stats.kstest(z.ravel()[:20000], stats.truncnorm(-bound, bound).cdf).pvalue > 1e-3


@pytest.mark.parametrize("text, bound, low, high", [
    ("uniform:50", 0.5, -0.5, 0.5), ("uniform:50", 3.0, -1, 1), ("uniform:50,0.0,2.0", 0.5, 0, 0.5)])
def test_a_truncated_uniform_lies_on_the_clipped_interval(text, bound, low, high):
    z = LATENTS.make(text).draw_truncated(SEED, 2000, bound).numpy()
    assert low <= z.min() < low + 0.01 and high - 0.01 < z.max() <= high


@pytest.mark.parametrize("text, told", [
    ("normal:0", "a latent needs a size of at least 1; received 0"),
    ("uniform:-3", "a latent needs a size of at least 1; received -3"),
    ("uniform:3,low=1.0,high=1.0", "needs low < high; received low=1.0, high=1.0"),
])
def test_values_that_cannot_be(text, told):
    with pytest.raises(ValueError, match=told):
        LATENTS.make(text)
