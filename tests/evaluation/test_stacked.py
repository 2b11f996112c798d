"""Stacked digits, with a classifier that reads a digit from its first pixel."""

import numpy as np
import pytest

from tfgan_improved.evaluation import EvaluationError, ModeCount, StackedClassifier
from tfgan_improved.evaluation.evidence import Evidence


class Reader:
    """Logits of each image: log 9 for the digit that its first pixel says, else 0: probability 1/2 of ten."""

    name, hash, resize, about = "digits_cnn", "0123", "none", {"accuracy": 0.9}

    def __call__(self, images):
        assert images.shape[-1] == 1
        logits = np.full((len(images), 10), 3.0, np.float32)
        logits[np.arange(len(images)), images[:, 0, 0, 0]] += np.float32(np.log(9))
        return {"logits": logits, "features": images.reshape(len(images), -1)[:, :2].astype(np.float32)}


def drawn(digits):
    return np.broadcast_to(np.asarray(digits, np.uint8)[:, None, None, :], (len(digits), 4, 4, 3)).copy()


def counted(images):
    return {name: value.value for name, value in
            ModeCount()(Evidence(len(images), logits=StackedClassifier(Reader())(images)["logits"])).items()}


def test_joint_logits_are_the_sums_of_the_channels_log_probabilities():
    seen = StackedClassifier(Reader())(drawn([[1, 2, 3], [9, 0, 9]]))
    assert seen["logits"].shape == (2, 1000) and seen["logits"].dtype == np.float32
    shares = np.exp(seen["logits"].astype(np.float64))
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(shares[[0, 1], [123, 909]], 1 / 8, rtol=1e-5)
    np.testing.assert_allclose(shares[0, [124, 323, 100]], [1 / 72, 1 / 72, 1 / 648], rtol=1e-5)
    np.testing.assert_array_equal(seen["features"], [[1, 1, 2, 2, 3, 3], [9, 9, 0, 0, 9, 9]])


def test_a_thousand_modes_alike_are_all_seen_and_cost_nothing():
    found = counted(drawn([[a, b, c] for a in range(10) for b in range(10) for c in range(10)]))
    assert found["modes"] == 1000
    np.testing.assert_allclose(found["mode_kl"], 0, atol=1e-6)


def test_the_order_of_colors_counts():
    found = counted(drawn([[1, 2, 3]] * 3 + [[3, 2, 1]]))
    assert found["modes"] == 2
    np.testing.assert_allclose(found["mode_kl"], np.log(1000) + 0.75 * np.log(0.75) + 0.25 * np.log(0.25), rtol=1e-6)


def test_more_images_than_are_seen_at_once_keep_their_order():
    digits = np.random.default_rng(0).integers(0, 10, (4100, 3))
    got = StackedClassifier(Reader())(np.asarray(digits, np.uint8)[:, None, None, :])["logits"].argmax(axis=1)
    np.testing.assert_array_equal(got, digits @ [100, 10, 1])


def test_it_says_who_saw():
    seen_by = StackedClassifier(Reader())
    assert (seen_by.name, seen_by.hash, seen_by.about) == ("stacked_digits_cnn", "0123", {"accuracy": 0.9})


def test_other_images_are_refused():
    with pytest.raises(EvaluationError, match="images must be uint8"):
        StackedClassifier(Reader())(np.zeros((2, 4, 4, 3)))
