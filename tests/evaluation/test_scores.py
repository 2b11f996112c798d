"""Scores against the numbers of TF-GAN, closed forms and properties, and what they refuse."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.evaluation import bridge, evidence, moments, scores
from tfgan_improved.evaluation.scores import frechet, tfgan


def features():
    random = np.random.RandomState(0)
    a = random.randn(2000, 64).astype("f4")
    return a, (1.2 * random.randn(2000, 64) + 0.1).astype("f4")


def test_classifier_score_is_tfgans_number():
    logits = np.random.RandomState(3).randn(1000, 10) * 3
    mean, deviation = scores.classifier_score(logits, splits=None)
    np.testing.assert_allclose(mean, 3.830217388267045, rtol=1e-13)
    assert deviation == 0.0
    assert scores.classifier_score(logits, splits=1) == (mean, 0.0)


def test_classifier_score_matches_its_formula_in_parts_of_unequal_size():
    logits = np.random.RandomState(1).randn(103, 7) * 2

    def score(some):
        p = np.exp(some) / np.exp(some).sum(axis=1, keepdims=True)
        return np.exp((p * (np.log(p) - np.log(p.mean(axis=0)))).sum(axis=1).mean())

    want = [score(logits[i * 103 // 5:(i + 1) * 103 // 5]) for i in range(5)]
    np.testing.assert_allclose(scores.classifier_score(logits, splits=5), (np.mean(want), np.std(want)), rtol=1e-12)


def test_certain_and_balanced_predictions_score_k_and_constant_ones_1():
    one_hot = np.where(np.eye(10)[np.arange(1000) % 10] > 0, 200.0, 0.0)
    np.testing.assert_allclose(scores.classifier_score(one_hot), (10.0, 0.0), atol=1e-9)
    np.testing.assert_allclose(scores.classifier_score(np.tile(one_hot[:1], (1000, 1))), (1.0, 0.0), atol=1e-9)
    np.testing.assert_allclose(scores.classifier_score(np.zeros((1000, 10))), (1.0, 0.0), atol=1e-9)


def test_float32_logits_are_scored_in_float64():
    logits = (np.random.RandomState(3).randn(1000, 10) * 3).astype("f4")
    assert scores.classifier_score(logits) == scores.classifier_score(logits.astype("f8"))


def test_frechet_distance_is_tfgans_number():
    np.testing.assert_allclose(scores.frechet_distance(*features()), 4.5765644772, rtol=1e-10)


@pytest.mark.parametrize("n, m, width", [(300, 200, 7), (40, 60, 90), (64, 2, 3)])
def test_scores_are_those_of_tfgans_functions(n, m, width):
    """Also for fewer samples than features, where no covariance has full rank."""
    random, reference = np.random.RandomState(n), bridge.tfgan_eval()
    a, b = random.gamma(2.0, size=(n, width)), random.gamma(2.2, size=(m, width))
    want = reference.frechet_classifier_distance_from_activations(tf.constant(a), tf.constant(b))
    np.testing.assert_allclose(scores.frechet_distance(a, b), want, rtol=1e-6)
    want = reference.classifier_score_from_logits(tf.constant(3 * a))
    np.testing.assert_allclose(scores.classifier_score(3 * a, None)[0], want, rtol=1e-12)


@pytest.mark.parametrize("n, m, width", [(2049, 2500, 7), (3000, 1500, 40), (500, 400, 9)])
def test_kernel_distance_is_tfgans_in_blocks_of_unequal_size(n, m, width):
    random, distance = np.random.RandomState(n), bridge.tfgan_eval().kernel_classifier_distance_and_std_from_activations
    a, b = random.gamma(2.0, size=(n, width)), random.gamma(2.2, size=(m, width))
    want = distance(tf.constant(a), tf.constant(b), max_block_size=1024)
    np.testing.assert_allclose(scores.kernel_distance(a, b), np.array(want), rtol=1e-10)
    halves = scores.kernel_distance(a.astype("f4"), b.astype("f4"))  # summed in float64
    assert halves == scores.kernel_distance(a.astype("f4").astype("f8"), b.astype("f4").astype("f8"))


def test_the_numbers_are_those_of_torch_fidelity():
    """Of torch-fidelity 0.4.0 for the same features; its kernel distance is one block, in float32."""
    random = np.random.RandomState(11)
    a, b = (1.1 * random.randn(1500, 24) + 0.15).astype("f4"), random.randn(1200, 24).astype("f4")
    np.testing.assert_allclose(scores.frechet_distance(a, b), 1.12237660681064, rtol=1e-6)
    np.testing.assert_allclose(scores.kernel_distance(a[:1000], b[:1000])[0], 0.08366179466247559, rtol=1e-5)
    logits = np.random.RandomState(3).randn(1000, 10) * 3
    np.testing.assert_allclose(scores.classifier_score(logits), (3.7601769456996172, 0.12101614462322342), rtol=1e-9)


SPECTRA = {"flat": lambda i: np.ones_like(i), "falling": lambda i: i**-2.0, "steep": lambda i: 10 ** (-8 * i / len(i))}


@pytest.mark.parametrize("kind", [*SPECTRA, "few modes", "twice the same", "dead"])
def test_products_in_float32_do_not_show_in_the_distance(kind, monkeypatch):
    """Or are given up, where some direction's variance is of their rounding's size."""
    monkeypatch.setattr(frechet, "NARROW", 64)
    width, random, sides = 96, np.random.RandomState(0), []
    basis = np.linalg.qr(random.randn(width, width))[0]
    spread = np.sqrt(SPECTRA.get(kind, SPECTRA["flat"])(np.arange(1.0, width + 1)))
    for scale in (1.0, 1.1):
        x = random.randn(2000, width) * spread @ basis * scale + 3
        if kind == "few modes" and scale > 1:
            x = basis[random.randint(0, 8, 2000)] * 10 + 1e-3 * x
        if kind == "twice the same":
            x[:, 1] = 2 * x[:, 0]
        if kind == "dead":
            x[:, 5] = 0
        sides.append(x.astype("f4"))
    want = scores.frechet_distance(*(x.astype("f8") for x in sides))
    got = scores.frechet_distance(*sides)
    np.testing.assert_allclose(got, want, rtol=1e-6)
    exact = kind in ("steep", "few modes", "twice the same", "dead")
    assert (abs(got / want - 1) < 1e-11) == exact  # so that each way is taken


def test_moments_are_numpys_however_the_rows_come():
    x = np.random.RandomState(1).gamma(2.0, size=(5000, 6)).astype("f4") + 100
    want = np.cov(x.astype("f8").T)
    for quick, tolerance in ((False, 1e-10), (True, 1e-5)):
        for parts in ([x], np.array_split(x, 7), np.array_split(x, 2500)):
            gathering = moments.Gathering(5000, 3, quick)
            for part in parts:
                gathering.add(part)
            n, mean, covariance = gathering.moments().of()
            np.testing.assert_allclose(mean, x.mean(axis=0, dtype="f8"), rtol=1e-7 if quick else 1e-13)
            np.testing.assert_allclose(covariance, want, rtol=tolerance, atol=tolerance)
            assert n == 5000
    with pytest.raises(ValueError, match="must be finite; received NaN or infinity"):
        moments.gathered(np.where(x == x[4000, 2], np.inf, x))


def test_tfgans_own_scores_are_offered_beside_ours():
    a, b = features()
    logits = a[:, :10].astype("f8") * 2
    seen, real = (evidence.Evidence(2000, logits=logits, features=part) for part in (a, b))
    got = {name: value.value for name, value in tfgan.TFGAN(splits=4)(seen, real).items()}
    np.testing.assert_allclose([got["tfgan_classifier_score"], got["tfgan_classifier_score_std"]],
                               scores.classifier_score(logits, 4), rtol=1e-10)
    np.testing.assert_allclose(got["tfgan_fd"], 4.5765644772, rtol=1e-10)
    np.testing.assert_allclose([got["tfgan_kd"], got["tfgan_kd_std"]], scores.kernel_distance(a, b), rtol=1e-9)


def test_kernel_distance_is_tfgans_number():
    np.testing.assert_allclose(scores.kernel_distance(*features()), (0.0402186647, 0.0082773529), rtol=1e-7)


def test_kernel_distance_matches_its_formula_in_one_block():
    random = np.random.RandomState(2)
    a, b = random.randn(30, 4), random.randn(20, 4) + 0.5

    def kernel(x, y):
        return (x @ y.T / 4 + 1) ** 3

    def without_diagonal(k):
        return (k.sum() - np.trace(k)) / (len(k) * (len(k) - 1))

    want = without_diagonal(kernel(a, a)) + without_diagonal(kernel(b, b)) - 2 * kernel(a, b).mean()
    mean, error = scores.kernel_distance(a, b)
    np.testing.assert_allclose(mean, want, rtol=1e-12)
    assert np.isnan(error)  # one block says nothing of the spread


def test_frechet_distance_between_gaussians_of_exact_moments():
    """|m|^2 + d (1 - s)^2 for N(0, I) and N(m, s^2 I)."""
    d, s, m = 8, 1.5, 0.25
    x = np.random.RandomState(0).randn(500, d)
    x -= x.mean(axis=0)
    x = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T))).T  # now its covariance is exactly I
    np.testing.assert_allclose(scores.frechet_distance(x, s * x + m), d * m**2 + d * (1 - s) ** 2, rtol=1e-9)
    np.testing.assert_allclose(scores.frechet_distance(x, x), 0.0, atol=1e-9)


def test_frechet_distance_of_two_samples_of_one_gaussian_has_the_expected_bias():
    d, n = 16, 1000
    random = np.random.RandomState(5)
    got = np.mean([scores.frechet_distance(random.randn(n, d), random.randn(n, d)) for _ in range(5)])
    np.testing.assert_allclose(got, d * (d + 1) / (2 * n) + 2 * d / n, rtol=0.1)


@pytest.mark.parametrize("width", [8, 600])
def test_frechet_distance_to_constant_features_is_the_spread_and_the_way(width):
    random = np.random.RandomState(0)
    spread, constant = random.randn(30, width), np.full((30, width), 0.5)
    want = np.trace(np.cov(spread.T)) + np.sum((spread.mean(axis=0) - 0.5) ** 2)
    for pair in ((spread, constant), (constant, spread)):
        np.testing.assert_allclose(frechet.frechet_distance(*pair), want)
    assert frechet.frechet_distance(constant, constant) == 0.0


def test_blocks_may_be_of_another_size():
    a, b = features()
    halves = [scores.kernel_distance(a[k:k + 1000], b[k:k + 1000], 1000)[0] for k in (0, 1000)]
    np.testing.assert_allclose(scores.kernel_distance(a, b, block=1000)[0], np.mean(halves))
    assert np.isnan(scores.kernel_distance(a, b, block=2000)[1])
    with pytest.raises(ValueError, match="a block must hold at least 2 samples; received block=1"):
        scores.kernel_distance(a, b, block=1)


def test_frechet_distance_is_symmetric_and_finite_with_fewer_samples_than_features():
    random = np.random.RandomState(7)
    a, b = random.randn(10, 40), random.randn(12, 40) + 1
    forth, back = scores.frechet_distance(a, b), scores.frechet_distance(b, a)
    assert np.isfinite(forth) and forth > 20
    np.testing.assert_allclose(forth, back, rtol=1e-6)


GOOD = np.random.RandomState(0).randn(20, 3)
BAD = np.where(np.arange(60).reshape(20, 3) == 7, np.nan, GOOD)


@pytest.mark.parametrize("call, message", [
    (lambda: scores.classifier_score(GOOD[:, 0]), r"logits must have rank 2.*\(20,\)"),
    (lambda: scores.classifier_score(BAD), "logits must be finite; 1 of 20 samples"),
    (lambda: scores.classifier_score(GOOD, splits=21), "from 1 to the number of samples, 20; received 21"),
    (lambda: scores.classifier_score(GOOD, splits=0), "received 0"),
    (lambda: scores.classifier_score(np.zeros((0, 3))), "at least 1 samples are needed; received 0"),
    (lambda: scores.classifier_score(np.full((3, 2), "a")), "must be real numbers"),
    (lambda: scores.frechet_distance(GOOD, GOOD[:, :2]), r"same width.*\(20, 3\) and \(20, 2\)"),
    (lambda: scores.frechet_distance(GOOD[:1], GOOD), "at least 2 samples are needed; received 1"),
    (lambda: scores.frechet_distance(GOOD, BAD), "must be finite"),
    (lambda: scores.frechet_distance(GOOD, GOOD[None]), r"rank 2.*\(1, 20, 3\)"),
    (lambda: scores.kernel_distance(GOOD, np.full((20, 3), np.inf)), "20 of 20 samples"),
    (lambda: scores.kernel_distance(np.zeros((2049, 3)), GOOD[:5]), "2049 features make 3 blocks.*at least 6"),
])
def test_what_cannot_be_scored_is_one_sentence(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
