"""Accuracy of conditional samples and the classes among samples: their formulas, and what stands beside them."""

import numpy as np
import pytest

from tfgan_improved.evaluation import scores
from tfgan_improved.evaluation.evidence import Evidence
from tfgan_improved.evaluation.scores import labels as label_scores


def logits_of(classes, k):
    return np.where(np.eye(k)[classes] > 0, 3.0, np.random.RandomState(0).rand(len(classes), k)).astype("f4")


def test_accuracy_is_the_share_of_samples_that_are_what_was_asked_for():
    share, of_class = scores.label_accuracy(logits_of([0, 0, 1, 2, 2, 2], 4), np.array([0, 1, 1, 2, 2, 0]))
    np.testing.assert_allclose(share, 4 / 6)
    np.testing.assert_allclose(of_class, [0.5, 0.5, 1.0, np.nan])


def test_modes_and_their_divergences_match_their_formulas():
    classes, real = np.array([0] * 6 + [1] * 3 + [3]), np.repeat(np.arange(4), (10, 20, 30, 40))
    p, q = np.array([0.6, 0.3, 0.1]), np.array([11, 21, 41]) / 104
    count, kl, real_kl = scores.mode_count(logits_of(classes, 4), logits_of(real, 4))
    assert count == 3
    np.testing.assert_allclose((kl, real_kl), (np.sum(p * np.log(4 * p)), np.sum(p * np.log(p / q))), rtol=1e-12)
    assert scores.mode_count(logits_of(classes, 4))[2] is None
    one = scores.mode_count(logits_of(np.zeros(50, int), 1000))
    np.testing.assert_allclose(one[:2], (1, np.log(1000)))
    assert scores.mode_count(logits_of(np.arange(1000), 1000))[:2] == pytest.approx((1000, 0.0), abs=1e-12)


def test_a_class_that_real_images_lack_is_at_no_infinite_distance():
    assert np.isfinite(scores.mode_count(logits_of([0, 1, 2], 3), logits_of([0, 0, 1, 1], 3))[2])


def test_the_stated_bias_is_what_few_samples_add():
    random, k, n = np.random.RandomState(1), 50, 1000
    values = [label_scores.ModeCount()(Evidence(n, logits=logits_of(random.randint(0, k, n), k))) for _ in range(30)]
    np.testing.assert_allclose(np.mean([v["mode_kl"].value for v in values]), values[0]["mode_kl"].bias, rtol=0.15)
    assert values[0]["mode_kl"].bias == pytest.approx(49 / 2000)
    assert values[0]["modes"].value == 50 and "mode_kl_to_real" not in values[0]


def test_scores_read_what_they_say_and_have_intervals():
    random = np.random.RandomState(2)
    classes, labels = random.randint(0, 5, 400), random.randint(0, 5, 400)
    labels[:300] = classes[:300]
    seen = Evidence(400, labels=labels, logits=logits_of(classes, 5))
    value = label_scores.LabelAccuracy()(seen)["label_accuracy"]
    assert value.value == scores.label_accuracy(seen.logits, labels)[0] and value.low < value.value < value.high
    values = label_scores.ModeCount()(seen, Evidence(400, logits=logits_of(np.arange(400) % 5, 5)))
    assert set(values) == {"modes", "mode_kl", "mode_kl_to_real"}
    assert values["mode_kl"].low < values["mode_kl"].value < values["mode_kl"].high
    assert "mode_kl_to_real" not in label_scores.ModeCount()(seen, seen)  # beside the samples' scores


@pytest.mark.parametrize("call, message", [
    (lambda: scores.label_accuracy(np.zeros((3, 2)), np.array([0, 1])), r"whole numbers of shape \(3,\)"),
    (lambda: scores.label_accuracy(np.zeros((2, 2)), np.array([0.0, 1.0])), "received float64"),
    (lambda: scores.label_accuracy(np.zeros((2, 2)), np.array([0, 2])), "from 0 to 1; received 0 to 2"),
    (lambda: scores.label_accuracy(np.zeros((2, 2)), np.array([-1, 1])), "received -1 to 1"),
    (lambda: scores.mode_count(np.zeros((2, 3)), np.zeros((2, 4))), "same classes; received 3 and 4"),
    (lambda: scores.mode_count(np.full((2, 3), np.nan)), "must be finite"),
])
def test_what_cannot_be_counted_is_one_sentence(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
