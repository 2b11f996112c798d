"""Modes of stacked digits, with a classifier that reads a digit from its first pixel."""

import numpy as np
import pytest

from tfgan_improved.evaluation import EvaluationError, stacked_modes


def read(images):
    """Logits 0 but for log 9 of the digit that the first pixel says: probability 1/2 of ten."""
    logits = np.zeros((len(images), 10), np.float32)
    logits[np.arange(len(images)), images[:, 0, 0, 0]] = np.log(9)
    return {"logits": logits}


def drawn(digits):
    return np.broadcast_to(np.asarray(digits, np.uint8)[:, None, None, :], (len(digits), 4, 4, 3)).copy()


def test_a_thousand_modes_alike_are_all_seen_and_cost_nothing():
    found = stacked_modes(drawn([[a, b, c] for a in range(10) for b in range(10) for c in range(10)]), read)
    assert found["modes"] == 1000
    np.testing.assert_allclose([found["mode_kl"], found["certainty"]], [0, 0.5], atol=1e-6)


def test_shares_are_counted_in_nats():
    """Three of four images are 1-2-3 and one is 3-2-1: another mode, for the order of colors counts."""
    found = stacked_modes(drawn([[1, 2, 3]] * 3 + [[3, 2, 1]]), read)
    assert found["modes"] == 2
    np.testing.assert_allclose(found["mode_kl"], np.log(1000) + 0.75 * np.log(0.75) + 0.25 * np.log(0.25), rtol=1e-6)
    np.testing.assert_allclose(stacked_modes(drawn([[9, 9, 9]] * 5), read)["mode_kl"], np.log(1000), rtol=1e-6)


def test_a_perfect_generators_divergence_is_what_the_docstring_says():
    digits = np.random.default_rng(0).integers(0, 10, (26_000, 3))
    images = np.asarray(digits, np.uint8)[:, None, None, :]
    found = stacked_modes(images, read)
    assert found["modes"] == 1000 and 0.017 < found["mode_kl"] < 0.021


@pytest.mark.parametrize("images, classifier, told", [
    (np.zeros((2, 4, 4, 3)), read, "images must be uint8"),
    (np.zeros((2, 4, 4, 3), np.uint8), lambda images: {"logits": np.zeros((1, 10))}, "for each of 2 channels"),
])
def test_what_cannot_be_counted_is_told(images, classifier, told):
    with pytest.raises(EvaluationError, match=told):
        stacked_modes(images, classifier)
