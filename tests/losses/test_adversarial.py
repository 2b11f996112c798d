"""The adversarial losses against NumPy, their gradients against closed forms."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import losses
from tfgan_improved.losses import LOSSES

RANDOM = np.random.default_rng(0)
REAL, FAKE = (RANDOM.normal(scale=2.0, size=(7, 1)).astype("float32") for _ in range(2))


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, np.float64)))


def cross_entropy(logits, target):
    return -np.mean(target * np.log(sigmoid(logits)) + (1 - target) * np.log(1 - sigmoid(logits)))


# (spec, D's loss, G's loss, gradients of D's loss by real and by fake logits and of G's by fake, each times n)
CASES = [
    ("non_saturating", lambda r, f: cross_entropy(r, 1) + cross_entropy(f, 0), lambda f: cross_entropy(f, 1),
     lambda r: sigmoid(r) - 1, lambda f: sigmoid(f), lambda f: sigmoid(f) - 1),
    ("non_saturating:label_smoothing=0.1", lambda r, f: cross_entropy(r, 0.9) + cross_entropy(f, 0),
     lambda f: cross_entropy(f, 1), lambda r: sigmoid(r) - 0.9, lambda f: sigmoid(f), lambda f: sigmoid(f) - 1),
    ("non_saturating:label_smoothing=0.25,generator_target=0.375",
     lambda r, f: cross_entropy(r, 0.75) + cross_entropy(f, 0), lambda f: cross_entropy(f, 0.375),
     lambda r: sigmoid(r) - 0.75, lambda f: sigmoid(f), lambda f: sigmoid(f) - 0.375),
    ("saturating", lambda r, f: cross_entropy(r, 1) + cross_entropy(f, 0), lambda f: -cross_entropy(f, 0),
     lambda r: sigmoid(r) - 1, lambda f: sigmoid(f), lambda f: -sigmoid(f)),
    ("saturating:label_smoothing=0.25", lambda r, f: cross_entropy(r, 0.75) + cross_entropy(f, 0),
     lambda f: -cross_entropy(f, 0), lambda r: sigmoid(r) - 0.75, lambda f: sigmoid(f), lambda f: -sigmoid(f)),
    ("hinge", lambda r, f: np.mean(np.maximum(0, 1 - r)) + np.mean(np.maximum(0, 1 + f)), lambda f: -np.mean(f),
     lambda r: -1.0 * (r < 1.0), lambda f: 1.0 * (f > -1.0), lambda f: -np.ones_like(f)),
    ("wasserstein", lambda r, f: np.mean(f) - np.mean(r), lambda f: -np.mean(f),
     lambda r: -np.ones_like(r), lambda f: np.ones_like(f), lambda f: -np.ones_like(f)),
    ("least_squares", lambda r, f: (np.mean((r - 1) ** 2) + np.mean(f**2)) / 2, lambda f: np.mean((f - 1) ** 2) / 2,
     lambda r: r - 1, lambda f: f, lambda f: f - 1),
    ("least_squares:label_smoothing=0.2", lambda r, f: (np.mean((r - 0.8) ** 2) + np.mean(f**2)) / 2,
     lambda f: np.mean((f - 1) ** 2) / 2, lambda r: r - 0.8, lambda f: f, lambda f: f - 1),
]


@pytest.mark.parametrize("text, real, least", [
    ("non_saturating", 40.0, 0.0), ("saturating:label_smoothing=0.1", np.log(9.0), 0.32508), ("hinge", 1.0, 0.0),
    ("non_saturating:label_smoothing=0.5", 0.0, np.log(2.0)), ("least_squares:label_smoothing=0.1", 0.9, 0.0)])
def test_the_least_that_ds_loss_comes_near_to(text, real, least):
    loss, fake = LOSSES.make(text), 0.0 if text.startswith("least") else -40.0
    np.testing.assert_allclose(loss.least, least, atol=1e-5)
    np.testing.assert_allclose(loss.discriminator(np.float32([[real]]), np.float32([[fake]])), least, atol=1e-5)
    assert LOSSES.make("wasserstein").least == -np.inf


def test_every_loss_is_tested():
    assert {case[0].partition(":")[0] for case in CASES} == set(LOSSES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_values_and_gradients(case):
    text, d_value, g_value, by_real, by_fake, by_fake_in_g = case
    real, fake, loss = tf.constant(REAL), tf.constant(FAKE), LOSSES.make(text)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, fake])
        both = loss(real, fake)
    np.testing.assert_allclose(both.discriminator, d_value(REAL, FAKE), rtol=1e-5)
    np.testing.assert_allclose(both.generator, g_value(FAKE), rtol=1e-5)
    np.testing.assert_allclose(tape.gradient(both.discriminator, real), by_real(REAL) / 7, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(tape.gradient(both.discriminator, fake), by_fake(FAKE) / 7, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(tape.gradient(both.generator, fake), by_fake_in_g(FAKE) / 7, rtol=1e-4, atol=1e-6)
    assert tape.gradient(both.generator, real) is None  # G's half does not see real images
    assert both.discriminator.shape == both.generator.shape == ()


@pytest.mark.parametrize("name", list(LOSSES))
def test_the_halves_are_the_whole(name):
    loss = getattr(losses, name)
    both = loss(REAL, FAKE)
    assert loss == LOSSES.make(name)
    assert float(loss.discriminator(REAL, FAKE)) == float(both.discriminator)
    assert float(loss.generator(FAKE)) == float(both.generator)


@pytest.mark.parametrize("text", [case[0] for case in CASES])
@pytest.mark.parametrize("kind", ["bfloat16", "float16"])
def test_half_precision_logits_are_averaged_in_float32(text, kind):
    real, fake, loss = tf.cast(REAL, kind), tf.cast(FAKE, kind), LOSSES.make(text)
    got, want = loss(real, fake), loss(tf.cast(real, tf.float32), tf.cast(fake, tf.float32))
    assert got.discriminator.dtype == got.generator.dtype == tf.float32
    assert float(got.discriminator) == float(want.discriminator) and float(got.generator) == float(want.generator)


@pytest.mark.parametrize("text", [case[0] for case in CASES])
def test_far_logits_stay_finite(text):
    real, fake = tf.constant([[1e4], [-1e4]]), tf.constant([[-1e4], [1e4]])
    with tf.GradientTape() as tape:
        tape.watch([real, fake])
        both = LOSSES.make(text)(real, fake)
        total = both.discriminator + both.generator
    assert np.isfinite(total) and all(np.isfinite(slope).all() for slope in tape.gradient(total, [real, fake]))


@pytest.mark.parametrize("name", ["non_saturating", "saturating"])
def test_the_best_logit_of_real_images_is_that_of_the_smoothed_target(name):
    loss, logits = LOSSES.make(name, label_smoothing=0.1), np.linspace(1, 4, 3001, dtype="float32")
    values = [float(loss.discriminator(logit[None, None], FAKE)) for logit in logits[::10]]
    np.testing.assert_allclose(logits[::10][int(np.argmin(values))], np.log(0.9 / 0.1), atol=0.02)


@pytest.mark.parametrize("smoothing", [-0.1, 0.51, 1.0])
@pytest.mark.parametrize("kind", [losses.NonSaturating, losses.Saturating, losses.LeastSquares])
def test_smoothing_out_of_range_is_refused(kind, smoothing):
    with pytest.raises(ValueError, match=f"label_smoothing must be from 0 to 0.5 .* received {smoothing}"):
        kind(smoothing)


@pytest.mark.parametrize("target", [0.0, -0.5, 1.01])
def test_a_generator_target_out_of_range_is_refused(target):
    with pytest.raises(ValueError, match=f"generator_target must be above 0 and at most 1 .* received {target}"):
        losses.NonSaturating(generator_target=target)


P_DATA, P_MODEL = (np.array(counts) for counts in ([6, 3, 1, 0], [2, 2, 4, 2]))  # tenths, on four symbols


def best_answers(smoothing):
    """D's best probabilities on the symbols: the zeros of the loss's slopes by one logit for each, by bisection."""
    loss, low, high = LOSSES.make("non_saturating", label_smoothing=smoothing), np.full(4, -15.0), np.full(4, 15.0)
    real, fake = (np.repeat(np.arange(4), counts) for counts in (P_DATA, P_MODEL))
    for _ in range(30):
        middle = tf.constant((low + high) / 2, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(middle)
            value = loss.discriminator(*(tf.gather(middle, rows)[:, None] for rows in (real, fake)))
        above = tf.convert_to_tensor(tape.gradient(value, middle)).numpy() > 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return sigmoid((low + high) / 2)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.25])
def test_the_best_discriminator_of_a_smoothed_target_is_the_papers(smoothing):
    best = best_answers(smoothing)
    want = (1 - smoothing) * P_DATA / (P_DATA + P_MODEL)  # beta, the target of generated images, is 0
    np.testing.assert_allclose(best, want, atol=2e-3)
    assert best[3] < 2e-3  # where there are no data, smoothing gives nothing to what the model does


def test_half_the_real_target_is_where_the_generator_rests_once_it_has_won():
    loss = LOSSES.make("non_saturating:generator_target=0.375", label_smoothing=0.25)
    rest = np.log(0.375 / 0.625).astype("float32")  # D's best answer to p_model = p_data is t / 2
    logit = tf.constant([[rest]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logit)
        both = loss(logit, logit)
    np.testing.assert_allclose(tape.gradient(both.discriminator, logit), 0, atol=1e-6)
    np.testing.assert_allclose(tape.gradient(both.generator, logit), 0, atol=1e-6)
    for other in (rest - 1, rest + 1):
        assert loss.generator(np.array([[other]])) > loss.generator(np.array([[rest]])) + 0.05
