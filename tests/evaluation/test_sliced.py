"""The sliced Wasserstein distance: TF-GAN's pyramids and, in expectation, its numbers; any size, any channels."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from tfgan_improved.evaluation import bridge, scores
from tfgan_improved.evaluation.evidence import Evidence
from tfgan_improved.evaluation.scores import sliced


def smooth(n, side, seed, sigma, channels=3):
    x = ndimage.gaussian_filter(np.random.RandomState(seed).randn(n, side, side, channels), (0, sigma, sigma, 0))
    return np.clip(np.rint(x / x.std() * 50 + 128), 0, 255).astype(np.uint8)


def test_pyramids_are_tfgans():
    images = smooth(3, 32, 0, 1.0)
    theirs = bridge.tfgan_eval().sliced_wasserstein_distance.__globals__["laplacian_pyramid"](tf.constant(images), 3)
    for mine, want in zip(sliced.laplacian_pyramid(images, 3), theirs):
        np.testing.assert_allclose(mine, want, atol=1e-4)


@pytest.mark.parametrize("side, sides", [(28, [28]), (33, [33, 17]), (48, [48, 24]), (7, [7])])
def test_a_pyramid_of_any_size_sums_up_to_the_images(side, sides):
    images = smooth(2, side, 1, 1.0, 1)
    pyramid = sliced.laplacian_pyramid(images, len(sides))
    assert [level.shape[1] for level in pyramid] == sides
    total = pyramid[-1]
    for fine in pyramid[-2::-1]:
        wide = np.zeros((2, 2 * total.shape[1], 2 * total.shape[2], 1), np.float32)
        wide[:, ::2, ::2] = 4 * total
        total = fine + sliced._blurred(wide)[:, :fine.shape[1], :fine.shape[2]]
    np.testing.assert_allclose(total, images, atol=1e-3)
    assert list(scores.sliced_wasserstein_distance(images, images[::-1], 8, 16)) == sides


def test_with_patches_normalized_one_by_one_it_is_tfgans_in_expectation():
    a, b = smooth(60, 32, 1, 1.0), smooth(60, 32, 2, 1.5)
    theirs = bridge.tfgan_eval().sliced_wasserstein_distance
    np.random.seed(1)
    tf.random.set_seed(1)
    want = [[float(fake) for _, fake in theirs(tf.constant(b), tf.constant(a), patches_per_image=16)] for _ in range(4)]
    got = [list(scores.sliced_wasserstein_distance(a, b, 16, 147, "patch", seed=s).values()) for s in range(4)]
    spread = np.sqrt((np.var(want, axis=0, ddof=1) + np.var(got, axis=0, ddof=1)) / 4)
    assert (np.abs(np.mean(got, axis=0) - np.mean(want, axis=0)) < 4 * spread).all()
    np.testing.assert_allclose(np.mean(got, axis=0), np.mean(want, axis=0), rtol=0.12)


def test_one_direction_is_the_transport_of_sorted_numbers():
    p, q = np.random.RandomState(0).randn(50, 1).astype("f4"), np.random.RandomState(1).randn(50, 1).astype("f4")
    want = np.abs(np.sort(p, axis=0) - np.sort(q, axis=0)).mean()
    np.testing.assert_allclose(sliced._distance(p, q, 40, np.random.default_rng(0)), want, rtol=1e-5)


def test_a_set_is_normalized_by_channel_and_constant_channels_are_0():
    patches = np.random.RandomState(2).randn(30, 49, 3).astype("f4") * [1, 20, 0] + [5, 6, 7]
    rows = sliced._of_set(patches.astype("f4")).reshape(30, 49, 3)
    np.testing.assert_allclose(rows.std(axis=(0, 1)), [1, 1, 0], atol=1e-4)
    np.testing.assert_allclose(rows.mean(axis=(0, 1)), 0, atol=1e-5)


def test_equal_images_are_at_no_distance_and_a_seed_repeats():
    a, b = smooth(40, 28, 3, 1.0, 1), smooth(40, 28, 4, 1.0, 1)
    assert scores.sliced_wasserstein_distance(a, a, 8, 16) == {28: 0.0}
    first = scores.sliced_wasserstein_distance(a, b, 8, 16, seed=1)
    assert first == scores.sliced_wasserstein_distance(a, b, 8, 16, seed=1)
    assert first != scores.sliced_wasserstein_distance(a, b, 8, 16, seed=2)
    rough = scores.sliced_wasserstein_distance(a, smooth(40, 28, 4, 0.3, 1), 8, 16)
    assert rough[28] > 1.5 * first[28]  # other detail is farther than other images of the same detail


def test_the_score_has_a_number_a_level_and_their_mean():
    a, b = smooth(30, 32, 3, 1.0), smooth(40, 32, 4, 1.0)
    score = sliced.SlicedWasserstein(images=20, patches=4, directions=8)
    values = score(Evidence(30, images=a), Evidence(40, images=b))
    assert list(values) == ["swd", "swd_32", "swd_16"]
    want = scores.sliced_wasserstein_distance(a[:20], b[:20], 4, 8)
    assert values["swd_16"].value == want[16] and values["swd"].value == pytest.approx((want[16] + want[32]) / 2)


@pytest.mark.parametrize("call, message", [
    (lambda a: scores.sliced_wasserstein_distance(a[:, :6], a[:, :6]), r"at least 7 pixels.*\(6, 8, 1\)"),
    (lambda a: scores.sliced_wasserstein_distance(a, a[:, :7]), r"one shape.*\(8, 8, 1\) and \(7, 8, 1\)"),
    (lambda a: scores.sliced_wasserstein_distance(a / 255.0, a), "must be uint8.*received float64"),
    (lambda a: scores.sliced_wasserstein_distance(a, a, patches=0), "at least 1.*received 0, 512 and 'set'"),
    (lambda a: scores.sliced_wasserstein_distance(a, a, normalize="all"), "one of set, patch"),
])
def test_what_has_no_patches_is_one_sentence(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call(np.zeros((5, 8, 8, 1), np.uint8))
    assert "\n" not in str(caught.value)


def test_the_interval_holds_what_other_images_give():
    """And is no more than three times as wide as they spread."""
    score, found = sliced.SlicedWasserstein(images=40, patches=8, directions=32), []
    for seed in range(12):
        found.append(score(Evidence(40, images=smooth(40, 32, seed, 1.0)),
                           Evidence(40, images=smooth(40, 32, 100 + seed, 1.5))))
    for name in ("swd", "swd_32", "swd_16"):
        value, low, high, _ = np.array([one[name] for one in found], float).T
        assert np.mean((low < value.mean()) & (value.mean() < high)) > 0.8
        assert (high - low).mean() / 2 < 3 * 2.78 * value.std()
