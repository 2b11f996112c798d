"""LeCam regularization: its running means and its value against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.terms import LeCam


class Logits:
    """A view that only has logits."""

    def __init__(self, memory):
        self.memory = {key: tf.Variable(value) for key, value in memory.items()}

    def judged(self, part):
        return {"logits": self.real if part == "real" else self.fake}


def test_it_remembers_means_of_logits_and_pulls_towards_the_other_side():
    random = np.random.default_rng(0)
    term = LeCam(weight=0.5, decay=0.8)
    view, real_mean, fake_mean = Logits(term.memory(None)), 0.0, 0.0
    for _ in range(4):
        real, fake = random.normal(1, 2, (6, 1)).astype("float32"), random.normal(-1, 2, (6, 1)).astype("float32")
        view.real, view.fake = tf.constant(real), tf.constant(fake)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([view.real, view.fake])
            value = term(view)
        real_mean = 0.8 * real_mean + 0.2 * real.mean()
        fake_mean = 0.8 * fake_mean + 0.2 * fake.mean()
        want = 0.5 * (np.mean((real - fake_mean) ** 2) + np.mean((fake - real_mean) ** 2))
        np.testing.assert_allclose(value, want, rtol=1e-5)
        np.testing.assert_allclose([view.memory["real"], view.memory["fake"]], [real_mean, fake_mean], rtol=1e-5)
        np.testing.assert_allclose(tape.gradient(value, view.real), (real - fake_mean) / 6, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(tape.gradient(value, view.fake), (fake - real_mean) / 6, rtol=1e-4, atol=1e-6)


def test_without_decay_the_means_are_those_of_the_batch():
    term = LeCam(decay=0.0)
    view = Logits(term.memory(None))
    view.real, view.fake = tf.constant([[1.0], [3.0]]), tf.constant([[-1.0], [0.0]])
    term(view)
    assert (float(view.memory["real"]), float(view.memory["fake"])) == (2.0, -0.5)


def test_a_later_part_of_a_turn_changes_nothing_that_is_remembered():
    term = LeCam(weight=1.0, decay=0.5)
    view = Logits(term.memory(None))
    view.real, view.fake = tf.constant([[2.0]]), tf.constant([[-4.0]])
    term(view)
    view.first, view.real, view.fake = False, tf.constant([[5.0]]), tf.constant([[3.0]])
    np.testing.assert_allclose(term(view), (5.0 + 2.0) ** 2 + (3.0 - 1.0) ** 2)  # the means are 1 and -2
    assert (float(view.memory["real"]), float(view.memory["fake"])) == (1.0, -2.0)


def test_two_terms_do_not_share_their_memory():
    first, second = LeCam().memory(None), LeCam().memory(None)
    assert set(first) == {"real", "fake"} and first["real"] is not second["real"]


@pytest.mark.parametrize("settings", [{"weight": -0.1}, {"weight": float("nan")}, {"decay": 1.0}, {"decay": -0.1}])
def test_values_that_cannot_be(settings):
    with pytest.raises(ValueError, match="lecam needs weight >= 0 and decay from 0 to below 1; received weight="):
        LeCam(**settings)
