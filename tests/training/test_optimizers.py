"""The fused Adam against Keras's own, the one with epsilon under the root against NumPy, and the falling rate."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.training.optimizers import FusedAdam, LinearDecay, RootAdam

SHAPES = ((3, 4), (5,), (2, 2, 1, 3))
SETTINGS = {
    "plain": {}, "ours": {"beta_1": 0.5, "epsilon": 1e-8}, "no memory": {"beta_1": 0.0, "beta_2": 0.9},
    "clipped": {"clipnorm": 0.1}, "decayed": {"weight_decay": 0.1}, "amsgrad": {"amsgrad": True},
    "scheduled": {"learning_rate": keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)},
}


def variables():
    random = np.random.default_rng(0)
    return [keras.Variable(random.normal(size=shape).astype("float32")) for shape in SHAPES]


def gradients(step):
    random = np.random.default_rng(step + 1)
    return [tf.constant(random.normal(size=shape).astype("float32")) for shape in SHAPES]


def train(optimizer, weights, first=0, last=6):
    for step in range(first, last):
        optimizer.apply(gradients(step), weights)
    return [np.asarray(weight) for weight in weights]


@pytest.mark.parametrize("name", list(SETTINGS))
def test_it_is_adam(name):
    settings = {"learning_rate": 0.1, "epsilon": 1e-7, **SETTINGS[name]}
    fused, plain = FusedAdam(**settings), keras.optimizers.Adam(**settings)
    start = [np.asarray(weight) for weight in variables()]
    for before, mine, theirs in zip(start, train(fused, variables()), train(plain, variables())):
        assert np.abs(mine - before).max() > 1e-2
        np.testing.assert_allclose(mine - before, theirs - before, rtol=1e-4, atol=1e-6)
    for mine, theirs in zip(fused.variables, plain.variables, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)  # the kernel rounds 1 - beta_2 to float32


def test_it_follows_the_papers_formula():
    weight, m, v = variables()[1], 0.0, 0.0
    optimizer, want = FusedAdam(0.1, 0.5, 0.9, epsilon=1e-3), np.asarray(weight).astype("float64")
    for t in range(1, 5):
        slope = np.asarray(gradients(t)[1])
        optimizer.apply([tf.constant(slope)], [weight])
        m, v = 0.5 * m + 0.5 * slope, 0.9 * v + 0.1 * slope**2
        want -= 0.1 * np.sqrt(1 - 0.9**t) / (1 - 0.5**t) * m / (np.sqrt(v) + 1e-3)
    np.testing.assert_allclose(weight, want, rtol=1e-5)


@pytest.mark.parametrize("jit", [False, True])
def test_a_traced_step_is_the_eager_one(jit):
    weights, optimizer = variables(), FusedAdam(0.1)
    optimizer.build(weights)
    step = tf.function(lambda slopes: optimizer.apply(slopes, weights), jit_compile=jit)
    for number in range(6):
        step(gradients(number))
    for got, want in zip(weights, train(FusedAdam(0.1), variables())):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def test_sparse_gradients_fall_back():
    results = []
    for kind in (FusedAdam, keras.optimizers.Adam):
        weight = variables()[0]
        optimizer = kind(0.1)
        for _ in range(3):
            optimizer.apply([tf.IndexedSlices(tf.ones((2, 4)), tf.constant([0, 2]), tf.constant([3, 4]))], [weight])
        results.append(np.asarray(weight))
    np.testing.assert_allclose(*results, rtol=1e-5)


def test_a_restored_optimizer_goes_on_bit_for_bit(tmp_path):
    whole = train(FusedAdam(0.1), variables())
    optimizer, weights = FusedAdam(0.1), variables()
    middle = train(optimizer, weights, 0, 3)
    path = tf.train.Checkpoint(optimizer=optimizer).write(str(tmp_path / "adam"))
    other, weights = FusedAdam(0.1), variables()
    other.build(weights)
    tf.train.Checkpoint(optimizer=other).read(path).assert_existing_objects_matched()
    for weight, value in zip(weights, middle):
        weight.assign(value)
    assert int(other.iterations) == 3
    for got, want in zip(train(other, weights, 3, 6), whole):
        np.testing.assert_array_equal(got, want)


def test_it_is_the_same_from_its_config():
    optimizer = keras.optimizers.deserialize(keras.optimizers.serialize(FusedAdam(0.3, 0.5, epsilon=1e-8, name="d")))
    assert isinstance(optimizer, FusedAdam)
    assert optimizer.get_config() == FusedAdam(0.3, 0.5, epsilon=1e-8, name="d").get_config()


def by_hand(weight, slopes, rate, beta_1, beta_2, epsilon):
    """w after Adam with epsilon under the root, in float64; `rate(t)` is that of update t = 0, 1, ..."""
    w, m, v = np.asarray(weight).astype("float64"), 0.0, 0.0
    for t, slope in enumerate(slopes):
        m, v = beta_1 * m + (1 - beta_1) * slope, beta_2 * v + (1 - beta_2) * slope**2
        w -= rate(t) * (m / (1 - beta_1 ** (t + 1))) / np.sqrt(v / (1 - beta_2 ** (t + 1)) + epsilon)
    return w


@pytest.mark.parametrize("beta_1, beta_2, epsilon", [(0.5, 0.999, 1e-8), (0.0, 0.9, 1e-4), (0.9, 0.99, 1e-12)])
@pytest.mark.parametrize("size", [1.0, 1e-4])  # slopes as large as sqrt(epsilon) are where it differs from Adam
def test_root_adam_follows_its_formula_for_many_steps(beta_1, beta_2, epsilon, size):
    weights, optimizer = variables(), RootAdam(0.01, beta_1, beta_2, epsilon)
    start, steps = [np.asarray(weight) for weight in weights], 300
    optimizer.build(weights)
    step = tf.function(lambda slopes: optimizer.apply(slopes, weights))
    slopes = [[size * (value + 0.3) for value in gradients(number)] for number in range(steps)]
    for values in slopes:
        step(values)
    for index, (before, weight) in enumerate(zip(start, weights)):
        want = by_hand(before, [np.asarray(values[index], "float64") for values in slopes], lambda t: 0.01, beta_1,
                       beta_2, epsilon)
        assert np.abs(want - before).max() > 5e-3
        np.testing.assert_allclose(weight - before, want - before, rtol=2e-3, atol=5e-5)
    assert int(optimizer.iterations) == steps


def test_root_adam_moves_weights_with_tiny_slopes_less_than_adam():
    moved = {}
    for kind in (RootAdam, FusedAdam):
        weight = keras.Variable(np.zeros(1, "float32"))
        kind(1.0, 0.5, epsilon=1e-8).apply([tf.constant([1e-5])], [weight])
        moved[kind] = float(weight[0])
    np.testing.assert_allclose(moved[RootAdam], -1e-5 / (1e-10 + 1e-8) ** 0.5, rtol=1e-3)
    assert moved[FusedAdam] < -0.9


@pytest.mark.parametrize("jit", [False, True])
def test_a_traced_step_of_root_adam_is_the_eager_one(jit):
    weights, optimizer = variables(), RootAdam(0.1, 0.5)
    optimizer.build(weights)
    step = tf.function(lambda slopes: optimizer.apply(slopes, weights), jit_compile=jit)
    for number in range(6):
        step(gradients(number))
    for got, want in zip(weights, train(RootAdam(0.1, 0.5), variables())):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def test_root_adam_takes_sparse_gradients_and_no_amsgrad():
    slopes = tf.IndexedSlices(tf.ones((2, 4)), tf.constant([0, 2]), tf.constant([3, 4]))
    results = []
    for slope in (slopes, tf.convert_to_tensor(slopes)):
        weight, optimizer = variables()[0], RootAdam(0.1)
        for _ in range(3):
            optimizer.apply([slope], [weight])
        results.append(np.asarray(weight))
    np.testing.assert_array_equal(*results)
    with pytest.raises(ValueError, match="RootAdam has no form with amsgrad; received amsgrad=True"):
        RootAdam(amsgrad=True)


def test_a_restored_root_adam_goes_on_bit_for_bit(tmp_path):
    whole = train(RootAdam(0.1), variables())
    optimizer, weights = RootAdam(0.1), variables()
    middle = train(optimizer, weights, 0, 3)
    path = tf.train.Checkpoint(optimizer=optimizer).write(str(tmp_path / "adam"))
    other, weights = RootAdam(0.1), variables()
    other.build(weights)
    tf.train.Checkpoint(optimizer=other).read(path).assert_existing_objects_matched()
    for weight, value in zip(weights, middle):
        weight.assign(value)
    for got, want in zip(train(other, weights, 3, 6), whole):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("turns", [1, 3])
def test_the_rate_falls_on_the_codes_line(turns):
    """With epochs of 10 steps the code's min(3 - epoch / 4, 1) is 1 until step 80 and 0 at step 120."""
    decay = LinearDecay(0.5, 80, 120, turns)
    for step in (0, 40, 79, 80, 81, 90, 110, 119, 120, 500):
        want = 0.5 * max(0.0, min(3 - step / 10 / 4, 1))
        for turn in range(turns):  # all of a step's updates have its rate
            np.testing.assert_allclose(decay(tf.constant(step * turns + turn, tf.int64)), want, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("kind", [RootAdam, FusedAdam])
def test_an_optimizer_follows_the_falling_rate(kind):
    weights, slope = [keras.Variable(np.zeros(1, "float32"))], [tf.ones(1)]
    optimizer, seen = kind(LinearDecay(1.0, 2, 6), 0.0, 0.999), [0.0]
    optimizer.build(weights)
    step = tf.function(lambda: optimizer.apply(slope, weights))
    for _ in range(8):
        step()
        seen.append(float(weights[0][0]))
    np.testing.assert_allclose(-np.diff(seen), [1, 1, 1, 0.75, 0.5, 0.25, 0, 0], rtol=1e-3, atol=1e-6)


def test_optimizer_and_rate_are_the_same_from_their_configs():
    optimizer = RootAdam(LinearDecay(0.3, 5, 9, 2), 0.5, epsilon=1e-5, name="d")
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert isinstance(again, RootAdam) and again.epsilon == 1e-5
    assert isinstance(again._learning_rate, LinearDecay) and again.get_config() == optimizer.get_config()


@pytest.mark.parametrize("first, last, turns", [(-1, 5, 1), (5, 5, 1), (6, 5, 1), (1, 5, 0)])
def test_a_line_that_does_not_fall_is_refused(first, last, turns):
    with pytest.raises(ValueError, match=f"needs .* 0 <= first < last .*; received rate=0.1, first={first}"):
        LinearDecay(0.1, first, last, turns)


@pytest.mark.parametrize("kind", [RootAdam, FusedAdam])
def test_an_epsilon_that_divides_by_zero_is_refused(kind):
    with pytest.raises(ValueError, match=f"epsilon of {kind.__name__} must be above 0; received 0.0"):
        kind(epsilon=0.0)
