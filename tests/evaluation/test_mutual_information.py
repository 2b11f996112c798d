"""The estimate of mutual information: on distributions where it is known, and what it refuses."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_improved as tfi
from tfgan_improved.evaluation import EvaluationError, pair_statistics
from tfgan_improved.losses.information import donsker_varadhan

estimate = tfi.estimate_mutual_information


def gaussians(dimension, correlation, count, seed=0):
    """Pairs whose components correlate; I = -d / 2 log(1 - rho^2)."""
    random = np.random.default_rng(seed)
    x, noise = random.normal(size=(2, count, dimension))
    exact = -dimension / 2 * np.log(1 - correlation**2)
    return x, correlation * x + np.sqrt(1 - correlation**2) * noise, exact


@pytest.mark.parametrize("dimension, correlation, settings, allowed", [
    (2, 0.9, {"steps": 160, "batch_size": 256}, (-0.05, 0.05)),  # 1.661
    (2, -0.9, {"steps": 100, "batch_size": 256, "bound": "f_divergence"}, (-0.05, 0.05)),
    (1, 0.8, {"steps": 100, "batch_size": 128, "rate": 0.1}, (-0.1, 0.1)),  # 0.511
])
def test_correlated_gaussians(dimension, correlation, settings, allowed):
    x, z, exact = gaussians(dimension, correlation, 8_000)
    found = estimate(x, z, **settings)
    assert exact * (1 + allowed[0]) < found.nats < exact * (1 + allowed[1])
    steps, trained, held = zip(*found.curve)
    assert steps[-1] == settings["steps"] and found.step in steps and found.limit == pytest.approx(np.log(2000 * 1999))
    assert steps[0] == 0 and abs(held[0] - exact) < 0.05 * exact  # T starts with what Gaussians have
    assert abs(trained[-1] - exact) < 0.15 * exact + 0.02  # and does not unlearn it


def test_much_information_of_many_columns():
    x, z, exact = gaussians(20, 0.8, 8000)  # 10.2 nats, and 15.2 can be read of 2,000 pairs
    found = estimate(x, z, steps=40, batch_size=192)
    assert 0.9 * exact < found.nats < 1.05 * exact


def test_what_no_reading_tells_is_what_gaussians_have_or_the_limit():
    x, z, exact = gaussians(20, 0.99, 4000)  # 39.2 nats, 13.8 can be read
    found = estimate(x, z, steps=20, batch_size=128)
    assert found.nats == found.gaussian_nats == pytest.approx(exact, rel=0.02)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(40, 40)))[0]  # each column is nearly Gaussian then
    bits = np.random.default_rng(2).choice([-1.0, 1.0], size=(4000, 40)) @ turn
    found = estimate(bits, bits + 0.01 * np.random.default_rng(3).normal(size=bits.shape), steps=20, batch_size=128)
    assert found.nats == found.limit < 40 * np.log(2) < found.gaussian_nats


def test_few_pairs_of_much_information_are_not_read_as_nothing():
    """Both halves of the held-out pairs may read far too much where all of them read far too little."""
    x, z, exact = gaussians(20, 0.8, 1000, 2)  # 10.2 nats, and 11.0 can be read
    assert abs(estimate(x, z, seed=2, steps=60, batch_size=128).nats - exact) < 0.1 * exact


@pytest.mark.parametrize("columns, levels, count", [(10, 2, 100), (6, 5, 500), (8, 5, 800)])
def test_no_more_is_found_than_can_be_told_of_columns_of_few_numbers(columns, levels, count):
    """Their sums look like Gaussians, of which identical ones would have 5.4 nats a column."""
    x = np.random.default_rng(0).integers(0, levels, (count, columns))
    found = estimate(x, x, steps=20, batch_size=64)
    assert 0.3 * found.limit < found.nats <= found.limit < found.gaussian_nats


@pytest.mark.parametrize("levels, of, exact", [
    (50, lambda z: z % 5, np.log(5)), (20, lambda z: 7 * z % 20, np.log(20))])
def test_the_order_of_labels_means_nothing(levels, of, exact):
    z = np.random.default_rng(0).integers(0, levels, 4000)
    found = estimate(of(z), z, steps=160, batch_size=128)
    assert 0.9 * exact < found.nats < 1.02 * exact


@pytest.mark.parametrize("dimension, correlation, count, allowed", [
    (1, -0.999, 4000, 0.02), (5, 0.99, 4000, 0.02), (10, 0.3, 2000, 0.1), (2, 0.9, 200, 0.2)])
def test_strong_and_weak_correlations_and_few_pairs(dimension, correlation, count, allowed):
    x, z, exact = gaussians(dimension, correlation, count)
    assert abs(estimate(x, z, steps=20, batch_size=128).nats - exact) < allowed * exact


def test_which_linear_map_came_before_changes_nothing():
    """z tells of b only, and x's columns, a and a + b / 100, hardly differ: 0.830 nats."""
    a, b, noise = np.random.default_rng(6).normal(size=(3, 8000))
    found = estimate(np.stack([a, a + 0.01 * b], axis=1), 0.9 * b + 0.19**0.5 * noise, steps=60, batch_size=128)
    assert abs(found.nats - 0.830) < 0.05


def test_what_gaussians_do_not_have_is_learned():
    """The two coordinates of a blurred ring do not correlate: 0.679 nats by numerical integration of its density."""
    random = np.random.default_rng(7)
    angle, (right, up) = random.uniform(0, 2 * np.pi, 8000), 0.1 * random.normal(size=(2, 8000))
    found = estimate(np.cos(angle) + right, np.sin(angle) + up, steps=500, batch_size=256)
    assert found.curve[0][2] < 0.05 and 0.55 < found.nats < 0.72


def test_nothing_in_common_is_no_information():
    random = np.random.default_rng(1)
    found = estimate(random.normal(size=(3000, 4)), random.integers(0, 5, 3000), steps=60, batch_size=128)
    assert 0 <= found.nats < 0.01


def test_neither_scale_nor_outliers_nor_tails_hide_it():
    """Of three components; the information is the same whatever increasing function is taken of each."""
    x, z, exact = gaussians(3, 0.7, 4000)
    odd = np.exp(2 * x), z**3
    odd[0][0], odd[1][5] = 1e200, -1e9
    for pair in ((x * 1e200, z), odd):
        assert 0.85 * exact < estimate(*pair, steps=20, batch_size=128).nats < 1.05 * exact


def test_gaps_between_clusters_are_seen():
    """Six labels, and numbers that lie far apart for each: log 6 nats."""
    random = np.random.default_rng(4)
    labels = random.integers(0, 6, 4000)
    found = estimate(100.0 * labels + random.normal(size=4000), labels, steps=300, batch_size=128)
    assert 1.5 < found.nats < 1.8


def test_what_is_learned_by_heart_does_not_count():
    """With few pairs and a large network T knows the pairs it has seen: these read high, the held-out ones do not."""
    random = np.random.default_rng(2)
    found = estimate(*random.normal(size=(2, 200, 5)), steps=200, batch_size=150, learning_rate=1e-2)
    assert found.curve[-1][1] > 1.0 and found.nats < 0.2


def test_discrete_pairs_of_any_shape():
    """A digit of four is in the picture: log 4 nats, less what a bit of noise hides."""
    random = np.random.default_rng(3)
    labels = random.integers(0, 4, 4000)
    pictures = np.zeros((4000, 2, 2, 1), np.uint8)
    pictures.reshape(4000, 4)[np.arange(4000), labels] = 255
    found = estimate(pictures, labels == 2, steps=100, batch_size=128, seed=5)
    exact = 0.25 * np.log(4) + 0.75 * np.log(4 / 3)  # the entropy of whether it is the third
    assert abs(found.nats - exact) < 0.04


def test_it_is_the_same_for_a_seed_and_leaves_the_callers_random_numbers():
    x, z, _ = gaussians(2, 0.5, 400)
    settings = {"steps": 10, "batch_size": 32, "width": 16}
    np.random.seed(7)
    before = np.random.get_state()[1].copy()
    first, again = (estimate(x, z, seed=1, **settings) for _ in range(2))
    assert first == again
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    numpys = estimate(x, z, seed=np.uint8(1), **{name: np.int64(value) for name, value in settings.items()})
    assert numpys == first
    scaled = estimate(3 * x - 5, 1e3 * z, seed=1, **settings)
    np.testing.assert_allclose(scaled.nats, first.nats, atol=1e-3)


def test_it_is_float32_whatever_the_policy():
    x, z, _ = gaussians(2, 0.5, 10)
    x, z = x.astype("float32"), z.astype("float32")
    want = pair_statistics.Statistics(2, 2, width=8, correlations=(0.9,)).of_z(z)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        found = pair_statistics.Statistics(2, 2, width=8, correlations=(0.9,)).of_z(z)
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_array_equal(found, want)


def test_the_pairs_that_do_not_belong_together_are_all_but_the_diagonal():
    values = np.arange(25.0).reshape(5, 5)
    found = pair_statistics.off_diagonal(tf.constant(values)).numpy()
    assert sorted(found.ravel()) == sorted(values[~np.eye(5, dtype=bool)])


def test_a_reading_is_the_bound_on_all_pairs(monkeypatch):
    x, z, _ = gaussians(3, 0.5, 41)
    x, z = x.astype("float32"), z.astype("float32")
    statistics = pair_statistics.Statistics(3, 3, width=8, correlations=(0.9, 0.5))
    values = statistics(tf.constant(x), tf.constant(z)).numpy()
    off = ~np.eye(41, dtype=bool)
    want = donsker_varadhan(np.diag(values), values[off])
    monkeypatch.setattr(pair_statistics, "AT_ONCE", 41 * 7)  # six parts, the last one smaller
    np.testing.assert_allclose(pair_statistics.read(statistics, x, z, donsker_varadhan), want, rtol=1e-4)


@pytest.mark.parametrize("x, z, settings, told", [
    (np.ones((200, 1)), np.arange(199.0), {}, "received 200 rows of x and 199 of z; give as many of each"),
    (np.arange(200.0), np.full(200, np.nan), {}, "z has NaN or infinity; take out these rows of both arrays"),
    (np.arange(99.0), np.arange(99.0), {}, "99 pairs are too few .*; give at least 100"),
    (np.zeros((0, 3)), np.zeros(0), {}, "0 pairs are too few"),
    (np.arange(200.0), np.arange(200.0), {"seed": 2**32}, r"a seed from 0 to 2\*\*32 - 1, .*received seed=4294967296"),
    (np.zeros((200, 0)), np.arange(200.0), {}, "x is constant"),
    (np.ones(200), np.arange(200.0), {}, "x is constant, and holds no information"),
    (np.arange(200.0), np.array(["a"] * 200), {}, "arrays of real numbers; received z of <U1"),
    (np.arange(200.0), [[1.0], [1.0, 2.0]], {}, "arrays of real numbers; received z of object"),
    (np.arange(200.0), np.arange(200.0), {"learning_rate": "a"}, "holdout=0.25, rate=0.0, learning_rate='a'"),
    (np.arange(200.0), np.float32(3), {}, "arrays of real numbers; received z of float32, shape"),
    (np.arange(200.0), np.arange(200.0), {"bound": "jensen"}, "unknown bound 'jensen'; choose one of donsker_varadhan"),
    (np.arange(200.0), np.arange(200.0), {"bound": []}, r"unknown bound '\[\]'"),
    (np.arange(200.0), np.arange(200.0), {"holdout": 1.5}, "received seed=0, steps=2000, .*holdout=1.5"),
])
def test_what_cannot_be_estimated_is_told(x, z, settings, told):
    with pytest.raises(EvaluationError, match=told):
        estimate(x, z, **settings)
