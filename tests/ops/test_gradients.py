"""Adaptive clipping against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.ops.gradients import adaptive_clip

RANDOM = np.random.default_rng(0)
MAIN, OTHER = ([RANDOM.normal(size=shape).astype("float32") for shape in ((3, 2), (5,))] for _ in range(2))


@pytest.mark.parametrize("factor", [0.01, 100.0])
def test_the_other_gradient_is_no_longer_than_the_main_one(factor):
    other = [factor * part for part in OTHER]
    norms = [np.sqrt(sum(np.sum(part.astype("float64") ** 2) for part in parts)) for parts in (MAIN, other)]
    for got, mine, more in zip(adaptive_clip(MAIN, other), MAIN, other, strict=True):
        np.testing.assert_allclose(got, mine + min(norms) * more / norms[1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("main, other", [(0.0, 1.0), (1.0, 0.0), (0.0, 0.0)])
def test_without_one_of_them(main, other):
    """Without an adversarial gradient nothing is learned; without information the adversarial one is left."""
    got = adaptive_clip([main * part for part in MAIN], [tf.constant(other * part) for part in OTHER])
    for part, mine in zip(got, MAIN):
        np.testing.assert_allclose(part, main * mine, atol=1e-12)
