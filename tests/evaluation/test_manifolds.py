"""Precision, recall, density, coverage: their definitions on all pairs, and the numbers of the published packages."""

import numpy as np
import pytest

from tfgan_improved.evaluation import scores
from tfgan_improved.evaluation.evidence import Evidence
from tfgan_improved.evaluation.scores import manifolds


def features(seed, n, m, width, scale, shift):
    random = np.random.RandomState(seed)
    return (scale * random.randn(n, width) + shift).astype("f4"), random.randn(m, width).astype("f4")


CASES = [(11, 1500, 1200, 24, 1.1, 0.15), (12, 800, 800, 128, 0.8, 0.0), (13, 600, 900, 6, 1.0, 0.3)]


@pytest.mark.parametrize("case, k, want", [
    (CASES[0], 3, (0.5006666666666667, 0.865, 0.4968888888888888, 0.745)),
    (CASES[0], 5, (0.626, 0.9208333333333333, 0.508, 0.8808333333333334)),
    (CASES[1], 3, (1.0, 0.0025, 37.10541666666666, 1.0)),
    (CASES[1], 5, (1.0, 0.01, 30.691250000000004, 1.0)),
    (CASES[2], 3, (0.905, 0.9066666666666666, 0.9588888888888888, 0.7222222222222222)),
    (CASES[2], 5, (0.955, 0.9433333333333334, 0.969, 0.87))])
def test_the_numbers_are_those_of_prdc_and_torch_fidelity(case, k, want):
    """Of prdc 0.2 in float64; torch-fidelity 0.4.0 gave the same precision and recall for k = 3 in float32."""
    a, b = features(*case)
    np.testing.assert_allclose((*scores.precision_recall(a, b, k), *scores.density_coverage(a, b, k)), want, rtol=1e-12)


def test_they_match_their_definitions_with_duplicates():
    a, b = features(3, 60, 50, 4, 1.0, 0.2)
    a[:8], b[:6], a[20:25] = b[10:18], b[6], a[30]
    apart, within, real_within = (np.linalg.norm(x[:, None].astype("f8") - y[None], axis=-1)
                                  for x, y in ((a, b), (a, a), (b, b)))
    radius, real_radius = np.sort(within, axis=1)[:, 3], np.sort(real_within, axis=1)[:, 3]  # the first is itself
    inside = apart <= real_radius
    own = apart <= radius[:, None]
    assert scores.precision_recall(a, b, 3) == (inside.any(axis=1).mean(), own.any(axis=0).mean())
    np.testing.assert_allclose(scores.density_coverage(a, b, 3), (inside.sum() / (3 * len(a)), inside.any(0).mean()))


def test_of_one_distribution_density_is_1_and_coverage_what_the_paper_expects():
    random = np.random.RandomState(4)
    n, m, k = 1000, 800, 5
    got = np.mean([scores.density_coverage(random.randn(n, 8), random.randn(m, 8), k) for _ in range(4)], axis=0)
    want = 1 - np.prod([(m - i) / (n + m - i) for i in range(1, k + 1)])
    np.testing.assert_allclose(got, (1.0, want), rtol=0.03)


def test_dropped_modes_cost_recall_and_far_samples_precision():
    random = np.random.RandomState(5)
    centers = 50.0 * np.arange(4)[:, None] * np.ones(3)
    real = centers[np.arange(400) % 4] + random.randn(400, 3)
    dropped = centers[np.arange(400) % 2] + random.randn(400, 3)
    precision, recall = scores.precision_recall(dropped, real)
    assert precision > 0.9 and 0.45 < recall <= 0.5
    far = np.where(np.arange(400)[:, None] < 100, 1e4, real[::-1])
    precision, recall = scores.precision_recall(far, real)
    assert 0.7 < precision <= 0.75
    density, coverage = scores.density_coverage(far, real)
    assert density == pytest.approx(0.75 * scores.density_coverage(far[100:], real)[0]) and coverage > 0.9


def test_scores_have_intervals_that_hold_the_value():
    a, b = features(*CASES[2])
    seen, real = Evidence(len(a), features=a), Evidence(len(b), features=b)
    for score, names in ((manifolds.PrecisionRecall(), ("precision", "recall")),
                         (manifolds.DensityCoverage(), ("density", "coverage"))):
        values = score(seen, real)
        assert tuple(values) == names
        for value in values.values():
            assert value.low < value.value < value.high < value.value + 0.1
    share = manifolds.PrecisionRecall()(seen, real)["precision"]
    want = np.sqrt(share.value * (1 - share.value) / 600)
    np.testing.assert_allclose((share.high - share.low) / 3.92, want, rtol=0.2)


@pytest.mark.parametrize("k, n", [(0, 20), (20, 20), (5, 5)])
def test_k_that_the_samples_cannot_have_is_refused(k, n):
    a, b = np.random.RandomState(0).randn(n, 3), np.random.RandomState(1).randn(30, 3)
    for function in (scores.precision_recall, scores.density_coverage):
        with pytest.raises(ValueError, match=f"k from 1 to {n - 1}.*received k={k}; give"):
            function(a, b, k)
