"""MS-SSIM: its formula at one scale, TensorFlow's numbers at five, fewer scales for small images, pairs of a class."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from tfgan_improved.evaluation import scores
from tfgan_improved.evaluation.evidence import Evidence
from tfgan_improved.evaluation.scores import similarity


def smooth(n, side, seed, channels=1):
    x = ndimage.gaussian_filter(np.random.RandomState(seed).randn(n, side, side, channels), (0, 1.5, 1.5, 0))
    return np.clip(np.rint(x / x.std() * 50 + 128), 0, 255).astype(np.uint8)


def ssim(a, b):
    """One scale, in NumPy: the mean over 11 x 11 windows and channels, weighted by a Gaussian of deviation 1.5."""
    g = np.exp(-np.arange(-5, 6) ** 2 / 4.5)
    window = np.outer(g, g) / g.sum() ** 2

    def mean(x):
        return np.einsum("hwcij,ij->hwc", np.lib.stride_tricks.sliding_window_view(x, (11, 11), axis=(0, 1)), window)

    a, b, c1, c2 = a.astype("f8"), b.astype("f8"), (0.01 * 255) ** 2, (0.03 * 255) ** 2
    ma, mb = mean(a), mean(b)
    va, vb, cov = mean(a * a) - ma**2, mean(b * b) - mb**2, mean(a * b) - ma * mb
    return ((2 * ma * mb + c1) / (ma**2 + mb**2 + c1) * (2 * cov + c2) / (va + vb + c2)).mean()


def test_one_scale_is_the_formula():
    a, b = smooth(3, 16, 0), smooth(3, 16, 1)
    b = (0.7 * a + 0.3 * b).astype(np.uint8)
    np.testing.assert_allclose(scores.ms_ssim(a, b), [ssim(x, y) for x, y in zip(a, b)], atol=1e-4)


def test_five_scales_are_tensorflows():
    a = smooth(2, 176, 2, 3)
    b = (0.6 * a + 0.4 * smooth(2, 176, 3, 3)).astype(np.uint8)
    np.testing.assert_allclose(scores.ms_ssim(a, b), tf.image.ssim_multiscale(a, b, 255), rtol=1e-6)
    assert (scores.ms_ssim(a, b) < 0.99).all()


@pytest.mark.parametrize("side, scales", [(11, 1), (21, 1), (22, 2), (28, 2), (32, 2), (64, 3), (128, 4), (175, 4),
                                          (176, 5), (1024, 5)])
def test_small_images_have_fewer_scales_of_the_same_proportions(side, scales):
    weights = similarity.weights_for(side)
    assert len(weights) == scales and sum(weights) == pytest.approx(1.0, abs=2e-4)
    np.testing.assert_allclose(np.divide(weights, weights[0]), np.divide(similarity.WEIGHTS[:scales], 0.0448))


@pytest.mark.parametrize("side, channels", [(28, 1), (32, 3), (33, 1)])
def test_equal_images_are_1_and_others_less(side, channels):
    a, b = smooth(4, side, 4, channels), smooth(4, side, 5, channels)
    np.testing.assert_allclose(scores.ms_ssim(a, a), 1.0, atol=1e-6)
    assert (scores.ms_ssim(a, b) < 0.9).all() and (scores.ms_ssim(a, b) >= 0).all()


def test_pairs_are_of_one_class_and_of_different_images():
    """Class 0 holds one image again and again, class 1 others; class 7 has one image only and does not count."""
    images = np.concatenate([np.repeat(smooth(1, 16, 6), 20, axis=0), smooth(20, 16, 7), smooth(1, 16, 8)])
    labels = np.repeat([0, 1, 7], (20, 20, 1))
    mean, of_class = scores.class_similarity(images, labels, pairs=50)
    assert set(of_class) == {0, 1} and of_class[0] == pytest.approx(1.0, abs=1e-6) and of_class[1] < 0.5
    assert mean == pytest.approx((of_class[0] + of_class[1]) / 2)
    pair = scores.class_similarity(images[20:22], np.array([4, 4]), pairs=10)[1][4]
    assert pair == pytest.approx(scores.ms_ssim(images[20:21], images[21:22])[0], abs=1e-6)  # never with itself
    assert scores.class_similarity(images, labels, 50, seed=1)[0] != mean
    assert scores.class_similarity(images, labels, 50)[0] == mean


def test_classes_are_the_classifiers_or_the_labels():
    images, labels = smooth(40, 16, 9), np.arange(40) % 2
    images[1::2] = images[1]
    seen = Evidence(40, images=images, labels=np.zeros(40, int), logits=np.eye(2)[labels])
    by_eye, by_label = similarity.ClassSimilarity(), similarity.ClassSimilarity(by="labels")
    assert by_eye.reads == ("images", "logits") and by_label.reads == ("images", "labels")
    value = by_eye(seen)["ms_ssim"]
    assert value.value == scores.class_similarity(images, labels)[0] and value.low < value.value < value.high
    assert by_label(seen)["ms_ssim"].value == scores.class_similarity(images, seen.labels)[0] < value.value
    with pytest.raises(ValueError, match="classifier, labels; received 'eye'"):
        similarity.ClassSimilarity(by="eye")


@pytest.mark.parametrize("images, labels, pairs, message", [
    (np.zeros((4, 10, 16, 1), np.uint8), [0] * 4, 5, r"at least 11 pixels on a side; received .*10, 16"),
    (np.zeros((4, 16, 16, 1)), [0] * 4, 5, "must be uint8.*received float64"),
    (np.zeros((4, 16, 16, 1), np.uint8), [0] * 3, 5, r"labels must be whole numbers of shape \(4,\)"),
    (np.zeros((4, 16, 16, 1), np.uint8), range(4), 5, "4 images of as many classes have no pairs"),
    (np.zeros((4, 16, 16, 1), np.uint8), [0] * 4, 0, "at least 1; received 0"),
])
def test_what_has_no_pairs_is_one_sentence(images, labels, pairs, message):
    with pytest.raises(ValueError, match=message) as caught:
        scores.class_similarity(images, np.array(labels), pairs)
    assert "\n" not in str(caught.value)
