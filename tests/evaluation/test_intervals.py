"""Intervals and biases of scores: coverage by simulation, closed forms, ranges, and the halves of what was seen."""

import numpy as np
import pytest
import scipy.stats

from tfgan_improved.evaluation import evidence, intervals, moments
from tfgan_improved.evaluation.scores import frechet, kernel


def _seen(features, groups=20):
    return evidence.Evidence(len(features), features=features, moments=moments.gathered(features, groups))


@pytest.mark.parametrize("a_feature", [1, 2])
def test_no_bias_is_told_and_nothing_extrapolated_from_too_few_samples(a_feature):
    random, width = np.random.RandomState(0), 24
    samples, real = _seen(random.randn(a_feature * width, width)), _seen(random.randn(50 * width, width), 1)
    assert frechet.Frechet()(samples, real)["fd"].bias is None
    with pytest.raises(ValueError, match=f"{a_feature * width} samples are too few to extrapolate a distance of 24 "
                                         "features; give at least 72 --samples"):
        frechet.FrechetAtInfinity()(samples, real)


def test_the_distance_of_infinitely_many_samples_is_that_of_the_gaussians():
    """At the fewest samples it is given for, on average within a tenth of what they add and of the noise."""
    random, width, scale = np.random.RandomState(0), 24, 1.3
    exact = moments.known(None, np.zeros(width), np.eye(width))
    real, found = evidence.Evidence(None, moments=exact), []
    for _ in range(30):
        samples = _seen(scale * random.randn(3 * width, width))
        one = frechet.Frechet()(samples, real)["fd"]
        extrapolated = frechet.FrechetAtInfinity()(samples, real)["fd_infinity"]
        assert extrapolated.value == pytest.approx(one.value - one.bias)
        found.append((one.value, *extrapolated[:3]))
    (plain, infinite, low, high), want = np.mean(found, axis=0), width * (scale - 1) ** 2
    assert abs(infinite - want) < 0.2 * (plain - want)
    held = np.mean([low < want < high for _, _, low, high in found])
    spread = np.std([infinite for _, infinite, _, _ in found])
    assert held > 0.85 and (high - low) / 2 < 2 * 2.78 * spread  # 2.78: Student's t of 4 degrees of freedom


def test_the_kernel_distances_interval_covers_as_often_as_it_says(monkeypatch):
    """Of 4 blocks the normal distribution's 1.96 errors hold the expected 0 four times in five only."""
    random, held = np.random.RandomState(3), []
    monkeypatch.setattr(kernel, "BLOCK", 32)
    for _ in range(400):
        kd = kernel.Kernel()(*(evidence.Evidence(128, features=random.randn(128, 3)) for _ in range(2)))["kd"]
        held.append(kd.low < 0 < kd.high)
    assert 0.91 < np.mean(held) < 0.99


def test_the_interval_of_what_is_left_out_is_that_of_a_mean_for_a_mean():
    """Of equal blocks it is the blocks' mean -+ t times their standard error."""
    values = np.random.RandomState(0).randn(50)
    low, high = intervals.of_left_out(values.mean(), [values[left].mean() for left in intervals.left_out(50)])
    blocks = values.reshape(5, 10).mean(axis=1)
    half = scipy.stats.t.ppf(0.975, 4) * blocks.std(ddof=1) / np.sqrt(5)
    np.testing.assert_allclose([low, high], [values.mean() - half, values.mean() + half])
    assert intervals.of_left_out(0.1, [0.0, 0.3], 0.0)[0] == 0.0


def test_intervals_stay_in_the_range_of_the_score():
    assert intervals.around(0.01, np.array([0.0, 0.5]), 0.0, 1.0)[0] == 0.0
    assert intervals.around(-1e-9, np.array([-1.0, 1.0]), 0.0) == (-1e-9, pytest.approx(0.95))
    low, high = intervals.of_mean([True] * 99 + [False])
    assert 0.9 < low < 0.99 and high == 1.0
    assert intervals.of_mean([0.0, 4.0] * 3, np.inf)[1] > 1.0


def test_halves_are_of_what_is_kept_of_each_part():
    seen = evidence.Evidence(10, images=np.arange(6), features=np.arange(10))
    first, second = seen.half(0), seen.half(1)
    assert (first.count, second.count) == (5, 5) and second.images.tolist() == [3, 4, 5]
    assert first.images.tolist() == [0, 1, 2] and second.features.tolist() == [5, 6, 7, 8, 9]
