"""Bounds of mutual information against NumPy, their gradients, and what the running mean changes."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.losses import information

RANDOM = np.random.default_rng(0)
JOINT, MARGINAL = (RANDOM.normal(size=shape).astype("float32") for shape in ((7, 1), (7, 2)))


def value_and_gradients(bound, **settings):
    joint, marginal = tf.constant(JOINT), tf.constant(MARGINAL)
    with tf.GradientTape() as tape:
        tape.watch([joint, marginal])
        value = bound(joint, marginal, **settings)
    return value, *tape.gradient(value, [joint, marginal])


def test_donsker_varadhan_is_its_formula():
    value, by_joint, by_marginal = value_and_gradients(information.donsker_varadhan)
    np.testing.assert_allclose(value, JOINT.mean() - np.log(np.exp(MARGINAL).mean()), rtol=1e-5)
    np.testing.assert_allclose(by_joint, np.full((7, 1), 1 / 7), rtol=1e-5)
    np.testing.assert_allclose(by_marginal, -np.exp(MARGINAL) / np.exp(MARGINAL).sum(), rtol=1e-5)


def test_the_f_divergence_is_its_formula():
    value, by_joint, by_marginal = value_and_gradients(information.f_divergence)
    np.testing.assert_allclose(value, JOINT.mean() - np.exp(MARGINAL - 1).mean(), rtol=1e-5)
    np.testing.assert_allclose(by_joint, np.full((7, 1), 1 / 7), rtol=1e-5)
    np.testing.assert_allclose(by_marginal, -np.exp(MARGINAL - 1) / 14, rtol=1e-5)


def test_a_running_mean_is_the_denominator_of_the_gradient_and_leaves_the_value():
    plain = value_and_gradients(information.donsker_varadhan)[0]
    value, by_joint, by_marginal = value_and_gradients(information.donsker_varadhan, log_mean=tf.constant(0.7))
    np.testing.assert_allclose(value, plain, rtol=1e-6)
    np.testing.assert_allclose(by_joint, np.full((7, 1), 1 / 7), rtol=1e-5)
    np.testing.assert_allclose(by_marginal, -np.exp(MARGINAL) / 14 / np.exp(0.7), rtol=1e-5)


@pytest.mark.parametrize("joint, marginal, log_mean", [
    ([900.0], [900.0, 900.0], 888.0), ([1.0, 2.0], [1000.0, 1001.0], 0.0), ([0.0], [0.0, 0.1], 200.0)])
def test_the_value_is_the_bounds_however_far_the_running_mean_is(joint, marginal, log_mean):
    joint, marginal = tf.constant(joint), tf.constant(marginal)
    with tf.GradientTape() as tape:
        tape.watch(marginal)
        value = information.donsker_varadhan(joint, marginal, tf.constant(log_mean))
    np.testing.assert_allclose(value, information.donsker_varadhan(joint, marginal), rtol=1e-6)
    assert np.isfinite(tape.gradient(value, marginal)).all()


def test_the_running_mean_is_the_mean_of_all_batches_and_then_forgets():
    batches, rate, got = RANDOM.uniform(0.1, 3.0, 12), 0.2, 0.0
    want = None
    for turn, batch in enumerate(batches, 1):
        share = max(rate, 1 / turn)
        want = batch if turn == 1 else (1 - share) * want + share * batch
        got = information.running_log_mean(tf.constant(got, tf.float32), tf.constant(np.log(batch), tf.float32),
                                           tf.constant(turn), rate)
        np.testing.assert_allclose(got, np.log(want), rtol=1e-4, atol=1e-5)
        if turn == 5:
            np.testing.assert_allclose(want, batches[:5].mean())


def test_the_exact_ratio_of_densities_gives_the_information():
    """Of two fair coins that agree with probability 0.9: I = log 2 - H(0.9)."""
    agree, exact = 0.9, np.log(2) + 0.9 * np.log(0.9) + 0.1 * np.log(0.1)
    joint = np.log(2 * np.array([agree] * 9 + [1 - agree])).astype("float32")
    marginal = np.log(2 * np.array([agree, 1 - agree])).astype("float32")
    np.testing.assert_allclose(information.donsker_varadhan(joint, marginal), exact, rtol=1e-5)
    np.testing.assert_allclose(information.f_divergence(joint + 1, marginal + 1), exact, rtol=1e-5)
    np.testing.assert_allclose(information.donsker_varadhan(joint + 5, marginal + 5), exact, rtol=1e-4)
    assert information.f_divergence(joint, marginal) < exact - 0.01  # its best T is 1 higher
    assert information.donsker_varadhan(2 * joint, 2 * marginal) < exact - 0.01


@pytest.mark.parametrize("kind", ["float32", "bfloat16"])
def test_large_values_neither_overflow_nor_lose_digits(kind):
    joint, marginal = tf.cast(JOINT + 200, kind), tf.cast(tf.constant([[512.0], [500.0]]), kind)
    value = information.donsker_varadhan(joint, marginal)
    assert value.dtype == tf.float32
    np.testing.assert_allclose(value, np.mean(tf.cast(joint, tf.float32)) - 512 + np.log(2), rtol=1e-5)
    later = information.running_log_mean(tf.constant(500.0), tf.constant(512.0), tf.constant(9), 0.5)
    np.testing.assert_allclose(later, 512 - np.log(2), rtol=1e-5)


def test_bounds_compile_with_xla():
    def both(joint, marginal):
        return [bound(joint, marginal, tf.constant(0.3)) for bound in information.BOUNDS.values()]

    for mine, compiled in zip(both(JOINT, MARGINAL), tf.function(both, jit_compile=True)(JOINT, MARGINAL)):
        np.testing.assert_allclose(mine, compiled, rtol=1e-5)
