"""Canonical coordinates: uncorrelated, of deviation 1, the same whatever linear map came before, honest of noise."""

import numpy as np
import pytest

from tfgan_improved.evaluation import EvaluationError, canonical

KNOWN = 6000


def drawn(*, correlations=(0.9, 0.5, 0.0), count=8000, seed=0):
    """Pairs (n, 3), (n, 4) that are canonical already."""
    random = np.random.default_rng(seed)
    r = np.array(correlations)
    x, noise = random.normal(size=(2, count, len(r)))
    return x, np.concatenate([r * x + np.sqrt(1 - r**2) * noise, random.normal(size=(count, 1))], axis=1)


def test_coordinates_are_of_deviation_one_and_only_the_pairs_of_them_correlate():
    x, z = drawn()
    mix = np.random.default_rng(1)
    found = canonical.prepared(x @ mix.normal(size=(3, 3)), z @ mix.normal(size=(4, 4)) + 7.0, KNOWN)
    u, v = found.x[:KNOWN, :3], found.z[:KNOWN, :4]
    np.testing.assert_allclose(np.cov(u.T), np.eye(3), atol=0.02)
    np.testing.assert_allclose(np.cov(v.T), np.eye(4), atol=0.02)
    across = u.T @ v / KNOWN
    np.testing.assert_allclose(across[:2, :2], np.diag([0.9, 0.5]), atol=0.03)
    assert np.abs(across - np.diag(np.diag(across))[:, [0, 1, 2, 0]] * np.eye(3, 4)).max() < 0.02
    np.testing.assert_allclose(found.correlations, [0.9, 0.5, 0.0], atol=0.03)


def test_behind_them_come_ranks_and_columns():
    x, z = drawn(count=500)
    found = canonical.prepared(np.exp(5 * x), z, 400)
    assert found.x.shape == (500, 9) and found.z.shape == (500, 12) and found.x.dtype == np.float32
    scores, columns = found.x[:, 3:6], found.x[:, 6:]
    np.testing.assert_array_equal(np.argsort(scores, axis=0), np.argsort(x, axis=0))
    assert np.abs(scores).max() < 3.5 and columns.max() == canonical.FAR
    assert found.correlations[0] > 0.85  # of the ranks: the columns' own is low


def test_a_small_difference_of_large_columns_is_seen():
    """z depends on b only, of which x's columns, a and a + b / 100, differ: of the columns, not of their ranks."""
    a, b, noise = np.random.default_rng(2).normal(size=(3, 8000))
    found = canonical.prepared(np.stack([a, a + 0.01 * b], axis=1), (0.9 * b + 0.19**0.5 * noise)[:, None], KNOWN)
    assert abs(found.correlations[0] - 0.9) < 0.01


def test_noise_correlates_hardly_however_many_columns_it_has():
    x, z = np.random.default_rng(3).normal(size=(2, 200, 60))
    found = canonical.prepared(x, z, 150)
    assert found.correlations.max() < 0.45 and found.correlations.mean() < 0.1  # of the rows that decided: near 1
    u, v = found.x[:150, :60], found.z[:150, :60]
    assert (u * v).mean(axis=0)[0] > 0.9


def test_of_many_columns_the_directions_of_most_variance_are_seen(monkeypatch):
    monkeypatch.setattr(canonical, "WIDE", 10)
    x, z = drawn(correlations=(0.9, 0.5))
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(30, 30)))[0]
    wide = np.concatenate([3 * x, 0.1 * np.random.default_rng(5).normal(size=(8000, 28))], axis=1) @ turn
    found = canonical.prepared(wide, z, KNOWN)
    assert found.correlations.shape == (3,) and found.x.shape[1] == 10 + 30 + 30
    np.testing.assert_allclose(found.correlations[:2], [0.9, 0.5], atol=0.03)


@pytest.mark.parametrize("of_x, of_z, gaussian", [
    (lambda x: x, lambda z: z**3, True), (np.sign, np.sign, False), (lambda x: x, np.sign, True),
    (lambda x: x / np.linalg.norm(x, axis=1, keepdims=True), np.sign, False)])
def test_whether_either_is_gaussian(of_x, of_z, gaussian):
    x, z = drawn()
    mix = np.random.default_rng(1).normal(size=(3, 3))
    assert canonical.prepared(of_x(x @ mix), of_z(z), KNOWN).gaussian == gaussian
    assert canonical.nats_of([0.9, 0.5]) == pytest.approx(-0.5 * np.log(0.19 * 0.75))


def test_the_information_of_gaussians_has_no_bias():
    for correlation, count in ((0.8, 1000), (0.3, 2000), (0.0, 1000)):
        found = [canonical.prepared(*drawn(correlations=[correlation] * 10, count=count, seed=seed), count * 3 // 4)
                 for seed in range(8)]
        exact = -5 * np.log(1 - correlation**2)
        assert abs(np.mean([pairs.gaussian_nats for pairs in found]) - exact) < 0.02 * exact + 0.01
        assert all(pairs.gaussian for pairs in found)


def test_too_few_rows_tell_no_distribution():
    assert not canonical.prepared(*drawn(count=200), 150).gaussian
    assert canonical.prepared(*drawn(count=300), 200).gaussian


def test_columns_of_few_numbers_have_an_indicator_for_each():
    random = np.random.default_rng(0)
    x = np.stack([random.integers(0, 4, 400), random.integers(0, 2, 400), random.normal(size=400)], axis=1)
    found = canonical.prepared(x, x[:, :1], 300)
    indicators = found.x[:, 9:]  # behind three columns of each of the three kinds
    assert indicators.shape == (400, 4) and found.z.shape == (400, 3 + 4)
    np.testing.assert_array_equal(indicators.argmax(axis=1), x[:, 0])
    many = random.integers(0, 50, (400, 30))
    assert canonical.prepared(many, x, 300).x.shape[1] == 90 + 5 * 50  # there is room for five


@pytest.mark.parametrize("wide", [1, 300])
def test_columns_that_say_the_same_are_one(wide):
    x = np.random.default_rng(4).normal(size=(200, wide))
    found = canonical.prepared(np.concatenate([x, -2 * x], axis=1), x[:, :1], 150)
    assert found.x.shape[1] - 4 * wide == min(wide, 149) and np.isfinite(found.x).all()


def test_what_does_not_vary_is_left_out_or_told():
    x, z = drawn(count=200)
    assert canonical.prepared(np.concatenate([x, np.ones((200, 2))], axis=1), z, 150).x.shape == (200, 9)
    with pytest.raises(EvaluationError, match="z is constant, and holds no information"):
        canonical.prepared(x, np.ones((200, 2)), 150)
